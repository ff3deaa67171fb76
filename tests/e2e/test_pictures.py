"""Working through a folder in the real window: filter, order, done, skipped, notes, and all of it at the next start."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.chrome.actions import Act
from app.core.catalogue import SortBy
from app.core.pictures import PictureStatus
from app.main_window import MainWindow
from app.panels.filter_popup import FilterPopup
from tests.app.panels.picture_scene import arrange_by_hand, listed
from tests.e2e.acts import active, has_masks, key, shown
from tests.e2e.story import Script, post

pytestmark = pytest.mark.slow

LEFT = Qt.MouseButton.LeftButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
MARKED = [PictureStatus.DONE, PictureStatus.SKIPPED, PictureStatus.PREDICTED]


def statuses(window: MainWindow, photos: list[Path]) -> list[PictureStatus]:
    return [window.desk.folder.status(path) for path in photos]


def open_filter(window: MainWindow) -> FilterPopup:
    QTest.mouseClick(window.image_list.filter_button, LEFT)
    return window.image_list.popup


def note_and_marks(window: MainWindow, photos: list[Path]) -> Script:
    """A note by its key, one picture done and the next skipped: the third comes, and it is the last one."""
    editor = window.picture_work.note_editor
    key(window, Qt.Key.Key_F2)
    assert editor.isVisible()
    QTest.keyClicks(editor.text, "Ask Anna")
    QTest.keyClick(editor.text, Qt.Key.Key_Return, CTRL)
    assert not editor.isVisible()
    yield active(window)
    key(window, Qt.Key.Key_F4)
    yield has_masks(window, photos[1].name)
    key(window, Qt.Key.Key_F4, SHIFT)
    yield has_masks(window, photos[2].name)
    yield lambda: window.desk.idle
    assert statuses(window, photos) == MARKED
    key(window, Qt.Key.Key_F3)
    assert "no other unfinished picture" in window.status.text()
    assert shown(window).path == photos[2]


def largest_class(labels: np.ndarray) -> int:
    return int(np.bincount(labels[labels > 0]).argmax())


def choose_what_is_shown(window: MainWindow, photos: list[Path]) -> Script:
    """By filter, order and grid: pictures with the largest class of the last one that are predicted or done."""
    class_id = largest_class(shown(window).labels())
    popup = open_filter(window)
    QTest.mouseClick(popup.class_button, LEFT)
    QTest.keyClicks(popup.picker.search, str(class_id))
    QTest.keyClick(popup.picker.search, Qt.Key.Key_Return)
    yield lambda: window.desk.idle and photos[2].name in listed(window.image_list)
    for status in (PictureStatus.PREDICTED, PictureStatus.DONE):
        QTest.mouseClick(popup.statuses[status], LEFT, pos=QPoint(8, popup.statuses[status].height() // 2))
    yield lambda: window.desk.idle and photos[1].name not in listed(window.image_list)
    assert window.image_list.filter_button.text() == "2"
    popup.close()
    yield active(window)
    arrange_by_hand(window.image_list, SortBy.UNLABELLED)
    yield lambda: window.desk.idle
    QTest.mouseClick(window.image_list.grid_button, LEFT)
    assert window.image_list.view.is_grid()


def check_what_is_shown(window: MainWindow, photos: list[Path]) -> None:
    """Marks, note, filter, order and grid are as they were left."""
    pictures, folder = window.image_list, window.desk.folder
    assert statuses(window, photos) == MARKED
    assert folder.note(photos[0]) == "Ask Anna"
    assert pictures.view.is_grid()
    assert window.actions_by_id[Act.PICTURE_GRID].isChecked()
    assert folder.sort.by is SortBy.UNLABELLED
    assert pictures.filter_button.text() == "2"
    assert photos[1].name not in listed(pictures)
    assert folder.filter.of_class is not None
    assert folder.filter.of_class.class_id == largest_class(shown(window).labels())


def show_all(window: MainWindow, photos: list[Path]) -> Script:
    popup = open_filter(window)
    assert popup.statuses[PictureStatus.DONE].isChecked()
    QTest.mouseClick(popup.reset, LEFT)
    popup.close()
    yield active(window)
    yield lambda: len(listed(window.image_list)) == 3
    arrange_by_hand(window.image_list, SortBy.NAME)
    yield lambda: listed(window.image_list) == [path.name for path in photos]
    yield active(window)


def mark_all_unfinished(window: MainWindow, photos: list[Path]) -> Script:
    view = window.image_list.view
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_A, CTRL)
    assert list(window.image_list.selected()) == photos
    QTest.keyClick(view, Qt.Key.Key_F3, SHIFT)
    assert statuses(window, photos) == [PictureStatus.IN_WORK, PictureStatus.IN_WORK, PictureStatus.PREDICTED]
    key(window, Qt.Key.Key_F3)
    yield has_masks(window, photos[0].name)


def test_a_folder_is_worked_through_and_found_as_it_was_left(play, photos: list[Path]) -> None:  # type: ignore[no-untyped-def]
    folder, names = [str(photos[0].parent)], [path.name for path in photos]

    def first(window: MainWindow) -> Script:
        yield has_masks(window, names[0])
        yield lambda: window.desk.idle and listed(window.image_list) == names
        yield from note_and_marks(window, photos)
        yield from choose_what_is_shown(window, photos)
        yield lambda: not window.project_signs.remembering
        yield post(window.close)
        yield lambda: not window.isVisible()

    def second(window: MainWindow) -> Script:
        yield has_masks(window, names[2])
        yield lambda: window.desk.idle and names[2] in listed(window.image_list)
        check_what_is_shown(window, photos)
        yield from show_all(window, photos)
        yield from mark_all_unfinished(window, photos)

    play(first, folder)
    play(second, folder)
