"""The picture list by mouse and keys: where they go, what they select, and what stays when another list comes."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.core.catalogue import Sort, SortBy
from app.core.pictures import PictureStatus
from app.panels.image_list import ImageList
from tests.app.panels.picture_scene import NAMES, PATHS, ROOT, arrange_by_hand, click, fill, many

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton
AT_ONCE_SECONDS = 0.05  # of the processor: the longest that the window may stand still


# --- going ------------------------------------------------------------------------------------------------------------


def test_a_click_or_an_arrow_goes_to_a_picture(qtbot: QtBot, pictures: ImageList, went: list[Path]) -> None:
    click(pictures, 2)
    assert went == [PATHS[2]]
    qtbot.keyClick(pictures.view, Qt.Key.Key_Down)
    qtbot.keyClick(pictures.view, Qt.Key.Key_Home)
    assert went == [PATHS[2], PATHS[3], PATHS[0]]
    assert pictures.current_path() == PATHS[0]
    click(pictures, 0)
    qtbot.keyClick(pictures.view, Qt.Key.Key_Up)
    assert len(went) == 3  # it is there already
    qtbot.keyClick(pictures.view, Qt.Key.Key_End)
    assert went[3:] == [PATHS[4]]


def test_a_click_goes_to_a_picture_in_a_window_without_the_focus(
    qtbot: QtBot, pictures: ImageList, went: list[Path]
) -> None:
    with qtbot.waitActive(other := QWidget()):
        qtbot.addWidget(other)
        other.show()
        other.activateWindow()
    assert not pictures.isActiveWindow()
    click(pictures, 2)
    assert not pictures.view.hasFocus()
    assert went == [PATHS[2]]


def test_being_told_the_picture_reports_nothing(pictures: ImageList, went: list[Path]) -> None:
    pictures.view.setFocus()
    pictures.select(PATHS[3])
    assert went == []
    assert pictures.view.currentIndex().row() == 3
    assert (pictures.place.text(), pictures.count.text()) == ("4 of 5", "5 pictures")
    pictures.select(None)
    assert (pictures.place.text(), pictures.count.text()) == ("", "5 pictures")


def test_next_and_previous_skip_what_cannot_be_read(qtbot: QtBot, pictures: ImageList, went: list[Path]) -> None:
    pictures.select(PATHS[0])
    assert not pictures.previous.isEnabled()
    pictures.folder.learn(PATHS[1], status=PictureStatus.UNREADABLE, reason="castle.jpg is empty.")
    assert pictures.next_path() == PATHS[2]
    qtbot.mouseClick(pictures.next, LEFT)
    assert went == [PATHS[2]]
    assert pictures.previous_path() == PATHS[0]
    qtbot.mouseClick(pictures.previous, LEFT)
    assert went == [PATHS[2], PATHS[0]]
    pictures.select(PATHS[4])
    assert pictures.next_path() is None
    assert not pictures.next.isEnabled()
    qtbot.mouseClick(pictures.next, LEFT)
    assert len(went) == 2


# --- selecting --------------------------------------------------------------------------------------------------------


def test_ctrl_and_shift_select_several_and_stay_on_the_picture(
    qtbot: QtBot, pictures: ImageList, went: list[Path]
) -> None:
    click(pictures, 0)
    click(pictures, 2, CTRL)
    assert list(pictures.selected()) == [PATHS[0], PATHS[2]]
    click(pictures, 4, SHIFT)
    assert list(pictures.selected()) == [PATHS[0], *PATHS[2:]]
    assert pictures.count.text() == "4 selected of 5"
    qtbot.keyClick(pictures.view, Qt.Key.Key_Up, SHIFT)
    assert list(pictures.selected()) == [PATHS[0], *PATHS[2:4]]
    assert went == [PATHS[0]]
    assert pictures.current_path() == PATHS[0]
    qtbot.keyClick(pictures.view, Qt.Key.Key_A, CTRL)
    assert list(pictures.selected()) == PATHS
    click(pictures, 3)
    assert list(pictures.selected()) == [PATHS[3]]
    assert went == [PATHS[0], PATHS[3]]


def test_return_goes_to_the_picture_that_the_keys_have_reached(
    qtbot: QtBot, pictures: ImageList, went: list[Path]
) -> None:
    click(pictures, 0)
    qtbot.keyClick(pictures.view, Qt.Key.Key_Down, SHIFT)
    assert went == [PATHS[0]]
    qtbot.keyClick(pictures.view, Qt.Key.Key_Return)
    assert went == [PATHS[0], PATHS[1]]
    assert list(pictures.selected()) == [PATHS[1]]


def test_a_drag_selects_what_it_passes(pictures: ImageList) -> None:
    view = pictures.view
    places = [view.visualRect(pictures.model.index(row)).center() for row in (3, 2, 1)]
    QTest.mousePress(view.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, places[0])
    for place in places[1:]:
        QTest.mouseMove(view.viewport(), place)
    QTest.mouseRelease(view.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, places[-1])
    assert list(pictures.selected()) == PATHS[1:4]


def test_the_right_button_opens_the_menu_of_what_is_selected(pictures: ImageList, went: list[Path]) -> None:
    click(pictures, 0)
    click(pictures, 1, CTRL)
    where = pictures.view.visualRect(pictures.model.index(1)).center()
    QTest.mouseClick(pictures.view.viewport(), Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, where)
    assert list(pictures.selected()) == PATHS[:2]
    where = pictures.view.visualRect(pictures.model.index(3)).center()
    QTest.mouseClick(pictures.view.viewport(), Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, where)
    assert list(pictures.selected()) == [PATHS[3]]
    assert went == [PATHS[0]]


def test_what_is_selected_stays_so_in_another_order(pictures: ImageList) -> None:
    click(pictures, 0)
    click(pictures, 1, SHIFT)
    arrange_by_hand(pictures, SortBy.NAME)
    pictures.folder.arrange(sort=Sort(descending=True))
    assert list(pictures.selected()) == [PATHS[1], PATHS[0]]
    fill(pictures.folder)
    assert list(pictures.selected()) == [PATHS[0]]  # other pictures: only the one on screen is known again


# --- another list -----------------------------------------------------------------------------------------------------


def test_a_longer_list_keeps_the_picture(pictures: ImageList) -> None:
    pictures.select(PATHS[1])
    fill(pictures.folder, ["acorn.jpg", *NAMES])
    assert pictures.current_path() == PATHS[1]
    assert pictures.place.text() == "3 of 6"
    fill(pictures.folder, NAMES[:1])
    assert pictures.current_path() is None
    assert pictures.count.text() == "1 picture"


def test_whoever_scrolled_away_stays_there_while_facts_come_in(pictures: ImageList) -> None:
    fill(pictures.folder, many(500))
    pictures.select(ROOT / many(500)[3])
    pictures.view.scrollToBottom()
    there = pictures.view.verticalScrollBar().value()
    pictures.folder.arrange()
    assert pictures.view.verticalScrollBar().value() == there
    assert pictures.view.currentIndex().row() == 3
    arrange_by_hand(pictures, SortBy.SIZE)
    assert 3 in pictures.view.places_seen()  # another order that was asked for begins at the picture on screen


def test_the_current_picture_stays_in_view_when_the_list_gets_lower(qtbot: QtBot, pictures: ImageList) -> None:
    names = [f"{number:02}.jpg" for number in range(12)]
    fill(pictures.folder, names)
    row = pictures.view.cell_height()
    pictures.resize(240, 8 * row)
    pictures.select(ROOT / names[4])

    def in_view(number: int) -> bool:
        return pictures.view.viewport().rect().contains(pictures.view.visualRect(pictures.model.index(number)))

    assert in_view(4)
    pictures.resize(240, 4 * row)
    assert in_view(4)
    pictures.view.verticalScrollBar().setValue(pictures.view.verticalScrollBar().maximum())
    assert not in_view(4)
    pictures.resize(240, 5 * row)
    assert not in_view(4)  # whoever scrolled away from it stays there


def test_a_hundred_thousand_pictures_cost_no_more_than_those_that_are_seen(qtbot: QtBot, pictures: ImageList) -> None:
    fill(pictures.folder, many(100_000))
    pictures.folder.row(ROOT)  # names are looked up by a table that is made once
    last = ROOT / many(100_000)[-1]

    def seconds(act: object) -> float:
        start = time.process_time()
        act()  # type: ignore[operator]
        QApplication.processEvents()
        return time.process_time() - start

    def best(act: object) -> float:
        return min(seconds(act) for _ in range(3))

    assert best(pictures.model._reset) < AT_ONCE_SECONDS
    assert best(lambda: pictures.set_grid(on=not pictures.view.is_grid())) < AT_ONCE_SECONDS
    assert best(lambda: pictures.select(last)) < AT_ONCE_SECONDS
    assert best(pictures.view.selectAll) < AT_ONCE_SECONDS
    assert (
        best(lambda: pictures.folder.learn_columns(np.arange(100_000), noted=np.ones(100_000, np.bool_)))
        < AT_ONCE_SECONDS
    )
    assert pictures.view.selected_count() == 100_000
