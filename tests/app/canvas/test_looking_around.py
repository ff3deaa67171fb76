"""Zooming and panning with real mouse, wheel and key events."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import (
    QNativeGestureEvent,
    QPointingDevice,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.canvas.canvas import Canvas
from app.editing.session import Session
from app.tools import make_tool
from tests.app.canvas.hand import CTRL, LEFT, MIDDLE, SHIFT, drag, seen, wheel
from tests.app.canvas.scene import (
    map_of,
    spot,
)


@pytest.mark.parametrize("at", [QPoint(100, 90), QPoint(200, 150), QPoint(310, 220)])
def test_the_wheel_keeps_the_point_under_the_cursor(canvas: Canvas, at: QPoint, qtbot: QtBot) -> None:
    before, scale = seen(canvas, at), canvas.scale
    with qtbot.waitSignal(canvas.zoom_changed) as zoomed:
        wheel(canvas, at, 3)
    assert canvas.scale > scale
    assert zoomed.args == [canvas.scale]
    assert seen(canvas, at) == pytest.approx(before)
    wheel(canvas, at, -1)
    assert seen(canvas, at) == pytest.approx(before)


def test_keys_zoom_around_the_pointer(canvas: Canvas) -> None:
    at = spot(canvas, 30, 30)
    QTest.mouseMove(canvas, at)
    before = seen(canvas, at)
    canvas.zoom_in()
    assert seen(canvas, at) == pytest.approx(before)
    scale = canvas.scale
    canvas.zoom_out()
    assert canvas.scale < scale


@pytest.mark.parametrize("way", ["middle", "space", "tool"])
def test_there_are_three_ways_to_pan(canvas: Canvas, session: Session, way: str) -> None:
    canvas.set_tool(make_tool("pan" if way == "tool" else "brush", session))
    canvas.zoom_to(4.0)
    canvas.setFocus()
    start, end = QPoint(200, 150), QPoint(247, 131)
    before = seen(canvas, start)
    if way == "space":
        QTest.keyPress(canvas, Qt.Key.Key_Space)
    drag(canvas, [start, QPoint(220, 150), end], MIDDLE if way == "middle" else LEFT)
    if way == "space":
        QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert seen(canvas, end) == pytest.approx(before)
    assert not map_of(session).human.any()


def test_arrows_pan(canvas: Canvas) -> None:
    canvas.zoom_to(8.0)
    x, y = seen(canvas, QPoint(200, 150))
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    assert seen(canvas, QPoint(200, 150)) == pytest.approx((x + 8, y + 8))
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    QTest.keyClick(canvas, Qt.Key.Key_Up)
    assert seen(canvas, QPoint(200, 150)) == pytest.approx((x, y))


def test_a_pinch_on_a_touchpad_zooms_at_the_fingers(canvas: Canvas) -> None:
    at = QPoint(180, 140)
    before, scale = seen(canvas, at), canvas.scale
    local = QPointF(at)
    pinch = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture,
        QPointingDevice.primaryPointingDevice(),
        2,
        local,
        local,
        QPointF(canvas.mapToGlobal(at)),
        0.5,
        QPointF(),
    )
    QApplication.sendEvent(canvas, pinch)
    assert canvas.scale == pytest.approx(scale * 1.5)
    assert seen(canvas, at) == pytest.approx(before)


def test_after_space_the_button_paints_again(canvas: Canvas, session: Session) -> None:
    canvas.set_tool(make_tool("brush", session))
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_Space)
    drag(canvas, [spot(canvas, 20, 20), spot(canvas, 30, 20)])
    assert map_of(session).human.any()


def test_the_photo_can_never_be_lost(canvas: Canvas) -> None:
    for _ in range(8):
        drag(canvas, [QPoint(10, 10), QPoint(390, 290)], MIDDLE)
    assert canvas.viewport is not None
    assert not canvas.viewport.photo_box().empty
    wheel(canvas, QPoint(5, 5), -60)
    assert canvas.viewport is not None
    assert not canvas.viewport.photo_box().empty


def test_fit_follows_the_window_until_someone_zooms(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.resize(600, 500)
    assert canvas.viewport is not None
    assert canvas.viewport.fitted
    box = canvas.viewport.photo_box()
    assert box.width == pytest.approx(600 - 32, abs=1)
    canvas.zoom_to(3.0)
    middle = canvas.viewport.to_photo(300, 250)
    canvas.resize(500, 300)
    assert canvas.scale == 3.0
    assert canvas.viewport.to_photo(250, 150) == pytest.approx(middle)
    canvas.zoom_fit()
    assert canvas.viewport.fitted


def test_shift_and_wheel_go_sideways(canvas: Canvas) -> None:
    canvas.zoom_to(8.0)
    at = QPoint(200, 150)
    x, y = seen(canvas, at)
    wheel(canvas, at, 1, SHIFT)
    after_x, after_y = seen(canvas, at)
    assert after_x < x
    assert after_y == y


def test_ctrl_and_wheel_change_the_brush_and_nothing_else(canvas: Canvas, session: Session) -> None:
    canvas.set_tool(make_tool("brush", session))
    session.set_brush_size(1)
    scale = canvas.scale
    sizes = []
    for _ in range(12):
        wheel(canvas, QPoint(200, 150), 1, CTRL)
        sizes.append(session.brush_size)
    assert all(larger > smaller for smaller, larger in pairwise(sizes))
    wheel(canvas, QPoint(200, 150), -40, CTRL)
    assert session.brush_size == 1
    wheel(canvas, QPoint(200, 150), 100, CTRL)
    assert session.brush_size == 2000
    assert canvas.scale == scale


def test_a_touchpad_turns_in_small_steps(canvas: Canvas, session: Session) -> None:
    canvas.set_tool(make_tool("brush", session))
    session.set_brush_size(40)
    for _ in range(8):
        wheel(canvas, QPoint(200, 150), 1 / 8, CTRL)
    assert session.brush_size == 46
