"""Which pictures the list shows, and in what order; what it says where there are none."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from app.core.catalogue import Filter, SortBy
from app.core.pictures import PictureStatus
from app.listing.folder import Folder
from app.panels.image_list import LOOKING, NOTHING_OPEN, ImageList
from tests.app.panels.picture_scene import NAMES, PATHS, arrange_by_hand, listed
from tests.menus import click_entry

LEFT = Qt.MouseButton.LeftButton


def test_the_filter_keeps_names_and_the_way_through_them(qtbot: QtBot, pictures: ImageList, went: list[Path]) -> None:
    pictures.select(PATHS[0])
    qtbot.keyClicks(pictures.filter, "castle")
    assert listed(pictures) == ["castle.jpg", "Castle ruin.jpg"]
    assert pictures.count.text() == "2 of 5"
    assert pictures.next_path() == PATHS[1]
    qtbot.keyClick(pictures.filter, Qt.Key.Key_Return)
    assert went == [PATHS[1]]
    assert pictures.place.text() == "1 of 2"
    assert pictures.next_path() == PATHS[2]
    pictures.filter.setText("zebra")
    assert pictures.empty.text() == "No name contains “zebra”."
    qtbot.keyClick(pictures.filter, Qt.Key.Key_Escape)
    assert len(listed(pictures)) == 5
    assert pictures.view.currentIndex().row() == 1


def test_the_way_out_of_an_empty_list_is_a_button(qtbot: QtBot, pictures: ImageList) -> None:
    assert not pictures.empty.isVisible()
    pictures.folder.arrange(filter=Filter(text="boat", statuses=frozenset({PictureStatus.DONE})))
    assert pictures.filter.text() == "boat"
    assert pictures.filter_button.text() == "1"
    assert pictures.empty.isVisible()
    assert pictures.empty.text() == "No picture matches the filter."
    qtbot.mouseClick(pictures.empty.reset, LEFT)
    assert listed(pictures) == list(NAMES)
    assert not pictures.empty.isVisible()
    assert (pictures.filter.text(), pictures.filter_button.text()) == ("", "")


def test_the_arrow_goes_from_the_filter_into_the_list(qtbot: QtBot, pictures: ImageList, went: list[Path]) -> None:
    pictures.select(PATHS[0])
    pictures.filter.setFocus()
    qtbot.keyClick(pictures.filter, Qt.Key.Key_Down)
    assert pictures.view.hasFocus()
    assert went == [PATHS[1]]


def test_the_order_is_chosen_in_a_menu_that_tells_it(pictures: ImageList) -> None:
    button = pictures.sort_button
    for number, path in enumerate(PATHS):
        pictures.folder.learn(path, uncertainty=number / 10)
    assert not button.isChecked()
    arrange_by_hand(pictures, SortBy.UNCERTAINTY)
    assert listed(pictures) == list(NAMES[::-1])  # the least sure comes first
    assert button.isChecked()
    assert button.toolTip() == "Sorted by uncertainty, largest first"
    button.menu().popup(QPoint(0, 0))
    click_entry(button.menu(), button.ways[False])
    assert listed(pictures) == list(NAMES)
    assert button.ways[False].isChecked()
    arrange_by_hand(pictures, SortBy.NAME)
    assert button.ways[False].text() == "A to Z"
    assert not button.isChecked()


def test_an_empty_list_says_how_to_begin(qtbot: QtBot) -> None:
    panel = ImageList(Folder())
    qtbot.addWidget(panel)
    assert panel.view.empty_text == NOTHING_OPEN
    assert (panel.count.text(), panel.place.text()) == ("", "")
    assert not panel.next.isEnabled()
    assert panel.next_path() is None
    assert list(panel.selected()) == []
    panel.folder.complete = False
    panel.folder.relisted.emit()
    assert panel.view.empty_text == LOOKING
