"""Computed edits: large ones leave the hand free, each is one undo step, and what is stopped changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from app.core.geometry import Box
from app.editing.session import KEPT_OPEN, Session
from app.tools import make_tool
from app.tools.base import Button, Pointer
from app.workers.background import Background
from tests.app.canvas.scene import PATH, document_of, human, map_of, paint, photo, show_photo, steps
from tests.app.computing import FILL, OTHER, PLANT, SKY, WHOLE, Gate, background, gate, said, session, settle

__all__ = ["background", "gate", "said", "session"]  # fixtures


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
