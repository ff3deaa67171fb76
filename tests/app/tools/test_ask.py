"""Asking the network: which answers, in which order, and exactly which pixels one of them decides."""

from __future__ import annotations

import numpy as np
import pytest

import app.editing.session
from app.core.document import ViewMode
from app.core.rules import Where
from app.core.segment_map import human_value
from app.core.soft_masks import ranked_queries, soft_mask
from app.editing.session import Session
from app.tools.ask import Ask
from app.tools.base import Button, Pointer
from app.tools.guesses import NO_ANSWER
from inference.prediction import Prediction
from tests.app.canvas.scene import HEIGHT, PATH, WIDTH, document_of, show_photo
from tests.app.tools.later import Later
from tests.app.tools.test_tools import click, human, said, steps

POINT = (30.5, 40.5)
CLASSES = (3, 13, 61)  # of the queries that reach the point, the best first; the second lies under the threshold


def prediction() -> Prediction:
    """Three blobs that overlap at the point, and one far away."""
    ys, xs = np.mgrid[0:10, 0:15].astype(np.float32)
    masks = np.zeros((100, 10, 15), np.float32)
    for query, (x, y, peak) in enumerate(((4, 5, 1.0), (5, 5, 0.9), (2, 5, 0.6), (13, 2, 1.0))):
        masks[query] = peak * np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / 8)
    probs = np.zeros((100, 150), np.float32)
    for query, (class_id, score) in enumerate(zip((*CLASSES, 9), (0.9, 0.3, 0.2, 0.9), strict=True)):
        probs[query, class_id - 1] = score
    return Prediction(probs, masks, (HEIGHT, WIDTH))


@pytest.fixture
def answer(session: Session) -> Prediction:
    said_so = prediction()
    layer, table = said_so.segment_map(), said_so.segment_table()
    session.attach_prediction(PATH, said_so, layer=layer, table=table, mode=ViewMode.SEGMENTS)
    return said_so


@pytest.fixture
def ask(session: Session, answer: Prediction) -> Ask:
    return Ask(session)


def exact(answer: Prediction, query: int, level: float) -> np.ndarray:
    box, mask = soft_mask(answer, query, level)
    spread = np.zeros((HEIGHT, WIDTH), bool)
    spread[box.slices] = mask
    return spread


def shown(ask: Ask) -> np.ndarray:
    """The preview of a picture this small has its every pixel."""
    spread, preview = np.zeros((HEIGHT, WIDTH), np.uint8), ask.preview()
    if preview is not None:
        assert isinstance(preview.value, int)
        spread[preview.box.slices][preview.mask] = preview.value
    return spread


def test_the_answers_are_gone_through_best_first(ask: Ask, session: Session, answer: Prediction) -> None:
    assert not ask.pending()
    assert not ask.next_best(1)
    click(ask, *POINT)
    assert [known.class_id for known in ranked_queries(answer, 30, 40)] == list(CLASSES)
    for place, class_id in enumerate(CLASSES):
        choices = ask.choices()
        assert choices is not None
        assert choices.active == place
        assert [row[0] for row in choices.rows] == list(CLASSES)
        assert np.array_equal(shown(ask), exact(answer, place, 0.5) * np.uint8(human_value(class_id)))
        assert ask.note().startswith(f"{place + 1} of 3 · ")
        assert ("hidden by the threshold" in ask.note()) == (place > 0)
        assert ask.next_best(1)
    choices = ask.choices()
    assert choices is not None
    assert choices.active == 0
    assert steps(session).count() == 0


def test_a_click_on_the_same_point_goes_on_and_one_elsewhere_asks_there(ask: Ask) -> None:
    click(ask, *POINT)
    click(ask, POINT[0] + 0.2, POINT[1])
    choices = ask.choices()
    assert choices is not None
    assert choices.active == 1
    click(ask, 104, 16)
    choices = ask.choices()
    assert choices is not None
    assert choices.rows[0][0] == 9
    assert choices.active == 0


def test_dragging_asks_under_the_pointer(ask: Ask) -> None:
    ask.press(Pointer(*POINT, Button.LEFT))
    ask.move(Pointer(104, 16, Button.LEFT))
    choices, sketch = ask.choices(), ask.sketch()
    assert choices is not None
    assert choices.rows[0][0] == 9
    assert sketch is not None
    assert list(sketch.points) == [(104, 16)]
    ask.move(Pointer(*POINT))  # no longer pressed
    assert ask.choices() == choices


@pytest.mark.parametrize("button", [Button.RIGHT, None])
def test_what_is_accepted_is_the_exact_mask_as_one_step(
    ask: Ask, session: Session, answer: Prediction, button: Button | None
) -> None:
    click(ask, *POINT)
    ask.wheel(-1)
    if button is not None:
        click(ask, 90, 70, button=button)
    else:
        ask.accept()
    assert np.array_equal(human(session), exact(answer, 1, 0.5) * np.uint8(human_value(13)))
    assert steps(session).count() == 1
    assert not ask.pending()
    assert ask.preview() is None
    session.set_threshold(1.0)
    assert document_of(session).labels()[40, 40] == 13
    session.undo()
    assert not human(session).any()


def test_a_large_answer_shows_until_it_is_painted_or_stopped(
    ask: Ask, session: Session, answer: Prediction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.editing.session, "REACH_AT_ONCE", 100)
    session.runner = later = Later()
    click(ask, *POINT)
    offered = shown(ask)
    ask.accept()
    assert not ask.pending()
    assert not human(session).any()
    assert np.array_equal(shown(ask), offered)
    assert session.cancel_edit()
    assert ask.preview() is None
    click(ask, *POINT)
    ask.accept()
    later.finish()
    assert ask.preview() is None
    assert np.array_equal(human(session), exact(answer, 0, 0.5) * np.uint8(human_value(3)))


