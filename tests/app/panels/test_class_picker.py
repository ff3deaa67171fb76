"""The popup that finds a class."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.panels.class_picker import ClassPicker
from resources.classes import ade_class

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
RECENT = (21, 3, 116)


@pytest.fixture
def picker(qtbot: QtBot) -> Iterator[ClassPicker]:
    canvas = QWidget()
    qtbot.addWidget(canvas)
    canvas.resize(700, 600)
    canvas.show()
    popup = ClassPicker(canvas)
    popup.open_at(canvas, recent=RECENT)
    assert popup.isVisible()
    yield popup
    popup.close()


@pytest.fixture
def picked(picker: ClassPicker) -> list[int]:
    ids: list[int] = []
    picker.picked.connect(ids.append)
    return ids


def ids(picker: ClassPicker) -> list[int]:
    return [row.class_id for row in picker.model.rows()]


def test_recent_classes_come_first_with_their_digits_then_everything(picker: ClassPicker) -> None:
    rows = picker.model.rows()
    assert [(row.class_id, row.digit) for row in rows[:4]] == [(21, 1), (3, 2), (116, 3), (0, 0)]
    assert sorted(ids(picker)) == list(range(151))


def test_typing_finds_and_return_picks(qtbot: QtBot, picker: ClassPicker, picked: list[int]) -> None:
    qtbot.keyClicks(QApplication.focusWidget() or picker.search, "sky")
    assert picker.search.text() == "sky"
    assert ids(picker)[0] == 3
    qtbot.keyClick(picker.search, Qt.Key.Key_Return)
    assert picked == [3]
    assert not picker.isVisible()


def test_arrows_move_while_the_field_keeps_the_keyboard(qtbot: QtBot, picker: ClassPicker, picked: list[int]) -> None:
    qtbot.keyClick(picker.search, Qt.Key.Key_Down)
    qtbot.keyClick(picker.search, Qt.Key.Key_Down)
    qtbot.keyClick(picker.search, Qt.Key.Key_Up)
    qtbot.keyClick(picker.search, Qt.Key.Key_Return)
    assert picked == [3]


def test_numbers_and_unlabelled_can_be_typed(qtbot: QtBot, picker: ClassPicker, picked: list[int]) -> None:
    picker.search.setText("150")
    assert ids(picker) == [150]
    picker.search.setText("unl")
    qtbot.keyClick(picker.search, Qt.Key.Key_Return)
    assert picked == [0]


def test_a_synonym_that_matched_is_shown(picker: ClassPicker) -> None:
    synonym = next(name for name in ade_class(66).synonyms if "toilet" not in name)
    picker.search.setText(synonym)
    row = next(row for row in picker.model.rows() if row.class_id == 66)
    assert row.matched == synonym


def test_return_without_a_match_picks_nothing(qtbot: QtBot, picker: ClassPicker, picked: list[int]) -> None:
    picker.search.setText("no such thing")
    assert ids(picker) == []
    image = picker.view.viewport().grab().toImage()
    assert len({image.pixel(x, y) for x in range(image.width()) for y in range(80)}) > 2  # it says so
    qtbot.keyClick(picker.search, Qt.Key.Key_Return)
    assert picked == []
    assert picker.isVisible()


def test_escape_closes_even_with_text(qtbot: QtBot, picker: ClassPicker, picked: list[int]) -> None:
    picker.search.setText("sky")
    qtbot.keyClick(picker.search, Qt.Key.Key_Escape)
    assert not picker.isVisible()
    assert picked == []


def test_a_click_picks(qtbot: QtBot, picker: ClassPicker, picked: list[int]) -> None:
    where = picker.view.visualRect(picker.model.index(3)).center()
    qtbot.mouseClick(picker.view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert picked == [0]
    assert not picker.isVisible()


def test_it_opens_under_a_button_and_stays_on_the_screen(qtbot: QtBot, picker: ClassPicker) -> None:
    picker.close()
    button = QPushButton("class")
    qtbot.addWidget(button)
    button.move(40, 30)
    button.show()
    picker.open_at(button)
    assert picker.pos() == button.mapToGlobal(QPoint(0, button.height() + 2))
    assert [row.digit for row in picker.model.rows()] == [0] * 151
    picker.close()
    screen = button.screen().availableGeometry()
    button.move(screen.bottomRight() - QPoint(20, 20))
    picker.open_at(button)
    assert screen.contains(picker.geometry())


def test_it_opens_clean_after_a_search(qtbot: QtBot, picker: ClassPicker) -> None:
    picker.search.setText("tree")
    picker.close()
    anchor = picker.parentWidget()
    picker.open_at(anchor, recent=(7,))
    assert picker.search.text() == ""
    assert ids(picker)[0] == 7
    assert picker.view.currentIndex().row() == 0
