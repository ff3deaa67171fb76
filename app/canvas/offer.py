"""What the tool in hand shows over the picture before it is a correction: its line and its preview."""

from __future__ import annotations

import cv2
import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF, QRegion

from app.canvas.device import logical_rect, shared_image
from app.canvas.preview import preview_box, preview_pixels
from app.canvas.screen import Screen
from app.canvas.viewport import Viewport
from app.core.arrays import U8, U32, Bool
from app.core.geometry import Point
from app.tools.base import Preview, Sketch, Tool

_HANDLE = 4.0  # logical pixels, half the side of a handle
_ACTIVE = 1.4  # times that for the handle under the pointer
_REACH = 8.0  # logical pixels: no line or handle is drawn further from its points
_PIECES = 6  # that a line is cut into to say what it touches: a box around a slanting line is mostly empty
_DARK, _WHITE = QColor(0, 0, 0, 170), QColor(255, 255, 255, 245)


class Offer:
    """Draws it: of a preview what the rule lets paint cover, whichever tool offers it.

    The image of a preview is kept until the preview, the rule, the colours or the view change, or what lies below.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._of: tuple[Preview, Viewport, bytes | None] | None = None  # what the image shows, and by which rule
        self._pixels: U32 = np.zeros((0, 0), np.uint32)  # the memory of the image
        self._image = QImage()
        self._corner = (0, 0)
        self._shown: tuple[Preview | None, Sketch | None] = (None, None)

    def changes(self, tool: Tool | None, view: Viewport, ratio: float) -> QRegion:
        """What has to be painted again since it was drawn, or asked for here, the last time: in logical pixels."""
        preview, sketch = self._now(tool)
        (old_preview, old_sketch), self._shown = self._shown, (preview, sketch)
        changed = QRegion()
        if preview is not old_preview:
            for one in (old_preview, preview):
                if one is not None:
                    changed += QRegion(logical_rect(preview_box(one, view, ratio), ratio))
        for line in changed_lines(old_sketch, sketch):
            for rect in _around(line, view, _REACH * ratio):
                logical = QRectF(rect.x() / ratio, rect.y() / ratio, rect.width() / ratio, rect.height() / ratio)
                changed += QRegion(logical.toAlignedRect())
        return changed

    @staticmethod
    def _now(tool: Tool | None) -> tuple[Preview | None, Sketch | None]:
        return (None, None) if tool is None else (tool.preview(), tool.sketch())

    def forget(self) -> None:
        """The colours of the classes are others now."""
        self._of = None

    def below_changed(self, ratio: float) -> QRegion:
        """Pixels were painted: what of a preview may look different by that, in logical pixels, wherever they are."""
        if self._of is None or self._of[2] is None:
            return QRegion()  # no rule keeps it from anything
        (preview, view, _), self._of = self._of, None
        return QRegion(logical_rect(preview_box(preview, view, ratio), ratio))

    def draw(self, painter: QPainter, tool: Tool, view: Viewport, *, colours: U8, ratio: float) -> None:
        """Preview and line; the painter works in device pixels. `colours` (256, 3) RGB by class id."""
        preview, sketch = self._shown = self._now(tool)
        if preview is not None:
            self._draw_preview(painter, preview, view, colours=colours, ratio=ratio, writable=_writable(tool))
        if sketch is not None:
            draw_sketch(painter, sketch, view, ratio)

    def _draw_preview(
        self, painter: QPainter, preview: Preview, view: Viewport, *, colours: U8, ratio: float, writable: Bool | None
    ) -> None:
        rule = None if writable is None else writable.tobytes()
        if self._of is None or self._of[0] is not preview or self._of[1:] != (view, rule):
            self._of = (preview, view, rule)
            box = preview_box(preview, view, ratio)
            self._corner = (box.x0, box.y0)
            shown = self._screen.seen_codes[box.slices]
            allowed = None if writable is None or not shown.size else _looked_up(writable, shown)
            self._pixels = preview_pixels(preview, view, colours, allowed=allowed, ratio=ratio)
            self._image = shared_image(self._pixels) if self._pixels.size else QImage()
        if not self._image.isNull():
            painter.drawImage(QPointF(*self._corner), self._image)


def _writable(tool: Tool) -> Bool | None:
    """The codes that the rule lets paint cover, (256,); None for all of them."""
    document = tool.session.document
    return None if document is None else tool.session.rule.writable(document.label_table())


def _looked_up(writable: Bool, codes: U8) -> Bool:
    """Five times as fast as indexing: a drag shows a preview at every move."""
    return np.asarray(cv2.LUT(codes, writable.view(np.uint8)), np.uint8).view(np.bool_)


def changed_lines(old: Sketch | None, new: Sketch | None) -> list[tuple[Point, ...]]:
    """Lines, as points in image pixels, along which the two sketches look different."""
    if old == new:
        return []
    before, after = (() if sketch is None else sketch.points for sketch in (old, new))
    if old is None or new is None or old.handles is not new.handles:
        lines = [before, after]
    else:
        alike = zip(before, after, strict=False)
        first = next((index for index, (a, b) in enumerate(alike) if a != b), min(len(before), len(after)))
        most = min(len(before), len(after)) - first
        alike = zip(reversed(before), reversed(after), strict=False)
        last = next((index for index, (a, b) in enumerate(alike) if a != b or index >= most), most)
        lines = [points[max(0, first - 1) : len(points) - max(0, last - 1)] for points in (before, after)]
        if old.active != new.active:
            lines += [(sketch.points[sketch.active],) for sketch in (old, new) if sketch.active is not None]
    return [line for line in [*lines, *(_ends(old) ^ _ends(new))] if line]


def _ends(sketch: Sketch | None) -> set[tuple[Point, ...]]:
    """The line that closes a sketch, and the one to where its next point would be."""
    ends: set[tuple[Point, ...]] = set()
    if sketch is not None and sketch.points:
        if sketch.closed:
            ends.add((sketch.points[-1], sketch.points[0]))
        if sketch.tail is not None:
            ends.add((sketch.points[0 if sketch.closed else -1], sketch.tail))
    return ends


def _around(line: tuple[Point, ...], view: Viewport, reach: float) -> list[QRectF]:
    """Rectangles in device pixels that hold a line and `reach` around it: one, or for a straight line some."""
    points = [view.to_view(*point) for point in line]
    if len(points) == 2:
        (x, y), (end_x, end_y) = points
        parts = [index / _PIECES for index in range(_PIECES + 1)]
        points = [(x + (end_x - x) * part, y + (end_y - y) * part) for part in parts]
        groups = [points[index : index + 2] for index in range(_PIECES)]
    else:
        groups = [points]
    rects = []
    for group in groups:
        xs, ys = [x for x, _ in group], [y for _, y in group]
        rect = QRectF(QPointF(min(xs), min(ys)), QPointF(max(xs), max(ys)))
        rects.append(rect.adjusted(-reach, -reach, reach, reach))
    return rects


def draw_sketch(painter: QPainter, sketch: Sketch, view: Viewport, ratio: float) -> None:
    """The line, white beside dark, and its handles."""
    points = [QPointF(*view.to_view(*point)) for point in sketch.points]
    if not points:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    path = QPainterPath()
    path.addPolygon(QPolygonF(points))
    if sketch.closed:
        path.closeSubpath()
    if sketch.tail is not None:
        path.lineTo(QPointF(*view.to_view(*sketch.tail)))
    for colour, width in ((_DARK, 3 * ratio), (_WHITE, 1.25 * ratio)):
        painter.setPen(QPen(colour, width))
        painter.drawPath(path)
    if sketch.handles:
        for index, point in enumerate(points):
            side = _HANDLE * ratio * (_ACTIVE if index == sketch.active else 1.0)
            painter.setPen(QPen(_DARK, ratio))
            painter.setBrush(_WHITE)
            painter.drawRect(QRectF(point.x() - side, point.y() - side, 2 * side, 2 * side))
    painter.restore()
