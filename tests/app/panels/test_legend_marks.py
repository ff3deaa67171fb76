"""Locks, favourites and the order of the legend, by mouse and keys."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu
from pytestqt.qtbot import QtBot

from app.core.rules import PaintRule, Where
from app.editing.session import Session
from app.panels.legend import NO_MASKS, Legend
from app.panels.legend_model import Column
from app.settings import Settings
from tests.app.panels.legend_scene import (
    LAMP,
    PERSON,
    SKY,
    TREE,
    cell,
    click,
    click_head,
    current,
    place,
    press,
    select,
    text,
)
from tests.app.panels.stripes import HEIGHT, PICTURE, WIDTH, paint
from tests.menus import click_entry

CAR, SIGN = 21, 44
SPOKEN = Qt.ItemDataRole.AccessibleTextRole
TIP = Qt.ItemDataRole.ToolTipRole
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


def entry(menu: QMenu, text: str) -> QAction:
    return next(action for action in menu.actions() if action.text() == text)


def sort_entry(legend: Legend, text: str) -> QAction:
    menu = entry(legend.make_menu(SKY), "Sort by").menu()
    assert isinstance(menu, QMenu)
    return entry(menu, text)


# --- locks ---------------------------------------------------------------------------------------------------------


def test_a_click_on_the_lock_keeps_paint_away(qtbot: QtBot, legend: Legend, session: Session) -> None:
    click(qtbot, legend, SKY, Column.LOCK)
    assert session.rule.locked == {SKY}
    assert session.overlay.solo == frozenset()
    assert legend.state.text() == "3 classes · 1 locked"
    assert cell(legend, SKY, Column.LOCK).data(SPOKEN) == "locked"
    assert "paint never covers sky" in cell(legend, SKY, Column.LOCK).data(TIP)
    gesture = session.begin_edit("Paint")
    assert gesture is not None
    assert session.document is not None
    gesture.paint(session.document.segment_map.box, None, 100 + PERSON)
    assert gesture.commit()
    qtbot.waitUntil(lambda: text(legend, PERSON, Column.AREA) == "60.0 %")
    assert text(legend, SKY, Column.AREA) == "40.0 %"
    click(qtbot, legend, SKY, Column.LOCK)
    assert session.rule.locked == frozenset()
    assert cell(legend, SKY, Column.LOCK).data(SPOKEN) == "not locked"


def test_two_quick_clicks_on_a_lock_are_two_clicks(qtbot: QtBot, legend: Legend, session: Session) -> None:
    where, viewport = place(legend, TREE, Column.LOCK), legend.view.viewport()
    session.set_current_class(LAMP)
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=where)
    qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=where)
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=where)
    assert session.rule.locked == frozenset()
    assert session.current_class == LAMP


def test_unlabelled_can_be_locked_by_key_and_by_menu(qtbot: QtBot, legend: Legend, session: Session) -> None:
    select(legend, 0)
    press(qtbot, legend, Qt.Key.Key_L)
    assert session.rule.locked == {0}
    assert cell(legend, 0).data(SPOKEN) == "0 unlabelled, locked"
    entry(legend.make_menu(TREE), "Lock tree").trigger()
    assert session.rule.locked == {0, TREE}
    entry(legend.make_menu(0), "Unlock unlabelled").trigger()
    assert session.rule.locked == {TREE}
    entry(legend.make_menu(0), "Unlock all classes").trigger()
    assert session.rule.locked == frozenset()


def test_paint_is_limited_to_a_class_of_the_list_while_another_is_in_hand(
    qtbot: QtBot, legend: Legend, session: Session
) -> None:
    session.set_current_class(TREE)

    def choose(text: str) -> None:
        menu = legend.make_menu(SKY)
        menu.popup(QPoint(0, 0))
        click_entry(menu, entry(menu, text))

    choose("Paint only over sky")
    assert session.rule == PaintRule(Where.CLASS, SKY)
    assert session.current_class == TREE
    assert "Paint only over tree" in [action.text() for action in legend.make_menu(TREE).actions()]
    choose("Paint anywhere")
    assert session.rule.where is Where.ANYWHERE


def test_a_locked_class_stays_listed(legend: Legend, session: Session) -> None:
    session.set_rule(locked=frozenset({CAR}))
    assert legend.model.ids() == (SKY, TREE, LAMP, CAR, 0)


@pytest.mark.usefixtures("calm_palette")
def test_the_lock_is_seen(legend: Legend, session: Session) -> None:
    def ink() -> int:
        rect = legend.view.visualRect(cell(legend, SKY, Column.LOCK))
        image = legend.view.viewport().grab(rect).toImage()
        return sum(
            image.pixelColor(x, y).lightness() < 160 for x in range(image.width()) for y in range(image.height())
        )

    assert ink() == 0
    session.set_rule(locked=frozenset({SKY}))
    assert ink() > 20


# --- favourites ----------------------------------------------------------------------------------------------------


def test_a_favourite_comes_first_and_is_there_when_the_picture_has_none(
    qtbot: QtBot, legend: Legend, session: Session
) -> None:
    select(legend, LAMP)
    press(qtbot, legend, Qt.Key.Key_S)
    assert session.favourites == (LAMP,)
    assert legend.model.ids() == (LAMP, SKY, TREE, 0)
    assert legend.model.last_favourite_row() == 0
    assert current(legend) == LAMP
    session.set_favourite(SIGN, on=True)
    assert legend.model.ids() == (LAMP, SIGN, SKY, TREE, 0)
    assert text(legend, SIGN, Column.AREA) == "0 %"
    assert cell(legend, SIGN).data(SPOKEN) == "44 signboard, favourite"
    select(legend, SIGN)
    qtbot.keyClick(legend.view, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert session.current_class == SIGN
    paint(session, slice(95, 100), SIGN)
    qtbot.waitUntil(lambda: text(legend, SIGN, Column.AREA) == "5.0 %")
    entry(legend.make_menu(LAMP), "Take street lamp from the favourites").trigger()
    entry(legend.make_menu(TREE), "Add tree to the favourites").trigger()
    assert legend.model.ids() == (TREE, SIGN, SKY, LAMP, 0)


def test_unlabelled_is_no_favourite(qtbot: QtBot, legend: Legend, session: Session) -> None:
    select(legend, 0)
    press(qtbot, legend, Qt.Key.Key_S)
    assert session.favourites == ()
    assert not [action for action in legend.make_menu(0).actions() if "favourites" in action.text()]


def test_favourites_are_offered_before_the_first_prediction(qtbot: QtBot) -> None:
    session = Session(Settings(favourites=(SIGN, CAR)))
    legend = Legend(session)
    qtbot.addWidget(legend)
    assert legend.model.ids() == ()  # nothing to paint on
    session.show(PICTURE)
    session.attach_photo(PICTURE, (np.zeros((HEIGHT, WIDTH, 3), np.uint8),))
    assert legend.model.ids() == (CAR, SIGN)
    assert legend.model.last_favourite_row() == -1  # nothing to be told from
    assert legend.state.text() == NO_MASKS
    assert text(legend, CAR, Column.AREA) == "–"
    paint(session, slice(0, 50), SIGN)
    qtbot.waitUntil(lambda: legend.model.ids() == (SIGN, CAR, 0))


def test_a_search_keeps_its_own_order(qtbot: QtBot, legend: Legend, session: Session) -> None:
    session.set_favourite(37, on=True)
    legend.set_sort("-name")
    qtbot.keyClicks(legend.search, "lamp")
    assert legend.model.ids()[0] == LAMP
    assert legend.model.last_favourite_row() == -1


# --- order ---------------------------------------------------------------------------------------------------------


def test_a_click_on_a_head_sorts_and_the_next_turns_it_round(qtbot: QtBot, legend: Legend) -> None:
    told: list[str] = []
    legend.sort_changed.connect(told.append)
    select(legend, TREE)
    click_head(qtbot, legend, Column.CLASS)
    assert legend.model.ids() == (SKY, LAMP, TREE, 0)
    assert current(legend) == TREE
    click_head(qtbot, legend, Column.CLASS)
    assert legend.model.ids() == (TREE, LAMP, SKY, 0)
    click_head(qtbot, legend, Column.SCORE)
    assert legend.model.ids() == (SKY, TREE, LAMP, 0)
    click_head(qtbot, legend, Column.IOU)
    click_head(qtbot, legend, Column.IOU)
    assert legend.model.ids() == (LAMP, TREE, SKY, 0)
    click_head(qtbot, legend, Column.AREA)
    assert legend.model.ids() == (SKY, TREE, LAMP, 0)
    click_head(qtbot, legend, Column.AREA)
    assert legend.model.ids() == (LAMP, TREE, SKY, 0)
    click_head(qtbot, legend, Column.EYE)
    click_head(qtbot, legend, Column.LOCK)
    assert told == ["name", "-name", "score", "accuracy", "-accuracy", "area", "-area"]
    assert legend.sort == "-area"


def test_the_order_is_in_the_menu_and_can_be_given(legend: Legend) -> None:
    assert sort_entry(legend, "Area").isChecked()
    sort_entry(legend, "Name").trigger()
    assert legend.sort == "name"
    sort_entry(legend, "Reversed").trigger()
    assert legend.sort == "-name"
    assert sort_entry(legend, "Reversed").isChecked()
    legend.set_sort("score")
    assert legend.sort == "score"
    assert sort_entry(legend, "Score").isChecked()


def test_the_heads_have_the_menu_as_well(legend: Legend) -> None:
    viewport, where = legend.view.heads.viewport(), QPoint(10, 5)
    asked = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, where, viewport.mapToGlobal(where))
    QApplication.sendEvent(viewport, asked)
    popup = QApplication.activePopupWidget()
    assert isinstance(popup, QMenu)
    entry(popup, "Published accuracy").trigger()
    popup.close()
    assert legend.sort == "accuracy"


def test_heads_say_what_the_rows_are_sorted_by(legend: Legend) -> None:
    def head(column: Column, role: Qt.ItemDataRole) -> str:
        return str(legend.model.headerData(column, Qt.Orientation.Horizontal, role))

    assert head(Column.AREA, SPOKEN) == "Area, sorted down"
    legend.set_sort("name")
    assert head(Column.CLASS, SPOKEN) == "Class, sorted up"
    assert head(Column.AREA, SPOKEN) == "Area"
    assert "sort by published accuracy" in head(Column.IOU, TIP)
    assert "sort" not in head(Column.LOCK, TIP)


@pytest.mark.usefixtures("calm_palette")
@pytest.mark.parametrize("key", ["area", "name", "score", "accuracy"])
def test_the_arrow_fits_beside_its_head(legend: Legend, key: str) -> None:
    """In the column of its own the arrow stands clear of the words and of the neighbour."""
    heads = legend.view.heads
    for column in Column:
        assert heads.width_of(column) <= heads.sectionSize(column)

    def dark_columns() -> list[int]:
        image = heads.viewport().grab().toImage()
        height = range(image.height() - 2)
        return [x for x in range(image.width()) if any(image.pixelColor(x, y).lightness() < 70 for y in height)]

    legend.set_sort(f"-{key}")
    dark = dark_columns()  # the head that is sorted by, and its arrow, alone are in the colour of text
    column = next(
        column for column, sort in zip(Column, ("name", "area", "score", "accuracy"), strict=False) if sort == key
    )
    left = heads.sectionViewportPosition(column)
    assert left <= dark[0]
    assert dark[-1] < left + heads.sectionSize(column)


# --- keys ----------------------------------------------------------------------------------------------------------


def test_home_and_end_and_letters_stay_in_the_legend(qtbot: QtBot, session: Session) -> None:
    legend, window, taken = Legend(session), QMainWindow(), []
    qtbot.addWidget(window)
    for key in ("L", "S", "T", "W", "Home", "End", "Up", "Down", "Ctrl+S", "Shift+L"):
        action = QAction(window)
        action.setShortcut(key)
        action.triggered.connect(lambda _checked=False, key=key: taken.append(key))
        window.addAction(action)
    window.setCentralWidget(legend)
    with qtbot.waitActive(window):
        window.show()
    select(legend, TREE)
    press(qtbot, legend, Qt.Key.Key_End)
    assert current(legend) == 0
    press(qtbot, legend, Qt.Key.Key_Home)
    assert current(legend) == SKY
    press(qtbot, legend, Qt.Key.Key_Down)
    press(qtbot, legend, Qt.Key.Key_Up)
    assert current(legend) == SKY
    press(qtbot, legend, Qt.Key.Key_L)
    press(qtbot, legend, Qt.Key.Key_S)
    assert session.rule.locked == {SKY}
    assert session.favourites == (SKY,)
    press(qtbot, legend, Qt.Key.Key_T)
    popup = QApplication.activePopupWidget()
    assert popup is not None
    popup.close()
    assert taken == []
    press(qtbot, legend, Qt.Key.Key_W)
    qtbot.keyClick(legend.view, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(legend.view, Qt.Key.Key_L, Qt.KeyboardModifier.ShiftModifier)
    assert taken == ["W", "Ctrl+S", "Shift+L"]
    assert session.rule.locked == {SKY}


def test_letters_do_not_jump_to_names(qtbot: QtBot, legend: Legend) -> None:
    select(legend, SKY)
    qtbot.keyClicks(legend.view, "tr")
    assert current(legend) == SKY


@pytest.mark.parametrize("width", [264, 300, 400])
@pytest.mark.parametrize("scale", [1.0, 1.6])
def test_columns_fill_the_dock_and_names_keep_room(legend: Legend, session: Session, width: int, scale: float) -> None:
    session.set_class_threshold(LAMP, 0.2)
    session.set_favourite(TREE, on=True)
    font = legend.view.font()
    font.setPointSizeF(font.pointSizeF() * scale)
    legend.view.setFont(font)
    legend.resize(width, 400)
    view = legend.view
    assert view.header().length() == view.viewport().width()
    assert not view.isColumnHidden(Column.LOCK)
    assert not view.isColumnHidden(Column.EYE)
    if width > 264 or scale == 1.0:
        assert view.columnWidth(Column.CLASS) > view.fontMetrics().horizontalAdvance("150 street")
