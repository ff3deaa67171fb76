"""Between Qt's logical pixels and the screen's own, and between arrays and images."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import cast

from PySide6.QtCore import QRect
from PySide6.QtGui import QImage, QRegion

from app.core.arrays import U32
from app.core.geometry import Box

_MANY = 12


def device_rect(rect: QRect, ratio: float) -> QRect:
    """The device pixels that a logical rectangle touches, at `ratio` device pixels per logical one."""
    left, top = math.floor(rect.x() * ratio), math.floor(rect.y() * ratio)
    right, bottom = math.ceil((rect.x() + rect.width()) * ratio), math.ceil((rect.y() + rect.height()) * ratio)
    return QRect(left, top, right - left, bottom - top)


def device_pieces(region: QRegion, ratio: float) -> list[QRect]:
    """The rectangles of a logical region in device pixels, or their bounding box where they are many."""
    many = region.rectCount() > _MANY
    pieces = [region.boundingRect()] if many else list(cast("Iterable[QRect]", region))
    return [device_rect(piece, ratio) for piece in pieces]


def logical_rect(box: Box, ratio: float) -> QRect:
    """The logical pixels that a box of device pixels touches."""
    left, top = math.floor(box.x0 / ratio), math.floor(box.y0 / ratio)
    return QRect(left, top, math.ceil(box.x1 / ratio) - left, math.ceil(box.y1 / ratio) - top)


def shared_image(argb: U32, *, opaque: bool = False) -> QImage:
    """A (h, w) uint32 array of premultiplied 0xAARRGGBB as an image over the same memory: keep the array alive.

    What is known to be `opaque` is copied to the screen and not blended, in half the time.

    ValueError for an array that does not lie row by row in memory: the image would read what is not its own.
    """
    if not argb.flags.c_contiguous:
        raise ValueError("An image can only share memory that lies row by row.")
    height, width = argb.shape
    format_ = QImage.Format.Format_RGB32 if opaque else QImage.Format.Format_ARGB32_Premultiplied
    return QImage(argb.data, width, height, 4 * width, format_)
