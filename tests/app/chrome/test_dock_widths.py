"""A narrow window squeezes the panels, a wide one gives back what they had."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from app.chrome.dock_widths import DockWidths

WIDE, NARROW = 1000, 500
LEFT, RIGHT = 232, 320


class Room:
    """A window with a panel on either side."""

    def __init__(self, qtbot: QtBot) -> None:
        self._qtbot = qtbot
        self.window = QMainWindow()
        qtbot.addWidget(self.window)
        centre = QWidget()
        centre.setMinimumWidth(200)
        self.window.setCentralWidget(centre)
        self.left, self.right = (QDockWidget(name, self.window) for name in ("left", "right"))
        for dock, area in (
            (self.left, Qt.DockWidgetArea.LeftDockWidgetArea),
            (self.right, Qt.DockWidgetArea.RightDockWidgetArea),
        ):
            content = QWidget()
            content.setMinimumWidth(120)
            dock.setWidget(content)
            self.window.addDockWidget(area, dock)
        self.widths = DockWidths(self.window, {self.left: LEFT, self.right: RIGHT})
        self.window.resize(WIDE, 400)
        with qtbot.waitExposed(self.window):
            self.window.show()
        qtbot.waitUntil(lambda: self.now() == (LEFT, RIGHT))

    def now(self) -> tuple[int, int]:
        return self.left.width(), self.right.width()

    def drag_separator(self, by: int) -> None:
        """The one beside the left panel."""
        before = self.left.width()
        at = QPoint(self.left.geometry().right() + 2, 200)
        QTest.mouseMove(self.window, at)
        QTest.mousePress(self.window, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)
        QTest.mouseMove(self.window, at + QPoint(by, 0))
        self._qtbot.waitUntil(lambda: self.left.width() != before)  # Qt moves panels a little after the mouse
        QTest.mouseRelease(self.window, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at + QPoint(by, 0))


@pytest.fixture
def room(qtbot: QtBot) -> Room:
    return Room(qtbot)


def squeeze(room: Room, qtbot: QtBot) -> None:
    room.window.resize(NARROW, 400)
    qtbot.waitUntil(lambda: sum(room.now()) < NARROW - 190)


def test_panels_get_their_width_back(room: Room, qtbot: QtBot) -> None:
    squeeze(room, qtbot)
    QTest.mouseClick(room.window, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(250, 200))
    room.window.resize(WIDE, 400)
    qtbot.waitUntil(lambda: room.now() == (LEFT, RIGHT))


def test_what_was_dragged_is_what_comes_back(room: Room, qtbot: QtBot) -> None:
    room.drag_separator(-60)
    dragged = room.now()
    assert dragged[0] < LEFT
    squeeze(room, qtbot)
    room.window.resize(WIDE, 400)
    qtbot.waitUntil(lambda: room.now() == dragged)
    room.window.resize(WIDE + 200, 400)
    qtbot.waitUntil(lambda: room.window.centralWidget().width() > WIDE + 200 - sum(dragged) - 20)
    assert room.now() == dragged


def test_as_much_as_there_is_room_for(room: Room, qtbot: QtBot) -> None:
    squeeze(room, qtbot)
    room.window.resize(NARROW + 100, 400)
    qtbot.waitUntil(lambda: sum(room.now()) > NARROW + 80 - 200)
    assert room.window.centralWidget().width() >= 200
    assert room.window.width() == NARROW + 100


def test_a_window_closed_while_narrow_remembers_the_wide_one(room: Room, qtbot: QtBot) -> None:
    squeeze(room, qtbot)
    other = Room(qtbot)
    other.drag_separator(-60)
    other.widths.restore(room.widths.remembered())
    other.window.resize(WIDE + 1, 400)
    qtbot.waitUntil(lambda: other.now() == (LEFT, RIGHT))


@pytest.mark.parametrize("damaged", [None, "", "232", "a b", "-1 -1", ["1", "2"], 7])
def test_damaged_widths_change_nothing(room: Room, damaged: object) -> None:
    room.widths.restore(damaged)
    assert room.widths.remembered() == f"{LEFT} {RIGHT}"
