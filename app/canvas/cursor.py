"""The pointer over the picture: the system's cursor for each tool, and the brush drawn at its exact size."""

from __future__ import annotations

from functools import lru_cache
from typing import assert_never

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QCursor, QPainter, QPainterPath, QPen, QPixmap, QPolygonF, QRegion

from app.canvas.viewport import Viewport
from app.core.painting import BrushShape, dab
from app.tools.base import Cursor, Outline

_SMALLEST = 6.0  # logical pixels across, below which a brush is shown as a cross
_STEPPED_UP_TO = 96  # image pixels across, up to which a brush seen from close up shows its exact pixels
_STEPPED_FROM = 3.0  # device pixels per image pixel
_DARK, _WHITE = QColor(0, 0, 0, 150), QColor(255, 255, 255, 240)
_PEN = 4.0  # logical pixels that a line and its casing reach


def shape_for(cursor: Cursor, *, drawn: bool) -> QCursor:
    """The system cursor for a tool; none where the canvas has `drawn` the brush itself. The same one every time."""
    match cursor:
        case Cursor.PAINT:
            return plain(Qt.CursorShape.BlankCursor) if drawn else cross()
        case Cursor.POINT:
            return cross()
        case Cursor.PICK:
            return pipette()
        case Cursor.HAND:
            return hand(closed=False)
        case Cursor.ZOOM:
            return glass()
        case unexpected:
            assert_never(unexpected)


def hand(*, closed: bool) -> QCursor:
    """The hand that moves the picture."""
    return plain(Qt.CursorShape.ClosedHandCursor if closed else Qt.CursorShape.OpenHandCursor)


@lru_cache
def plain(shape: Qt.CursorShape) -> QCursor:
    """A cursor of the system."""
    return QCursor(shape)


def is_drawn(outline: Outline | None, view: Viewport, ratio: float) -> bool:
    """Whether the outline is large enough on the screen to be drawn in place of a cross."""
    return outline is not None and outline.diameter * view.scale / ratio >= _SMALLEST


def outline_region(outline: Outline, view: Viewport, at: QPointF, ratio: float) -> QRegion:
    """What drawing the outline touches, in logical pixels: a ring, so that a large brush costs its rim alone."""
    pen = _PEN * ratio
    reach = outline.diameter * view.scale / 2 + pen + view.scale
    ring = QRegion(_logical(QRectF(at.x() - reach, at.y() - reach, 2 * reach, 2 * reach), ratio))
    inner = (outline.diameter * view.scale / 2 - pen - view.scale) * 0.7
    if inner > 16 * ratio:
        hole = QRectF(at.x() - inner, at.y() - inner, 2 * inner, 2 * inner)
        ring -= QRegion(_logical(hole, ratio).adjusted(1, 1, -1, -1))
        ring += QRegion(_logical(QRectF(at.x(), at.y(), 0, 0).adjusted(-pen, -pen, pen, pen), ratio))
    if outline.anchor is not None:
        line = QRectF(QPointF(*view.to_view(*outline.anchor)), at).normalized()
        ring += QRegion(_logical(line.adjusted(-pen, -pen, pen, pen), ratio))
    return ring


