"""An answer of the network that comes while something is being painted: what was asked for goes by what was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import app.editing.session
from app.core.arrays import U8
from app.core.geometry import Box
from app.core.rules import Where
from app.core.segment_map import human_value
from app.editing.session import Session
from app.settings import Settings
from app.tools import make_tool
from app.tools.base import Button, Pointer
from inference.errors import PhotoError
from tests.app.canvas.scene import HEIGHT, PATH, WIDTH, document_of, human, map_of, photo, predict, quarters, show_photo
from tests.app.tools.later import Later

LEFT = Button.LEFT
SKY, CURRENT = human_value(3), human_value(17)


@pytest.fixture
def session(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """The known picture; whatever reaches further than 100 pixels waits in the runner."""
    monkeypatch.setattr(app.editing.session, "REACH_AT_ONCE", 100)
    session = Session(Settings())
    show_photo(session)
    predict(session)
    session.set_current_class(17)
    yield session
    session.close_all()


@pytest.fixture
def later(session: Session) -> Later:
    session.runner = runner = Later()
    return runner


def answer_anew(session: Session) -> U8:
    """Every code stands for another place now."""
    layer = np.flip(quarters()).copy()
    predict(session, layer)
    return layer


def test_a_click_means_what_was_under_it(session: Session, later: Later) -> None:
    seen = document_of(session).labels()
    fill = make_tool("fill", session)
    fill.set_value("scope", "class")
    fill.press(Pointer(10, 10, LEFT))
    answer_anew(session)
    later.finish()
    np.testing.assert_array_equal(human(session) == CURRENT, seen == 3)


def test_the_rule_goes_by_the_labels_that_were_seen(session: Session, later: Later) -> None:
    seen = document_of(session).labels()
    session.set_rule(locked=frozenset({5}))
    session.edit("Fill", lambda _check: [(map_of(session).box, None, SKY)])
    answer_anew(session)
    later.finish()
    np.testing.assert_array_equal(human(session) == SKY, seen != 5)


def test_a_clean_up_goes_by_the_labels_that_were_seen(session: Session, later: Later) -> None:
    unlabelled = document_of(session).labels() == 0
    cleanup = make_tool("cleanup", session)
    cleanup.press(Pointer(10, 10, LEFT))
    cleanup.release(Pointer(10, 10, LEFT))
    later.finish()
    cleanup.accept()
    answer_anew(session)
    later.finish()
    np.testing.assert_array_equal(human(session) > 0, unlabelled)


def test_a_stroke_goes_on_by_the_new_labels(session: Session) -> None:
    session.set_rule(locked=frozenset({3}))
    session.set_brush_size(3)
    tool = make_tool("brush", session)
    tool.press(Pointer(10.5, 10.5, LEFT))
    locked = answer_anew(session) == 1
    for x, y in ((12.5, 10.5), (100.5, 10.5), (100.5, 70.5)):
        tool.move(Pointer(x, y, LEFT))
    tool.release(Pointer(100.5, 70.5, LEFT))
    painted = human(session) == CURRENT
    assert painted[10, 20:50].all()
    assert painted[:40, 70:].any()
    assert not painted[locked].any()


def renew_by_answer(session: Session) -> None:
    answer_anew(session)


def renew_by_rule(session: Session) -> None:
    session.set_rule(locked=frozenset({13}))


def renew_by_threshold(session: Session) -> None:
    session.set_threshold(0.85)  # only the sky at the left top counts now


def renew_by_class_threshold(session: Session) -> None:
    session.set_class_threshold(5, 1.0)  # the left bottom is unlabelled now


def renew_by_forgetting(session: Session) -> None:
    session.drop_predictions()


RENEWALS = [renew_by_answer, renew_by_rule, renew_by_threshold, renew_by_class_threshold, renew_by_forgetting]


@pytest.mark.parametrize("where", [Where.ANYWHERE, Where.UNLABELLED])
@pytest.mark.parametrize("renew", RENEWALS)
def test_what_changes_in_the_middle_of_a_stroke_counts_for_what_is_painted_afterwards(
    session: Session, renew: Callable[[Session], None], where: Where
) -> None:
    """One undo step all the same."""
    session.set_rule(where=where, locked=frozenset({3}))
    gesture = session.begin_edit("Paint")
    assert gesture is not None
    upper, lower = Box(0, 0, WIDTH, 20), Box(0, 20, WIDTH, HEIGHT)
    expected = np.zeros((HEIGHT, WIDTH), np.uint8)
    for box in (upper, lower):
        labels = document_of(session).labels(box)
        allowed = ~np.isin(labels, list(session.rule.locked)) & ((labels == 0) | (where is Where.ANYWHERE))
        expected[box.slices] = np.where(allowed, CURRENT, 0)
        gesture.paint(box, None, CURRENT)
        if box is upper:
            renew(session)
    assert gesture.commit()
    np.testing.assert_array_equal(human(session), expected)
    assert session.undo_stack is not None
    assert session.undo_stack.count() == 1
    session.undo()
    assert not human(session).any()


def test_a_photo_of_another_size_takes_the_stroke_with_it(session: Session) -> None:
    """It has a map of its own: nothing of the stroke goes there, and there is nothing to undo."""
    gesture = session.begin_edit("Paint")
    assert gesture is not None
    gesture.paint(Box(0, 0, 10, 10), None, CURRENT)
    session.attach_photo(PATH, (photo(50, 30),))
    gesture.paint(Box(0, 0, 5, 5), None, CURRENT)
    assert not gesture.commit()
    assert session.undo_stack is not None
    assert session.undo_stack.count() == 0
    session.undo()
    assert map_of(session).shape == (30, 50)
    assert not human(session).any()
    assert session.begin_edit("Paint") is not None


def test_corrections_outlive_a_photo_of_another_size_and_the_stroke_under_the_hand_does_not(session: Session) -> None:
    paint = session.begin_edit("Paint")
    assert paint is not None
    paint.paint(Box(0, 0, 10, 10), None, SKY)
    assert paint.commit()
    before = human(session)
    erase = session.begin_edit("Back to the network")
    assert erase is not None
    erase.paint(Box(0, 0, WIDTH, HEIGHT), None, 0)  # for the moment nobody has decided anything
    with pytest.raises(PhotoError):
        session.attach_photo(PATH, (photo(50, 30),))
    assert not erase.is_open
    np.testing.assert_array_equal(human(session), before)
