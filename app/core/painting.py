"""Brushes: which pixels a brush covers on its way, and the way that a pointer's positions stand for.

A round brush of diameter d covers the pixels whose centres lie within d / 2 of its path, a square one those whose
centres lie within d / 2 in x and in y. The path snaps to pixel centres for odd diameters and to pixel corners for even
ones: a dab then has the same pixels wherever the pointer lies within a pixel, and a brush of diameter 1, round or
square, is one pixel wide.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import Enum
from itertools import pairwise
from typing import NamedTuple, assert_never

import numpy as np
from numpy.typing import NDArray

from app.core.arrays import I64, Bool
from app.core.geometry import NOTHING, Box, Point
from app.core.spans import Spans

_F64 = NDArray[np.float64]


class BrushShape(Enum):
    """What the brush looks like; a square one lies along the axes of the picture."""

    ROUND = "round"
    SQUARE = "square"


class Piece(NamedTuple):
    """A straight stretch of a brush's way, in image coordinates (x, y)."""

    start: Point
    end: Point


class StrokePath:
    """The smooth way of a brush through the positions that a pointer reports, as straight pieces to paint.

    The way is a chain of quadratic curves: they meet halfway between neighbouring positions, and each position is the
    control point of the curve around it, so there is no corner, however far apart a fast hand leaves the positions.
    Each piece starts where the last one ended. Positions on a straight line give pieces on that line.
    """

    def __init__(self, diameter: float) -> None:
        """`diameter` of the brush in pixels: how far pieces may stay off the curve depends on it.

        That is half a pixel, which nobody sees, and half a percent of the brush: along the rim of a large brush such a
        corner is as little visible, and each piece of it costs a thousand times as many pixels.
        """
        self._tolerance = max(0.5, diameter / 200)
        self._position: Point | None = None  # where the pointer was seen last
        self._end: Point | None = None  # where the last piece ended

    def add(self, point: Point) -> list[Piece]:
        """The pointer was seen at `point`: what can be painted now. The first position is painted at once, as a dab;
        then the way follows up to halfway to the newest one.
        """
        corner, end = self._position, self._end
        if corner is None or end is None:
            self._position = self._end = point
            return [Piece(point, point)]
        if point == corner:
            return []
        middle = _halfway(corner, point)
        self._position, self._end = point, middle
        return _flat(end, corner, middle, self._tolerance)

    def finish(self) -> list[Piece]:
        """The pointer was let go: the rest of the way, to its last position. The next position begins a new way."""
        start, end = self._end, self._position
        self._position = self._end = None
        return [] if start is None or end is None or start == end else [Piece(start, end)]


def dab(
    center: Point, diameter: float, shape: tuple[int, int], *, brush: BrushShape = BrushShape.ROUND
) -> tuple[Box, Bool]:
    """One touch of a brush at image coordinates `center` (x, y) on a picture of `shape` (H, W).

    Returns the box, clipped to the picture (it may be empty), and the mask (h, w) bool of the pixels under the brush.
    `diameter` in pixels is rounded, and at least 1.
    """
    return stroke(center, center, diameter, shape, brush=brush)


def stroke(
    start: Point, end: Point, diameter: float, shape: tuple[int, int], *, brush: BrushShape = BrushShape.ROUND
) -> tuple[Box, Bool]:
    """A brush moved in a straight line from `start` to `end`. Arguments and result as for `dab`."""
    sweep = _Sweep.of(start, end, diameter, brush)
    box = sweep.box.clip(shape)
    if box.empty:
        return NOTHING, np.zeros((0, 0), np.bool_)
    return box, Spans.of(*sweep.runs(box)).mask(box)


def stroke_parts(
    start: Point, end: Point, diameter: float, shape: tuple[int, int], *,
    brush: BrushShape = BrushShape.ROUND, fresh: bool = False,
) -> Iterator[tuple[Box, Bool]]:  # fmt: skip
    """The pixels of `stroke` as (box, mask) parts that share no pixel: a long thin stroke costs what it covers.

    `fresh` leaves out the pixels of a dab at `start`, those that the piece before has painted already: a brush of
    2000 pixels moved by three then costs a thin crescent.
    """
    sweep = _Sweep.of(start, end, diameter, brush)
    box = sweep.box.clip(shape)
    if box.empty:
        return
    rows, starts, stops = sweep.runs(box)
    if not fresh:
        yield from Spans.of(rows, starts, stops).parts()
        return
    _, old_starts, old_stops = _Sweep.of(start, start, diameter, brush).runs(box)
    missed = old_starts >= old_stops  # rows that the dab does not reach are new as a whole
    yield from Spans.of(rows, starts, np.where(missed, stops, old_starts)).parts()
    yield from Spans.of(rows, np.where(missed, stops, old_stops), stops).parts()


