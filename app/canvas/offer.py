"""What the tool in hand shows over the picture before it is a correction: its line and its preview."""

from __future__ import annotations

import cv2
import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF

from app.canvas.device import shared_image
from app.canvas.overlay import premultiplied
from app.canvas.viewport import Viewport
from app.core.arrays import U8, U32, Bool
from app.core.segment_map import HUMAN_BASE, HUMAN_UNLABELLED
from app.tools.base import Preview, Sketch, Tool

_HANDLE = 4.0  # logical pixels, half the side of a handle
_DARK, _WHITE = QColor(0, 0, 0, 170), QColor(255, 255, 255, 245)
_EDGE_IN, _EDGE_OUT = 0xFFFFFFFF, 0xB0000000
_AROUND = np.ones((3, 3), np.uint8)


class Offer:
    """Draws it. The image of a preview is kept until the preview, the colours or the view change."""

    def __init__(self) -> None:
        self._of: tuple[Preview, Viewport] | None = None
        self._pixels: U32 = np.zeros((0, 0), np.uint32)  # the memory of the image
        self._image = QImage()
        self._corner = (0, 0)

    def forget(self) -> None:
        """The colours of the classes are others now."""
        self._of = None

    def draw(self, painter: QPainter, tool: Tool, view: Viewport, *, colours: U8, ratio: float) -> None:
        """Preview and line; the painter works in device pixels. `colours` (256, 3) RGB by class id."""
        preview = tool.preview()
        if preview is not None:
            self._draw_preview(painter, preview, view, colours)
        sketch = tool.sketch()
        if sketch is not None:
            draw_sketch(painter, sketch, view, ratio)

    def _draw_preview(self, painter: QPainter, preview: Preview, view: Viewport, colours: U8) -> None:
        if self._of is None or self._of[0] is not preview or self._of[1] != view:
            self._of = (preview, view)
            box = view.device_box(preview.box).intersect(view.photo_box())
            self._corner = (box.x0, box.y0)
            self._pixels = preview_pixels(preview, view, colours)
            self._image = shared_image(self._pixels) if self._pixels.size else QImage()
        if not self._image.isNull():
            painter.drawImage(QPointF(*self._corner), self._image)


def preview_pixels(preview: Preview, view: Viewport, colours: U8) -> U32:
    """The part of a preview that `view` shows, over its device box: (h, w) uint32 premultiplied ARGB."""
    box = view.device_box(preview.box).intersect(view.photo_box())
    _, xs = view.columns(box.x0, box.x1)
    _, ys = view.rows(box.y0, box.y1)
    height, width = preview.mask.shape
    inside_x = (xs >= preview.box.x0) & (xs < preview.box.x1)
    inside_y = (ys >= preview.box.y0) & (ys < preview.box.y1)
    columns = np.clip((xs - preview.box.x0) * width // preview.box.width, 0, width - 1)
    rows = np.clip((ys - preview.box.y0) * height // preview.box.height, 0, height - 1)
    mask = preview.mask.take(rows, axis=0).take(columns, axis=1)
    mask &= inside_x
    mask &= inside_y[:, None]
    table = preview_colours(colours, opacity=preview.opacity)
    value = preview.value
    if isinstance(value, np.ndarray):
        filled = table[value.take(rows, axis=0).take(columns, axis=1)]
    else:
        filled = np.full(mask.shape, table[value])
    return _edged(np.ascontiguousarray(np.where(mask, filled, np.uint32(0))), np.ascontiguousarray(mask))


def _edged(pixels: U32, mask: Bool) -> U32:
    """A white line just inside the mask and a dark one just outside, so that it is seen on any photo."""
    area = mask.view(np.uint8)
    if area.size:
        inner = area - cv2.erode(area, _AROUND, borderType=cv2.BORDER_REPLICATE)
        outer = cv2.dilate(area, _AROUND) - area
        pixels[outer.view(np.bool_)] = _EDGE_OUT
        pixels[inner.view(np.bool_)] = _EDGE_IN
    return pixels


def preview_colours(colours: U8, *, opacity: float) -> U32:
    """The colour of every human-layer value in a preview, (256,) premultiplied ARGB.

    Unlabelled is dark and "back to the network" light: both are the absence of a class.
    """
    rgb = np.zeros((256, 3), np.uint8)
    rgb[HUMAN_BASE + 1 : HUMAN_UNLABELLED] = colours[1 : HUMAN_UNLABELLED - HUMAN_BASE]
    rgb[HUMAN_UNLABELLED], rgb[0] = 20, 235
    alpha = np.full(256, opacity)
    alpha[[0, HUMAN_UNLABELLED]] = opacity / 2
    return premultiplied(rgb, alpha)


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
            side = _HANDLE * ratio * (1.4 if index == sketch.active else 1.0)
            painter.setPen(QPen(_DARK, ratio))
            painter.setBrush(_WHITE)
            painter.drawRect(QRectF(point.x() - side, point.y() - side, 2 * side, 2 * side))
    painter.restore()
