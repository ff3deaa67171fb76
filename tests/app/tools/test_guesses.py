"""The most probable classes of a segment, one after the other: which pixels, how many steps, and when it ends."""

from __future__ import annotations

import numpy as np
import pytest

import app.editing.session
from app.core.document import ViewMode
from app.core.rules import Where
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from app.editing.session import Session
from app.tools import make_tool
from app.tools.base import Button, class_name
from app.tools.guesses import NO_ANSWER, Guesses
from inference.prediction import Prediction
from tests.app.canvas.scene import HEIGHT, PATH, TABLE, WIDTH, document_of, map_of, quarters, show_photo
from tests.app.tools.later import Later
from tests.app.tools.test_tools import click, human, said, steps

LEFT_TOP, HIDDEN = (10, 10), (100, 60)
ORDERS = {1: (3, 17, 4, 10, 7), 4: (1, 9, 8, 7, 6)}  # of codes: class ids, the most probable first


def prediction() -> Prediction:
    probs = np.zeros((100, 150), np.float32)
    for code, (class_id, score) in enumerate(zip(TABLE.class_ids, TABLE.scores, strict=True), start=1):
        probs[code - 1, class_id - 1] = score
    for code, order in ORDERS.items():
        for place, class_id in enumerate(order):
            probs[code - 1, class_id - 1] = 0.9 / 2**place if code == 1 else 0.3 / 2**place
    masks = np.zeros((100, 4, 4), np.float32)
    masks[0, :2, :2] = masks[1, :2, 2:] = masks[2, 2:, :2] = masks[3, 2:, 2:] = 1
    return Prediction(probs, masks, (HEIGHT, WIDTH))


@pytest.fixture
def guesses(session: Session) -> Guesses:
    session.attach_prediction(PATH, prediction(), layer=quarters(), table=TABLE, mode=ViewMode.SEGMENTS)
    return Guesses(session)


def active(guesses: Guesses) -> int:
    choices = guesses.choices()
    assert choices is not None
    return choices.active


def test_each_press_replaces_the_last_one_and_one_step_remains(session: Session, guesses: Guesses) -> None:
    guesses.point(LEFT_TOP)
    for place, class_id in enumerate(ORDERS[1][1:], start=1):
        guesses.go(1)
        assert np.array_equal(human(session), np.where(quarters() == 1, human_value(class_id), 0))
        assert active(guesses) == place
        assert steps(session).count() == steps(session).index() == 1
    assert steps(session).undoText() == f"Relabel to {class_name(ORDERS[1][-1])}"
    guesses.go(1)  # round and round: its own class
    assert np.array_equal(human(session) == human_value(3), quarters() == 1)
    guesses.go(-1)
    assert active(guesses) == 4
    session.undo()
    assert not human(session).any()
    assert guesses.choices() is None


def test_the_card_shows_the_classes_with_their_probabilities(session: Session, guesses: Guesses) -> None:
    guesses.point(LEFT_TOP)
    guesses.go(1)
    choices = guesses.choices()
    assert choices is not None
    assert [class_id for class_id, _ in choices.rows] == list(ORDERS[1])
    assert [probability for _, probability in choices.rows] == pytest.approx([0.9, 0.45, 0.225, 0.1125, 0.05625])


def test_a_hidden_segment_starts_with_the_most_probable(session: Session, guesses: Guesses) -> None:
    guesses.point(HIDDEN)
    guesses.go(1)
    assert active(guesses) == 0
    assert document_of(session).labels()[60, 100] == 1
    guesses.cancel()
    guesses.go(-1)
    assert active(guesses) == 4


def test_it_stays_wherever_the_pointer_goes_and_begins_anew_on_another_segment(
    session: Session, guesses: Guesses
) -> None:
    guesses.point(LEFT_TOP)
    guesses.go(1)
    guesses.point(HIDDEN)
    assert active(guesses) == 1
    assert not guesses.goes_on
    guesses.point(None)  # on its way to a menu
    assert guesses.goes_on
    guesses.go(1)
    assert active(guesses) == 2
    assert steps(session).count() == 1
    guesses.point(HIDDEN)
    guesses.go(1)
    assert active(guesses) == 0
    assert steps(session).count() == 2
    assert np.array_equal(human(session) == human_value(4), quarters() == 1)
    assert np.array_equal(human(session) == human_value(1), quarters() == 4)
    guesses.point(LEFT_TOP)
    guesses.go(1)  # a person's region now: another step, from the class that it has
    assert active(guesses) == 3
    assert steps(session).count() == 3


