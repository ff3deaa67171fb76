"""A picture comes back as an earlier session left it: corrections, history, threshold, what was exported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.core.document import ViewMode
from app.core.geometry import Box
from app.core.patches import human_snapshot
from app.core.pictures import PictureStatus
from app.core.project.records import ExportedState, StoredPicture, StoredStep
from app.core.segment_map import human_value
from app.editing.session import Session
from app.settings import Settings
from inference.prediction import Prediction

SHAPE = (300, 280)
A, B = Path("/photos/a.jpg"), Path("/photos/b.jpg")


def pyramid() -> tuple[np.ndarray, ...]:
    return (np.zeros((*SHAPE, 3), np.uint8),)


def open_session() -> Session:
    session = Session(Settings())
    session.show(A)
    return session


def paint(session: Session, box: Box, class_id: int) -> None:
    gesture = session.begin_edit(f"Brush {class_id}")
    assert gesture is not None
    gesture.paint(box, None, human_value(class_id))
    assert gesture.commit()


def human(session: Session) -> np.ndarray:
    assert session.document is not None
    assert session.document.segment_map is not None
    return session.document.segment_map.human.copy()


def stored(session: Session, *, threshold: float | None = None, exported: ExportedState | None = None) -> StoredPicture:
    """What a project would keep of the picture on screen."""
    document, history = session.document, session.history
    assert document is not None
    assert document.segment_map is not None
    assert history is not None
    return StoredPicture(
        name="a.jpg",
        identity=None,
        shape=SHAPE,
        status=PictureStatus.IN_WORK,
        reason="",
        note="",
        threshold=threshold,
        revision=history.revision(),
        base_revision=history.base,
        steps=tuple(StoredStep(step.revision, step.text(), step.patch) for step in history.steps()),
        corrections=human_snapshot(document.segment_map),
        exported=exported,
        model=None,
    )


@pytest.fixture
def earlier(qtbot: QtBot) -> Session:
    """Four steps, of which the last is undone."""
    session = open_session()
    session.attach_photo(A, pyramid())
    for number in range(4):
        paint(session, Box(20 * number, 10, 20 * number + 90, 290), number + 1)
    session.undo()
    return session


def test_every_step_is_back_and_leads_where_it_led(earlier: Session) -> None:
    later = open_session()
    later.restore(A, stored(earlier))
    later.attach_photo(A, pyramid())
    assert later.undo_stack is not None
    assert [later.undo_stack.text(index) for index in range(4)] == [f"Brush {number}" for number in range(1, 5)]
    for index in (3, 4, 0, 2, 1, 4):
        earlier.go_to_step(index)
        later.go_to_step(index)
        np.testing.assert_array_equal(human(later), human(earlier))


def test_work_goes_on_where_it_stood(earlier: Session) -> None:
    record = stored(earlier)
    later = open_session()
    later.use_revisions_after(max(step.revision for step in record.steps))
    later.restore(A, record)
    later.attach_photo(A, pyramid())
    paint(later, Box(0, 0, 280, 5), 9)
    assert later.history is not None
    assert later.undo_stack is not None
    assert later.undo_stack.count() == 4  # the step that was undone has made room
    assert later.history.revision() not in {step.revision for step in record.steps}
    later.undo()
    np.testing.assert_array_equal(human(later), human(earlier))


def test_the_photo_waits_for_no_map_where_nothing_was_corrected(qtbot: QtBot) -> None:
    fresh = open_session()
    fresh.attach_photo(A, pyramid())
    later = open_session()
    later.restore(A, stored(fresh))
    later.attach_photo(A, pyramid())
    assert not human(later).any()
    paint(later, Box(0, 0, 10, 10), 1)


def test_its_own_threshold_is_back(earlier: Session) -> None:
    later = open_session()
    later.set_threshold_scope(for_all=False)
    later.restore(A, stored(earlier, threshold=0.8))
    assert later.threshold_of(A) == 0.8
    assert later.threshold_of(B) == 0.5
    assert later.own_threshold(A) == 0.8


def test_what_was_exported_needs_no_other_export(earlier: Session) -> None:
    assert earlier.history is not None
    record = ExportedState(earlier.history.revision(), ViewMode.SEGMENTS, 0.5)
    later = open_session()
    later.restore(A, stored(earlier, exported=record))
    assert later.is_exported(A)
    assert not later.unexported()
    later.attach_photo(A, pyramid())
    later.undo()
    assert later.unexported() == [A]


def test_what_the_network_said_is_composed_and_not_asked_for_again(earlier: Session) -> None:
    prediction = Prediction(np.full((100, 150), 0.005, np.float32), np.full((100, 8, 10), 0.5, np.float32), SHAPE)
    later = open_session()
    later.restore(A, stored(earlier), prediction)
    assert later.document is not None
    assert later.document.prediction is prediction
    assert later.document.layer_mode is None


def test_a_picture_in_use_is_not_overwritten(earlier: Session) -> None:
    record, before = stored(earlier), human(earlier)
    with pytest.raises(ValueError, match="in use"):
        earlier.restore(A, record)
    np.testing.assert_array_equal(human(earlier), before)


def test_a_picture_that_somebody_else_writes_takes_no_paint(earlier: Session) -> None:
    said: list[str] = []
    before = human(earlier)
    earlier.said.connect(said.append)
    earlier.read_only = lambda path: "Somebody else writes this project." if path == A else ""
    assert earlier.begin_edit("Brush") is None
    assert not earlier.edit("Fill", lambda _check: [])
    earlier.undo()
    earlier.redo()
    earlier.go_to_step(0)
    np.testing.assert_array_equal(human(earlier), before)
    assert set(said) == {"Somebody else writes this project."}