def draw_outline(painter: QPainter, outline: Outline, view: Viewport, at: QPointF, ratio: float) -> None:
    """Draw the brush around the device position `at`, dark beside white; the painter works in device pixels."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if outline.anchor is not None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = QLineF(QPointF(*view.to_view(*outline.anchor)), at)
        for pen in _two_tone(ratio):
            painter.setPen(pen)
            painter.drawLine(line)
    if not is_drawn(outline, view, ratio):
        return
    if view.scale >= _STEPPED_FROM and outline.diameter <= _STEPPED_UP_TO:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        border = _stepped(outline, view, at)
        for pen in _two_tone(ratio):
            painter.setPen(pen)
            painter.drawPolygon(border)
    else:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _draw_rim(painter, at, outline.diameter * view.scale / 2, ratio, square=outline.square)


def _draw_rim(painter: QPainter, at: QPointF, radius: float, ratio: float, *, square: bool) -> None:
    """Rings one device pixel wide side by side: Qt draws those twenty times as fast as one wide ring."""
    width = max(1, round(ratio))
    for ring in range(-width, 2 * width):
        pen = QPen(_WHITE if 0 <= ring < width else _DARK, 1)
        pen.setCosmetic(True)
        painter.setPen(pen)
        reach = radius + ring
        if square:
            painter.drawRect(QRectF(at.x() - reach, at.y() - reach, 2 * reach, 2 * reach))
        else:
            painter.drawEllipse(at, reach, reach)
    if radius > 12 * ratio:
        for colour, size in ((_DARK, 3 * width), (_WHITE, width)):
            painter.fillRect(QRectF(at.x() - size / 2, at.y() - size / 2, size, size), colour)


def _two_tone(ratio: float) -> tuple[QPen, QPen]:
    return QPen(_DARK, 3 * ratio), QPen(_WHITE, ratio)


def _stepped(outline: Outline, view: Viewport, at: QPointF) -> QPolygonF:
    """The border of exactly the pixels that a dab here would paint."""
    x, y = view.to_photo(at.x(), at.y())
    side = round(outline.diameter) + 4
    left, top = int(np.floor(x)) - side // 2, int(np.floor(y)) - side // 2
    brush = BrushShape.SQUARE if outline.square else BrushShape.ROUND
    box, mask = dab((x - left, y - top), outline.diameter, (side, side), brush=brush)
    starts = mask.argmax(axis=1)
    stops = starts + mask.sum(axis=1)
    right_side, left_side = [], []
    for row, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        for edge in (row, row + 1):
            right_side.append((stop, edge))
            left_side.append((start, edge))
    corners = right_side + left_side[::-1]
    return QPolygonF([QPointF(*view.to_view(left + box.x0 + x, top + box.y0 + y)) for x, y in corners])


def _logical(rect: QRectF, ratio: float) -> QRect:
    return QRectF(rect.x() / ratio, rect.y() / ratio, rect.width() / ratio, rect.height() / ratio).toAlignedRect()


@lru_cache(maxsize=1)
def cross() -> QCursor:
    """A fine cross that reads on dark and light, open in the middle so that the pixel in question stays visible."""
    path = QPainterPath()
    for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        path.moveTo(QPointF(12 + 3 * dx, 12 + 3 * dy))
        path.lineTo(QPointF(12 + 10 * dx, 12 + 10 * dy))
    return _cursor(path, hot=(12, 12))


@lru_cache(maxsize=1)
def pipette() -> QCursor:
    """A pipette whose tip is at the lower left."""
    path = QPainterPath(QPointF(2, 22))
    for point in ((4, 17), (13, 8), (16, 11), (7, 20)):
        path.lineTo(QPointF(*point))
    path.closeSubpath()
    path.moveTo(QPointF(11, 6))
    path.lineTo(QPointF(18, 13))
    path.moveTo(QPointF(14.5, 9.5))
    path.lineTo(QPointF(19, 5))
    return _cursor(path, hot=(2, 22))


@lru_cache(maxsize=1)
def glass() -> QCursor:
    """A magnifying glass; what counts is the middle of its lens."""
    path = QPainterPath()
    path.addEllipse(QPointF(10, 10), 6.5, 6.5)
    path.moveTo(QPointF(15, 15))
    path.lineTo(QPointF(21, 21))
    return _cursor(path, hot=(10, 10))


def _cursor(path: QPainterPath, *, hot: tuple[int, int]) -> QCursor:
    scale = 2.0
    pixmap = QPixmap(round(24 * scale), round(24 * scale))
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for colour, width in ((QColor(0, 0, 0, 190), 3.5), (QColor(255, 255, 255), 1.5)):
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        painter.drawPath(path)
    painter.end()
    return QCursor(pixmap, *hot)
