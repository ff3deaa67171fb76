"""How the tests of the legend read its cells and use mouse and keys on them."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, Qt
from pytestqt.qtbot import QtBot

from app.panels.legend import Legend
from app.panels.legend_model import Column

SKY, TREE, LAMP, PERSON = 3, 5, 88, 13


def cell(legend: Legend, class_id: int, column: Column = Column.CLASS) -> QModelIndex:
    return legend.model.index(legend.model.row_of(class_id), column)


def text(legend: Legend, class_id: int, column: Column) -> str:
    return str(cell(legend, class_id, column).data())


def place(legend: Legend, class_id: int, column: Column = Column.CLASS) -> QPoint:
    rect = legend.view.visualRect(cell(legend, class_id, column))
    return QPoint(rect.left() + min(60, rect.width() // 2), rect.center().y())


def click(qtbot: QtBot, legend: Legend, class_id: int, column: Column = Column.CLASS, *, ctrl: bool = False) -> None:
    keys = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
    qtbot.mouseClick(legend.view.viewport(), Qt.MouseButton.LeftButton, keys, place(legend, class_id, column))


def click_head(qtbot: QtBot, legend: Legend, column: Column) -> None:
    heads = legend.view.heads
    where = QPoint(heads.sectionViewportPosition(column) + heads.sectionSize(column) // 2, heads.height() // 2)
    qtbot.mouseClick(heads.viewport(), Qt.MouseButton.LeftButton, pos=where)


def press(qtbot: QtBot, legend: Legend, key: Qt.Key) -> None:
    qtbot.keyClick(legend.view, key)


def select(legend: Legend, class_id: int) -> None:
    legend.view.setFocus()
    legend.view.setCurrentIndex(cell(legend, class_id))


def current(legend: Legend) -> int:
    return legend.model.class_at(legend.view.currentIndex())