def test_an_answer_is_picked_for_its_segment_wherever_the_pointer_is(session: Session, guesses: Guesses) -> None:
    guesses.pick(1)
    assert not human(session).any()
    guesses.point(LEFT_TOP)
    guesses.go(1)
    guesses.point(HIDDEN)
    guesses.pick(2)
    assert active(guesses) == 3
    assert np.array_equal(human(session), np.where(quarters() == 1, human_value(ORDERS[1][3]), 0))
    assert steps(session).count() == 1


def test_a_persons_region_has_the_answers_of_the_query_below(session: Session, guesses: Guesses) -> None:
    session.set_brush_size(9)
    session.set_current_class(61)
    click(make_tool("brush", session), 60.5, 20.5)  # over the border of two queries
    painted = human(session) != 0
    guesses.point((58, 20))
    guesses.go(1)
    assert np.array_equal(human(session) == human_value(3), painted)
    guesses.point((62, 20))
    assert guesses.choices() is not None
    guesses.go(1)
    assert np.array_equal(human(session) == human_value(17), painted)
    assert steps(session).count() == 2


@pytest.mark.parametrize("button", list(Button))
def test_it_ends_with_anything_else(session: Session, guesses: Guesses, button: Button) -> None:
    guesses.point(LEFT_TOP)
    guesses.go(1)
    click(make_tool("brush", session), 100, 70, button=button)
    assert guesses.choices() is None
    guesses.go(1)
    assert steps(session).count() == 3


def test_another_picture_has_its_own(session: Session, guesses: Guesses) -> None:
    guesses.point(LEFT_TOP)
    guesses.go(1)
    show_photo(session, path=PATH.with_name("other.jpg"))
    assert guesses.choices() is None
    sentences = said(session)
    guesses.go(1)
    assert sentences[-1] == NO_ANSWER
    assert steps(session).count() == 0


def test_cancel_takes_it_back_and_end_keeps_it(session: Session, guesses: Guesses) -> None:
    guesses.point(LEFT_TOP)
    guesses.go(1)
    assert guesses.cancel()
    assert not human(session).any()
    assert not guesses.cancel()
    guesses.go(1)
    assert guesses.end()
    assert human(session).any()
    assert not guesses.end()


