"""A number can be typed over at once."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDoubleSpinBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.panels.number import SelectAll


def test_typing_after_a_double_click_replaces_the_whole_number(qtbot: QtBot) -> None:
    number = QDoubleSpinBox(minimum=0.0, maximum=1.0, decimals=2)
    SelectAll(number)
    qtbot.addWidget(number)
    number.show()
    number.setValue(0.11)
    line = number.findChild(QLineEdit)
    assert line is not None
    QTest.mouseClick(line, Qt.MouseButton.LeftButton)
    QTest.mouseDClick(line, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: line.selectedText() == line.text())
    QTest.keyClicks(line, "0.3")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert number.value() == 0.3


def test_a_number_that_the_focus_only_passes_through_is_not_marked(qtbot: QtBot) -> None:
    window = QWidget()
    number, other = QDoubleSpinBox(window), QLineEdit(window)
    SelectAll(number)
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    line = number.findChild(QLineEdit)
    assert line is not None
    number.setFocus()
    qtbot.waitUntil(lambda: line.selectedText() == line.text())
    other.setFocus()
    assert line.selectedText() == ""
    number.setFocus()
    other.setFocus()
    QCoreApplication.processEvents()
    assert line.selectedText() == ""
