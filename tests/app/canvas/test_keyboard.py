"""Every tool works without a mouse."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.canvas.canvas import Canvas
from app.canvas.keyboard import LEAP
from app.core.document import Hover
from app.editing.session import Session
from app.tools import make_tool

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


def test_pointer_moves_by_picture_pixels_and_is_told(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.zoom_to(4.0)
    hovers: list[Hover | None] = []
    canvas.hovered.connect(hovers.append)
    QTest.keyClick(canvas, Qt.Key.Key_Right, CTRL)
    first = hovers[-1]
    assert first is not None
    QTest.keyClick(canvas, Qt.Key.Key_Right, CTRL)
    QTest.keyClick(canvas, Qt.Key.Key_Down, CTRL | SHIFT)
    last = hovers[-1]
    assert last is not None
    assert (last.x - first.x, last.y - first.y) == (1, LEAP)


def test_return_uses_the_tool_at_the_pointer(canvas: Canvas, session: Session) -> None:
    document = session.document
    assert document is not None
    assert document.segment_map is not None
    canvas.set_tool(make_tool("brush", session))
    session.set_brush_size(1)
    session.set_current_class(9)
    QTest.keyClick(canvas, Qt.Key.Key_Right, CTRL)
    at, view = canvas.mouse.position, canvas.viewport
    assert at is not None
    assert view is not None
    x, y = (math.floor(value) for value in view.to_photo(at.x(), at.y()))
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert document.labels()[y, x] == 9
    assert np.count_nonzero(document.segment_map.human) == 1
    QTest.keyClick(canvas, Qt.Key.Key_Return, SHIFT)
    assert document.labels()[y, x] == 0


def test_pointer_stays_over_canvas_and_picture(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.zoom_to(16.0)
    for _ in range(200):
        QTest.keyClick(canvas, Qt.Key.Key_Left, CTRL | SHIFT)
    assert canvas.mouse.position is not None
    assert 0 <= canvas.mouse.position.x() <= canvas.width() * canvas.devicePixelRatioF()