@pytest.mark.parametrize("at_once", [10_000_000, 0])
def test_a_rule_that_keeps_paint_away_is_told_and_no_answer_is_marked(
    session: Session, guesses: Guesses, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(app.editing.session, "REACH_AT_ONCE", at_once)
    session.runner = runner = Later()
    sentences = said(session)
    session.set_rule(locked=frozenset({3}))
    guesses.point(LEFT_TOP)
    for _ in range(2):
        guesses.go(1)
        runner.finish()
        assert (
            sentences[-1]
            == "Paint may go anywhere, never over 1 locked class: there is nothing here that it may cover."
        )
        assert guesses.choices() is None
    assert ("keeps it" in "".join(sentences)) == (at_once == 0), "in the background that turns out later"
    assert steps(session).count() == 0
    session.set_rule(locked=frozenset(), where=Where.CLASS, class_id=3)
    guesses.go(1)
    runner.finish()
    assert active(guesses) == 1
    assert np.array_equal(human(session) == human_value(ORDERS[1][1]), quarters() == 1)
    session.set_rule(where=Where.UNLABELLED)
    guesses.go(1)  # takes the last answer back, and there is no other
    runner.finish()
    assert guesses.choices() is None
    assert not human(session).any()


def test_another_answer_of_the_network_ends_them(session: Session, guesses: Guesses) -> None:
    guesses.point(LEFT_TOP)
    guesses.go(1)
    session.attach_prediction(PATH, prediction(), layer=quarters()[::-1].copy(), table=TABLE, mode=ViewMode.SEGMENTS)
    assert guesses.choices() is None
    guesses.go(1)  # the pixel is a person's now, and what lies below it is another segment
    assert np.array_equal(human(session) != 0, quarters() == 1)


def test_an_answer_it_has_already_is_no_step(session: Session, guesses: Guesses) -> None:
    click(make_tool("relabel", session), *LEFT_TOP, button=Button.RIGHT)
    guesses.point(LEFT_TOP)
    guesses.go(1)
    guesses.go(-1)
    assert active(guesses) == 0
    assert np.array_equal(human(session) == human_value(3), quarters() == 1)
    assert steps(session).index() == 1
    guesses.go(1)
    assert np.array_equal(human(session) == human_value(17), quarters() == 1)
    assert steps(session).index() == 2


def test_in_the_semantic_view_it_is_the_region_with_the_shares_at_the_pointer(
    session: Session, guesses: Guesses
) -> None:
    session.set_mode(ViewMode.SEMANTIC)
    layer, table = prediction().semantic_segments()
    session.attach_prediction(PATH, prediction(), layer=layer, table=table, mode=ViewMode.SEMANTIC)
    code = int(layer[10, 10])
    guesses.point(LEFT_TOP)
    guesses.go(1)
    choices = guesses.choices()
    assert choices is not None
    assert [class_id for class_id, _ in choices.rows] == list(ORDERS[1])
    assert choices.rows[0][1] == pytest.approx(0.9 / 1.74375, abs=1e-4)
    assert np.array_equal(human(session) == human_value(17), layer == code)


def test_where_nothing_is_known_it_says_so(session: Session) -> None:
    guesses, sentences = Guesses(session), said(session)
    guesses.go(1)
    assert sentences[-1] == "Point at a segment first."
    session.drop_predictions()
    guesses.point(LEFT_TOP)
    guesses.go(1)
    assert sentences[-1] == NO_ANSWER
    session.close_all()
    guesses.go(-1)
    assert sentences[-1] == "Point at a segment first."


def test_erased_pixels_keep_their_answers(session: Session, guesses: Guesses) -> None:
    click(make_tool("fill", session), *LEFT_TOP, button=Button.RIGHT)
    assert map_of(session).code_at(*LEFT_TOP) == HUMAN_UNLABELLED
    guesses.point(LEFT_TOP)
    guesses.go(1)
    assert document_of(session).labels()[10, 10] == 3


@pytest.fixture
def later(session: Session, monkeypatch: pytest.MonkeyPatch) -> Later:
    """Whatever reaches further than 100 pixels takes its time."""
    monkeypatch.setattr(app.editing.session, "REACH_AT_ONCE", 100)
    session.runner = later = Later()
    return later


def test_presses_while_a_large_picture_is_worked_on_replace_each_other(
    session: Session, guesses: Guesses, later: Later
) -> None:
    guesses.point(LEFT_TOP)
    guesses.go(1)
    guesses.point((50, 30))  # it is not there yet, but this is what it will hold
    assert active(guesses) == 1
    guesses.go(1)
    assert len(later.jobs) == 1
    assert not human(session).any()
    later.finish()
    assert np.array_equal(human(session), np.where(quarters() == 1, human_value(4), 0))
    guesses.go(1)
    assert not human(session).any()
    later.finish()
    assert np.array_equal(human(session), np.where(quarters() == 1, human_value(10), 0))
    assert active(guesses) == 3
    assert steps(session).count() == 1
    guesses.point((100, 10))
    assert not guesses.goes_on


def test_esc_stops_an_answer_on_its_way(session: Session, guesses: Guesses, later: Later) -> None:
    guesses.point(LEFT_TOP)
    guesses.go(1)
    assert guesses.cancel()
    assert not later.jobs
    assert guesses.choices() is None
    guesses.go(1)
    assert len(later.jobs) == 1


def test_an_edit_of_another_tool_is_not_stopped(session: Session, guesses: Guesses, later: Later) -> None:
    sentences = said(session)
    click(make_tool("fill", session), *LEFT_TOP)
    guesses.point(LEFT_TOP)
    guesses.go(1)
    guesses.go(1)
    assert sentences[-1] == "Fill with mountain is under way; Esc stops it."
    later.finish()
    assert np.array_equal(human(session), np.where(quarters() == 1, human_value(17), 0))
    assert guesses.choices() is None
