"""The list of keys and gestures: nothing is missing, nothing is cut off, and it can be searched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.chrome.actions import ACTIONS, native
from app.chrome.shortcuts import shortcut_sections
from app.chrome.shortcuts_dialog import ShortcutsDialog


@pytest.fixture
def dialog(qtbot: QtBot) -> Iterator[ShortcutsDialog]:
    window = QWidget()
    qtbot.addWidget(window)
    dialog = ShortcutsDialog(parent=window)
    with qtbot.waitExposed(dialog):
        dialog.show()
    yield dialog
    dialog.close()
    window.close()


def shown(dialog: ShortcutsDialog) -> list[str]:
    table = dialog.table
    return [table.item(row, 0).text() for row in range(table.rowCount()) if not table.isRowHidden(row)]


def test_every_key_of_an_action_and_of_the_legend_is_listed() -> None:
    sections = dict(shortcut_sections())
    listed = [row.keys for rows in sections.values() for row in rows]
    assert [spec.text for spec in ACTIONS.values() if spec.keys and ", ".join(spec.keys) not in listed] == []
    assert {"Space", "L", "S", "T", "Click, Return"} <= {row.keys for row in sections["In the legend"]}


@pytest.mark.parametrize("width", [640, 420])
def test_no_text_is_cut_off(dialog: ShortcutsDialog, width: int) -> None:
    dialog.resize(width, 500)
    table = dialog.table
    for row in range(table.rowCount()):
        for column in range(2):
            item = table.item(row, column)
            if item is None:
                continue
            room = table.visualItemRect(item)
            flags = int(Qt.TextFlag.TextWordWrap)
            needed = table.fontMetrics().boundingRect(0, 0, room.width() - 6, 1000, flags, item.text())
            assert needed.height() <= room.height(), item.text()
            assert needed.width() <= room.width(), item.text()


def test_the_keys_take_the_smaller_part_of_the_width(dialog: ShortcutsDialog) -> None:
    assert dialog.table.columnWidth(0) < 0.4 * dialog.table.viewport().width()


def test_a_search_leaves_what_matches_below_its_heading(qtbot: QtBot, dialog: ShortcutsDialog) -> None:
    assert dialog.search.hasFocus()
    qtbot.keyClicks(dialog.search, "legend lock")
    assert shown(dialog) == ["In the legend", "L"]
    qtbot.keyClick(dialog.search, Qt.Key.Key_Escape)
    assert len(shown(dialog)) == dialog.table.rowCount()
    qtbot.keyClicks(dialog.search, "five most")
    assert shown(dialog) == ["Edit", native("J")]
    qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    assert dialog.isVisible()
    qtbot.keyClick(dialog.search, Qt.Key.Key_Escape)
    qtbot.keyClick(dialog.search, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