class _Sweep(NamedTuple):
    """A brush of `size` pixels moved between two positions that are snapped to the pixel grid."""

    start: Point
    end: Point
    size: int
    brush: BrushShape

    @classmethod
    def of(cls, start: Point, end: Point, diameter: float, brush: BrushShape) -> _Sweep:
        size = max(1, round(diameter))
        return cls(_snap(start, size), _snap(end, size), size, brush)

    @property
    def box(self) -> Box:
        """The smallest box around all pixels, wherever they lie."""
        (ax, ay), (bx, by), reach = self.start, self.end, self.size / 2
        return Box(
            math.floor(min(ax, bx) - reach), math.floor(min(ay, by) - reach),
            math.ceil(max(ax, bx) + reach), math.ceil(max(ay, by) + reach),
        )  # fmt: skip

    def runs(self, box: Box) -> tuple[I64, I64, I64]:
        """The rows of `box`, a part of `self.box`, and the pixels starts <= x < stops of each in it, perhaps none."""
        rows = np.arange(box.y0, box.y1, dtype=np.int64)
        if self.size == 1:
            starts, stops = _line(rows, self.start, self.end)
        elif self.brush is BrushShape.ROUND:
            left, right = _capsule(rows.astype(np.float64) + 0.5, self.start, self.end, self.size / 2)
            # Pixel x is inside when its centre x + 0.5 lies in [left, right]. Rows without a pixel have left > right.
            starts = np.clip(np.ceil(left - 0.5), box.x0, box.x1).astype(np.int64)
            stops = np.clip(np.floor(right - 0.5) + 1, box.x0, box.x1).astype(np.int64)
        elif self.brush is BrushShape.SQUARE:
            starts, stops = _hexagon(rows, self.start, self.end, self.size)
        else:
            assert_never(self.brush)
        starts = np.clip(starts, box.x0, box.x1)
        return rows, starts, np.clip(stops, starts, box.x1)


def _snap(point: Point, size: int) -> Point:
    if size % 2:
        return math.floor(point[0]) + 0.5, math.floor(point[1]) + 0.5
    return float(math.floor(point[0] + 0.5)), float(math.floor(point[1] + 0.5))


