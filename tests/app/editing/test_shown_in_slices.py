"""A large patch shows slice by slice: the hand has its turn in between, and every end is that of showing it at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.document import ViewMode
from app.core.geometry import Box
from app.core.segment_map import human_value
from app.editing import under_way
from app.editing.session import KEPT_OPEN, Session
from app.settings import Settings
from app.tools.guesses import Guesses
from inference.prediction import Prediction
from tests.app.canvas.scene import document_of, human, map_of

SHAPE = (520, 700)  # nine tiles
WHOLE = Box(0, 0, 700, 520)
A, B = Path("/photos/a.jpg"), Path("/photos/b.jpg")


class Turns:
    """The turns of an event loop that a test makes by hand."""

    def __init__(self, session: Session) -> None:
        self.waiting: deque[Callable[[], None]] = deque()
        session.next_turn = self.waiting.append

    def one(self) -> None:
        if self.waiting:
            self.waiting.popleft()()

    def all(self) -> int:
        count = 0
        while self.waiting:
            self.one()
            count += 1
        return count


@pytest.fixture
def slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every tile is a slice of its own."""
    monkeypatch.setattr(under_way, "EFFORT_AT_ONCE", 0)
    monkeypatch.setattr(under_way, "SLICE", 1)


@pytest.fixture
def session(qtbot: QtBot, slices: None) -> Iterator[Session]:
    session = Session(Settings())
    open_picture(session, A)
    yield session
    session.close_all()


@pytest.fixture
def turns(session: Session) -> Turns:
    return Turns(session)


def open_picture(session: Session, path: Path) -> None:
    session.show(path)
    session.attach_photo(path, (np.zeros((*SHAPE, 3), np.uint8),))


def fill(session: Session, value: int, box: Box = WHOLE) -> bool:
    return session.edit("Fill", lambda _check: [(box, None, human_value(value))], slow=True)


def index(session: Session) -> int:
    assert session.undo_stack is not None
    return session.undo_stack.index()


def test_an_edit_shows_bit_by_bit_and_is_one_step_from_the_start(session: Session, turns: Turns) -> None:
    boxes: list[Box] = []
    session.pixels_changed.connect(boxes.append)
    fill(session, 7)
    assert index(session) == 1
    assert session.editing
    assert len(boxes) == 1
    assert np.count_nonzero(human(session)) == boxes[0].area < WHOLE.area
    assert document_of(session).areas()[7] == boxes[0].area
    assert turns.all() == 8
    assert (human(session) == human_value(7)).all()
    assert sum(box.area for box in boxes) == WHOLE.area
    assert not session.editing


def test_undo_and_redo_show_bit_by_bit(session: Session, turns: Turns) -> None:
    fill(session, 7)
    turns.all()
    for step, value in ((session.undo, 0), (session.redo, human_value(7))):
        step()
        assert (human(session) != human_value(7)).any() == (human(session) != 0).any()  # some of both
        assert turns.all() == 8
        assert (human(session) == value).all()


def test_until_then_the_picture_takes_no_paint_and_no_step(session: Session, turns: Turns) -> None:
    said: list[str] = []
    session.said.connect(said.append)
    fill(session, 7)
    assert session.begin_edit("Brush") is None
    session.undo()
    assert not fill(session, 9)
    assert [text for text in said if text] == ["Fill is almost there."] * 3
    assert index(session) == 1
    turns.all()
    assert (human(session) == human_value(7)).all()
    assert session.begin_edit("Brush") is not None


def test_escape_cannot_stop_what_is_a_step_already(session: Session, turns: Turns) -> None:
    fill(session, 7)
    assert session.cancel_edit()
    assert (human(session) == human_value(7)).all()
    assert not session.editing
    turns.all()
    session.undo()
    turns.all()
    assert not human(session).any()


def test_an_export_waits_for_it_and_closing_asks_about_it(session: Session, turns: Turns) -> None:
    ended: list[Path] = []
    session.under_way_changed.connect(lambda path: ended.append(path) if path not in session.under_way() else None)
    fill(session, 7)
    assert session.under_way() == {A: "Fill"}
    assert session.unexported() == [A]
    session.undo()
    turns.all()
    assert ended == [A]
    session.mark_exported(A, session.export_state(A))
    assert not session.unexported()


