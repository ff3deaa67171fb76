"""Many changes all over a picture as one preview of bounded size: coarse where they lie far apart."""

from __future__ import annotations

import math

import numpy as np

from app.core.arrays import U8, Bool
from app.core.geometry import NOTHING, Box

MOST_PIXELS = 2_000_000


class CoarseParts:
    """Collects parts of a picture of `shape` (H, W) at a step of whole pixels: the cost follows the parts.

    A cell of the result is set when any of its pixels is; it takes the value of the last one. Where all parts lie
    `within` a box, cells begin at its corner and are as small as that box allows.
    """

    def __init__(self, shape: tuple[int, int], *, most_pixels: int = MOST_PIXELS, within: Box | None = None) -> None:
        self._within = Box.of_shape(shape) if within is None else within
        self.step = max(1, math.ceil(math.sqrt(self._within.area / most_pixels)))
        height, width = (math.ceil(side / self.step) for side in self._within.shape)
        self._mask: Bool = np.zeros((height, width), np.bool_)
        self._values: U8 = np.zeros((height, width), np.uint8)
        self._box = NOTHING  # cells

    def add(self, box: Box, mask: Bool, values: U8) -> None:
        """The pixels of `box` under `mask` (h, w) bool take `values` (h, w) uint8."""
        rows, columns = np.nonzero(mask)
        if not len(rows):
            return
        x, y = box.x0 - self._within.x0, box.y0 - self._within.y0
        down, right = (rows + y) // self.step, (columns + x) // self.step
        self._mask[down, right] = True
        self._values[down, right] = values[rows, columns]
        cells = Box(int(right.min()), int(down.min()), int(right.max()) + 1, int(down.max()) + 1)
        self._box = self._box.union(cells)

    def whole(self) -> tuple[Box, Bool, U8] | None:
        """Box in pixels of the picture, mask (h, w) to be stretched over it, and values (h, w); None without any."""
        if self._box.empty:
            return None
        part = self._box.slices
        box = Box(*(side * self.step for side in self._box)).move(self._within.x0, self._within.y0)
        return box, self._mask[part].copy(), self._values[part].copy()
