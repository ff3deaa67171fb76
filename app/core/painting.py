"""Brush shapes as masks. A brush of diameter d covers the pixels whose centres lie within d / 2 of its path.

The path snaps to pixel centres for odd diameters and to pixel corners for even ones: a dab then has the same pixels
wherever the pointer lies within a pixel, and a brush of diameter 1 is one pixel wide.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.arrays import Bool
from app.core.geometry import NOTHING, Box

Point = tuple[float, float]
_F64 = NDArray[np.float64]


def dab(center: Point, diameter: float, shape: tuple[int, int]) -> tuple[Box, Bool]:
    """One touch of a round brush at image coordinates `center` (x, y) on a picture of `shape` (H, W).

    Returns the box, clipped to the picture (it may be empty), and the mask (h, w) bool of the pixels under the brush.
    `diameter` in pixels is rounded, and at least 1.
    """
    return stroke(center, center, diameter, shape)


def stroke(start: Point, end: Point, diameter: float, shape: tuple[int, int]) -> tuple[Box, Bool]:
    """A round brush moved in a straight line from `start` to `end`: a capsule. Arguments and result as for `dab`."""
    size = max(1, round(diameter))
    (ax, ay), (bx, by) = _snap(start, size), _snap(end, size)
    reach = size / 2
    whole = Box(
        math.floor(min(ax, bx) - reach), math.floor(min(ay, by) - reach),
        math.ceil(max(ax, bx) + reach), math.ceil(max(ay, by) + reach),
    )  # fmt: skip
    box = whole.clip(shape)
    if box.empty:
        return NOTHING, np.zeros((0, 0), np.bool_)
    if size == 1 and (ax, ay) != (bx, by):
        return box, _line((ax, ay), (bx, by), box)
    rows = np.arange(box.y0, box.y1, dtype=np.float64) + 0.5
    left, right = _capsule_spans(rows, (ax, ay), (bx, by), reach)
    # Pixel x is inside when its centre x + 0.5 lies in [left, right]. Rows without a pixel have left > right.
    small = np.int16 if box.width < 2**15 else np.int32  # the narrower, the faster the two comparisons
    first = np.clip(np.ceil(left - 0.5) - box.x0, 0, box.width).astype(small)
    last = np.clip(np.floor(right - 0.5) - box.x0, -1, box.width - 1).astype(small)
    columns = np.arange(box.width, dtype=small)
    mask = columns >= first[:, None]
    mask &= columns <= last[:, None]
    return box, mask


def _snap(point: Point, size: int) -> Point:
    if size % 2:
        return math.floor(point[0]) + 0.5, math.floor(point[1]) + 0.5
    return float(math.floor(point[0] + 0.5)), float(math.floor(point[1] + 0.5))


def _line(start: Point, end: Point, box: Box) -> Bool:
    """A line one pixel wide (Bresenham), every pixel touching the next by an edge or a corner."""
    mask = np.zeros(box.shape, np.uint8)
    ends = [(math.floor(x) - box.x0, math.floor(y) - box.y0) for x, y in (start, end)]
    cv2.line(mask, ends[0], ends[1], 1, thickness=1, lineType=cv2.LINE_8)
    return mask.view(np.bool_)


def _capsule_spans(rows: _F64, start: Point, end: Point, reach: float) -> tuple[_F64, _F64]:
    """Where each row y crosses the capsule of radius `reach` around a segment: (left, right), left > right for nowhere.

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
        # Along the segment 0 <= ux*s + uy*down <= length, across it |uy*s - ux*down| <= reach, for s = x - start x.
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
