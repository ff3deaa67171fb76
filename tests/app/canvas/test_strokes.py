"""Painting with real mouse and key events."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import (
    QFocusEvent,
    QKeySequence,
    QShortcut,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.canvas.canvas import Canvas
from app.core.painting import StrokePath, stroke
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from app.editing.session import Session
from app.tools import make_tool
from tests.app.canvas.hand import LEFT, MIDDLE, NONE, RIGHT, SHIFT, drag, leave, seen, wheel
from tests.app.canvas.scene import (
    HEIGHT,
    WIDTH,
    close,
    grabbed,
    map_of,
    over,
    photo,
    show_photo,
    spot,
)


@pytest.mark.parametrize("zoom", [1.0, 3.0])
def test_a_stroke_paints_exactly_what_the_data_layer_says(canvas: Canvas, session: Session, zoom: float) -> None:
    canvas.set_tool(make_tool("brush", session))
    session.set_current_class(17)
    session.set_brush_size(9)
    session.set_overlay(opacity=0.5)
    canvas.zoom_to(zoom)
    points = [spot(canvas, x, y) for x, y in ((40, 30), (55, 33), (57, 45), (44, 46))]
    expected = np.zeros((HEIGHT, WIDTH), bool)
    path = StrokePath(9)
    drawn = [segment for point in points for segment in path.add(seen(canvas, point))]
    for start, end in drawn:
        box, mask = stroke(start, end, 9, (HEIGHT, WIDTH))
        expected[box.slices] |= mask
    drag(canvas, points, release=False)
    assert np.array_equal(map_of(session).human == human_value(17), expected)  # it is there while the button is down
    for start, end in path.finish():
        box, mask = stroke(start, end, 9, (HEIGHT, WIDTH))
        expected[box.slices] |= mask
    QTest.mouseRelease(canvas, LEFT, NONE, points[-1])
    assert np.array_equal(map_of(session).human == human_value(17), expected)
    leave(canvas)
    shown, view = grabbed(canvas), canvas.viewport
    assert view is not None
    for y, x in ((30, 40), (33, 55), (39, 56), (46, 50), (38, 47), (60, 90)):
        at = spot(canvas, x + 0.5, y + 0.5)
        painted = close(shown[at.y(), at.x()], over(photo()[y, x], 17, 0.5))
        assert painted == bool(expected[y, x])
    assert session.undo_stack is not None
    assert session.undo_stack.count() == 1
    session.undo()
    assert not map_of(session).human.any()


def test_what_a_stroke_repaints_is_what_a_full_paint_shows(canvas: Canvas, session: Session) -> None:
    canvas.set_tool(make_tool("brush", session))
    session.set_overlay(outline=True)
    canvas.zoom_to(3.0)
    drag(canvas, [spot(canvas, 55, 20), spot(canvas, 70, 44), spot(canvas, 50, 60)])
    QApplication.processEvents()
    leave(canvas)
    piecewise = grabbed(canvas)
    session.prediction_changed.emit()  # everything is sampled afresh
    assert np.array_equal(grabbed(canvas), piecewise)


def test_the_right_button_erases(canvas: Canvas, session: Session) -> None:
    canvas.set_tool(make_tool("brush", session))
    session.set_brush_size(5)
    drag(canvas, [spot(canvas, 20.5, 20.5), spot(canvas, 30.5, 20.5)], RIGHT)
    assert map_of(session).code_at(25, 20) == HUMAN_UNLABELLED
    leave(canvas)
    canvas.zoom_to(1.0)
    at = spot(canvas, 25.5, 20.5)
    assert tuple(grabbed(canvas)[at.y(), at.x()]) == (25, 20, 90)


def test_escape_takes_the_stroke_in_hand_back(canvas: Canvas, session: Session) -> None:
    canvas.set_tool(make_tool("brush", session))
    canvas.setFocus()
    leave(canvas)
    before = grabbed(canvas)
    drag(canvas, [spot(canvas, 20, 20), spot(canvas, 60, 50)], release=False)
    assert map_of(session).human.any()
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert not map_of(session).human.any()
    QTest.mouseMove(canvas, spot(canvas, 70, 60))
    QTest.mouseRelease(canvas, LEFT, NONE, spot(canvas, 70, 60))
    assert not map_of(session).human.any()
    assert session.undo_stack is not None
    assert session.undo_stack.count() == 0
    leave(canvas)
    assert np.array_equal(grabbed(canvas), before)


def test_escape_belongs_to_the_stroke_before_it_is_a_shortcut(canvas: Canvas, session: Session, qtbot: QtBot) -> None:
    heard: list[int] = []
    shortcut = QShortcut(QKeySequence(Qt.Key.Key_Escape), canvas)
    shortcut.activated.connect(lambda: heard.append(1))
    canvas.set_tool(make_tool("brush", session))
    canvas.activateWindow()
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus)
    drag(canvas, [spot(canvas, 20, 20), spot(canvas, 60, 50)], release=False)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert heard == []
    assert not map_of(session).human.any()
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert heard == [1]
    QTest.mouseRelease(canvas, LEFT, NONE, QPoint(10, 10))


def test_losing_the_focus_keeps_the_stroke(canvas: Canvas, session: Session) -> None:
    canvas.set_tool(make_tool("brush", session))
    drag(canvas, [spot(canvas, 20, 20), spot(canvas, 60, 50)], release=False)
    QCoreApplication.sendEvent(canvas, QFocusEvent(QEvent.Type.FocusOut))
    assert session.undo_stack is not None
    assert session.undo_stack.count() == 1
    painted = map_of(session).human.copy()
    QTest.mouseMove(canvas, spot(canvas, 100, 70))
    QTest.mouseRelease(canvas, LEFT, NONE, spot(canvas, 100, 70))
    assert np.array_equal(map_of(session).human, painted)
    assert session.undo_stack.count() == 1


def test_a_stroke_may_leave_the_canvas_and_end_outside(canvas: Canvas, session: Session) -> None:
    canvas.set_tool(make_tool("brush", session))
    drag(canvas, [spot(canvas, 60, 40), QPoint(600, 150)])
    assert session.undo_stack is not None
    assert session.undo_stack.count() == 1
    assert map_of(session).human[40, WIDTH - 1]


def test_another_button_during_a_stroke_changes_nothing(canvas: Canvas, session: Session) -> None:
    canvas.set_tool(make_tool("brush", session))
    session.set_current_class(17)
    drag(canvas, [spot(canvas, 20, 20), spot(canvas, 30, 20)], release=False)
    QTest.mousePress(canvas, RIGHT, NONE, spot(canvas, 30, 20))
    QTest.mouseRelease(canvas, RIGHT, NONE, spot(canvas, 30, 20))
    QTest.mouseMove(canvas, spot(canvas, 40, 20))
    QTest.mouseRelease(canvas, LEFT, NONE, spot(canvas, 40, 20))
    assert session.undo_stack is not None
    assert session.undo_stack.count() == 1
    assert map_of(session).code_at(40, 20) == human_value(17)


def test_a_new_tool_finishes_the_stroke_of_the_last(canvas: Canvas, session: Session) -> None:
    canvas.set_tool(make_tool("brush", session))
    drag(canvas, [spot(canvas, 20, 20), spot(canvas, 60, 50)], release=False)
    canvas.set_tool(make_tool("pick", session))
    assert session.undo_stack is not None
    assert session.undo_stack.count() == 1
    QTest.mouseRelease(canvas, LEFT, NONE, spot(canvas, 60, 50))
    assert session.undo_stack.count() == 1


def test_another_picture_keeps_the_stroke_on_the_first(canvas: Canvas, session: Session) -> None:
    canvas.set_tool(make_tool("brush", session))
    first = map_of(session)
    drag(canvas, [spot(canvas, 20, 20), spot(canvas, 60, 50)], release=False)
    show_photo(session, path=Path("/photos/other.jpg"))
    assert first.human.any()
    QTest.mouseMove(canvas, spot(canvas, 90, 20))
    QTest.mouseRelease(canvas, LEFT, NONE, spot(canvas, 90, 20))
    assert not map_of(session).human.any()
    assert not first.human[20, 90]


def test_shift_and_click_draw_a_straight_line(canvas: Canvas, session: Session) -> None:
    canvas.set_tool(make_tool("brush", session))
    session.set_brush_size(3)
    QTest.mouseClick(canvas, LEFT, NONE, spot(canvas, 10.5, 10.5))
    QTest.mouseClick(canvas, LEFT, SHIFT, spot(canvas, 90.5, 10.5))
    assert (map_of(session).human[10, 10:91] != 0).all()
    assert session.undo_stack is not None
    assert session.undo_stack.count() == 2


def test_a_fast_hand_leaves_no_gaps(canvas: Canvas, session: Session) -> None:
    canvas.set_tool(make_tool("brush", session))
    session.set_brush_size(2)
    drag(canvas, [spot(canvas, 5, 40), spot(canvas, 110, 42)])
    assert (map_of(session).human[:, 6:110] != 0).any(axis=0).all()


def test_quick_clicks_are_clicks(canvas: Canvas, session: Session) -> None:
    canvas.set_tool(make_tool("brush", session))
    session.set_brush_size(3)
    at, other = spot(canvas, 20.5, 20.5), spot(canvas, 21.5, 20.5)
    QTest.mouseClick(canvas, LEFT, NONE, at)
    QTest.mouseDClick(canvas, LEFT, NONE, other)
    assert map_of(session).human[20, 22]


def test_a_click_paints_the_pixel_it_points_at(canvas: Canvas, session: Session) -> None:
    canvas.set_tool(make_tool("brush", session))
    session.set_brush_size(1)
    for scale in (1.0, 8.0):
        canvas.zoom_to(scale)
        at = spot(canvas, 33.2, 27.6)
        QTest.mouseClick(canvas, LEFT, NONE, at)
        assert map_of(session).human[27, 33]
        assert np.count_nonzero(map_of(session).human) == 1
        session.undo()


def test_without_a_picture_the_mouse_does_nothing(empty_canvas: Canvas, session: Session) -> None:
    empty_canvas.set_tool(make_tool("brush", session))
    drag(empty_canvas, [QPoint(20, 20), QPoint(50, 30)])
    wheel(empty_canvas, QPoint(20, 20), 2)
    drag(empty_canvas, [QPoint(20, 20), QPoint(50, 30)], MIDDLE)
    empty_canvas.zoom_in()
    empty_canvas.pan_by(5, 5)
    assert empty_canvas.viewport is None
