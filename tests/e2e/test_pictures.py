"""Working through a folder in the real window: filter, order, done, skipped, notes, and all of it at the next start."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.actions import Act
from app.core.catalogue import SortBy
from app.core.pictures import PictureStatus
from app.main_window import MainWindow
from app.panels.filter_popup import FilterPopup
from tests.e2e.story import Script, Wait, post
from tests.e2e.test_main_job import has_masks, key, photos, play, shown

__all__ = ["photos", "play"]  # fixtures

pytestmark = pytest.mark.slow

LEFT = Qt.MouseButton.LeftButton
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def listed(window: MainWindow) -> list[str]:
    model = window.image_list.model
    return [model.index(row).data() for row in range(model.rowCount())]


def statuses(window: MainWindow, photos: list[Path]) -> list[PictureStatus]:
    return [window.desk.folder.status(path) for path in photos]


def open_filter(window: MainWindow) -> FilterPopup:
    QTest.mouseClick(window.image_list.filter_button, LEFT)
    return window.image_list.popup


def choose_order(window: MainWindow, by: SortBy) -> None:
    button = window.image_list.sort_button
    button.menu().popup(button.mapToGlobal(QPoint(0, 0)))
    QTest.mouseClick(button.menu(), LEFT, pos=button.menu().actionGeometry(button.keys[by]).center())


def active(window: MainWindow) -> Wait:
    """Without a window manager nobody gives the keyboard back to the window when a popup closes."""
    window.activateWindow()
    return window.isActiveWindow


def test_a_folder_is_worked_through_and_found_as_it_was_left(play, photos: list[Path]) -> None:  # type: ignore[no-untyped-def]
    folder, names = [str(photos[0].parent)], [path.name for path in photos]
    class_id: list[int] = []

    def first(window: MainWindow) -> Script:
        yield has_masks(window, names[0])
        yield lambda: window.desk.idle and listed(window) == names
        work = window.picture_work
        # a note
        key(window, Qt.Key.Key_F2)
        assert work.note_editor.isVisible()
        QTest.keyClicks(work.note_editor.text, "Ask Anna")
        QTest.keyClick(work.note_editor.text, Qt.Key.Key_Return, CTRL)
        assert not work.note_editor.isVisible()
        yield active(window)
        # done: the next one comes
        key(window, Qt.Key.Key_F4)
        yield has_masks(window, names[1])
        key(window, Qt.Key.Key_F4, SHIFT)
        yield has_masks(window, names[2])
        yield lambda: window.desk.idle
        assert statuses(window, photos) == [PictureStatus.DONE, PictureStatus.SKIPPED, PictureStatus.PREDICTED]
        key(window, Qt.Key.Key_F3)
        assert "no other unfinished picture" in window.status.text()
        assert shown(window).path == photos[2]
        # the class that covers most of this picture, and only those with more than that
        counts = shown(window).labels()
        class_id.append(int(max(set(counts[counts > 0].tolist()), key=lambda value: (counts == value).sum())))
        popup = open_filter(window)
        QTest.mouseClick(popup.class_button, LEFT)
        QTest.keyClicks(popup.picker.search, str(class_id[0]))
        QTest.keyClick(popup.picker.search, Qt.Key.Key_Return)
        yield lambda: window.desk.idle and names[2] in listed(window)
        for status in (PictureStatus.PREDICTED, PictureStatus.DONE):
            QTest.mouseClick(popup.statuses[status], LEFT, pos=QPoint(8, popup.statuses[status].height() // 2))
        yield lambda: window.desk.idle and names[1] not in listed(window)
        assert window.image_list.filter_button.text() == "2"
        popup.close()
        yield active(window)
        choose_order(window, SortBy.UNLABELLED)
        yield lambda: window.desk.idle
        QTest.mouseClick(window.image_list.grid_button, LEFT)
        assert window.image_list.view.is_grid()
        yield lambda: not window.project_signs.remembering
        yield post(window.close)
        yield lambda: not window.isVisible()

    def second(window: MainWindow) -> Script:
        yield has_masks(window, names[2])
        yield lambda: window.desk.idle and names[2] in listed(window)
        pictures = window.image_list
        assert statuses(window, photos) == [PictureStatus.DONE, PictureStatus.SKIPPED, PictureStatus.PREDICTED]
        assert window.desk.folder.note(photos[0]) == "Ask Anna"
        assert pictures.view.is_grid()
        assert window.actions_by_id[Act.PICTURE_GRID].isChecked()
        assert window.desk.folder.sort.by is SortBy.UNLABELLED
        assert pictures.filter_button.text() == "2"
        assert names[1] not in listed(window)
        of_class = window.desk.folder.filter.of_class
        assert of_class is not None
        assert of_class.class_id == class_id[0]
        popup = open_filter(window)
        assert popup.statuses[PictureStatus.DONE].isChecked()
        QTest.mouseClick(popup.reset, LEFT)
        popup.close()
        yield active(window)
        yield lambda: len(listed(window)) == 3
        choose_order(window, SortBy.NAME)
        yield lambda: listed(window) == names
        # all at once
        yield active(window)
        pictures.view.setFocus()
        QTest.keyClick(pictures.view, Qt.Key.Key_A, CTRL)
        assert pictures.selected() == photos
        QTest.keyClick(pictures.view, Qt.Key.Key_F3, SHIFT)
        in_work, predicted = PictureStatus.IN_WORK, PictureStatus.PREDICTED
        assert statuses(window, photos) == [in_work, in_work, predicted]
        key(window, Qt.Key.Key_F3)
        yield has_masks(window, names[0])

    play(first, folder)
    play(second, folder)
