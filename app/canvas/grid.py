"""Lines over the picture: a hairline around the photo, and the pixel grid from close up."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QColor, QImage, QPainter

from app.canvas.device import shared_image
from app.canvas.viewport import Viewport
from app.core.arrays import U32

GRID_FROM = 12.0  # device pixels per image pixel
_GREY = 0x60303030  # premultiplied: middle grey, a little over a third opaque


def grid_lines(view: Viewport) -> U32:
    """The pixel grid of a whole view as premultiplied ARGB, (height, width) uint32.

    A line lies on the first device pixel of every image column and row.
    """
    lines = np.zeros((view.view[1], view.view[0]), np.uint32)
    photo = view.photo_box()
    part = lines[photo.slices]
    _, columns = view.columns(photo.x0, photo.x1)
    _, rows = view.rows(photo.y0, photo.y1)
    part[:, np.flatnonzero(np.diff(columns)) + 1] = _GREY
    part[np.flatnonzero(np.diff(rows)) + 1] = _GREY
    return lines


class Grid:
    """The pixel grid as an image, made once per view: hundreds of lines drawn one by one would cost a frame."""

    def __init__(self) -> None:
        self._view: Viewport | None = None
        self._lines: U32 = np.zeros((1, 1), np.uint32)
        self._image = QImage()

    def image(self, view: Viewport) -> QImage:
        """As large as the view, in device pixels."""
        if view != self._view:
            self._view, self._lines = view, grid_lines(view)
            self._image = shared_image(self._lines)
        return self._image


def draw_frame(painter: QPainter, view: Viewport, colour: QColor) -> None:
    """A hairline just outside the photo, so that a white sky does not run into light chrome."""
    photo = view.photo_box()
    hairline = QColor(colour)
    hairline.setAlphaF(0.25)
    for x, y, width, height in (
        (photo.x0 - 1, photo.y0 - 1, photo.width + 2, 1),
        (photo.x0 - 1, photo.y1, photo.width + 2, 1),
        (photo.x0 - 1, photo.y0, 1, photo.height),
        (photo.x1, photo.y0, 1, photo.height),
    ):
        painter.fillRect(x, y, width, height, hairline)
