"""What comes of a computed edit: what is said, what is refused and shown, at once as in the background."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import app.editing.session
from app.core.geometry import Box
from app.core.parts import Check
from app.core.rules import Where
from app.core.segment_map import human_value
from app.editing.gesture import Paint, run_now
from app.editing.session import Session
from app.workers.background import Background
from inference.errors import ExpectedError
from tests.app.canvas.scene import document_of, human, map_of, paint, steps
from tests.app.computing import FILL, OTHER, PLANT, SKY, WHOLE, Gate, background, gate, said, session, settle

__all__ = ["background", "gate", "said", "session"]  # fixtures


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

    def paints(_check: Check) -> Iterator[Paint]:
        yield Box(0, 0, 4, 4), None, SKY
        yield Box(10, 10, 14, 14), None, segment_map.human[:4, :4].copy()

    session.edit("Copy", paints, reach=reach)
    settle(qtbot, background)
    assert (human(session)[:4, :4] == SKY).all()
    assert (human(session)[10:14, 10:14] == PLANT).all()


@pytest.mark.parametrize("reach", [None, Box(0, 0, 5, 5)])
def test_an_edit_that_cannot_be_done_is_a_sentence_and_nothing_else(
    session: Session, background: Background, said: list[str], qtbot: QtBot, reach: Box | None
) -> None:
    def paints(_check: Check) -> Iterator[Paint]:
        yield Box(0, 0, 5, 5), None, SKY
        raise ExpectedError("There is no edge here.")

    session.edit("Refine", paints, reach=reach)
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

    def fails(_check: Check) -> Iterator[Paint]:
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
    monkeypatch.setattr(app.editing.session, "REACH_AT_ONCE", at_once)
    session.set_overlay(hidden=frozenset({17, 20, 22}))
    values = np.full((4, 6), human_value(17), np.uint8)
    values[:, 3:] = human_value(20)
    values[:, 5:] = human_value(22)
    mask = np.ones((4, 6), bool)
    mask[:, 5:] = False
    session.edit("Clean up", lambda _check: [(Box.at(2, 3, width=6, height=4), mask, values)])
    qtbot.waitUntil(lambda: bool(map_of(session).human.any()))
    assert session.overlay.hidden == {22}, "what was painted is shown, what was not stays hidden"
