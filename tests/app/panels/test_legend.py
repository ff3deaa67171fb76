"""The legend by mouse and keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from app.editing.session import Session
from app.panels.class_texts import published_iou
from app.panels.legend import NO_MASKS, NOTHING_OPEN, UNREADABLE, Legend
from app.panels.legend_model import Column
from app.panels.legend_paint import brush_rect
from tests.app.panels.legend_scene import LAMP, PERSON, SKY, TREE, cell, click, place, press, text
from tests.app.panels.stripes import PICTURE, paint, predict

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


def test_classes_come_by_area_with_share_score_and_published_accuracy(legend: Legend) -> None:
    assert legend.model.ids() == (SKY, TREE, LAMP, 0)  # the person scores less than the threshold
    assert [text(legend, SKY, column) for column in Column] == ["sky", "40.0 %", "0.95", "94", "", ""]
    assert text(legend, LAMP, Column.AREA) == "15.0 %"
    assert text(legend, 0, Column.AREA) == "15.0 %"
    assert text(legend, 0, Column.SCORE) == "–"
    assert legend.state.text() == "3 classes"


def test_a_weak_class_says_that_mistakes_are_to_be_expected(legend: Legend) -> None:
    tip = cell(legend, LAMP, Column.IOU).data(Qt.ItemDataRole.ToolTipRole)
    assert "expect mistakes" in tip
    assert "expect mistakes" not in cell(legend, SKY, Column.IOU).data(Qt.ItemDataRole.ToolTipRole)


def test_a_picture_with_the_answer_of_another_model_has_the_figures_of_that_one(
    legend: Legend, session: Session
) -> None:
    legend.set_model("bisenetformer-l-ade")
    predict(session, model="bisenetformer-s-ade")
    assert text(legend, SKY, Column.IOU) == f"{published_iou(SKY, 's'):.0f}"
    assert "bisenetformer-s" in cell(legend, SKY, Column.IOU).data(Qt.ItemDataRole.ToolTipRole)
    legend.set_model("bisenetformer-m-ade")  # another one comes into use, and the picture keeps its answer
    assert legend.model.published == "s"
    session.drop_answers([PICTURE])
    assert legend.model.published == "m"


def test_a_click_shows_one_class_alone_and_the_next_ends_it(qtbot: QtBot, legend: Legend, session: Session) -> None:
    click(qtbot, legend, TREE)
    assert session.overlay.solo == {TREE}
    assert legend.state.text() == "Only tree"
    assert legend.show_all.isVisible()
    click(qtbot, legend, LAMP, ctrl=True)
    assert session.overlay.solo == {TREE, LAMP}
    click(qtbot, legend, TREE, ctrl=True)
    assert session.overlay.solo == {LAMP}
    click(qtbot, legend, LAMP)
    assert session.overlay.solo == frozenset()
    assert not legend.show_all.isVisible()


def test_a_double_click_paints_with_the_class_and_leaves_solo_as_it_was(
    qtbot: QtBot, legend: Legend, session: Session
) -> None:
    click(qtbot, legend, SKY)
    viewport, where = legend.view.viewport(), place(legend, LAMP)
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=where)
    qtbot.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=where)
    assert session.current_class == LAMP
    assert session.overlay.solo == {SKY}


def test_the_brush_of_a_row_paints_with_its_class(qtbot: QtBot, legend: Legend, session: Session) -> None:
    where = brush_rect(legend.view.visualRect(cell(legend, TREE))).center()
    qtbot.mouseClick(legend.view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert session.current_class == TREE
    assert session.overlay.solo == frozenset()


def test_the_eye_hides_and_shows(qtbot: QtBot, legend: Legend, session: Session) -> None:
    click(qtbot, legend, SKY, Column.EYE)
    assert session.overlay.hidden == {SKY}
    assert session.overlay.solo == frozenset()
    assert legend.state.text() == "3 classes · 1 hidden"
    click(qtbot, legend, 0, Column.EYE)
    assert session.overlay.hidden == {SKY, 0}
    click(qtbot, legend, SKY, Column.EYE)
    assert session.overlay.hidden == {0}
    qtbot.mouseClick(legend.show_all, Qt.MouseButton.LeftButton)
    assert session.overlay.hidden == frozenset()


def test_keys_move_hide_solo_and_choose(qtbot: QtBot, legend: Legend, session: Session) -> None:
    legend.view.setFocus()
    legend.view.setCurrentIndex(legend.model.index(0, 0))
    press(qtbot, legend, Qt.Key.Key_Down)
    assert legend.model.class_at(legend.view.currentIndex()) == TREE
    press(qtbot, legend, Qt.Key.Key_Space)
    assert session.overlay.hidden == {TREE}
    press(qtbot, legend, Qt.Key.Key_Space)
    assert session.overlay.hidden == frozenset()
    press(qtbot, legend, Qt.Key.Key_Return)
    assert session.overlay.solo == {TREE}
    press(qtbot, legend, Qt.Key.Key_Return)
    assert session.overlay.solo == frozenset()
    qtbot.keyClick(legend.view, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert session.current_class == TREE
    assert session.overlay.solo == frozenset()


def test_hiding_what_is_shown_alone_ends_solo(qtbot: QtBot, legend: Legend, session: Session) -> None:
    said: list[str] = []
    session.said.connect(said.append)
    click(qtbot, legend, TREE)
    click(qtbot, legend, SKY, ctrl=True)
    legend.view.setFocus()
    legend.view.setCurrentIndex(cell(legend, TREE))
    press(qtbot, legend, Qt.Key.Key_Space)
    assert (session.overlay.solo, session.overlay.hidden) == ({SKY}, {TREE})
    assert said == []  # the sky is still alone
    click(qtbot, legend, SKY, Column.EYE)
    assert (session.overlay.solo, session.overlay.hidden) == (frozenset(), {TREE, SKY})
    assert said == ["Solo has ended: sky is hidden, the other classes are shown again."]
    click(qtbot, legend, SKY)  # alone again, whether or not its eye was closed before
    assert cell(legend, SKY, Column.EYE).data(Qt.ItemDataRole.ToolTipRole).startswith("Hide sky")
    press(qtbot, legend, Qt.Key.Key_Space)
    assert (session.overlay.solo, session.overlay.hidden) == (frozenset(), {TREE, SKY})


def test_an_eye_says_when_solo_keeps_it_from_being_seen(qtbot: QtBot, legend: Legend, session: Session) -> None:
    said: list[str] = []
    session.said.connect(said.append)
    click(qtbot, legend, TREE)
    click(qtbot, legend, SKY, Column.EYE)
    click(qtbot, legend, SKY, Column.EYE)
    assert session.overlay.solo == {TREE}
    assert session.overlay.hidden == frozenset()
    assert said == ["Only tree; sky will be hidden when solo ends.", "Only tree; sky will be shown when solo ends."]


def test_its_keys_come_before_the_windows_shortcuts(qtbot: QtBot, session: Session) -> None:
    legend, window = Legend(session), QMainWindow()
    legend.class_chosen.connect(session.set_current_class)
    qtbot.addWidget(window)
    taken: list[str] = []
    for key in ("C", "Space", "Escape"):
        action = QAction(window)
        action.setShortcut(key)
        action.triggered.connect(lambda _checked=False, key=key: taken.append(key))
        window.addAction(action)
    window.setCentralWidget(legend)
    with qtbot.waitActive(window):
        window.show()
    legend.view.setFocus()
    legend.view.setCurrentIndex(cell(legend, LAMP))
    qtbot.keyClick(legend.view, Qt.Key.Key_Space)
    assert taken == []
    assert session.overlay.hidden == {LAMP}
    qtbot.keyClick(legend.view, Qt.Key.Key_C)  # choosing a class is the window's, wherever the focus is
    assert taken == ["C"]
    taken.clear()
    legend.search.setFocus()
    qtbot.keyClicks(legend.search, "tree c")
    qtbot.keyClick(legend.search, Qt.Key.Key_Escape)
    assert taken == []
    assert legend.search.text() == ""
    qtbot.keyClick(legend.search, Qt.Key.Key_Escape)
    assert taken == ["Escape"]


def test_search_goes_over_all_classes_present_ones_first(qtbot: QtBot, legend: Legend, session: Session) -> None:
    qtbot.keyClicks(legend.search, "lamp")
    ids = legend.model.ids()
    assert ids[0] == LAMP  # 'lamp' itself (37) fits better, but is not in the picture
    assert 37 in ids
    assert legend.model.is_present(LAMP)
    assert not legend.model.is_present(37)
    assert legend.state.text() == f"{len(ids)} of 150 classes match"
    qtbot.keyClick(legend.search, Qt.Key.Key_Return)
    assert session.current_class == LAMP
    assert legend.search.text() == ""
    assert legend.model.ids() == (SKY, TREE, LAMP, 0)


def test_search_by_number_takes_an_absent_class(qtbot: QtBot, legend: Legend, session: Session) -> None:
    qtbot.keyClicks(legend.search, "150")
    qtbot.keyClick(legend.search, Qt.Key.Key_Return)
    assert session.current_class == 150


def test_the_arrow_goes_from_the_search_into_the_list(qtbot: QtBot, legend: Legend) -> None:
    legend.search.setFocus()
    qtbot.keyClick(legend.search, Qt.Key.Key_Down)
    assert legend.view.hasFocus()
    assert legend.view.currentIndex().row() == 0


def test_a_click_on_an_absent_class_does_not_blank_the_picture(qtbot: QtBot, legend: Legend, session: Session) -> None:
    qtbot.keyClicks(legend.search, "150")
    click(qtbot, legend, 150)
    assert session.overlay.solo == frozenset()


def test_a_hidden_class_stays_listed_when_its_last_pixel_goes(qtbot: QtBot, legend: Legend, session: Session) -> None:
    session.set_overlay(hidden=frozenset({LAMP}))
    session.set_threshold(0.6)
    assert legend.model.ids() == (SKY, TREE, LAMP, 0)
    assert text(legend, LAMP, Column.AREA) == "0 %"


def test_strokes_are_counted_once_a_moment_and_the_selection_stays(
    qtbot: QtBot, legend: Legend, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    legend.view.setCurrentIndex(cell(legend, TREE))
    resets: list[None] = []
    legend.model.modelReset.connect(lambda: resets.append(None))
    counted: list[None] = []
    areas = type(session.document).areas
    monkeypatch.setattr(type(session.document), "areas", lambda document: counted.append(None) or areas(document))
    for left in range(0, 40, 2):
        paint(session, slice(left, left + 2), PERSON)
    assert counted == []
    qtbot.waitUntil(lambda: legend.model.ids() == (PERSON, TREE, LAMP, 0))
    assert len(counted) == 1
    assert resets == []
    assert legend.model.class_at(legend.view.currentIndex()) == TREE
    assert text(legend, PERSON, Column.AREA) == "40.0 %"
    assert text(legend, PERSON, Column.SCORE) == "–"
    session.undo()
    qtbot.waitUntil(lambda: legend.model.ids() == (PERSON, TREE, LAMP, SKY, 0))
    assert legend.model.class_at(legend.view.currentIndex()) == TREE


def test_only_rows_that_changed_are_painted_again(qtbot: QtBot, legend: Legend, session: Session) -> None:
    told: list[int] = []
    legend.model.dataChanged.connect(lambda first, last, _roles: told.extend(range(first.row(), last.row() + 1)))
    session.set_threshold(0.45)  # no score lies between: nothing differs
    assert told == []
    paint(session, slice(0, 1), TREE)
    qtbot.waitUntil(lambda: text(legend, SKY, Column.AREA) == "39.0 %")
    assert told == [0, 1]


def test_the_threshold_changes_the_rows_at_once(legend: Legend, session: Session) -> None:
    session.set_threshold(0.2)
    assert legend.model.ids() == (SKY, TREE, LAMP, PERSON, 0)
    session.set_threshold(0.9)
    assert legend.model.ids() == (SKY, 0)
    assert legend.state.text() == "1 class"
    session.set_threshold(1.0)
    assert legend.state.text() == "No score above 1.00: lower the threshold"


def test_the_menu_offers_what_a_row_can_do(qtbot: QtBot, legend: Legend, session: Session) -> None:
    actions = {action.text(): action for action in legend.make_menu(TREE).actions()}
    actions["Show only tree"].trigger()
    assert session.overlay.solo == {TREE}
    assert "End solo" in [action.text() for action in legend.make_menu(TREE).actions()]
    actions["Hide tree"].trigger()
    assert session.overlay.hidden == {TREE}
    assert session.overlay.solo == frozenset()
    actions["Paint with tree"].trigger()
    assert session.current_class == TREE
    assert "Show tree" in [action.text() for action in legend.make_menu(TREE).actions()]


def test_the_menu_opens_by_mouse_and_by_key(qtbot: QtBot, legend: Legend) -> None:
    wanted: list[int] = []
    legend.view.menu_wanted.connect(lambda class_id, _place: wanted.append(class_id))
    where = place(legend, LAMP)
    viewport = legend.view.viewport()
    QApplication.sendEvent(
        viewport, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, where, viewport.mapToGlobal(where))
    )
    popup = QApplication.activePopupWidget()
    assert popup is not None
    popup.close()
    legend.view.setCurrentIndex(cell(legend, SKY))
    QApplication.sendEvent(viewport, QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(0, 0), QPoint(0, 0)))
    popup = QApplication.activePopupWidget()
    assert popup is not None
    popup.close()
    assert wanted == [LAMP, SKY]


def test_an_empty_legend_says_why(qtbot: QtBot, empty_session: Session) -> None:
    legend = Legend(empty_session)
    qtbot.addWidget(legend)
    legend.show()
    assert legend.model.rowCount() == 0
    assert legend.view.empty_text == NOTHING_OPEN
    empty_session.show(PICTURE)
    assert legend.view.empty_text == NO_MASKS
    legend.set_unreadable(unreadable=True)
    assert legend.view.empty_text == UNREADABLE
    legend.search.setText("no such thing")
    assert "no such thing" in legend.view.empty_text
    legend.search.clear()
    assert legend.state.text() == ""


def test_new_masks_replace_the_rows(qtbot: QtBot, legend: Legend, session: Session) -> None:
    session.drop_predictions()
    assert legend.model.rowCount() == 0
    predict(session)
    assert legend.model.ids() == (SKY, TREE, LAMP, 0)


def test_rows_speak_to_screen_readers(legend: Legend, session: Session) -> None:
    session.set_overlay(solo=frozenset({SKY}), hidden=frozenset({TREE}))
    role = Qt.ItemDataRole.AccessibleTextRole
    assert cell(legend, SKY).data(role) == "3 sky, solo, current class"
    assert cell(legend, SKY, Column.AREA).data(role) == "Area 40.0 %"
    assert cell(legend, TREE, Column.EYE).data(role) == "hidden"


@pytest.mark.parametrize("width", [280, 340])
def test_numbers_always_fit_their_columns(legend: Legend, width: int) -> None:
    legend.resize(width, 400)
    metrics = legend.view.fontMetrics()
    for column, widest in ((Column.AREA, "99.9 %"), (Column.SCORE, "0.00"), (Column.IOU, "94")):
        assert not legend.view.isColumnHidden(column)
        assert legend.view.columnWidth(column) >= metrics.horizontalAdvance(widest)
    assert legend.view.header().length() == legend.view.viewport().width()


def test_names_keep_their_room_when_the_text_is_large(qtbot: QtBot, legend: Legend) -> None:
    font = legend.view.font()
    font.setPointSizeF(font.pointSizeF() * 1.6)
    legend.view.setFont(font)
    assert legend.view.isColumnHidden(Column.SCORE)
    assert not legend.view.isColumnHidden(Column.AREA)
    assert legend.view.columnWidth(Column.CLASS) > legend.view.fontMetrics().horizontalAdvance("street la")
    tip = cell(legend, SKY).data(Qt.ItemDataRole.ToolTipRole)
    assert "Best score in this picture: 0.95" in tip
    assert "Published IoU" in tip
    legend.resize(600, 400)
    assert not legend.view.isColumnHidden(Column.SCORE)