def test_the_pixels_of_a_picture_that_was_left_go_on_coming(session: Session, turns: Turns) -> None:
    fill(session, 7)
    for number in range(KEPT_OPEN + 1):
        open_picture(session, Path(f"/photos/{number}.jpg"))
    document = session.find(A)
    assert document is not None
    assert not document.parked  # half a layer is not what would be packed
    turns.all()
    open_picture(session, A)
    assert (human(session) == human_value(7)).all()


def test_whoever_needs_the_pixels_has_them_all(session: Session, turns: Turns) -> None:
    fill(session, 7)
    session.settle(A)
    assert (human(session) == human_value(7)).all()
    assert not session.editing
    assert turns.all() == 1  # which finds nothing left to do
    session.settle(A)
    session.settle(B)


def test_the_next_answer_for_a_segment_does_not_wait_until_the_last_one_is_taken_back(
    session: Session, turns: Turns
) -> None:
    probs, layer = np.zeros((100, 150), np.float32), np.ones(SHAPE, np.uint8)
    probs[0, :3] = 0.6, 0.3, 0.1
    prediction = Prediction(probs, np.zeros((100, 4, 4), np.float32), SHAPE)
    table = prediction.segment_table()
    session.attach_prediction(A, prediction, layer=layer, table=table, mode=ViewMode.SEGMENTS)
    guesses = Guesses(session)
    guesses.point((5, 5))
    for class_id in (2, 3):
        guesses.go(1)
        assert guesses.choices() is not None
        turns.all()
        assert (human(session) == human_value(class_id)).all()
        assert index(session) == 1


def test_nothing_comes_of_it_when_all_is_closed(session: Session, turns: Turns) -> None:
    fill(session, 7)
    session.close_all()
    turns.all()
    open_picture(session, A)
    assert not human(session).any()


def test_small_patches_show_at_once(qtbot: QtBot) -> None:
    session = Session(Settings())
    turns = Turns(session)
    open_picture(session, A)
    fill(session, 7)
    assert not turns.waiting
    assert (human(session) == human_value(7)).all()


_STEPS = st.sampled_from(["fill", "stroke", "undo", "redo", "turn", "settle", "leave", "jump", "escape"])


@given(steps=st.lists(_STEPS, max_size=25), seed=st.integers(0, 2**32 - 1))
def test_whatever_is_done_meanwhile_the_end_is_that_of_showing_at_once(
    qapp: QApplication, steps: list[str], seed: int
) -> None:
    random = np.random.default_rng(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(under_way, "EFFORT_AT_ONCE", 0)
        patch.setattr(under_way, "SLICE", 1)
        patch.setattr("app.editing.stepping.EFFORT_AT_ONCE", int(random.integers(0, 2)) * 10**9)
        session = Session(Settings())
        turns = Turns(session)
        open_picture(session, A)
        states, at = [human(session)], 0
        for step in steps:
            free, path = not session.editing, A
            if step in ("fill", "stroke"):
                box, value = _some_box(random), int(random.integers(1, 151))
                after = states[at].copy()
                after[box.slices] = human_value(value)
                done = fill(session, value, box) if step == "fill" else _stroke(session, value, box)
                assert free or not done
                if free and (after != states[at]).any():
                    states, at = [*states[: at + 1], after], at + 1
            elif step in ("undo", "redo", "jump"):
                wanted = {"undo": at - 1, "redo": at + 1, "jump": int(random.integers(0, len(states)))}[step]
                session.go_to_step(wanted)
                at = wanted if free and 0 <= wanted < len(states) else at
            elif step == "leave":
                open_picture(session, B)
                session.show(A)
            elif step == "escape":
                session.cancel_edit()
            elif step == "settle":
                session.settle(path)
            else:
                turns.one()
            assert index(session) == at
            shown = map_of(session).shown()
            assert np.array_equal(map_of(session).histogram(), np.bincount(shown.ravel(), minlength=256))
            if not session.editing:
                np.testing.assert_array_equal(human(session), states[at])
        turns.all()
        np.testing.assert_array_equal(human(session), states[at])
        session.close_all()


def _some_box(random: np.random.Generator) -> Box:
    x, y = int(random.integers(0, 600)), int(random.integers(0, 450))
    return Box.at(x, y, width=int(random.integers(1, 700 - x)), height=int(random.integers(1, 520 - y)))


def _stroke(session: Session, value: int, box: Box) -> bool:
    gesture = session.begin_edit("Brush")
    if gesture is None:
        return False
    gesture.paint(box, None, human_value(value))
    return gesture.commit()
