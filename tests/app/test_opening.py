"""What an empty window offers: photos, what was opened last, and the samples."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.canvas.signs import EmptySign
from app.main_window import MainWindow
from app.settings import Settings
from resources.samples import sample_paths
from tests.app.windows import shown_window

PATIENCE = 20_000  # ms


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "castle"
    folder.mkdir()
    cv2.imwrite(str(folder / "0.png"), np.full((40, 60, 3), 90, np.uint8))
    return folder


def empty(qtbot: QtBot, *recent: Path) -> tuple[MainWindow, EmptySign]:
    """A window that was used before, once it knows what of that is there."""
    window = shown_window(qtbot, Settings(recent_paths=tuple(map(str, recent))))
    qtbot.waitUntil(lambda: not window.opening._lane.has("last"), timeout=PATIENCE)
    return window, window.canvas.signs.empty


def shows(window: MainWindow, qtbot: QtBot, photo: Path) -> None:
    """Fails where another photo, or none, is on screen after a while."""
    qtbot.waitUntil(lambda: window.desk.current == photo, timeout=PATIENCE)


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return])
def test_what_was_opened_last_is_offered_and_opens_by_keys(qtbot: QtBot, folder: Path, key: Qt.Key) -> None:
    window, sign = empty(qtbot, folder)
    assert sign.again.isVisible()
    assert sign.again.text() == "Open again: castle"
    assert sign.again.toolTip() == str(folder)
    for _ in range(2):  # past the button that asks for photos
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    assert sign.again.hasFocus()
    QTest.mouseMove(
        window.canvas, QPoint(5, 5)
    )  # Space pans where the pointer is over a picture, of which there is none
    QTest.keyClick(sign.again, key)
    shows(window, qtbot, folder / "0.png")
    assert not sign.again.isVisible()
    assert window.canvas.hasFocus()


def test_what_is_gone_is_not_offered_but_what_was_opened_before_it(qtbot: QtBot, folder: Path, tmp_path: Path) -> None:
    _window, sign = empty(qtbot, tmp_path / "gone", folder)
    assert sign.again.text() == "Open again: castle"


@pytest.mark.parametrize("recent", [(), (Path("/nowhere/at/all"),)])
def test_nothing_is_offered_where_there_is_nothing(qtbot: QtBot, recent: tuple[Path, ...]) -> None:
    _window, sign = empty(qtbot, *recent)
    assert sign.button.isVisible()
    assert not sign.again.isVisible()


def test_it_is_not_offered_while_something_else_is_opened(qtbot: QtBot, folder: Path, tmp_path: Path) -> None:
    window, sign = empty(qtbot, folder)
    other = tmp_path / "no photos"
    other.mkdir()
    window.opening.open([other])
    assert not sign.again.isVisible()
    qtbot.waitUntil(lambda: window.desk.idle and sign.again.isVisible(), timeout=PATIENCE)  # there was none


def test_the_samples_are_one_click_away(qtbot: QtBot) -> None:
    window, sign = empty(qtbot)
    place = sign.samples.rect().center()
    qtbot.mouseClick(sign.samples, Qt.MouseButton.LeftButton, pos=place)
    shows(window, qtbot, sample_paths()[0])
    assert window.desk.folder.paths() == list(sample_paths())
