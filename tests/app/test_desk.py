"""The desk: the picture on screen goes first, its neighbours follow, and a failure takes nothing else along."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

import app.model_in_use
from app.core.document import Document, ViewMode
from app.core.export import final_labels
from app.core.geometry import Box
from app.core.patches import Patch, human_snapshot, rebuilt_map
from app.core.pictures import PictureStatus
from app.core.segment_map import SegmentMap, ShownCounts, human_value
from app.desk import Desk
from app.model_in_use import ModelChoice
from app.session import KEPT_OPEN, Session
from app.settings import Settings
from inference.errors import EngineError, WeightsError
from inference.prediction import Prediction


@dataclass
class Named:
    name: str
    device: str = "cpu"
    reason: str = "for the test"


@dataclass
class FakeSegmenter:
    """Answers at once, or when its gate opens; remembers the widths of the photos it saw, in order."""

    card: Named = field(default_factory=lambda: Named("fake"))
    engine: Named = field(default_factory=lambda: Named("onnx"))
    gate: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    seen: list[int] = field(default_factory=list)
    refuse_width: int = 0

    def predict(self, photo: np.ndarray) -> Prediction:
        self.entered.set()
        assert self.gate.wait(10)
        self.seen.append(photo.shape[1])
        if photo.shape[1] == self.refuse_width:
            raise EngineError("The engine has no memory left for this photo.")
        probs = np.full((100, 150), 0.001, np.float32)
        probs[0, photo.shape[1] % 150] = 0.9
        masks = np.full((100, 4, 6), 0.1, np.float32)
        masks[0] = 0.8
        return Prediction(probs, masks, photo.shape[:2])


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Five photos; the width of each, 100 + its number, tells which one it is."""
    paths = [tmp_path / f"{number}.png" for number in range(5)]
    for number, path in enumerate(paths):
        cv2.imwrite(str(path), np.full((40, 100 + number, 3), 40 * number, np.uint8))
    return paths


@pytest.fixture
def segmenter(monkeypatch: pytest.MonkeyPatch) -> FakeSegmenter:
    fake = FakeSegmenter()
    fake.gate.set()
    monkeypatch.setattr(app.model_in_use, "load_segmenter", lambda *_: fake)
    return fake


@pytest.fixture
def desk(qtbot: QtBot, segmenter: FakeSegmenter) -> Iterator[Desk]:
    desk = Desk(Session(Settings()), ModelChoice())
    yield desk
    segmenter.gate.set()
    desk.close()


def predicted(desk: Desk, path: Path) -> bool:
    document = desk.session.find(path)
    return document is not None and document.layer_mode is not None


def test_neighbours_are_predicted_ahead_next_first(
    desk: Desk, segmenter: FakeSegmenter, photos: list[Path], qtbot: QtBot
) -> None:
    desk.open(photos)
    qtbot.waitUntil(lambda: predicted(desk, photos[1]) and desk.idle)
    assert segmenter.seen == [100, 101]
    desk.show(photos[1])
    qtbot.waitUntil(lambda: predicted(desk, photos[2]) and desk.idle)
    desk.show(photos[2])
    qtbot.waitUntil(lambda: predicted(desk, photos[3]) and desk.idle)
    assert segmenter.seen == [100, 101, 102, 103]


def test_leafing_through_predicts_only_where_it_stops(
    desk: Desk, segmenter: FakeSegmenter, photos: list[Path], qtbot: QtBot
) -> None:
    segmenter.gate.clear()
    desk.open(photos)
    qtbot.waitUntil(segmenter.entered.is_set)
    for photo in photos[1:]:
        desk.show(photo)
    segmenter.gate.set()
    qtbot.waitUntil(lambda: predicted(desk, photos[4]))
    assert segmenter.seen[:2] == [100, 104]
    assert not predicted(desk, photos[0])


def test_cancel_drops_the_answer_and_f5_asks_again(
    desk: Desk, segmenter: FakeSegmenter, photos: list[Path], qtbot: QtBot
) -> None:
    segmenter.gate.clear()
    desk.open(photos[:1])
    qtbot.waitUntil(segmenter.entered.is_set)
    assert desk.cancel()
    assert not desk.cancel()
    segmenter.gate.set()
    desk.engine_lane.submit(lambda _t: None, key="after", done=lambda _: None, failed=pytest.fail)
    qtbot.waitUntil(desk.engine_lane.is_idle)
    assert not predicted(desk, photos[0])
    desk.predict_again()
    qtbot.waitUntil(lambda: predicted(desk, photos[0]))