def _line(rows: I64, start: Point, end: Point) -> tuple[I64, I64]:
    """Where each row meets a line one pixel wide (Bresenham), every pixel touching the next by an edge or a corner.

    The line goes one pixel at a time along its longer side, from left to right, and is at the nearest pixel of the
    shorter side, the nearer one to the start of two. Rows that it does not meet get an empty run.
    """
    (ax, ay), (bx, by) = sorted((math.floor(x), math.floor(y)) for x, y in (start, end))
    wide, high = bx - ax, abs(by - ay)
    down = (rows - ay) * (1 if by >= ay else -1)
    met = (down >= 0) & (down <= high)
    if high > wide:
        right = -((high - 2 * wide * down) // (2 * high))
        starts, stops = ax + right, ax + right + 1
    else:
        # Step i is `down` pixels lower when 2 * down - 1 < 2 * high * i / wide <= 2 * down + 1.
        steep = max(1, 2 * high)
        first = (2 * down - 1) * wide // steep + 1 if high else np.zeros_like(down)
        last = (2 * down + 1) * wide // steep if high else np.full_like(down, wide)
        starts, stops = ax + np.maximum(first, 0), ax + np.minimum(last, wide) + 1
    return starts, np.where(met, stops, starts)


def _hexagon(rows: I64, start: Point, end: Point, size: int) -> tuple[I64, I64]:
    """Where each row meets a square moved along a piece: pixels starts <= x < stops. The rows are within reach.

    All in half pixels, which are whole numbers here, so a centre on the very edge is known to be one and counts.
    """
    (ax, ay), (bx, by) = sorted(((round(2 * x), round(2 * y)) for x, y in (start, end)), key=lambda end: end[1])
    wide, high = bx - ax, max(1, by - ay)
    down = 2 * rows + 1 - ay
    # The square covers the row while its centre is between these parts of the way, counted in `high`ths.
    first = np.clip(down - size, 0, high) * wide
    last = np.clip(down + size, 0, high) * wide
    if by == ay:
        first, last = np.zeros_like(rows), np.full_like(rows, wide)
    left, right = np.minimum(first, last), np.maximum(first, last)
    # Pixel x is inside when ax - size + left / high <= 2 * x + 1 <= ax + size + right / high.
    starts = -((-left - (ax - size - 1) * high) // (2 * high))
    stops = (right + (ax + size - 1) * high) // (2 * high) + 1
    missed = (down + size < 0) | (down - size > by - ay)
    return starts, np.where(missed, starts, stops)


def _capsule(rows: _F64, start: Point, end: Point, reach: float) -> tuple[_F64, _F64]:
    """Where each row y crosses the capsule of radius `reach` around a piece: (left, right), left > right for nowhere.

    A capsule is two discs and the rectangle between them, and it is convex: a row crosses it in one interval, from the
    leftmost to the rightmost end of its crossings with the three.
    """
    left, right = np.full(len(rows), np.inf), np.full(len(rows), -np.inf)
    for x, y in {start, end}:
        square = reach * reach - (rows - y) ** 2
        half = np.sqrt(np.maximum(square, 0))
        inside = square >= 0
        left = np.where(inside, np.minimum(left, x - half), left)
        right = np.where(inside, np.maximum(right, x + half), right)
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    if length:
        ux, uy = dx / length, dy / length
        down = rows - start[1]
        # Along the piece 0 <= ux*s + uy*down <= length, across it |uy*s - ux*down| <= reach, for s = x - start x.
        low, high = _between(ux, -uy * down, length - uy * down)
        low2, high2 = _between(uy, ux * down - reach, ux * down + reach)
        low, high = np.maximum(low, low2) + start[0], np.minimum(high, high2) + start[0]
        crosses = low <= high
        left = np.where(crosses, np.minimum(left, low), left)
        right = np.where(crosses, np.maximum(right, high), right)
    return left, right


def _between(factor: float, low: _F64, high: _F64) -> tuple[_F64, _F64]:
    """The interval of s with low <= factor * s <= high, for every row."""
    if abs(factor) < 1e-12:
        everywhere = (low <= 0) & (high >= 0)
        return np.where(everywhere, -np.inf, np.inf), np.where(everywhere, np.inf, -np.inf)
    ends = low / factor, high / factor
    return (ends[0], ends[1]) if factor > 0 else (ends[1], ends[0])


def _halfway(a: Point, b: Point) -> Point:
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2


def _flat(start: Point, control: Point, end: Point, tolerance: float) -> list[Piece]:
    """A quadratic curve as straight pieces that stay within `tolerance` pixels of it.

    The curve is never farther from its chord than half as far as its control point. Cut into n pieces of equal
    parameter, each lies within |start - 2 * control + end| / (4 * n * n) of its chord (Wang's bound for degree two).
    """
    count = 1
    if _distance(control, start, end) > 2 * tolerance:
        bend = math.hypot(start[0] - 2 * control[0] + end[0], start[1] - 2 * control[1] + end[1]) / 4
        count = math.ceil(math.sqrt(bend / tolerance))
    joints = [start]
    for t in (step / count for step in range(1, count)):
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
        joints.append((a * start[0] + b * control[0] + c * end[0], a * start[1] + b * control[1] + c * end[1]))
    joints.append(end)
    return [Piece(a, b) for a, b in pairwise(joints)]


def _distance(point: Point, start: Point, end: Point) -> float:
    """Of a point from a piece."""
    dx, dy, x, y = end[0] - start[0], end[1] - start[1], point[0] - start[0], point[1] - start[1]
    square = dx * dx + dy * dy
    share = min(1.0, max(0.0, (x * dx + y * dy) / square)) if square else 0.0
    return math.hypot(x - share * dx, y - share * dy)
