"""From a photo of any size to the picture the network sees."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

STRIDE = 8
"""Pixels of the network's picture per cell of its mask grid."""
MINIMUM_SIDE = 32
"""The coarsest features of the network are at stride 32; a shorter side would leave them empty."""
MAXIMUM_ASPECT = 4
"""A photo may become at most `MAXIMUM_ASPECT · input_size²` pixels, or a 30,000×200 strip would become 96,000×640."""


def network_size(height: int, width: int, *, input_size: int | None) -> tuple[int, int]:
    """Height and width at which the network sees a photo of `height` × `width` pixels.

    The short side becomes `input_size` (None keeps the photo's own size) and the aspect ratio is kept. Both sides are
    rounded to multiples of 8, because then the stride-8 mask grid covers the photo exactly. No side is under 32, and
    with an `input_size` the whole has at most `4 · input_size²` pixels.
    """
    scale = 1.0
    if input_size is not None:
        longest_scale = math.sqrt(MAXIMUM_ASPECT * input_size**2 / (height * width))
        scale = min(input_size / min(height, width), longest_scale)
    rows, columns = (max(MINIMUM_SIDE, STRIDE * round(side * scale / STRIDE)) for side in (height, width))
    if input_size is None:
        return rows, columns
    # Rounding up, or lifting the short side of a strip to the minimum, may have passed the limit again.
    most = max(MAXIMUM_ASPECT * input_size**2, MINIMUM_SIDE**2)
    longest = max(MINIMUM_SIDE, most // min(rows, columns) // STRIDE * STRIDE)
    return min(rows, longest), min(columns, longest)


def prepare(photo: NDArray[np.uint8], *, input_size: int | None) -> NDArray[np.uint8]:
    """A photo (H, W, 3) uint8 RGB → the network's picture (h, w, 3) uint8 RGB at `network_size`."""
    height, width = photo.shape[:2]
    rows, columns = network_size(height, width, input_size=input_size)
    return stretched(photo, rows=rows, columns=columns)


def stretched(photo: NDArray[np.uint8], *, rows: int, columns: int) -> NDArray[np.uint8]:
    """A picture (H, W, 3) uint8 RGB → the same in `rows` × `columns`.

    Each side is resized by area where it shrinks, so that no detail aliases, and bilinearly where it grows.
    """
    height, width = photo.shape[:2]
    if (rows, columns) == (height, width):
        return np.ascontiguousarray(photo)
    if rows > height and columns > width:
        return _resize(photo, (columns, rows), interpolation=cv2.INTER_LINEAR)
    shrunk = (min(columns, width), min(rows, height))
    picture = _resize(photo, shrunk, interpolation=cv2.INTER_AREA)
    return picture if shrunk == (columns, rows) else _resize(picture, (columns, rows), interpolation=cv2.INTER_LINEAR)


def _resize(picture: NDArray[np.uint8], size: tuple[int, int], *, interpolation: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(picture, size, interpolation=interpolation), dtype=np.uint8)
