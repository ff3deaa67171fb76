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
from app.core.document import ViewMode
from app.core.geometry import Box
from app.core.patches import human_snapshot
from app.core.pictures import PictureStatus
from app.core.segment_map import human_value
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
    desk: Desk, photos: list[Path], qtbot: QtBot, tmp_path: Path
) -> None:
    more = [tmp_path / f"more {number}.png" for number in range(KEPT_OPEN)]
    for path in more:
        cv2.imwrite(str(path), np.zeros((20, 30, 3), np.uint8))
    desk.open([photos[0], *more])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    gesture = desk.session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(Box(0, 0, 5, 5), None, human_value(7))
    gesture.commit()
    for path in more:
        desk.show(path)
        qtbot.waitUntil(lambda path=path: predicted(desk, path) and desk.idle)
    document = desk.session.find(photos[0])
    assert document is not None
    assert document.parked
    assert document.has_corrections
    desk.show(photos[0])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]))
    assert (document.labels()[:5, :5] == 7).all()


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
