"""Ever smaller copies of a photo, so that drawing any zoom reads few pixels."""

from __future__ import annotations

import cv2
import numpy as np

from app.core.arrays import U8

SMALLEST_SIDE = 512


def build_pyramid(photo: U8) -> tuple[U8, ...]:
    """The photo (H, W, 3) uint8 and its halvings, each half the size of the one before (rounded up), by area means.

    Level 0 is the photo itself, not a copy. The last level is the first whose long side is at most 512 pixels.
    """
    levels = [photo]
    while max(levels[-1].shape[:2]) > SMALLEST_SIDE:
        levels.append(half(levels[-1]))
    return tuple(levels)


def half(level: U8) -> U8:
    """The next level: (h, w, 3) uint8 → ((h + 1) // 2, (w + 1) // 2, 3), each pixel the mean of 2 x 2."""
    height, width = level.shape[:2]
    # An odd row or column is doubled at the edge: every pixel of the half then covers exactly 2 x 2 of this level.
    even = (
        cv2.copyMakeBorder(level, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
        if height % 2 or width % 2
        else level
    )
    size = ((width + 1) // 2, (height + 1) // 2)
    return np.asarray(cv2.resize(even, size, interpolation=cv2.INTER_AREA), np.uint8)
