"""The session: gestures become undo steps, corrections survive everything but the user's own undo."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import app.editing.session
from app.core.document import ViewMode
from app.core.geometry import Box
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from app.editing.session import KEPT_OPEN, KEPT_PREDICTIONS, Session
from app.settings import Settings
from inference.errors import PhotoError
from inference.prediction import Prediction, SegmentTable

ROOT = Path(__file__).resolve().parents[3]
SHAPE = (60, 80)
A, B = Path("/photos/a.jpg"), Path("/photos/b.jpg")


def pyramid() -> tuple[np.ndarray, ...]:
    return (np.zeros((*SHAPE, 3), np.uint8),)


def prediction() -> Prediction:
    return Prediction(np.full((100, 150), 0.005, np.float32), np.full((100, 8, 10), 0.5, np.float32), SHAPE)


def attach(session: Session, path: Path, layer_value: int = 1, scores: tuple[float, ...] = (0.9, 0.4)) -> None:
    table = SegmentTable(np.array([3, 13], np.uint8), np.array(scores, np.float32))
    layer = np.full(SHAPE, layer_value, np.uint8)
    session.attach_prediction(path, prediction(), layer=layer, table=table, mode=session.mode)


@pytest.fixture
def session(qtbot: QtBot) -> Session:
    session = Session(Settings())
    session.show(A)
    session.attach_photo(A, pyramid())
    return session


def paint(session: Session, box: Box, class_id: int) -> bool:
    gesture = session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(box, None, human_value(class_id))
    return gesture.commit()


def human(session: Session) -> np.ndarray:
    assert session.document is not None
    assert session.document.segment_map is not None
    return session.document.segment_map.human.copy()


def test_one_gesture_is_one_step(session: Session, qtbot: QtBot) -> None:
    boxes: list[Box] = []
    session.pixels_changed.connect(boxes.append)
    gesture = session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(Box(0, 0, 10, 10), None, human_value(3))
    gesture.paint(Box(5, 5, 20, 20), None, human_value(3))
    assert gesture.commit()
    assert boxes == [Box(0, 0, 10, 10), Box(5, 5, 20, 20)]
    painted = human(session)
    assert session.undo_stack is not None
    assert session.undo_stack.count() == 1
    session.undo()
    assert not human(session).any()
    session.redo()
    np.testing.assert_array_equal(human(session), painted)


def test_gesture_that_changes_nothing_leaves_no_step(session: Session) -> None:
    assert paint(session, Box(0, 0, 10, 10), 3)
    assert not paint(session, Box(2, 2, 5, 5), 3)
    assert session.undo_stack is not None
    assert session.undo_stack.count() == 1


def test_cancelled_gesture_puts_everything_back(session: Session) -> None:
    paint(session, Box(0, 0, 10, 10), 3)
    before = human(session)
    gesture = session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(Box(0, 0, 40, 40), None, human_value(5))
    gesture.cancel()
    assert not gesture.commit()
    np.testing.assert_array_equal(human(session), before)


def test_changing_the_picture_commits_the_stroke_under_the_hand(session: Session) -> None:
    gesture = session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(Box(0, 0, 10, 10), None, human_value(3))
    session.show(B)
    session.show(A)
    assert session.is_unexported(A)
    assert human(session)[:10, :10].all()


def test_nothing_to_paint_on_before_the_photo_is_there(session: Session) -> None:
    session.show(B)
    assert session.begin_edit("Brush") is None


def test_threshold_and_prediction_never_touch_human_pixels(session: Session) -> None:
    attach(session, A, 1)
    paint(session, Box(0, 0, 10, 10), 21)
    before = human(session)
    session.set_threshold(1.0)
    attach(session, A, 2)
    session.drop_predictions()
    np.testing.assert_array_equal(human(session), before)
    assert session.document is not None
    assert (session.document.labels()[:10, :10] == 21).all()


def test_history_and_corrections_survive_parking(session: Session) -> None:
    paint(session, Box(0, 0, 10, 10), 3)
    paint(session, Box(5, 5, 30, 30), 4)
    before = human(session)
    for number in range(KEPT_OPEN + 2):
        session.show(Path(f"/photos/{number}.jpg"))
    document = session.show(A)
    assert document.parked
    session.undo()  # the map is not back yet: the step must wait, not be lost
    assert session.undo_stack is not None
    assert session.undo_stack.index() == 2
    session.attach_photo(A, pyramid())
    np.testing.assert_array_equal(human(session), before)
    session.undo()
    session.undo()
    assert not human(session).any()


def test_predictions_of_long_gone_pictures_are_dropped(session: Session) -> None:
    attach(session, A)
    for number in range(KEPT_PREDICTIONS + 1):
        session.show(Path(f"/photos/{number}.jpg"))
    document = session.find(A)
    assert document is not None
    assert document.prediction is None


def test_undo_history_is_bounded_in_bytes(session: Session) -> None:
    rng = np.random.default_rng(5)
    session.undo_bytes = 60_000
    assert session.document is not None
    for _ in range(40):
        gesture = session.begin_edit("Noise")
        assert gesture is not None
        gesture.paint(Box(0, 0, 80, 60), None, rng.integers(101, 251, SHAPE, dtype=np.uint8))
        assert gesture.commit()
        assert session.history_bytes() <= 60_000
    after = human(session)
    assert session.undo_stack is not None
    steps = session.undo_stack.count()
    assert 2 <= steps < 40
    for _ in range(steps):
        session.undo()
    assert session.undo_stack.index() == 0
    for _ in range(steps):
        session.redo()
    np.testing.assert_array_equal(human(session), after)
    assert session.is_unexported(A)


def test_other_pictures_give_up_their_steps_first(session: Session) -> None:
    rng = np.random.default_rng(7)

    def scribble() -> None:
        gesture = session.begin_edit("Noise")
        assert gesture is not None
        gesture.paint(Box(0, 0, 80, 60), None, rng.integers(101, 251, SHAPE, dtype=np.uint8))
        assert gesture.commit()

    session.undo_bytes = 100_000
    scribble()
    kept = human(session)
    session.show(B)
    session.attach_photo(B, pyramid())
    for _ in range(20):
        scribble()
        assert session.history_bytes() <= 100_000
    session.show(A)
    assert session.undo_stack is not None
    assert session.undo_stack.count() == 0
    np.testing.assert_array_equal(human(session), kept)
    assert session.unexported() == [B, A]


def test_exported_means_exported_as_it_is_now(session: Session) -> None:
    attach(session, A)
    paint(session, Box(0, 0, 10, 10), 3)
    state = session.export_state(A)
    assert session.unexported() == [A]
    session.mark_exported(A, state)
    assert session.is_exported(A)
    assert session.unexported() == []
    session.set_threshold(0.8)
    assert not session.is_exported(A)
    assert session.unexported() == []  # the corrections are safe, only the rest would differ
    session.set_threshold(0.5)
    assert session.is_exported(A)
    paint(session, Box(0, 0, 10, 10), 4)
    assert session.is_unexported(A)
    session.undo()
    assert session.is_exported(A)
    session.drop_predictions()
    assert not session.is_exported(A)


def test_export_of_a_stroke_that_was_replaced_meanwhile_does_not_count(session: Session) -> None:
    paint(session, Box(0, 0, 10, 10), 3)
    state = session.export_state(A)
    session.undo()
    paint(session, Box(20, 20, 30, 30), 4)
    session.mark_exported(A, state)
    assert session.unexported() == [A]


def test_a_closed_picture_leaves_no_step_for_qt_to_delete(session: Session) -> None:
    paint(session, Box(0, 0, 10, 10), 3)
    stack = session.undo_stack
    assert stack is not None
    session.close_all()
    assert stack.count() == 0


LEFT_OPEN = """
import gc
from pathlib import Path
import numpy as np
from PySide6.QtGui import QGuiApplication
from app.core.geometry import Box
from app.editing.session import Session
from app.settings import Settings

