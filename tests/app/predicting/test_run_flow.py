"""Predicting many pictures from the window: keys and clicks, work that goes on meanwhile, and going on another day."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListWidget
from pytestqt.qtbot import QtBot

import app.closing
from app.core.errors import ProjectError
from app.core.pictures import PictureStatus
from app.core.project.places import FILE_NAME
from app.core.project.store import ProjectStore
from app.dialogs import ReasonsDialog
from app.main_window import MainWindow
from app.settings import Settings
from tests.app.desk_scene import FakeSegmenter
from tests.app.windows import shown_window

LEFT = Qt.MouseButton.LeftButton
MANY = 30
PATIENCE = 10_000  # ms


@pytest.fixture
def many(tmp_path: Path) -> list[Path]:
    """Thirty photos; the width of each, 100 + its number, tells which one it is."""
    paths = [tmp_path / f"{number}.png" for number in range(MANY)]
    for number, path in enumerate(paths):
        cv2.imwrite(str(path), np.full((80, 100 + number, 3), 5 * number, np.uint8))
    return paths


@pytest.fixture
def no_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: Any, **what: Any) -> None:
        pytest.fail(f"a question: {what}")

    monkeypatch.setattr(app.closing, "choose", asked)


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """No answer can be kept until it is cleared."""
    keep, full = ProjectStore.keep_answer, threading.Event()
    full.set()

    def refuse(store: ProjectStore, *arguments: Any, **more: Any) -> None:
        if full.is_set():
            raise ProjectError("The project cannot be written: the disk is full.", may_pass=True)
        keep(store, *arguments, **more)

    monkeypatch.setattr(ProjectStore, "keep_answer", refuse)
    return full


class Starts:
    """Windows on one folder, one after the other."""

    def __init__(self, qtbot: QtBot, segmenter: FakeSegmenter) -> None:
        self._qtbot, self._segmenter = qtbot, segmenter
        self._window: MainWindow | None = None

    def __call__(self, folder: Path) -> MainWindow:
        self.close()
        window = self._window = shown_window(self._qtbot, Settings(tool="brush", current_class=7))
        window.opening.open([folder])
        self._qtbot.waitUntil(lambda: has_masks(window) and window.desk.idle, timeout=PATIENCE)
        return window

    def close(self) -> None:
        """As a person closes a window: it may take a moment to save what there is."""
        window, self._window = self._window, None
        if window is not None:
            window.close()
            self._segmenter.closes_after = 0
            self._segmenter.gate.set()
            self._qtbot.waitUntil(lambda: not window.isVisible(), timeout=PATIENCE)


@pytest.fixture
def start(qtbot: QtBot, segmenter: FakeSegmenter) -> Iterator[Starts]:
    starts = Starts(qtbot, segmenter)
    yield starts
    starts.close()


def has_masks(window: MainWindow) -> bool:
    document = window.session.document
    return document is not None and document.layer_mode is not None


def kept(folder: Path) -> set[str]:
    """The pictures whose answers are in the project."""
    store = ProjectStore.open(folder, folder / FILE_NAME, read_only=True)
    names = {path.name for path in folder.glob("*.png") if store.prediction(path.name) is not None}
    store.close()
    return names


def run_on(window: MainWindow, qtbot: QtBot, segmenter: FakeSegmenter, pictures: int) -> None:
    """Let the network see so many more, and wait there."""
    segmenter.closes_after = len(segmenter.seen) + pictures
    segmenter.gate.set()
    if not window.run_flow.run.running:
        QTest.keyClick(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not segmenter.gate.is_set(), timeout=PATIENCE)


def ended(window: MainWindow) -> Callable[[], bool]:
    return lambda: not window.run_flow.run.running and window.desk.idle


def paint(window: MainWindow, qtbot: QtBot) -> None:
    canvas = window.canvas
    middle = canvas.rect().center()
    qtbot.mousePress(canvas, LEFT, pos=middle)
    for step in range(1, 6):
        qtbot.mouseMove(canvas, middle + QPoint(4 * step, 0))
    qtbot.mouseRelease(canvas, LEFT, pos=middle + QPoint(20, 0))


def test_a_key_runs_over_all_and_the_strip_goes_when_all_is_done(
    qtbot: QtBot, start: Starts, many: list[Path], segmenter: FakeSegmenter
) -> None:
    window = start(many[0].parent)
    said: list[str] = []
    window.desk.said.connect(said.append)
    QTest.keyClick(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ControlModifier)
    assert window.run_panel.isVisible()
    qtbot.waitUntil(ended(window), timeout=PATIENCE)
    assert not window.run_panel.isVisible()
    assert kept(many[0].parent) == {path.name for path in many}
    assert sorted(segmenter.seen) == [100 + number for number in range(MANY)]
    assert said[-1].endswith(("predicted.", "known already."))


def test_painting_goes_on_while_the_network_runs(
    qtbot: QtBot, start: Starts, many: list[Path], segmenter: FakeSegmenter
) -> None:
    window = start(many[0].parent)
    QTest.keyClick(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ControlModifier)
    strokes = 0
    while window.run_flow.run.running and strokes < 60:  # more than a slow disk keeps up with
        paint(window, qtbot)
        strokes += 1
        if strokes % 4 == 0:  # another picture in hand, which goes first
            QTest.keyClick(window, Qt.Key.Key_PageDown)
            qtbot.waitUntil(lambda: has_masks(window), timeout=PATIENCE)
    assert strokes > 4
    qtbot.waitUntil(ended(window), timeout=PATIENCE)
    documents = {path: window.session.find(path) for path in many[:3]}
    assert documents[many[0]] is not None
    assert documents[many[0]].has_corrections
    folder = many[0].parent
    start.close()
    store = ProjectStore.open(folder, folder / FILE_NAME, read_only=True)
    stored = store.load(many[0].name, most_bytes=2**30)
    store.close()
    assert stored is not None
    assert stored.corrections is not None
    assert kept(folder) == {path.name for path in many}


def test_pause_by_click_and_a_stop_that_is_gone_on_with(
    qtbot: QtBot, start: Starts, many: list[Path], segmenter: FakeSegmenter
) -> None:
    window = start(many[0].parent)
    panel, run = window.run_panel, window.run_flow.run
    run_on(window, qtbot, segmenter, 4)
    qtbot.mouseClick(panel.pause, LEFT)
    assert run.paused
    assert panel.title.text() == "Paused"
    segmenter.gate.set()
    qtbot.waitUntil(window.desk.engine_lane.is_idle)
    seen = len(segmenter.seen)
    QTest.qWait(50)
    assert len(segmenter.seen) == seen
    segmenter.gate.clear()
    qtbot.mouseClick(panel.pause, LEFT)
    run_on(window, qtbot, segmenter, 8)
    qtbot.mouseClick(panel.cancel, LEFT)
    segmenter.gate.set()
    qtbot.waitUntil(lambda: not run.running)
    assert panel.message.text().startswith("Stopped: ")
    assert len(segmenter.seen) < MANY
    qtbot.mouseClick(panel.go_on, LEFT)
    qtbot.waitUntil(ended(window), timeout=PATIENCE)
    assert not panel.isVisible()
    assert sorted(segmenter.seen) == [100 + number for number in range(MANY)]


@pytest.mark.usefixtures("no_questions")
def test_closing_asks_nothing_and_the_next_start_offers_to_go_on(
    qtbot: QtBot, start: Starts, many: list[Path], segmenter: FakeSegmenter
) -> None:
    folder = many[0].parent
    window = start(folder)
    run_on(window, qtbot, segmenter, 5)
    start.close()
    done = kept(folder)
    assert 2 < len(done) < MANY
    segmenter.seen.clear()
    later = start(folder)
    panel = later.run_panel
    qtbot.waitUntil(panel.isVisible)
    assert panel.message.text() == f"The last run over {MANY} pictures was not finished."
    qtbot.mouseClick(panel.go_on, LEFT)
    qtbot.waitUntil(ended(later), timeout=PATIENCE)
    assert kept(folder) == {path.name for path in many}
    again = {f"{width - 100}.png" for width in segmenter.seen} & done
    assert again <= {"0.png", "1.png"}  # on screen before the network, whose name is another one here, was loaded
    start.close()
    last = start(folder)
    QTest.qWait(50)
    assert not last.run_panel.isVisible()


def test_what_was_put_away_is_not_offered_again(
    qtbot: QtBot, start: Starts, many: list[Path], segmenter: FakeSegmenter
) -> None:
    folder = many[0].parent
    window = start(folder)
    run_on(window, qtbot, segmenter, 3)
    qtbot.mouseClick(window.run_panel.cancel, LEFT)
    segmenter.gate.set()
    qtbot.waitUntil(window.run_panel.close_button.isVisible)
    qtbot.mouseClick(window.run_panel.close_button, LEFT)
    start.close()
    later = start(folder)
    QTest.qWait(50)
    assert not later.run_panel.isVisible()


def test_reasons_are_listed_on_request(qtbot: QtBot, start: Starts, many: list[Path], segmenter: FakeSegmenter) -> None:
    many[3].write_bytes(b"no photo")
    many[7].write_bytes(b"")
    window = start(many[0].parent)
    QTest.keyClick(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(ended(window), timeout=PATIENCE)
    panel = window.run_panel
    assert panel.message.text().endswith("2 refused.")
    assert not panel.go_on.isVisible()
    qtbot.mouseClick(panel.reasons, LEFT)
    (dialog,) = window.findChildren(ReasonsDialog)
    listed = dialog.findChild(QListWidget)
    assert isinstance(listed, QListWidget)
    texts = [listed.item(row).text() for row in range(listed.count())]
    assert [text.partition(" ")[0] for text in texts] == ["3.png", "7.png"]
    folder = window.desk.folder
    unreadable = [path for path in many if folder.status(path) is PictureStatus.UNREADABLE]
    assert unreadable == [many[3], many[7]]  # found by a run, they are marked as if they had been looked at
    assert folder.problem(many[7]) == "7.png is empty (0 bytes)."
    paint(window, qtbot)  # the work goes on beside it
    dialog.accept()
    qtbot.mouseClick(panel.close_button, LEFT)
    assert not panel.isVisible()


def test_only_what_is_selected(qtbot: QtBot, start: Starts, many: list[Path], segmenter: FakeSegmenter) -> None:
    window = start(many[0].parent)
    QTest.keyClick(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(ended(window), timeout=PATIENCE)
    assert kept(many[0].parent) <= {path.name for path in many[:2]}  # and its neighbour, which is brought ahead


def test_a_full_disk_is_waited_for(
    qtbot: QtBot, start: Starts, many: list[Path], segmenter: FakeSegmenter, full_disk: threading.Event
) -> None:
    window = start(many[0].parent)
    QTest.keyClick(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ControlModifier)
    panel = window.run_panel
    qtbot.waitUntil(lambda: panel.pace.text().startswith("Waiting."), timeout=PATIENCE)
    assert "the disk is full" in panel.pace.text()
    seen = len(segmenter.seen)
    QTest.qWait(300)
    assert len(segmenter.seen) <= seen + 4  # no more than what fits between the stages
    full_disk.clear()
    window.desk.keeper.lane.try_again()
    qtbot.waitUntil(ended(window), timeout=PATIENCE)
    assert kept(many[0].parent) == {path.name for path in many}


def test_who_stops_on_a_full_disk_is_not_kept_waiting(
    qtbot: QtBot, start: Starts, many: list[Path], segmenter: FakeSegmenter, full_disk: threading.Event
) -> None:
    window = start(many[0].parent)
    QTest.keyClick(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(window.desk.keeper.trouble), timeout=PATIENCE)
    qtbot.mouseClick(window.run_panel.cancel, LEFT)
    qtbot.waitUntil(lambda: not window.run_flow.run.running)
    full_disk.clear()
    window.desk.keeper.lane.try_again()
    qtbot.waitUntil(lambda: not window.desk.keeper.trouble)
    QApplication.processEvents()
