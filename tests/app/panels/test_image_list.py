"""The picture list by mouse and keys, and what it asks for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.core.pictures import PictureStatus
from app.panels.image_list import NOTHING_OPEN, ImageList
from app.panels.picture_model import KEPT_THUMBNAILS, PictureModel, PictureRole, status_text

PATHS = [Path(f"/photos/{name}.jpg") for name in ("boat", "castle", "cows", "dogs", "Castle ruin")]


@pytest.fixture
def pictures(qtbot: QtBot) -> ImageList:
    panel = ImageList()
    qtbot.addWidget(panel)
    panel.resize(240, 500)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.set_paths(PATHS)
    return panel


@pytest.fixture
def went(pictures: ImageList) -> list[Path]:
    paths: list[Path] = []
    pictures.activated.connect(paths.append)
    return paths


def shown(pictures: ImageList) -> list[str]:
    return [pictures.proxy.index(row, 0).data() for row in range(pictures.proxy.rowCount())]


def click(qtbot: QtBot, pictures: ImageList, row: int) -> None:
    where = pictures.view.visualRect(pictures.proxy.index(row, 0)).center()
    qtbot.mouseClick(pictures.view.viewport(), Qt.MouseButton.LeftButton, pos=where)


def test_a_click_or_an_arrow_goes_to_a_picture(qtbot: QtBot, pictures: ImageList, went: list[Path]) -> None:
    click(qtbot, pictures, 2)
    assert went == [PATHS[2]]
    qtbot.keyClick(pictures.view, Qt.Key.Key_Down)
    qtbot.keyClick(pictures.view, Qt.Key.Key_Home)
    assert went == [PATHS[2], PATHS[3], PATHS[0]]
    assert pictures.current_path() == PATHS[0]
    click(qtbot, pictures, 0)
    assert len(went) == 3  # it is there already


def test_a_click_goes_to_a_picture_in_a_window_without_the_focus(
    qtbot: QtBot, pictures: ImageList, went: list[Path]
) -> None:
    with qtbot.waitActive(other := QWidget()):
        qtbot.addWidget(other)
        other.show()
        other.activateWindow()
    assert not pictures.isActiveWindow()
    click(qtbot, pictures, 2)
    assert not pictures.view.hasFocus()
    assert went == [PATHS[2]]


def test_being_told_the_picture_reports_nothing(pictures: ImageList, went: list[Path]) -> None:
    pictures.view.setFocus()
    pictures.select(PATHS[3])
    assert went == []
    assert pictures.view.currentIndex().row() == 3
    assert pictures.count.text() == "4 of 5 pictures"
    pictures.select(None)
    assert pictures.count.text() == "5 pictures"


def test_next_and_previous_skip_what_cannot_be_read(qtbot: QtBot, pictures: ImageList, went: list[Path]) -> None:
    pictures.select(PATHS[0])
    assert not pictures.previous.isEnabled()
    pictures.set_status(PATHS[1], PictureStatus.UNREADABLE, "castle.jpg is empty.")
    assert pictures.next_path() == PATHS[2]
    qtbot.mouseClick(pictures.next, Qt.MouseButton.LeftButton)
    assert went == [PATHS[2]]
    assert pictures.previous_path() == PATHS[0]
    qtbot.mouseClick(pictures.previous, Qt.MouseButton.LeftButton)
    assert went == [PATHS[2], PATHS[0]]
    pictures.select(PATHS[4])
    assert pictures.next_path() is None
    assert not pictures.next.isEnabled()
    qtbot.mouseClick(pictures.next, Qt.MouseButton.LeftButton)
    assert len(went) == 2


def test_an_unreadable_picture_says_why(pictures: ImageList) -> None:
    pictures.set_status(PATHS[1], PictureStatus.UNREADABLE, "castle.jpg is empty.")
    index = pictures.proxy.index(1, 0)
    assert index.data(PictureRole.LINE) == "Empty."
    assert index.data(Qt.ItemDataRole.ToolTipRole) == f"{PATHS[1]}\ncastle.jpg is empty."
    assert "castle.jpg is empty" in index.data(Qt.ItemDataRole.AccessibleTextRole)
    pictures.set_status(PATHS[1], PictureStatus.UNREADABLE, "The folder of castle.jpg is gone.")
    assert index.data(PictureRole.LINE) == "The folder of castle.jpg is gone."


@pytest.mark.parametrize("status", list(PictureStatus))
def test_every_status_has_its_words_and_its_mark(pictures: ImageList, status: PictureStatus) -> None:
    before = pictures.view.viewport().grab().toImage()
    pictures.set_status(PATHS[0], status)
    assert pictures.proxy.index(0, 0).data(PictureRole.LINE) == status_text(status)
    after = pictures.view.viewport().grab().toImage()
    assert (before == after) is (status is PictureStatus.NEW)


def test_the_filter_keeps_names_and_the_way_through_them(qtbot: QtBot, pictures: ImageList, went: list[Path]) -> None:
    pictures.select(PATHS[0])
    qtbot.keyClicks(pictures.filter, "castle")
    assert shown(pictures) == ["castle.jpg", "Castle ruin.jpg"]
    assert pictures.count.text() == "2 found of 5"
    assert pictures.next_path() == PATHS[1]
    qtbot.keyClick(pictures.filter, Qt.Key.Key_Return)
    assert went == [PATHS[1]]
    assert pictures.next_path() == PATHS[4]
    pictures.filter.setText("zebra")
    assert pictures.view.empty_text() == "No name contains “zebra”."
    qtbot.keyClick(pictures.filter, Qt.Key.Key_Escape)
    assert len(shown(pictures)) == 5
    assert pictures.view.currentIndex().row() == 1


def test_the_arrow_goes_from_the_filter_into_the_list(qtbot: QtBot, pictures: ImageList, went: list[Path]) -> None:
    pictures.select(PATHS[0])
    pictures.filter.setFocus()
    qtbot.keyClick(pictures.filter, Qt.Key.Key_Down)
    assert pictures.view.hasFocus()
    assert went == [PATHS[1]]


def test_an_empty_list_says_how_to_begin(qtbot: QtBot) -> None:
    panel = ImageList()
    qtbot.addWidget(panel)
    assert panel.view.empty_text() == NOTHING_OPEN
    assert panel.count.text() == ""
    assert not panel.next.isEnabled()
    assert panel.next_path() is None


def test_a_thumbnail_is_drawn_and_not_asked_for_again(qtbot: QtBot, pictures: ImageList) -> None:
    wanted: list[Path] = []
    pictures.thumbnail_wanted.connect(wanted.append)
    pictures.set_paths(PATHS)
    qtbot.waitUntil(lambda: len(wanted) == 5)
    red = np.zeros((48, 64, 3), np.uint8)
    red[..., 0] = 200
    pictures.set_thumbnail(PATHS[0], red[:, :-1])  # rows that are not a multiple of four bytes
    rect = pictures.view.visualRect(pictures.proxy.index(0, 0))
    image = pictures.view.viewport().grab().toImage()
    seen = image.pixelColor(QPoint(rect.left() + 40, rect.center().y()) * image.devicePixelRatio())
    assert seen.getRgb()[:3] == (200, 0, 0)
    pictures.set_thumbnail(Path("/gone.jpg"), red)
    pictures.resize(240, 420)
    qtbot.wait(5)
    assert len(wanted) == 5


def test_ten_thousand_pictures_ask_only_for_what_is_seen(qtbot: QtBot, pictures: ImageList) -> None:
    many = [Path(f"/photos/{number:05d}.jpg") for number in range(10_000)]
    wanted: list[Path] = []
    pictures.thumbnail_wanted.connect(wanted.append)
    pictures.set_paths(many)
    qtbot.waitUntil(lambda: len(wanted) > 0)
    room = pictures.view.viewport().height() // pictures.view.visualRect(pictures.proxy.index(0, 0)).height()
    assert wanted == many[: len(wanted)]
    assert room <= len(wanted) <= room + 2
    wanted.clear()
    pictures.select(many[7000])
    qtbot.waitUntil(lambda: many[7000] in wanted)
    assert len(wanted) <= room + 2
    wanted.clear()
    pictures.filter.setText("0999")
    qtbot.waitUntil(lambda: many[9990] in wanted)
    assert pictures.count.text() == "11 found of 10000"


def test_thumbnails_are_bounded_and_the_oldest_go_first(qtbot: QtBot) -> None:
    model = PictureModel()
    many = [Path(f"/{number}.jpg") for number in range(KEPT_THUMBNAILS + 3)]
    model.set_paths(many)
    for path in many:
        model.set_thumbnail(path, np.zeros((2, 2, 3), np.uint8))
    lacking = [row for row in range(len(many)) if model.lacks_thumbnail(row)]
    assert lacking == [0, 1, 2]


def test_a_longer_list_keeps_what_is_known(pictures: ImageList) -> None:
    pictures.select(PATHS[1])
    pictures.set_status(PATHS[1], PictureStatus.IN_WORK)
    pictures.set_paths([Path("/photos/acorn.jpg"), *PATHS, PATHS[0]])
    assert pictures.current_path() == PATHS[1]
    assert pictures.count.text() == "3 of 6 pictures"
    assert pictures.proxy.index(2, 0).data(PictureRole.STATUS) is PictureStatus.IN_WORK
    pictures.set_paths([PATHS[0]])
    assert pictures.current_path() is None
    assert pictures.count.text() == "1 picture"


def test_the_current_picture_stays_in_view_when_the_list_gets_lower(pictures: ImageList) -> None:
    pictures.set_paths([Path(f"photos/{number:02}.jpg") for number in range(12)])
    row = pictures.view.sizeHintForRow(0)
    pictures.resize(240, 7 * row)
    pictures.select(Path("photos/04.jpg"))

    def in_view(number: int) -> bool:
        return pictures.view.viewport().rect().contains(pictures.view.visualRect(pictures.proxy.index(number, 0)))

    assert in_view(4)
    pictures.resize(240, 4 * row)
    assert in_view(4)
    pictures.view.verticalScrollBar().setValue(pictures.view.verticalScrollBar().maximum())
    assert not in_view(4)
    pictures.resize(240, 5 * row)
    assert not in_view(4)  # whoever scrolled away from it stays there
