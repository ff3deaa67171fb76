"""The picture on screen is predicted first, its neighbours follow, and the hand never waits."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from app.core.document import ViewMode
from app.core.geometry import Box
from app.core.segment_map import ShownCounts, human_value
from app.desk import Desk
from tests.app.desk_scene import FakeSegmenter, correct_corner, predicted


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


def test_many_corrections_are_counted_under_a_new_answer_beside_the_gui_thread(
    desk: Desk, photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.answering.predictions._FEW_TILES", 0)
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
