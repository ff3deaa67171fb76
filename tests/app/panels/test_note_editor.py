"""The popup for a note by real keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.panels.note_editor import NoteEditor

PATH = Path("/photos/boat.jpg")


@pytest.fixture
def written() -> list[tuple[Path, str]]:
    return []


@pytest.fixture
def editor(qtbot: QtBot, written: list[tuple[Path, str]]) -> Iterator[NoteEditor]:
    """Open over a window, with a note that was there."""
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(400, 400)
    with qtbot.waitExposed(window):
        window.show()
    editor = NoteEditor(window)
    editor.written.connect(lambda path, text: written.append((path, text)))
    editor.open_for(PATH, "The mast", beside=window)
    yield editor
    window.close()


def test_ctrl_return_keeps_and_escape_does_not(qtbot: QtBot, editor: NoteEditor, written: list[object]) -> None:
    assert editor.title.text() == "Note on boat.jpg"
    qtbot.keyClicks(editor.text, " is wrong")
    qtbot.keyClick(editor.text, Qt.Key.Key_Return)  # another line
    qtbot.keyClicks(editor.text, "Ask Anna")
    qtbot.keyClick(editor.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert not editor.isVisible()
    assert written == [(PATH, "The mast is wrong\nAsk Anna")]
    editor.open_for(PATH, "The mast", beside=editor.parentWidget())
    qtbot.keyClicks(editor.text, "x")
    qtbot.keyClick(editor.text, Qt.Key.Key_Escape)
    assert not editor.isVisible()
    assert len(written) == 1


def test_a_click_elsewhere_keeps_what_was_written(qtbot: QtBot, editor: NoteEditor, written: list[object]) -> None:
    editor.text.selectAll()
    qtbot.keyClick(editor.text, Qt.Key.Key_Delete)
    editor.close()
    assert written == [(PATH, "")]  # which takes the note away


def test_what_was_not_changed_is_not_written(editor: NoteEditor, written: list[object]) -> None:
    QTest.mouseClick(editor.keep, Qt.MouseButton.LeftButton)
    assert not editor.isVisible()
    assert written == []


def test_return_and_escape_do_the_same_with_the_button_reached_by_tab(
    qtbot: QtBot, editor: NoteEditor, written: list[object]
) -> None:
    qtbot.keyClicks(editor.text, "x")
    qtbot.keyClick(editor.text, Qt.Key.Key_Tab)
    qtbot.keyClick(editor.keep, Qt.Key.Key_Escape)
    assert not editor.isVisible()
    assert written == []
    editor.open_for(PATH, "The mast", beside=editor.parentWidget())
    qtbot.keyClicks(editor.text, "x")
    qtbot.keyClick(editor.text, Qt.Key.Key_Tab)
    qtbot.keyClick(editor.keep, Qt.Key.Key_Return)
    assert not editor.isVisible()
    assert written == [(PATH, "The mastx")]