application = QGuiApplication([])
gc.disable()
session = Session(Settings())
session.show(Path("a.png"))
session.attach_photo(Path("a.png"), (np.zeros((40, 40, 3), np.uint8),))
gc.collect(0)  # what is older than the steps by now is taken after them
for value in (101, 102, 103):
    gesture = session.begin_edit("Brush")
    gesture.paint(Box(0, 0, 9, 9), None, value)
    gesture.commit()
del gesture, session
gc.collect()
assert not any(type(left).__name__ in ("Session", "PatchCommand") for left in gc.get_objects())
"""


def test_a_session_that_nobody_closed_is_thrown_away_without_a_crash() -> None:
    """Python's collector may take the steps before the stack that has them."""
    result = subprocess.run([sys.executable, "-c", LEFT_OPEN], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stderr) == (0, "")


def test_exporting_pictures_never_opened_makes_no_documents(session: Session) -> None:
    for number in range(100):
        path = Path(f"/photos/{number}.jpg")
        session.mark_exported(path, session.export_state(path))
        assert session.is_exported(path)
        assert session.find(path) is None


def test_photo_that_comes_back_with_another_size(session: Session) -> None:
    paint(session, Box(0, 0, 10, 10), 3)
    for number in range(KEPT_OPEN + 2):
        session.show(Path(f"/photos/{number}.jpg"))
    session.show(A)
    with pytest.raises(PhotoError, match="changed on disk"):
        session.attach_photo(A, (np.zeros((30, 30, 3), np.uint8),))
    assert session.is_unexported(A)
    session.attach_photo(A, pyramid())
    session.undo()
    for number in range(KEPT_OPEN + 2):
        session.show(Path(f"/photos/{number}.jpg"))
    session.show(A)
    session.attach_photo(A, (np.zeros((30, 30, 3), np.uint8),))
    session.redo()  # the step belonged to the photo of the old size
    assert not human(session).any()
    assert session.unexported() == []


