"""Points and boxes of pixels. Coordinates are image pixels, x to the right, y down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np

from app.core.arrays import Bool

Point = tuple[float, float]  # (x, y); the centre of pixel (0, 0) is (0.5, 0.5)


class Box(NamedTuple):
    """The pixels x0 <= x < x1, y0 <= y < y1."""

    x0: int
    y0: int
    x1: int
    y1: int

    @classmethod
    def of_shape(cls, shape: tuple[int, ...]) -> Box:
        """All pixels of an array of shape (H, W, …)."""
        return cls(0, 0, shape[1], shape[0])

    @classmethod
    def at(cls, x: int, y: int, *, width: int, height: int) -> Box:
        """The box with its upper left corner at (x, y)."""
        return cls(x, y, x + width, y + height)

    @classmethod
    def around(cls, mask: Bool) -> Box:
        """The smallest box around the true pixels of a mask (h, w) bool, relative to it; empty where there is none."""
        x, y, width, height = cv2.boundingRect(mask.view(np.uint8))
        return cls.at(x, y, width=width, height=height)

    @property
    def width(self) -> int:
        """Pixels from left to right, 0 where the box is empty that way."""
        return max(0, self.x1 - self.x0)

    @property
    def height(self) -> int:
        """Pixels from top to bottom, 0 where the box is empty that way."""
        return max(0, self.y1 - self.y0)

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width): the shape of an array that covers the box."""
        return self.height, self.width

    @property
    def area(self) -> int:
        """How many pixels it holds."""
        return self.width * self.height

    @property
    def empty(self) -> bool:
        """Whether it holds no pixel."""
        return self.x1 <= self.x0 or self.y1 <= self.y0

    @property
    def slices(self) -> tuple[slice, slice]:
        """(rows, columns) that index the box in an array whose pixel (0, 0) is the origin."""
        return slice(self.y0, max(self.y0, self.y1)), slice(self.x0, max(self.x0, self.x1))

    def contains(self, x: int, y: int) -> bool:
        """Whether pixel (x, y) lies in it."""
        return self.x0 <= x < self.x1 and self.y0 <= y < self.y1

    def union(self, other: Box) -> Box:
        """The smallest box that holds both; an empty box adds nothing."""
        if other.empty:
            return self
        if self.empty:
            return other
        return Box(min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1))

    def intersect(self, other: Box) -> Box:
        """The pixels in both; may be empty."""
        return Box(max(self.x0, other.x0), max(self.y0, other.y0), min(self.x1, other.x1), min(self.y1, other.y1))

    def clip(self, shape: tuple[int, ...]) -> Box:
        """The part that lies on an array of shape (H, W, …)."""
        return self.intersect(Box.of_shape(shape))

    def move(self, dx: int, dy: int) -> Box:
        """The box `dx` pixels further right and `dy` further down."""
        return Box(self.x0 + dx, self.y0 + dy, self.x1 + dx, self.y1 + dy)

    def grow(self, margin: int) -> Box:
        """`margin` pixels more on every side."""
        return Box(self.x0 - margin, self.y0 - margin, self.x1 + margin, self.y1 + margin)

    def tiles(self, side: int) -> Iterator[Box]:
        """The box cut along a grid of `side` pixels that starts at the origin, row by row."""
        if self.empty:
            return
        for top in range(self.y0 // side * side, self.y1, side):
            for left in range(self.x0 // side * side, self.x1, side):
                yield self.intersect(Box(left, top, left + side, top + side))


NOTHING = Box(0, 0, 0, 0)
