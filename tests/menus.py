"""Choosing in a menu as a hand does."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QAction, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

NO_BUTTON = Qt.MouseButton.NoButton
FEWEST_MOVES = 7  # that Qt takes for a hand which came from elsewhere


def click_entry(menu: QMenu, entry: QAction) -> None:
    """Go to an entry of a shown menu and click it.

    Without the way there Qt closes a menu that opened under a pointer at rest: wherever the test before left it.
    """
    where = menu.actionGeometry(entry).center()
    for step in reversed(range(FEWEST_MOVES)):
        place = QPointF(where.x() - step, where.y())
        on_screen = menu.mapToGlobal(place)
        move = QMouseEvent(QEvent.Type.MouseMove, place, on_screen, NO_BUTTON, NO_BUTTON, Qt.KeyboardModifier(0))
        QApplication.sendEvent(menu, move)
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=where)
