"""Marking pictures in the real window, by real keys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.chrome.actions import Act
from app.core.catalogue import Catalogue, Filter
from app.core.pictures import PictureStatus
from app.listing.folder import Arrangement
from app.main_window import MainWindow
from app.settings import Settings
from tests.app.panels.picture_scene import PATHS, fill
from tests.app.windows import shown_window

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NEW, DONE, SKIPPED = PictureStatus.NEW, PictureStatus.DONE, PictureStatus.SKIPPED


@pytest.fixture
def window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> MainWindow:
    """A list of pictures without files; going to one only marks it, and nothing is kept."""
    window = shown_window(qtbot, Settings())
    monkeypatch.setattr(window.desk, "show", window.image_list.select)
    monkeypatch.setattr(window.desk.keeper, "write", lambda _work: None)
    window.image_list.thumbnail_wanted.disconnect(window.desk.thumbnails.request)
    fill(window.desk.folder)
    window.image_list.select(PATHS[0])
    window.canvas.setFocus()
    return window


def statuses(window: MainWindow) -> list[PictureStatus]:
    return [window.desk.folder.status(path) for path in PATHS]


def test_done_and_skipped_go_on_to_what_is_left(window: MainWindow) -> None:
    folder, pictures = window.desk.folder, window.image_list
    folder.learn(PATHS[1], status=PictureStatus.UNREADABLE, reason="castle.jpg is empty.")
    QTest.keyClick(window.canvas, Qt.Key.Key_F4)
    assert pictures.current_path() == PATHS[2]
    QTest.keyClick(window.canvas, Qt.Key.Key_F4, SHIFT)
    assert pictures.current_path() == PATHS[3]
    assert statuses(window) == [DONE, PictureStatus.UNREADABLE, SKIPPED, NEW, NEW]
    QTest.keyClick(window.canvas, Qt.Key.Key_F3)
    assert pictures.current_path() == PATHS[4]
    QTest.keyClick(window.canvas, Qt.Key.Key_F3)
    assert pictures.current_path() == PATHS[3]  # after the last comes the first
    QTest.keyClick(window.canvas, Qt.Key.Key_F4)
    QTest.keyClick(window.canvas, Qt.Key.Key_F4)
    assert pictures.current_path() == PATHS[4]
    assert window.status.text() == "There is no other unfinished picture in the list."
    QTest.keyClick(window.canvas, Qt.Key.Key_F3, SHIFT)
    assert statuses(window)[4] is PictureStatus.IN_WORK


def test_the_keyboard_in_the_list_marks_what_is_selected_there(qtbot: QtBot, window: MainWindow) -> None:
    pictures = window.image_list
    pictures.view.setFocus()
    for _ in range(2):
        qtbot.keyClick(pictures.view, Qt.Key.Key_Down, SHIFT)
    assert not window.actions_by_id[Act.NOTE].isEnabled()
    qtbot.keyClick(pictures.view, Qt.Key.Key_F4, SHIFT)
    assert statuses(window) == [SKIPPED, SKIPPED, SKIPPED, NEW, NEW]
    assert pictures.current_path() == PATHS[3]
    pictures.select(PATHS[0])
    qtbot.keyClick(pictures.view, Qt.Key.Key_Down, SHIFT)
    window.canvas.setFocus()
    assert window.actions_by_id[Act.NOTE].isEnabled()
    QTest.keyClick(window.canvas, Qt.Key.Key_F4)  # elsewhere it is about the picture on screen
    assert statuses(window) == [DONE, SKIPPED, SKIPPED, NEW, NEW]


def test_others_are_marked_without_leaving_the_picture(qtbot: QtBot, window: MainWindow) -> None:
    pictures = window.image_list
    where = pictures.view.visualRect(pictures.model.index(3)).center()
    QTest.mouseClick(pictures.view.viewport(), Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, where)
    assert list(pictures.selected()) == [PATHS[3]]
    pictures.view.setFocus()
    window.actions_by_id[Act.DONE].trigger()
    assert statuses(window) == [NEW, NEW, NEW, DONE, NEW]
    assert pictures.current_path() == PATHS[0]


def test_the_menu_of_the_list_has_all_that_is_about_what_is_selected(window: MainWindow) -> None:
    entries = [action for action in window.image_list.view.actions() if not action.isSeparator()]
    about_them = (Act.DONE, Act.SKIP, Act.BACK_TO_WORK, Act.NOTE, Act.PREDICT_SELECTED, Act.SHOW_FILE)
    assert entries == [window.actions_by_id[act] for act in about_them]


def test_very_many_are_marked_at_once(qtbot: QtBot, window: MainWindow) -> None:
    folder, told, kept = window.desk.folder, [], []
    fill(folder, [f"{number:04}.jpg" for number in range(1000)])
    folder.learn(Path("/photos/0007.jpg"), status=PictureStatus.UNREADABLE, reason="0007.jpg is empty.")
    window.image_list.view.setFocus()
    qtbot.keyClick(window.image_list.view, Qt.Key.Key_A, CTRL)
    folder.changed.connect(told.append)
    folder.status_wanted.connect(kept.append)
    window.actions_by_id[Act.SKIP].trigger()
    assert [len(rows) for rows in told] == [len(rows) for rows in kept] == [999]
    assert folder.status(Path("/photos/0999.jpg")) is SKIPPED
    assert folder.reason(Path("/photos/0007.jpg")) == "0007.jpg is empty."
    window.actions_by_id[Act.BACK_TO_WORK].trigger()
    assert folder.status(Path("/photos/0999.jpg")) is PictureStatus.IN_WORK
    assert folder.status(Path("/photos/0007.jpg")) is PictureStatus.UNREADABLE


def test_a_list_that_is_filtered_says_so_at_its_end(qtbot: QtBot, window: MainWindow) -> None:
    window.desk.folder.arrange(filter=Filter(text="boat"))
    qtbot.waitUntil(lambda: len(window.desk.folder.rows) == 1)
    QTest.keyClick(window.canvas, Qt.Key.Key_F4)
    assert window.status.text() == "There is no other unfinished picture in the list as it is filtered."


def test_the_key_that_takes_a_mark_back_does_so_at_the_next_picture_too(window: MainWindow) -> None:
    pictures = window.image_list
    QTest.keyClick(window.canvas, Qt.Key.Key_F4)
    assert pictures.current_path() == PATHS[1]
    assert window.status.text() == f"{PATHS[0].name} is done. Shift+F3 takes that back."
    QTest.keyClick(window.canvas, Qt.Key.Key_F3, SHIFT)
    assert statuses(window) == [NEW] * 5, "as it was before, and nothing happens to the picture on screen"
    assert pictures.current_path() == PATHS[0]
    assert window.status.text() == f"{PATHS[0].name} is as before."
    QTest.keyClick(window.canvas, Qt.Key.Key_F3, SHIFT)
    assert statuses(window) == [NEW] * 5


def test_a_picture_that_is_in_work_again_is_called_so(window: MainWindow) -> None:
    QTest.keyClick(window.canvas, Qt.Key.Key_F4)
    QTest.keyClick(window.canvas, Qt.Key.Key_PageUp)
    QTest.keyClick(window.canvas, Qt.Key.Key_F3, SHIFT)
    assert window.status.text() == f"{PATHS[0].name} is in work again.", "no more that it is done"


def test_many_marks_are_taken_back_at_once_each_as_it_was(qtbot: QtBot, window: MainWindow) -> None:
    folder, view = window.desk.folder, window.image_list.view
    folder.learn(PATHS[1], status=DONE)
    folder.learn(PATHS[2], status=PictureStatus.PREDICTED)
    before = statuses(window)
    view.setFocus()
    for _ in range(2):
        qtbot.keyClick(view, Qt.Key.Key_Down, SHIFT)
    qtbot.keyClick(view, Qt.Key.Key_F4, SHIFT)
    assert window.status.text() == "3 pictures are skipped. Shift+F3 takes that back."
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_F3, SHIFT)
    assert statuses(window) == before
    assert window.status.text() == "3 pictures are as before."


def test_marks_are_taken_back_of_those_that_are_still_listed(qtbot: QtBot, window: MainWindow) -> None:
    folder, view = window.desk.folder, window.image_list.view
    folder.learn(PATHS[1], status=DONE)
    view.setFocus()
    for _ in range(2):
        qtbot.keyClick(view, Qt.Key.Key_Down, SHIFT)
    qtbot.keyClick(view, Qt.Key.Key_F4, SHIFT)
    others = Catalogue(folder.catalogue.names[1:])
    others.adopt(folder.catalogue, np.arange(1, len(PATHS), dtype=np.intp))
    folder.take(folder.root, others, Arrangement.of(others, folder.filter, folder.sort))
    window.image_list.select(PATHS[4])
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_F3, SHIFT)
    assert [folder.status(path) for path in PATHS[1:]] == [DONE, NEW, NEW, NEW]


def test_a_note_is_written_by_keys(qtbot: QtBot, window: MainWindow) -> None:
    QTest.keyClick(window.canvas, Qt.Key.Key_F2)
    editor = window.picture_work.note_editor
    qtbot.keyClicks(editor.text, "Ask Anna")
    qtbot.keyClick(editor.text, Qt.Key.Key_Return, CTRL)
    assert window.desk.folder.note(PATHS[0]) == "Ask Anna"


def test_the_grid_is_one_choice_of_key_menu_and_button(window: MainWindow) -> None:
    pictures, action = window.image_list, window.actions_by_id[Act.PICTURE_GRID]
    QTest.keyClick(window.canvas, Qt.Key.Key_G, CTRL)
    assert pictures.view.is_grid()
    assert pictures.grid_button.isChecked()
    QTest.mouseClick(pictures.grid_button, Qt.MouseButton.LeftButton)
    assert not action.isChecked()
    assert not pictures.view.is_grid()


def test_nothing_can_be_marked_while_nothing_is_open(qtbot: QtBot) -> None:
    window = shown_window(qtbot, Settings(picture_grid=True))
    for act in (Act.DONE, Act.SKIP, Act.BACK_TO_WORK, Act.NOTE, Act.NEXT_UNFINISHED, Act.SHOW_FILE):
        assert not window.actions_by_id[act].isEnabled()
    assert window.image_list.view.is_grid()
