"""Choosing in a menu as a hand does."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu


def click_entry(menu: QMenu, entry: QAction) -> None:
    """Click an entry of a shown menu."""
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(entry).center())
