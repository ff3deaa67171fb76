"""Pictures left long ago are parked: their corrections are compressed, and come back beside the GUI thread."""

from __future__ import annotations

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.core.document import Document, ViewMode
from app.core.export import resolve
from app.core.patches import Patch, human_snapshot, rebuilt_map
from app.core.segment_map import SegmentMap
from app.desk import Desk
from app.editing.session import KEPT_OPEN
from tests.app.desk_scene import FakeSegmenter, correct_corner, predicted


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

    monkeypatch.setattr("app.keeping.parking.rebuilt_map", slow)
    busy: list[str] = []
    desk.busy_changed.connect(busy.append)
    desk.show(photos[0])
    qtbot.waitUntil(lambda: document.photo is not None)
    assert document.segment_map is None
    assert document.has_corrections
    assert desk.session.begin_edit("Brush") is None
    assert busy[-1] == "Loading corrections…"
    assert resolve(document.snapshot()).labels[0, 0] == 7  # an export has them all the same
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

    monkeypatch.setattr("app.keeping.parking.rebuilt_map", slow)
    desk.show(photos[0])
    qtbot.waitUntil(lambda: document.photo is not None and document.prediction is not None)
    qtbot.waitUntil(desk.engine_lane.is_idle)
    assert document.segment_map is None
    gate.set()
    qtbot.waitUntil(lambda: predicted(desk, photos[0]))
    assert document.layer_mode is ViewMode.SEGMENTS
    assert (document.labels()[:5, :5] == 7).all()
    assert document.labels()[20, 20] == 101


def test_corrections_that_changed_meanwhile_are_not_parked(desk: Desk, photos: list[Path], qtbot: QtBot) -> None:
    desk.open(photos[:1])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle)
    document = desk.session.document
    assert document is not None
    assert document.segment_map is not None
    before = human_snapshot(document.segment_map)
    correct_corner(desk)
    desk.session.park(photos[0], before, revision=0)
    assert not document.parked
    for number in range(KEPT_OPEN):
        desk.session.document_for(Path(f"/other/{number}.png"))
    desk.session.park(photos[0], before, revision=0)
    assert not document.parked
    assert (document.labels()[:5, :5] == 7).all()