def test_threshold_for_this_picture_or_for_all(session: Session) -> None:
    session.show(B)
    session.set_threshold(0.3)
    assert session.show(A).threshold == 0.3
    session.set_threshold_scope(for_all=False)
    session.set_threshold(0.0)
    assert session.document is not None
    assert session.document.threshold == 0.0
    assert session.show(B).threshold == 0.3
    session.show(A)
    session.set_threshold_scope(for_all=True)
    assert session.show(B).threshold == 0.0


def test_one_threshold_for_all_only_covers_what_pictures_were_given_alone(session: Session) -> None:
    session.set_threshold_scope(for_all=False)
    for path, own in ((A, 0.7), (B, 0.3)):
        session.show(path)
        session.set_threshold(own)
    session.set_threshold_scope(for_all=True)
    session.set_threshold(0.1)
    assert session.show(A).threshold == 0.1
    told: list[None] = []
    session.tables_changed.connect(lambda: told.append(None))
    session.set_threshold_scope(for_all=False)
    assert told
    assert session.document is not None
    assert session.document.threshold == 0.7
    assert session.show(B).threshold == 0.3


def test_recent_classes_keep_their_digits(session: Session) -> None:
    for class_id in (5, 6, 7):
        session.set_current_class(class_id)
    assert session.recent_classes == (1, 5, 6, 7)  # wall was in hand at the start
    session.set_current_class(1)
    assert session.recent_classes == (1, 5, 6, 7)
    for class_id in range(20, 26):
        session.set_current_class(class_id)
    # Nine digits: the tenth class took that of the longest unused one, and no other moved.
    assert session.recent_classes == (1, 25, 6, 7, 20, 21, 22, 23, 24)
    session.set_current_class(0)
    assert session.current_class == 0
    assert 0 not in session.recent_classes
    with pytest.raises(ValueError, match="151"):
        session.set_current_class(151)


def test_brush_never_erases_by_surprise_after_a_restart(qtbot: QtBot) -> None:
    assert Session(Settings(current_class=0, recent_classes=(7, 8))).current_class == 7
    assert Session(Settings(current_class=0)).current_class == 1


def test_paint_is_seen_whatever_was_hidden(session: Session) -> None:
    session.set_overlay(hidden=frozenset({3, 4}))
    paint(session, Box(0, 0, 5, 5), 3)
    assert session.overlay.hidden == {4}
    session.set_overlay(hidden=frozenset(), solo=frozenset({4}))
    paint(session, Box(0, 0, 5, 5), 9)
    assert session.overlay.solo == {4, 9}
    for value in (HUMAN_UNLABELLED, 0):  # what is not a class does not become one that is looked at alone
        gesture = session.begin_edit("Erase")
        assert gesture is not None
        gesture.paint(Box(0, 0, 5, 5), None, value)
        assert gesture.commit()
        assert session.overlay.solo == {4, 9}


@pytest.mark.parametrize("at_once", [10_000_000, 0])
def test_what_was_not_painted_stays_hidden(session: Session, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    """Whether the rule refused all of a class, or it is there already."""
    monkeypatch.setattr(app.editing.session, "REACH_AT_ONCE", at_once)
    paint(session, Box(0, 0, 2, 5), 7)
    session.set_overlay(hidden=frozenset({3, 7, 9}))
    session.set_rule(locked=frozenset({7}))
    values = np.full((5, 6), human_value(9), np.uint8)
    values[:, :2] = human_value(3)  # over what is locked
    assert session.edit("Copy", lambda _check: [(Box(0, 0, 6, 5), None, values)])
    assert session.overlay.hidden == {3, 7}
    session.edit("Fill", lambda _check: [(Box(0, 0, 2, 5), None, human_value(3))])
    assert session.overlay.hidden == {3, 7}
    session.set_rule(locked=frozenset())
    session.edit("Fill", lambda _check: [(Box(0, 0, 2, 5), None, human_value(7))])
    assert session.overlay.hidden == {3, 7}


def test_solo_ends_with_the_picture_and_says_so(session: Session, qtbot: QtBot) -> None:
    session.set_overlay(solo=frozenset({3}))
    with qtbot.waitSignal(session.tables_changed, timeout=1000):
        session.show(B)
    assert session.overlay.solo == frozenset()


def test_view_mode_is_announced_once(session: Session, qtbot: QtBot) -> None:
    with qtbot.waitSignal(session.mode_changed, timeout=1000):
        session.set_mode(ViewMode.SEMANTIC)
    with qtbot.assertNotEmitted(session.mode_changed):
        session.set_mode(ViewMode.SEMANTIC)
