"""Computed edits: large ones leave the hand free, each is one undo step, and what is stopped changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import app.session
from app.core.arrays import U8
from app.core.geometry import Box
from app.core.rules import Where
from app.core.segment_map import human_value
from app.gesture import Check, Part, run_now
from app.session import KEPT_OPEN, Session
from app.settings import Settings
from app.tools import make_tool
from app.tools.base import Button, Pointer
from app.workers.background import Background
from inference.errors import ExpectedError
from tests.app.canvas.scene import HEIGHT, PATH, WIDTH, document_of, map_of, photo, predict, show_photo

OTHER = Path("/photos/other.jpg")
SKY, PLANT = human_value(3), human_value(18)
WHOLE = Box(0, 0, WIDTH, HEIGHT)
FILL = "Fill with sky"


class Gate:
    """Parts that wait in the worker until they are let through."""

    def __init__(self, *parts: Part) -> None:
        self.parts = parts or ((WHOLE, None, SKY),)
        self.entered = threading.Event()
        self.opened = threading.Event()
        self.threads: list[threading.Thread] = []

    def __call__(self, check: Check) -> Iterator[Part]:
        self.threads.append(threading.current_thread())
        self.entered.set()
        assert self.opened.wait(10)
        check()
        yield from self.parts

    def wait(self) -> None:
        assert self.entered.wait(10)


@pytest.fixture
def background(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Background]:
    monkeypatch.setattr("app.workers.background.PATIENCE_MS", 20)
    background = Background()
    yield background
    background.close()


@pytest.fixture
def session(qtbot: QtBot, background: Background, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """The known picture; whatever reaches further than 100 pixels is worked out in the background."""
    monkeypatch.setattr(app.session, "AT_ONCE", 100)
    session = Session(Settings())
    session.runner = background.run
    show_photo(session)
    predict(session)
    yield session
    session.close_all()


@pytest.fixture
def said(session: Session) -> list[str]:
    sentences: list[str] = []
    session.said.connect(sentences.append)
    return sentences


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.opened.set()


def human(session: Session) -> U8:
    return map_of(session).human.copy()


def steps(session: Session) -> int:
    assert session.undo_stack is not None
    return session.undo_stack.count()


def paint(session: Session, box: Box, value: int) -> None:
    gesture = session.begin_edit("Paint")
    assert gesture is not None
    gesture.paint(box, None, value)
    assert gesture.commit()


def settle(qtbot: QtBot, background: Background) -> None:
    qtbot.waitUntil(background.is_idle)


def test_a_large_edit_is_worked_out_beside_the_hand_and_is_one_step(
    session: Session, background: Background, gate: Gate, qtbot: QtBot
) -> None:
    shown: list[Box] = []
    session.pixels_changed.connect(shown.append)
    session.edit(FILL, gate)
    gate.wait()
    assert not human(session).any()
    assert steps(session) == 0
    with qtbot.waitSignal(session.corrected, timeout=5000) as blocker:
        gate.opened.set()
    assert blocker.args == [PATH]
    assert gate.threads[0] is not threading.main_thread()
    assert (human(session) == SKY).all()
    assert shown == [WHOLE]
    assert steps(session) == 1
    assert session.undo_stack is not None
    assert session.undo_stack.undoText() == FILL
    session.undo()
    assert not human(session).any()
    session.redo()
    assert (human(session) == SKY).all()


def test_a_small_edit_is_done_at_once(session: Session, gate: Gate) -> None:
    gate.opened.set()
    session.edit(FILL, gate, reach=Box(0, 0, 10, 10))
    assert gate.threads == [threading.main_thread()]
    assert steps(session) == 1


def test_only_the_part_of_the_reach_that_lies_on_the_picture_counts(session: Session, gate: Gate) -> None:
    gate.opened.set()
    session.edit(FILL, gate, reach=Box(-500, -500, 10, 10))
    assert gate.threads == [threading.main_thread()]


def test_what_is_slow_by_itself_goes_to_the_background_however_small(
    session: Session, background: Background, gate: Gate, qtbot: QtBot
) -> None:
    session.edit(FILL, gate, reach=Box(0, 0, 5, 5), slow=True)
    gate.opened.set()
    settle(qtbot, background)
    assert gate.threads[0] is not threading.main_thread()
    assert steps(session) == 1


def test_a_stopped_edit_has_changed_no_pixel_and_the_picture_is_free_again(
    session: Session, background: Background, gate: Gate, said: list[str], qtbot: QtBot
) -> None:
    paint(session, Box(0, 0, 5, 5), PLANT)
    before = human(session)
    session.edit("Fill with plant", gate)
    gate.wait()
    assert session.cancel_edit()
    assert said[-1] == "Fill with plant: cancelled."
    assert not session.cancel_edit()
    paint(session, Box(50, 50, 55, 55), PLANT)  # at once, though the worker has not noticed yet
    before[50:55, 50:55] = PLANT
    gate.opened.set()
    after = Gate()
    after.opened.set()
    session.compute(lambda check: list(after(check)), key="after", done=lambda _: None)
    settle(qtbot, background)
    np.testing.assert_array_equal(human(session), before)
    assert steps(session) == 2


def test_meanwhile_the_picture_takes_no_paint_and_says_why(
    session: Session, background: Background, gate: Gate, said: list[str], qtbot: QtBot
) -> None:
    session.edit(FILL, gate)
    gate.wait()
    brush = make_tool("brush", session)
    attempts: list[Callable[[], object]] = [
        lambda: session.begin_edit("Paint"),
        lambda: session.edit("Small", lambda _check: [(WHOLE, None, PLANT)], reach=Box(0, 0, 5, 5)),
        lambda: session.edit("Large", lambda _check: [(WHOLE, None, PLANT)]),
        lambda: brush.press(Pointer(10, 10, Button.LEFT)),
    ]
    for attempt in attempts:
        said.clear()
        attempt()
        assert said == ["Fill with sky is under way; Esc stops it."]
        assert not human(session).any()
    brush.release(Pointer(10, 10))
    gate.opened.set()
    settle(qtbot, background)
    assert (human(session) == SKY).all()
    assert steps(session) == 1


def test_undo_and_redo_wait_for_the_edit(
    session: Session, background: Background, gate: Gate, said: list[str], qtbot: QtBot
) -> None:
    paint(session, Box(0, 0, 5, 5), PLANT)
    paint(session, Box(5, 0, 9, 5), PLANT)
    session.undo()
    before = human(session)
    session.edit(FILL, gate)
    gate.wait()
    for step in (session.undo, session.redo):
        said.clear()
        step()
        assert said == ["Fill with sky is under way; Esc stops it."]
        np.testing.assert_array_equal(human(session), before)
    gate.opened.set()
    settle(qtbot, background)
    assert (human(session) == SKY).all()
    session.undo()
    np.testing.assert_array_equal(human(session), before)


def test_an_edit_lands_on_its_own_picture_while_another_is_on_screen(
    session: Session, background: Background, gate: Gate, qtbot: QtBot
) -> None:
    first = map_of(session)
    session.edit(FILL, gate)
    gate.wait()
    show_photo(session, path=OTHER)
    shown: list[Box] = []
    session.pixels_changed.connect(shown.append)
    paint(session, Box(0, 0, 5, 5), PLANT)  # this picture is free
    assert not session.cancel_edit()  # and has nothing to stop
    shown.clear()
    with qtbot.waitSignal(session.corrected, timeout=5000) as blocker:
        gate.opened.set()
    assert blocker.args == [PATH]
    assert shown == []
    assert (first.human == SKY).all()
    assert steps(session) == 1
    assert session.unexported() == [PATH, OTHER]
    session.show(PATH)
    assert steps(session) == 1
    session.undo()
    assert not human(session).any()


def test_coming_back_finds_the_edit_still_under_way(
    session: Session, background: Background, gate: Gate, said: list[str], qtbot: QtBot
) -> None:
    session.edit(FILL, gate)
    gate.wait()
    show_photo(session, path=OTHER)
    session.show(PATH)
    assert session.begin_edit("Paint") is None
    assert "under way" in said[-1]
    assert session.cancel_edit()
    gate.opened.set()
    assert session.begin_edit("Paint") is not None


def test_a_picture_left_long_ago_is_not_parked_under_its_edit(
    session: Session, background: Background, gate: Gate, qtbot: QtBot
) -> None:
    document = document_of(session)
    session.edit(FILL, gate)
    gate.wait()
    for number in range(KEPT_OPEN + 1):
        session.show(Path(f"/photos/{number}.jpg"))
    assert not document.parked
    session.park(PATH, None, revision=0)  # compressed before the edit began, and late
    assert not document.parked
    gate.opened.set()
    settle(qtbot, background)
    assert document.has_corrections
    assert session.unexported() == [PATH]


def test_nothing_arrives_once_all_pictures_are_closed(
    session: Session, background: Background, gate: Gate, said: list[str], qtbot: QtBot
) -> None:
    session.edit(FILL, gate)
    gate.wait()
    session.close_all()
    gate.opened.set()
    show_photo(session)
    session.compute(lambda _check: None, key="after", done=lambda _: None)
    settle(qtbot, background)
    assert not human(session).any()
    assert steps(session) == 0
    assert session.begin_edit("Paint") is not None
    assert said == []


def test_a_photo_of_another_size_meanwhile_gets_no_pixel(
    session: Session, background: Background, gate: Gate, qtbot: QtBot
) -> None:
    session.edit(FILL, gate)
    gate.wait()
    session.attach_photo(PATH, (photo(50, 30),))
    gate.opened.set()
    settle(qtbot, background)
    assert map_of(session).shape == (30, 50)
    assert not human(session).any()
    assert steps(session) == 0


def test_an_edit_that_the_rule_refuses_says_so(
    session: Session, background: Background, gate: Gate, said: list[str], qtbot: QtBot
) -> None:
    session.set_rule(where=Where.CLASS, class_id=42)
    gate.opened.set()
    session.edit(FILL, gate, unchanged="This is sky already.")
    settle(qtbot, background)
    sentence = said[-1]
    assert sentence.startswith("Paint may go only over ")
    assert not human(session).any()
    assert steps(session) == 0
    session.edit(FILL, gate, reach=Box(0, 0, 5, 5), unchanged="This is sky already.")
    assert said[-2:] == [sentence, sentence]  # the same words at once


def test_an_edit_that_the_rule_cuts_down_says_nothing(
    session: Session, background: Background, gate: Gate, said: list[str], qtbot: QtBot
) -> None:
    session.set_rule(where=Where.CLASS, class_id=13)
    labels = document_of(session).labels()
    gate.opened.set()
    session.edit(FILL, gate, unchanged="This is sky already.")
    settle(qtbot, background)
    assert said == []
    np.testing.assert_array_equal(human(session) == SKY, labels == 13)


@pytest.mark.parametrize("reach", [None, Box(0, 0, 5, 5)])
def test_an_edit_that_changes_nothing_says_why_and_is_no_step(
    session: Session, background: Background, gate: Gate, said: list[str], qtbot: QtBot, reach: Box | None
) -> None:
    paint(session, WHOLE, SKY)
    gate.opened.set()
    session.edit(FILL, gate, reach=reach, unchanged="This is sky already.")
    settle(qtbot, background)
    assert said == ["This is sky already."]
    assert steps(session) == 1


@pytest.mark.parametrize("reach", [None, Box(0, 0, 5, 5)])
def test_what_is_painted_is_seen(
    session: Session, background: Background, gate: Gate, qtbot: QtBot, reach: Box | None
) -> None:
    session.set_overlay(hidden=frozenset({3, 13}))
    gate.opened.set()
    session.edit(FILL, gate, reach=reach)
    settle(qtbot, background)
    assert session.overlay.hidden == {13}


@pytest.mark.parametrize("reach", [None, Box(0, 0, 5, 5)])
def test_parts_see_the_picture_as_it_was_before_the_edit(
    session: Session, background: Background, qtbot: QtBot, reach: Box | None
) -> None:
    """The second part copies what the first one covers: at once or later, it must come to the same."""
    paint(session, Box(0, 0, 4, 4), PLANT)
    segment_map = map_of(session)

    def parts(_check: Check) -> Iterator[Part]:
        yield Box(0, 0, 4, 4), None, SKY
        yield Box(10, 10, 14, 14), None, segment_map.human[:4, :4].copy()

    session.edit("Copy", parts, reach=reach)
    settle(qtbot, background)
    assert (human(session)[:4, :4] == SKY).all()
    assert (human(session)[10:14, 10:14] == PLANT).all()


@pytest.mark.parametrize("reach", [None, Box(0, 0, 5, 5)])
def test_an_edit_that_cannot_be_done_is_a_sentence_and_nothing_else(
    session: Session, background: Background, said: list[str], qtbot: QtBot, reach: Box | None
) -> None:
    def parts(_check: Check) -> Iterator[Part]:
        yield Box(0, 0, 5, 5), None, SKY
        raise ExpectedError("There is no edge here.")

    session.edit("Refine", parts, reach=reach)
    settle(qtbot, background)
    assert said == ["There is no edge here."]
    assert not human(session).any()
    assert session.begin_edit("Paint") is not None


def test_a_defect_leaves_the_picture_free(
    session: Session, background: Background, said: list[str], qtbot: QtBot
) -> None:
    with qtbot.capture_exceptions() as exceptions:
        session.edit("Refine", lambda _check: [(WHOLE, None, 1 // 0)])
        settle(qtbot, background)
    assert [kind for kind, *_ in exceptions] == [ZeroDivisionError]
    assert "ZeroDivisionError" in said[-1]
    assert session.begin_edit("Paint") is not None


def test_without_workers_an_edit_is_done_at_once(session: Session, gate: Gate, said: list[str]) -> None:
    session.runner = run_now
    gate.opened.set()
    session.edit(FILL, gate)
    assert (human(session) == SKY).all()

    def fails(_check: Check) -> Iterator[Part]:
        raise ExpectedError("There is no edge here.")
        yield

    session.edit("Refine", fails)
    assert said == ["There is no edge here."]
    assert session.begin_edit("Paint") is not None


def test_without_a_picture_there_is_nothing_to_edit(session: Session, gate: Gate) -> None:
    session.show(OTHER)
    session.edit(FILL, gate)
    session.close_all()
    session.edit(FILL, gate)
    assert not gate.entered.is_set()
    assert not session.cancel_edit()


@pytest.mark.parametrize("at_once", [10_000_000, 0])
def test_classes_painted_by_an_array_are_shown_even_if_they_were_hidden(
    qtbot: QtBot, session: Session, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(app.session, "AT_ONCE", at_once)
    session.set_overlay(hidden=frozenset({17, 20, 22}))
    values = np.full((4, 6), human_value(17), np.uint8)
    values[:, 3:] = human_value(20)
    values[:, 5:] = human_value(22)
    mask = np.ones((4, 6), bool)
    mask[:, 5:] = False
    session.edit("Clean up", lambda _check: [(Box.at(2, 3, width=6, height=4), mask, values)])
    qtbot.waitUntil(lambda: bool(map_of(session).human.any()))
    assert session.overlay.hidden == {22}, "what was painted is shown, what was not stays hidden"
