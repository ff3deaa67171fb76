"""Going to any step of the history: the same pixels as step by step, one history per picture, nothing skipped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.arrays import U8
from app.core.geometry import Box
from app.core.patches import human_snapshot
from app.core.segment_map import human_value
from app.editing import stepping, under_way
from app.editing.session import KEPT_OPEN, Session
from app.settings import Settings
from tests.app.canvas.scene import human, map_of

SHAPE = (60, 80)
A, B = Path("/photos/a.jpg"), Path("/photos/b.jpg")


class Later:
    """A runner that does nothing until it is told to."""

    def __init__(self) -> None:
        self.jobs: list[Callable[[], None]] = []

    def __call__(self, work: Callable[[Any], Any], *, key: object, done: Callable[[Any], None], **_more: Any) -> Any:
        job = lambda: done(work(lambda: None))  # noqa: E731 - a job is told apart from others by itself
        self.jobs.append(job)
        return lambda: self.jobs.remove(job)

    def finish(self) -> None:
        while self.jobs:
            self.jobs.pop(0)()


def photo() -> tuple[U8, ...]:
    return (np.zeros((*SHAPE, 3), np.uint8),)


def open_picture(session: Session, path: Path) -> None:
    session.show(path)
    session.attach_photo(path, photo())


@pytest.fixture
def session(qtbot: QtBot) -> Session:
    session = Session(Settings())
    open_picture(session, A)
    return session


def paint(session: Session, box: Box, class_id: int, text: str = "Brush") -> None:
    stroke = session.begin_edit(text)
    assert stroke is not None
    stroke.paint(box, None, human_value(class_id))
    assert stroke.commit()


def scribble(session: Session, count: int, seed: int = 0) -> list[U8]:
    """So many steps; the layer before each and after the last."""
    rng = np.random.default_rng(seed)
    states = [human(session)]
    for number in range(count):
        x, y = int(rng.integers(0, 70)), int(rng.integers(0, 50))
        paint(session, Box(x, y, x + int(rng.integers(1, 40)), y + int(rng.integers(1, 40))), number % 150 + 1)
        states.append(human(session))
    return states


def index(session: Session) -> int:
    assert session.undo_stack is not None
    return session.undo_stack.index()


def park(session: Session, path: Path) -> None:
    for number in range(KEPT_OPEN + 1):
        session.show(Path(f"/photos/{number}.jpg"))
    document = session.find(path)
    assert document is not None
    assert document.parked


@pytest.mark.parametrize("effort", [under_way.EFFORT_AT_ONCE, 0], ids=["step by step", "as one change"])
@given(ways=st.lists(st.integers(0, 8), min_size=1, max_size=12), seed=st.integers(0, 1000))
def test_any_way_through_the_history_ends_where_it_should(
    qapp: QApplication, effort: int, ways: list[int], seed: int
) -> None:
    session = Session(Settings())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stepping, "EFFORT_AT_ONCE", effort)
        open_picture(session, A)
        states = scribble(session, 8, seed)
        for step in ways:
            session.go_to_step(step)
            assert index(session) == step
            np.testing.assert_array_equal(human(session), states[step])
            session.undo()
            np.testing.assert_array_equal(human(session), states[max(0, step - 1)])
            session.redo()
            if step:
                np.testing.assert_array_equal(human(session), states[step])
    session.close_all()


def test_a_step_that_is_not_there_changes_nothing(session: Session) -> None:
    states = scribble(session, 2)
    for step in (-1, 3):
        session.go_to_step(step)
    assert index(session) == 2
    np.testing.assert_array_equal(human(session), states[2])


def test_a_stroke_under_the_hand_becomes_a_step_first(session: Session) -> None:
    scribble(session, 1)
    stroke = session.begin_edit("Brush")
    assert stroke is not None
    stroke.paint(Box(0, 0, 80, 60), None, human_value(9))
    session.go_to_step(0)
    assert not human(session).any()
    session.go_to_step(2)
    assert (human(session) == human_value(9)).all()


def test_the_list_of_pictures_hears_of_it(session: Session) -> None:
    scribble(session, 2)
    session.mark_exported(A, session.export_state(A))
    corrected: list[Path] = []
    session.corrected.connect(corrected.append)
    session.go_to_step(0)
    assert corrected == [A]
    assert session.is_unexported(A)
    session.go_to_step(2)
    assert not session.is_unexported(A)


def test_a_running_edit_refuses_and_says_so(session: Session) -> None:
    states = scribble(session, 2)
    session.runner = later = Later()
    session.edit("Fill holes", lambda _check: iter([(Box(0, 0, 5, 5), None, human_value(30))]), slow=True)
    said: list[str] = []
    session.said.connect(said.append)
    session.go_to_step(0)
    assert said == ["Fill holes is under way; Esc stops it."]
    assert index(session) == 2
    np.testing.assert_array_equal(human(session), states[2])
    later.finish()
    session.go_to_step(0)
    assert not human(session).any()


def test_a_long_way_refuses_paint_until_it_is_there_and_can_be_stopped(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stepping, "EFFORT_AT_ONCE", 0)
    states = scribble(session, 3)
    session.runner = later = Later()
    session.go_to_step(0)
    assert index(session) == 3
    assert session.begin_edit("Brush") is None
    assert session.cancel_edit()
    later.finish()
    np.testing.assert_array_equal(human(session), states[3])
    session.go_to_step(1)
    session.show(B)
    later.finish()
    session.show(A)
    assert index(session) == 1
    np.testing.assert_array_equal(human(session), states[1])


def test_a_long_way_is_given_up_when_the_history_loses_its_oldest_steps(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stepping, "EFFORT_AT_ONCE", 0)
    states = scribble(session, 3)
    session.runner = later = Later()
    session.go_to_step(0)
    open_picture(session, B)
    session.undo_bytes = 0
    paint(session, Box(0, 0, 9, 9), 4)
    later.finish()
    session.show(A)
    assert session.undo_stack is not None
    assert (session.undo_stack.count(), index(session)) == (0, 0)
    np.testing.assert_array_equal(human(session), states[3])


def test_every_picture_has_its_own_history_also_after_parking(session: Session) -> None:
    of_a = scribble(session, 5, seed=1)
    session.go_to_step(2)
    open_picture(session, B)
    of_b = scribble(session, 3, seed=2)
    park(session, A)
    park(session, B)
    for path, states, done in ((A, of_a, 2), (B, of_b, 3)):
        session.show(path)
        said: list[str] = []
        session.said.connect(said.append)
        session.go_to_step(0)  # the map is not back yet: no step is skipped
        assert said == [f"{path.name} is not there yet; its history waits for it."]
        session.said.disconnect(said.append)
        assert index(session) == done
        session.attach_photo(path, photo())
        np.testing.assert_array_equal(human(session), states[done])
        for step in (0, len(states) - 1, 1, done):
            session.go_to_step(step)
            np.testing.assert_array_equal(human(session), states[step])


def test_corrections_compressed_elsewhere_keep_the_history_whole(session: Session) -> None:
    states = scribble(session, 4)
    wanted: list[Path] = []
    session.compress_later = wanted.append
    session.go_to_step(3)
    corrections, revision = human_snapshot(map_of(session)), session.export_state(A).revision
    for number in range(KEPT_OPEN + 1):
        session.show(Path(f"/photos/{number}.jpg"))
    assert A in wanted
    session.park(A, corrections, revision=revision)
    open_picture(session, A)
    for step in (3, 0, 4):
        session.go_to_step(step)
        np.testing.assert_array_equal(human(session), states[step])


def test_many_strokes_stay_within_the_bytes_and_the_oldest_go_first(session: Session) -> None:
    session.undo_bytes = 40_000
    rng = np.random.default_rng(3)
    states: list[U8] = [human(session)]
    for number in range(150):
        stroke = session.begin_edit(f"Stroke {number}")
        assert stroke is not None
        x, y = int(rng.integers(0, 60)), int(rng.integers(0, 40))
        values = rng.integers(101, 251, (20, 20), dtype=np.uint8)
        stroke.paint(Box(x, y, x + 20, y + 20), None, values)
        assert stroke.commit()
        states.append(human(session))
        assert session.history_bytes() <= session.undo_bytes
        assert session.history is not None
        texts = [step.text() for step in session.history.steps()]
        assert texts == [f"Stroke {kept}" for kept in range(number + 1 - len(texts), number + 1)]
    assert session.history is not None
    kept = session.history.stack.count()
    assert 10 < kept < 150
    session.go_to_step(0)
    np.testing.assert_array_equal(human(session), states[150 - kept])
    assert session.is_unexported(A)  # what the dropped steps painted is still there
    session.go_to_step(kept)
    np.testing.assert_array_equal(human(session), states[150])