def test_it_may_become_the_current_class(ask: Ask, session: Session, answer: Prediction) -> None:
    ask.set_value("take", "current")
    click(ask, *POINT)
    session.set_current_class(5)
    preview = ask.preview()
    assert preview is not None
    assert preview.value == human_value(5)
    ask.accept()
    assert np.array_equal(human(session) == human_value(5), exact(answer, 0, 0.5))
    assert steps(session).undoText() == "Take sky as tree"


def test_the_extent_lets_it_grow_and_shrink(ask: Ask, session: Session, answer: Prediction) -> None:
    click(ask, *POINT)
    before = np.count_nonzero(shown(ask))
    assert ask.adjust(1)
    assert np.count_nonzero(shown(ask)) > before
    ask.adjust(-3)
    assert np.count_nonzero(shown(ask)) < before
    assert ask.value("extent") == 40
    for _ in range(40):
        ask.adjust(1)
    assert ask.value("extent") == 95
    ask.adjust(-11)
    ask.accept()
    assert np.array_equal(human(session) != 0, exact(answer, 0, 0.6))


def test_the_extent_of_one_question_is_not_that_of_the_next(ask: Ask, session: Session, answer: Prediction) -> None:
    told: list[str] = []
    session.tool_value_changed.connect(told.append)
    ask.set_value("extent", 60)  # before a question: for all that come
    click(ask, *POINT)
    ask.adjust(-4)
    ask.next_best(1)
    assert ask.value("extent") == 40
    click(ask, 100.5, 20.5)
    assert ask.value("extent") == 60
    ask.adjust(1)
    ask.cancel()
    assert ask.value("extent") == 60
    click(ask, *POINT)
    ask.adjust(1)
    ask.accept()
    assert ask.value("extent") == 60
    assert told == ["ask.extent"] * 7, "the row above the picture follows"
    assert session.tool_value("ask.extent") == 60


def test_an_answer_that_ends_before_the_point_or_has_no_pixel_says_so(ask: Ask, session: Session) -> None:
    sentences = said(session)
    click(ask, *POINT)
    ask.next_best(-1)
    assert "ends before this point" in ask.note()
    ask.set_value("extent", 5)
    assert ask.preview() is None
    ask.accept()
    assert sentences[-1].startswith("This answer reaches no pixel")
    assert ask.pending()
    assert steps(session).count() == 0


def test_the_rule_holds_and_is_told(ask: Ask, session: Session) -> None:
    sentences = said(session)
    session.set_rule(where=Where.CLASS, class_id=150)
    click(ask, *POINT)
    ask.accept()
    assert "there is nothing here that it may cover" in sentences[-1]
    assert not human(session).any()


def test_esc_and_back_forget_it(ask: Ask, session: Session) -> None:
    click(ask, *POINT)
    ask.cancel()
    assert not ask.pending()
    assert not ask.back()
    click(ask, *POINT)
    assert ask.back()
    assert (ask.choices(), ask.sketch(), ask.note()) == (None, None, "")


def test_an_answer_of_another_prediction_or_picture_is_not_taken(ask: Ask, session: Session) -> None:
    click(ask, *POINT)
    session.attach_prediction(
        PATH,
        (again := prediction()),
        layer=again.segment_map(),
        table=again.segment_table(),
        mode=ViewMode.SEGMENTS,
    )
    assert not ask.pending()
    ask.accept()
    click(ask, *POINT)
    show_photo(session, path=PATH.with_name("other.jpg"))
    assert not ask.pending()
    ask.accept()
    assert steps(session).count() == 0


def test_without_a_prediction_it_says_why(ask: Ask, session: Session) -> None:
    sentences = said(session)
    session.drop_predictions()
    click(ask, *POINT)
    assert sentences == [NO_ANSWER]
    assert not ask.pending()


def test_it_answers_in_the_semantic_view_where_nothing_is_hidden(
    ask: Ask, session: Session, answer: Prediction
) -> None:
    layer, table = answer.semantic_segments()
    session.set_mode(ViewMode.SEMANTIC)
    session.attach_prediction(PATH, answer, layer=layer, table=table, mode=ViewMode.SEMANTIC)
    click(ask, *POINT)
    ask.next_best(1)
    assert "hidden" not in ask.note()
    ask.accept()
    assert np.array_equal(human(session) == human_value(13), exact(answer, 1, 0.5))


def test_a_long_list_shows_the_part_around_the_active_one(session: Session) -> None:
    masks = np.full((100, 4, 4), 0.5, np.float32)
    probs = np.zeros((100, 150), np.float32)
    probs[np.arange(100), np.arange(100)] = np.linspace(0.9, 0.1, 100)
    many = Prediction(probs, masks, (HEIGHT, WIDTH))
    session.attach_prediction(PATH, many, layer=many.segment_map(), table=many.segment_table(), mode=ViewMode.SEGMENTS)
    ask = Ask(session)
    click(ask, *POINT)
    for place in (0, 3, 50, 99):
        while not ask.note().startswith(f"{place + 1} of 100 "):
            ask.next_best(1)
        choices = ask.choices()
        assert choices is not None
        assert len(choices.rows) == 100
        assert choices.active == place
        assert choices.rows[place][0] == place + 1
