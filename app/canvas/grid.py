"""Lines over the picture: a hairline around the photo, and the pixel grid from close up."""

from __future__ import annotations

from PySide6.QtCore import QLine, QRect
from PySide6.QtGui import QColor, QPainter

from app.canvas.viewport import Viewport

GRID_FROM = 12.0  # device pixels per image pixel
_GRID = QColor(128, 128, 128, 96)


def draw_grid(painter: QPainter, view: Viewport, part: QRect) -> None:
    """Lines on the first device pixel of every image column and row inside `part`, all in device pixels."""
    photo = view.photo_box()
    left, top = max(photo.x0, part.left()), max(photo.y0, part.top())
    right, bottom = min(photo.x1, part.right() + 1), min(photo.y1, part.bottom() + 1)
    if right <= left or bottom <= top:
        return
    (first_x, first_y), (last_x, last_y) = view.to_photo(left, top), view.to_photo(right, bottom)
    lines = []
    for column in range(max(1, int(first_x)), min(view.photo[0], int(last_x) + 2)):
        x = view.first_column(column)
        lines.append(QLine(x, top, x, bottom - 1))
    for row in range(max(1, int(first_y)), min(view.photo[1], int(last_y) + 2)):
        y = view.first_row(row)
        lines.append(QLine(left, y, right - 1, y))
    painter.setPen(_GRID)
    painter.drawLines(lines)


def draw_frame(painter: QPainter, view: Viewport, colour: QColor) -> None:
    """A hairline just outside the photo, so that a white sky does not run into light chrome."""
    photo = view.photo_box()
    hairline = QColor(colour)
    hairline.setAlphaF(0.25)
    painter.setPen(hairline)
    painter.drawRect(photo.x0 - 1, photo.y0 - 1, photo.width + 1, photo.height + 1)