def test_unreadable_picture_says_why_and_the_next_one_works(desk: Desk, photos: list[Path], qtbot: QtBot) -> None:
    photos[0].write_bytes(b"")
    problems: list[str] = []
    desk.problem_changed.connect(problems.append)
    desk.open(photos)
    qtbot.waitUntil(lambda: desk.states.status(photos[0]) is PictureStatus.UNREADABLE)
    assert photos[0].name in problems[-1]
    qtbot.waitUntil(lambda: predicted(desk, photos[1]))
    desk.show(photos[1])
    assert problems[-1] == ""
    assert desk.states.problem(photos[0])


def test_what_cannot_be_read_says_so_until_it_can(
    desk: Desk, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = photos[0].read_bytes()
    photos[0].write_bytes(b"")
    problems: list[str] = []
    desk.problem_changed.connect(problems.append)
    desk.open(photos[:1])
    qtbot.waitUntil(lambda: bool(problems and problems[-1]) and desk.idle)
    desk.predict_again()
    assert desk.cancel()
    assert photos[0].name in problems[-1]

    def refuse(*_: str) -> None:
        raise WeightsError("The file is truncated.")

    said: list[str] = []
    desk.said.connect(said.append)
    monkeypatch.setattr(app.model_in_use, "load_segmenter", refuse)
    desk.use_model(ModelChoice("broken.pth"))
    qtbot.waitUntil(lambda: "The file is truncated." in said)
    assert photos[0].name in problems[-1]
    monkeypatch.undo()
    photos[0].write_bytes(good)
    desk.predict_again()
    qtbot.waitUntil(lambda: desk.session.document is not None and desk.session.document.photo is not None)
    assert problems[-1] == ""


def test_a_cancelled_photo_says_how_to_get_it(desk: Desk, photos: list[Path], qtbot: QtBot) -> None:
    problems: list[str] = []
    desk.problem_changed.connect(problems.append)
    desk.show(photos[0])
    assert desk.cancel()
    assert "F5" in problems[-1]
    desk.predict_again()
    assert problems[-1] == ""
    qtbot.waitUntil(lambda: predicted(desk, photos[0]))


def test_failed_prediction_is_a_sentence_and_the_photo_stays(
    desk: Desk, segmenter: FakeSegmenter, photos: list[Path], qtbot: QtBot
) -> None:
    segmenter.refuse_width = 100
    problems: list[str] = []
    desk.problem_changed.connect(problems.append)
    desk.open(photos[:1])
    qtbot.waitUntil(lambda: "no memory" in "".join(problems))
    assert desk.session.document is not None
    assert desk.session.document.photo is not None
    assert desk.session.begin_edit("Brush") is not None


def test_refused_model_leaves_the_one_in_use(
    desk: Desk, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(photos)
    qtbot.waitUntil(lambda: predicted(desk, photos[0]))

    def refuse(*_: str) -> None:
        raise WeightsError("The file is truncated.")

    monkeypatch.setattr(app.model_in_use, "load_segmenter", refuse)
    said: list[str] = []
    desk.problem_changed.connect(said.append)
    desk.use_model(ModelChoice("broken.pth"))
    qtbot.waitUntil(lambda: "The file is truncated." in said)
    assert desk.choice == ModelChoice()
    assert predicted(desk, photos[0])
    desk.predict_again()
    qtbot.waitUntil(desk.engine_lane.is_idle)
    assert predicted(desk, photos[0])


def test_another_model_predicts_again_and_keeps_human_pixels(
    desk: Desk, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(photos)
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    gesture = desk.session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(Box(0, 0, 5, 5), None, human_value(7))
    gesture.commit()
    other = FakeSegmenter(card=Named("other"))
    other.gate.set()
    monkeypatch.setattr(app.model_in_use, "load_segmenter", lambda *_: other)
    desk.use_model(ModelChoice("other"))
    qtbot.waitUntil(lambda: 100 in other.seen and predicted(desk, photos[0]))
    assert desk.engine_status is not None
    assert desk.engine_status.model == "other"
    assert desk.session.document is not None
    assert (desk.session.document.labels()[:5, :5] == 7).all()


def test_corrected_pictures_stay_in_the_list_when_others_are_opened(
    desk: Desk, photos: list[Path], qtbot: QtBot
) -> None:
    desk.open(photos[:2])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    gesture = desk.session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(Box(0, 0, 5, 5), None, human_value(7))
    gesture.commit()
    desk.open(photos[2:])
    qtbot.waitUntil(lambda: desk.current == photos[2])
    assert desk.pictures == [*photos[2:], photos[0]]
    assert desk.states.status(photos[0]) is PictureStatus.CORRECTED


def test_changing_the_view_composes_without_predicting(
    desk: Desk, segmenter: FakeSegmenter, photos: list[Path], qtbot: QtBot
) -> None:
    desk.open(photos[:1])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]))
    desk.session.set_mode(ViewMode.SEMANTIC)
    document = desk.session.document
    assert document is not None
    qtbot.waitUntil(lambda: document.layer_mode is ViewMode.SEMANTIC)
    assert segmenter.seen == [100]
    assert (document.labels() > 0).all()


