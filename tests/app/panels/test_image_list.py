"""The picture list by mouse and keys, and what it asks for."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from app.core.catalogue import Exported, Filter, Sort, SortBy
from app.core.pictures import PictureStatus
from app.folder import Folder
from app.panels.image_list import LOOKING, NOTHING_OPEN, ImageList
from app.panels.picture_model import KEPT_THUMBNAILS, PictureModel, PictureRole
from app.panels.picture_texts import STATUS_TEXTS
from tests.app.panels.picture_scene import NAMES, PATHS, ROOT, fill, many

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
LEFT = Qt.MouseButton.LeftButton
AT_ONCE_SECONDS = 0.05  # of the processor: the longest that the window may stand still


@pytest.fixture
def pictures(qtbot: QtBot) -> ImageList:
    panel = ImageList(Folder())
    qtbot.addWidget(panel)
    panel.resize(240, 500)
    with qtbot.waitExposed(panel):
        panel.show()
    fill(panel.folder)
    return panel


@pytest.fixture
def went(pictures: ImageList) -> list[Path]:
    paths: list[Path] = []
    pictures.activated.connect(paths.append)
    return paths


def shown(pictures: ImageList) -> list[str]:
    return [pictures.model.index(row).data() for row in range(pictures.model.rowCount())]


def click(pictures: ImageList, row: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    where = pictures.view.visualRect(pictures.model.index(row)).center()
    QTest.mouseClick(pictures.view.viewport(), LEFT, keys, where)


def arrange_by_hand(pictures: ImageList, by: SortBy) -> None:
    """Choose an order in the menu of the sort button."""
    menu = pictures.sort_button.menu()
    assert isinstance(menu, QMenu)
    menu.popup(pictures.sort_button.mapToGlobal(QPoint(0, 0)))
    action = pictures.sort_button.keys[by]
    QTest.mouseClick(menu, LEFT, Qt.KeyboardModifier.NoModifier, menu.actionGeometry(action).center())


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
    assert pictures.selected() == [PATHS[0], PATHS[2]]
    click(pictures, 4, SHIFT)
    assert pictures.selected() == [PATHS[0], *PATHS[2:]]
    assert pictures.count.text() == "4 selected of 5"
    qtbot.keyClick(pictures.view, Qt.Key.Key_Up, SHIFT)
    assert pictures.selected() == [PATHS[0], *PATHS[2:4]]
    assert went == [PATHS[0]]
    assert pictures.current_path() == PATHS[0]
    qtbot.keyClick(pictures.view, Qt.Key.Key_A, CTRL)
    assert pictures.selected() == PATHS
    click(pictures, 3)
    assert pictures.selected() == [PATHS[3]]
    assert went == [PATHS[0], PATHS[3]]


def test_return_goes_to_the_picture_that_the_keys_have_reached(
    qtbot: QtBot, pictures: ImageList, went: list[Path]
) -> None:
    click(pictures, 0)
    qtbot.keyClick(pictures.view, Qt.Key.Key_Down, SHIFT)
    assert went == [PATHS[0]]
    qtbot.keyClick(pictures.view, Qt.Key.Key_Return)
    assert went == [PATHS[0], PATHS[1]]
    assert pictures.selected() == [PATHS[1]]


def test_a_drag_selects_what_it_passes(pictures: ImageList) -> None:
    view = pictures.view
    places = [view.visualRect(pictures.model.index(row)).center() for row in (3, 2, 1)]
    QTest.mousePress(view.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, places[0])
    for place in places[1:]:
        QTest.mouseMove(view.viewport(), place)
    QTest.mouseRelease(view.viewport(), LEFT, Qt.KeyboardModifier.NoModifier, places[-1])
    assert pictures.selected() == PATHS[1:4]


def test_the_right_button_opens_the_menu_of_what_is_selected(pictures: ImageList, went: list[Path]) -> None:
    click(pictures, 0)
    click(pictures, 1, CTRL)
    where = pictures.view.visualRect(pictures.model.index(1)).center()
    QTest.mouseClick(pictures.view.viewport(), Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, where)
    assert pictures.selected() == PATHS[:2]
    where = pictures.view.visualRect(pictures.model.index(3)).center()
    QTest.mouseClick(pictures.view.viewport(), Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, where)
    assert pictures.selected() == [PATHS[3]]
    assert went == [PATHS[0]]


def test_what_is_selected_stays_so_in_another_order(pictures: ImageList) -> None:
    click(pictures, 0)
    click(pictures, 1, SHIFT)
    arrange_by_hand(pictures, SortBy.NAME)
    pictures.folder.arrange(sort=Sort(descending=True))
    assert pictures.selected() == [PATHS[1], PATHS[0]]
    fill(pictures.folder)
    assert pictures.selected() == [PATHS[0]]  # other pictures: only the one on screen is known again


# --- what it says -----------------------------------------------------------------------------------------------------


def test_an_unreadable_picture_says_why(pictures: ImageList) -> None:
    pictures.folder.learn(PATHS[1], status=PictureStatus.UNREADABLE, reason="castle.jpg is empty.")
    index = pictures.model.index(1)
    assert index.data(PictureRole.LINE) == "Empty."
    assert index.data(Qt.ItemDataRole.ToolTipRole) == f"{PATHS[1]}\ncastle.jpg is empty."
    assert "castle.jpg is empty" in index.data(Qt.ItemDataRole.AccessibleTextRole)
    pictures.folder.learn(PATHS[1], reason="The folder of castle.jpg is gone.")
    assert index.data(PictureRole.LINE) == "The folder of castle.jpg is gone."


@pytest.mark.parametrize("grid", [False, True])
@pytest.mark.parametrize("status", list(PictureStatus))
def test_every_status_has_its_words_and_its_mark(pictures: ImageList, status: PictureStatus, grid: bool) -> None:  # noqa: FBT001
    pictures.set_grid(on=grid)
    before = pictures.view.viewport().grab().toImage()
    pictures.folder.learn(PATHS[0], status=status)
    assert pictures.model.index(0).data(PictureRole.LINE) == STATUS_TEXTS[status]
    after = pictures.view.viewport().grab().toImage()
    assert (before == after) is (status is PictureStatus.NEW)


@pytest.mark.parametrize("grid", [False, True])
def test_exports_and_notes_have_marks_and_words(pictures: ImageList, grid: bool) -> None:  # noqa: FBT001
    pictures.set_grid(on=grid)
    looks = [pictures.view.viewport().grab().toImage()]
    for mark in (Exported.CURRENT, Exported.CHANGED):
        pictures.folder.learn(PATHS[0], exported=mark)
        looks.append(pictures.view.viewport().grab().toImage())
    tip = pictures.model.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert "Changed since its export" in tip
    pictures.folder.set_note(PATHS[0], "Ask Anna")
    looks.append(pictures.view.viewport().grab().toImage())
    assert all(one != other for number, one in enumerate(looks) for other in looks[number + 1 :])
    assert "Note: Ask Anna" in pictures.model.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert "Ask Anna" in pictures.model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)


def test_the_picture_on_screen_has_a_sign_that_selecting_does_not_move(pictures: ImageList) -> None:
    def sign(row: int) -> bool:
        rect = pictures.view.visualRect(pictures.model.index(row))
        image = pictures.view.viewport().grab().toImage()
        return image.pixelColor(rect.left() + 1, rect.center().y()) == pictures.palette().accent().color()

    click(pictures, 1)
    assert sign(1)
    click(pictures, 3, CTRL)
    assert sign(1)
    assert not sign(3)


def test_the_second_line_tells_what_the_list_is_sorted_by(pictures: ImageList) -> None:
    folder, line = pictures.folder, pictures.model.index
    folder.learn(PATHS[0], unlabelled=0.124, uncertainty=0.5, size=2_340_000, mtime_ns=0)
    for by, text in (
        (SortBy.UNLABELLED, "12 % unlabelled"),
        (SortBy.UNCERTAINTY, "50 % uncertain"),
        (SortBy.SIZE, "2.3 MB"),
        (SortBy.NAME, "New"),
    ):
        arrange_by_hand(pictures, by)
        place = pictures.model.place(PATHS[0])
        assert line(place).data(PictureRole.LINE) == text
        assert line(place).data() == "boat.jpg"
    arrange_by_hand(pictures, SortBy.UNLABELLED)
    assert line(1).data(PictureRole.LINE) == "New"  # its share is unknown
    assert "12 % unlabelled" in line(0).data(Qt.ItemDataRole.ToolTipRole)


def test_pictures_of_sub_folders_are_called_by_their_own_names(pictures: ImageList) -> None:
    fill(pictures.folder, ["a.jpg", "deep/er/b.jpg"])
    assert shown(pictures) == ["a.jpg", "b.jpg"]
    pictures.filter.setText("er")
    assert shown(pictures) == ["b.jpg"]


# --- which are shown --------------------------------------------------------------------------------------------------


def test_the_filter_keeps_names_and_the_way_through_them(qtbot: QtBot, pictures: ImageList, went: list[Path]) -> None:
    pictures.select(PATHS[0])
    qtbot.keyClicks(pictures.filter, "castle")
    assert shown(pictures) == ["castle.jpg", "Castle ruin.jpg"]
    assert pictures.count.text() == "2 of 5"
    assert pictures.next_path() == PATHS[1]
    qtbot.keyClick(pictures.filter, Qt.Key.Key_Return)
    assert went == [PATHS[1]]
    assert pictures.place.text() == "1 of 2"
    assert pictures.next_path() == PATHS[2]
    pictures.filter.setText("zebra")
    assert pictures.empty.text() == "No name contains “zebra”."
    qtbot.keyClick(pictures.filter, Qt.Key.Key_Escape)
    assert len(shown(pictures)) == 5
    assert pictures.view.currentIndex().row() == 1


def test_the_way_out_of_an_empty_list_is_a_button(qtbot: QtBot, pictures: ImageList) -> None:
    assert not pictures.empty.isVisible()
    pictures.folder.arrange(filter=Filter(text="boat", statuses=frozenset({PictureStatus.DONE})))
    assert pictures.filter.text() == "boat"
    assert pictures.filter_button.text() == "1"
    assert pictures.empty.isVisible()
    assert pictures.empty.text() == "No picture matches the filter."
    qtbot.mouseClick(pictures.empty.reset, LEFT)
    assert shown(pictures) == list(NAMES)
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
    assert shown(pictures) == list(NAMES[::-1])  # the least sure comes first
    assert button.isChecked()
    assert button.toolTip() == "Sorted by uncertainty, largest first"
    button.menu().popup(QPoint(0, 0))
    smallest = button.ways[False]
    QTest.mouseClick(button.menu(), LEFT, pos=button.menu().actionGeometry(smallest).center())
    assert shown(pictures) == list(NAMES)
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
    assert panel.selected() == []
    panel.folder.complete = False
    panel.folder.relisted.emit()
    assert panel.view.empty_text == LOOKING


# --- thumbnails -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grid", [False, True])
def test_a_thumbnail_is_drawn_and_not_asked_for_again(qtbot: QtBot, pictures: ImageList, grid: bool) -> None:  # noqa: FBT001
    pictures.set_grid(on=grid)
    wanted: list[Path] = []
    pictures.thumbnail_wanted.connect(wanted.append)
    fill(pictures.folder)
    qtbot.waitUntil(lambda: len(wanted) == 5)
    red = np.zeros((48, 64, 3), np.uint8)
    red[..., 0] = 200
    pictures.set_thumbnail(PATHS[0], red[:, :-1])  # rows that are not a multiple of four bytes
    rect = pictures.view.visualRect(pictures.model.index(0))
    image = pictures.view.viewport().grab().toImage()
    seen = image.pixelColor(QPoint(rect.left() + 40, rect.top() + 30) * image.devicePixelRatio())
    assert seen.getRgb()[:3] == (200, 0, 0)
    pictures.set_thumbnail(Path("/gone.jpg"), red)
    pictures.resize(240, 420)
    qtbot.wait(60)
    assert len(wanted) == 5


def test_only_what_is_seen_is_asked_for(qtbot: QtBot, pictures: ImageList) -> None:
    wanted: list[Path] = []
    pictures.thumbnail_wanted.connect(wanted.append)
    fill(pictures.folder, many(10_000))
    paths = [ROOT / name for name in many(10_000)]
    qtbot.waitUntil(lambda: len(wanted) > 0)
    room = pictures.view.viewport().height() // pictures.view.visualRect(pictures.model.index(0)).height()
    assert wanted == paths[: len(wanted)]
    assert room <= len(wanted) <= room + 2
    wanted.clear()
    pictures.select(paths[7000])
    qtbot.waitUntil(lambda: paths[7000] in wanted)
    assert len(wanted) <= room + 2
    wanted.clear()
    pictures.filter.setText("0999")
    qtbot.waitUntil(lambda: paths[9990] in wanted)
    assert pictures.count.text() == "11 of 10,000"


def test_what_was_passed_is_asked_for_again_when_it_is_seen_again(qtbot: QtBot, pictures: ImageList) -> None:
    wanted: list[Path] = []
    pictures.thumbnail_wanted.connect(wanted.append)
    fill(pictures.folder, many(1000))
    qtbot.waitUntil(lambda: len(wanted) > 0)
    first = wanted[0]
    pictures.view.scrollToBottom()
    qtbot.waitUntil(lambda: wanted[-1] == ROOT / many(1000)[-1])
    pictures.view.scrollToTop()
    qtbot.waitUntil(lambda: wanted.count(first) == 2)


def test_thumbnails_are_bounded_and_those_seen_longest_ago_go_first(qtbot: QtBot) -> None:
    names = many(KEPT_THUMBNAILS + 3)
    model = PictureModel(fill(Folder(), names))
    for number, name in enumerate(names):
        if number > KEPT_THUMBNAILS:
            assert model.index(0).data(PictureRole.THUMBNAIL) is not None
        model.set_thumbnail(ROOT / name, np.zeros((2, 2, 3), np.uint8))
        if number == KEPT_THUMBNAILS - 1:
            assert model.index(0).data(PictureRole.THUMBNAIL) is not None
    assert [row for row in range(len(names)) if model.lacks_thumbnail(row)] == [1, 2, 3]


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
