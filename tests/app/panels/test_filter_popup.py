"""The filter of the picture list by mouse and keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox
from pytestqt.qtbot import QtBot

from app.core.catalogue import ClassShare, Exported, Filter
from app.core.pictures import PictureStatus
from app.panels.filter_popup import FilterPopup, conditions
from app.panels.image_list import ImageList
from tests.app.panels.picture_scene import PATHS

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def pictures(pictures: ImageList) -> ImageList:
    """Some of them done, skipped, exported and with a note."""
    folder = pictures.folder
    folder.learn(PATHS[0], status=PictureStatus.DONE, unlabelled=0.1)
    folder.learn(PATHS[1], status=PictureStatus.DONE, exported=Exported.CHANGED, unlabelled=0.4)
    folder.learn(PATHS[2], status=PictureStatus.SKIPPED, unlabelled=0.9)
    folder.set_note(PATHS[3], "Ask Anna")
    return pictures


@pytest.fixture
def popup(pictures: ImageList) -> FilterPopup:
    QTest.mouseClick(pictures.filter_button, LEFT)
    assert pictures.popup.isVisible()
    return pictures.popup


def tick(box: QCheckBox) -> None:
    QTest.mouseClick(box, LEFT, pos=QPoint(8, box.height() // 2))


def shown(pictures: ImageList) -> list[int]:
    return pictures.folder.rows.tolist()


def test_boxes_change_the_list_at_once_and_the_button_counts_them(pictures: ImageList, popup: FilterPopup) -> None:
    tick(popup.statuses[PictureStatus.DONE])
    assert shown(pictures) == [0, 1]
    tick(popup.statuses[PictureStatus.SKIPPED])
    assert shown(pictures) == [0, 1, 2]
    assert pictures.filter_button.text() == "1"
    assert pictures.count.text() == "3 of 5"
    tick(popup.exported)
    assert shown(pictures) == [1]
    assert pictures.filter_button.text() == "2"
    assert pictures.filter_button.toolTip() == "Shown: done or skipped; changed since export. Click to change that."
    tick(popup.exported)
    tick(popup.noted)
    assert shown(pictures) == []
    QTest.mouseClick(popup.reset, LEFT)
    assert shown(pictures) == [0, 1, 2, 3, 4]
    assert not any(box.isChecked() for box in popup.statuses.values())
    assert not popup.reset.isEnabled()
    tick(popup.noted)
    assert shown(pictures) == [3]


def test_shares_are_typed(qtbot: QtBot, pictures: ImageList, popup: FilterPopup) -> None:
    popup.least.setFocus()
    popup.least.selectAll()
    qtbot.keyClicks(popup.least, "30")
    qtbot.keyClick(popup.least, Qt.Key.Key_Tab)
    assert shown(pictures) == [1, 2]
    popup.most.selectAll()
    qtbot.keyClicks(popup.most, "50")
    qtbot.keyClick(popup.most, Qt.Key.Key_Return)
    assert shown(pictures) == [1]
    assert pictures.folder.filter == Filter(unlabelled=(0.3, 0.5))
    assert not popup.isVisible()


def test_a_class_and_its_share(qtbot: QtBot, pictures: ImageList, popup: FilterPopup) -> None:
    asked: list[ClassShare] = []

    def find(wanted: ClassShare, done) -> None:  # type: ignore[no-untyped-def]
        asked.append(wanted)
        done(frozenset({"boat.jpg"}))

    pictures.folder.find_class = find
    assert not popup.share.isEnabled()
    QTest.mouseClick(popup.class_button, LEFT)
    qtbot.keyClicks(popup.picker.search, "boat")
    qtbot.keyClick(popup.picker.search, Qt.Key.Key_Return)
    assert asked == [ClassShare(77, 0.02)]
    assert shown(pictures) == [0]
    assert popup.class_button.text().strip() == "77 boat"
    assert pictures.filter_button.text() == "1"
    popup.share.setFocus()
    popup.share.selectAll()
    qtbot.keyClicks(popup.share, "0.5")
    qtbot.keyClick(popup.share, Qt.Key.Key_Tab)
    assert asked[-1] == ClassShare(77, 0.005)
    QTest.mouseClick(popup.no_class, LEFT)
    assert pictures.folder.filter == Filter()
    assert popup.class_button.text() == "Any class"


def test_the_boxes_say_how_many_pictures_they_stand_for(pictures: ImageList, popup: FilterPopup) -> None:
    def number(box: QCheckBox) -> str:
        return popup._counts[box].text()

    assert number(popup.statuses[PictureStatus.DONE]) == "2"
    assert number(popup.statuses[PictureStatus.NEW]) == "2"
    assert (number(popup.exported), number(popup.noted)) == ("1", "1")
    pictures.folder.set_note(PATHS[4], "Blurred")
    assert number(popup.noted) == "2"


def test_the_name_stays_and_escape_closes(qtbot: QtBot, pictures: ImageList) -> None:
    pictures.filter.setText("castle")
    QTest.mouseClick(pictures.filter_button, LEFT)
    tick(pictures.popup.statuses[PictureStatus.DONE])
    assert pictures.folder.filter == Filter(text="castle", statuses=frozenset({PictureStatus.DONE}))
    assert shown(pictures) == [1]
    qtbot.keyClick(pictures.popup, Qt.Key.Key_Escape)
    assert not pictures.popup.isVisible()
    pictures.folder.arrange(filter=Filter(noted=True))
    QTest.mouseClick(pictures.filter_button, LEFT)
    assert pictures.popup.noted.isChecked()
    assert not pictures.popup.statuses[PictureStatus.DONE].isChecked()


def test_conditions_are_counted_without_the_name() -> None:
    assert conditions(Filter(text="a")) == 0
    everything = Filter(
        statuses=frozenset(), exported=frozenset(), unlabelled=(0, 1), noted=True, of_class=ClassShare(1)
    )
    assert conditions(everything) == 5