def test_folder_without_photos_changes_nothing(desk: Desk, photos: list[Path], qtbot: QtBot, tmp_path: Path) -> None:
    desk.open(photos[:1])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]))
    empty = tmp_path / "empty"
    empty.mkdir()
    said: list[str] = []
    desk.said.connect(said.append)
    desk.open([empty])
    qtbot.waitUntil(lambda: "There is no photo in empty" in "".join(said))
    assert desk.pictures == photos[:1]
    assert desk.current == photos[0]


def test_corrections_are_compressed_beside_the_gui_thread_and_come_back(
    desk: Desk, photos: list[Path], qtbot: QtBot
) -> None:
    document = corrected_and_parked(desk, photos, qtbot)
    assert document.has_corrections
    desk.show(photos[0])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]))
    assert (document.labels()[:5, :5] == 7).all()


def test_a_parked_picture_shows_its_photo_before_its_corrections_are_unpacked(
    desk: Desk, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, gate = corrected_and_parked(desk, photos, qtbot), threading.Event()

    def slow(corrections: Patch) -> SegmentMap:
        assert gate.wait(10)
        return rebuilt_map(corrections)

    monkeypatch.setattr("app.desk.rebuilt_map", slow)
    busy: list[str] = []
    desk.busy_changed.connect(busy.append)
    desk.show(photos[0])
    qtbot.waitUntil(lambda: document.photo is not None)
    assert document.segment_map is None
    assert document.has_corrections
    assert desk.session.begin_edit("Brush") is None
    assert busy[-1] == "Loading corrections…"
    assert final_labels(document.snapshot())[0, 0] == 7  # an export has them all the same
    desk.open([photos[1]])  # another list leaves them alone
    gate.set()
    qtbot.waitUntil(lambda: desk.current == photos[1] and desk.idle)
    desk.show(photos[0])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]))
    assert (document.labels()[:5, :5] == 7).all()
    assert desk.session.begin_edit("Brush") is not None


def test_a_picture_left_again_while_its_corrections_are_unpacked_keeps_them(
    desk: Desk, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = corrected_and_parked(desk, photos, qtbot)
    unpacked: list[tuple[Path, Patch]] = []
    monkeypatch.setattr(desk.session, "unpack_later", lambda *job: unpacked.append(job))
    desk.show(photos[0])
    qtbot.waitUntil(lambda: document.photo is not None)
    others = [path for path in desk.pictures if path != photos[0]]
    for path in others[:KEPT_OPEN]:
        desk.show(path)
    assert document.photo is None
    assert document.parked
    path, corrections = unpacked[0]
    desk.session.bring_back(path, corrections, rebuilt_map(corrections))  # too late
    assert document.parked
    monkeypatch.undo()
    desk.show(photos[0])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]))
    assert (document.labels()[:5, :5] == 7).all()


def test_an_answer_that_comes_before_the_corrections_waits_for_them(
    desk: Desk, segmenter: FakeSegmenter, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, gate = corrected_and_parked(desk, photos, qtbot), threading.Event()
    document.drop_prediction()  # as for a picture left long ago

    def slow(corrections: Patch) -> SegmentMap:
        assert gate.wait(10)
        return rebuilt_map(corrections)

    monkeypatch.setattr("app.desk.rebuilt_map", slow)
    desk.show(photos[0])
    qtbot.waitUntil(lambda: document.photo is not None and document.prediction is not None)
    qtbot.waitUntil(desk.engine_lane.is_idle)
    assert document.segment_map is None
    gate.set()
    qtbot.waitUntil(lambda: predicted(desk, photos[0]))
    assert document.layer_mode is ViewMode.SEGMENTS
    assert (document.labels()[:5, :5] == 7).all()
    assert document.labels()[20, 20] == 101


def test_many_corrections_are_counted_under_a_new_answer_beside_the_gui_thread(
    desk: Desk, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.predictions._FEW_TILES", 0)
    desk.open(photos[:1])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    correct_corner(desk)
    document = desk.session.document
    assert document is not None
    assert document.segment_map is not None
    threads: list[threading.Thread] = []
    count = document.segment_map.count_shown

    def counted(layer: np.ndarray, counts: np.ndarray) -> ShownCounts:
        threads.append(threading.current_thread())
        if len(threads) == 1:  # paint comes in between
            QTimer.singleShot(0, desk, lambda: correct_corner(desk, value=9))
            painted.wait(10)
        return count(layer, counts)

    painted = threading.Event()
    desk.session.pixels_changed.connect(lambda _box: painted.set())
    monkeypatch.setattr(document.segment_map, "count_shown", counted)
    desk.session.set_mode(ViewMode.SEMANTIC)
    qtbot.waitUntil(lambda: document.layer_mode is ViewMode.SEMANTIC)
    assert threads
    assert threading.main_thread() not in threads
    shown = document.segment_map.shown()
    assert np.array_equal(document.segment_map.histogram(), np.bincount(shown.ravel(), minlength=256))


def correct_corner(desk: Desk, *, value: int = 7) -> None:
    gesture = desk.session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(Box(0, 0, 5, 5), None, human_value(value))
    gesture.commit()


def corrected_and_parked(desk: Desk, photos: list[Path], qtbot: QtBot) -> Document:
    """The first photo, corrected and then left for as many others as stay open."""
    more = [photos[0].with_name(f"more {number}.png") for number in range(KEPT_OPEN)]
    for path in more:
        cv2.imwrite(str(path), np.zeros((20, 30, 3), np.uint8))
    desk.open([photos[0], *more])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    correct_corner(desk)
    for path in more:
        desk.show(path)
        qtbot.waitUntil(lambda path=path: predicted(desk, path) and desk.idle)
    document = desk.session.find(photos[0])
    assert document is not None
    assert document.parked
    return document


def test_corrections_that_changed_meanwhile_are_not_parked(desk: Desk, photos: list[Path], qtbot: QtBot) -> None:
    desk.open(photos[:1])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    document = desk.session.document
    assert document is not None
    assert document.segment_map is not None
    before = human_snapshot(document.segment_map)
    gesture = desk.session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(Box(0, 0, 5, 5), None, human_value(7))
    gesture.commit()
    desk.session.park(photos[0], before, revision=0)
    assert not document.parked
    for number in range(KEPT_OPEN):
        desk.session.document_for(Path(f"/other/{number}.png"))
    desk.session.park(photos[0], before, revision=0)
    assert not document.parked
    assert (document.labels()[:5, :5] == 7).all()


def test_window_goes_on_while_the_network_works(
    desk: Desk, segmenter: FakeSegmenter, photos: list[Path], qtbot: QtBot
) -> None:
    segmenter.gate.clear()
    desk.open(photos[:1])
    qtbot.waitUntil(segmenter.entered.is_set)
    ticks: list[int] = []
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(1))
    timer.start(5)
    qtbot.waitUntil(lambda: len(ticks) > 20)
    gesture = desk.session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(Box(0, 0, 5, 5), None, human_value(7))
    assert gesture.commit()
    timer.stop()
    assert not predicted(desk, photos[0])
    segmenter.gate.set()
    qtbot.waitUntil(lambda: predicted(desk, photos[0]))
    assert desk.session.document is not None
    assert (desk.session.document.labels()[:5, :5] == 7).all()
