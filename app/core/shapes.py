"""What closed outlines go around. A pixel is inside when its centre is.

Corners snap to 1/256 of a pixel and everything behind that is whole numbers, so the rule holds exactly: a centre on an
edge belongs to what lies right of it, or below it where the edge is level. Outlines that share an edge therefore leave
no pixel between them and share none. Where an outline crosses itself, whatever it goes around is inside (the nonzero
winding rule): a lasso has no holes.

The pixels come as spans: those of a lasso around a picture of 100 MP are some thousand numbers, and no mask of that
size exists. Corners may lie far outside the picture; those more than a million pixels away count as lying a million
away.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from app.core.arrays import I64
from app.core.geometry import Point
from app.core.spans import Spans

_UNIT = 256  # steps of a corner per pixel
_FARTHEST = 2**20  # pixels; the products of two such lengths, in units, fit 64 bits


def polygon_spans(points: Sequence[Point], shape: tuple[int, int]) -> Spans:
    """What the closed outline through `points` (x, y) goes around, on a picture of `shape` (H, W).

    ValueError for coordinates that are not numbers.
    """
    height, width = shape
    corners = _snapped(points)
    following = np.roll(corners, -1, axis=0)
    rows, columns, turns = _crossings(corners, following, height)
    # All crossings along one line, row after row; the last place of a row lies right of its last pixel.
    places = rows * (width + 1) + np.clip(columns, 0, width)
    keys = np.sort(places * 2 + turns)
    places = keys >> 1
    winding = np.cumsum((keys & 1) * 2 - 1)
    last = np.append(places[1:] != places[:-1], True)[: len(places)]  # of the crossings at the same place
    places, inside = places[last], winding[last] != 0
    before = np.append(False, inside)[:-1]
    starts, stops = places[inside & ~before], places[before & ~inside]
    row = starts // (width + 1)
    return Spans(row, starts - row * (width + 1), stops - row * (width + 1))


def rectangle_spans(a: Point, b: Point, shape: tuple[int, int]) -> Spans:
    """The rectangle between two opposite corners, in any order. `shape` and errors as for `polygon_spans`."""
    corners = _snapped((a, b))
    first = np.clip(_first_centre(corners.min(axis=0)), 0, shape[::-1])
    stop = np.clip(_first_centre(corners.max(axis=0)), 0, shape[::-1])
    rows = np.arange(first[1], stop[1])
    return Spans.of(rows, np.full_like(rows, first[0]), np.full_like(rows, stop[0]))


def ellipse_spans(a: Point, b: Point, shape: tuple[int, int]) -> Spans:
    """The ellipse that fills the rectangle between two opposite corners. `shape` and errors as for `polygon_spans`.

    A centre on the ellipse itself is outside.
    """
    (ax, ay), (bx, by) = _snapped((a, b)).tolist()
    wide, high = abs(ax - bx), abs(ay - by)
    square = high * high
    whole = rectangle_spans(a, b, shape)
    rows, half = [], []
    # In half units from the middle, x and y are whole: x² < wide² (high² - y²) / high². Python's integers do not
    # overflow, and their roots are exact.
    for row in whole.rows.tolist():
        y = (2 * row + 1) * _UNIT - (ay + by)
        inside = wide * wide * (square - y * y)
        if inside > 0:
            rows.append(row)
            half.append(math.isqrt((inside - 1) // square))
    left, right = (np.asarray([ax + bx + sign * x for x in half], np.int64) for sign in (-1, 1))
    starts = np.clip((left + _UNIT - 1) // (2 * _UNIT), 0, shape[1])
    stops = np.clip((right + _UNIT) // (2 * _UNIT), 0, shape[1])
    return Spans.of(np.asarray(rows, np.int64), starts, stops)


def _snapped(points: Sequence[Point]) -> I64:
    """Coordinates (N, 2) in units."""
    corners = np.asarray(points, np.float64).reshape(-1, 2)
    if np.isnan(corners).any():
        raise ValueError("An outline goes through numbers.")
    return np.rint(np.clip(corners, -_FARTHEST, _FARTHEST) * _UNIT).astype(np.int64)


def _first_centre(units: I64) -> I64:
    """The first pixel whose centre lies at `units` or behind, along one axis."""
    return (units + (_UNIT // 2 - 1)) // _UNIT


def _crossings(corners: I64, following: I64, height: int) -> tuple[I64, I64, I64]:
    """Where edges cross the lines through the centres of the rows 0 <= y < height.

    For each crossing its row, the first pixel whose centre lies on the edge or right of it, and 1 or 0 for an edge that
    goes down or up. An edge holds its upper end and not its lower one, so a corner is crossed once or twice, or not.
    """
    down = corners[:, 1] < following[:, 1]
    top, bottom = np.where(down[:, None], (corners, following), (following, corners))
    first = np.clip(_first_centre(top[:, 1]), 0, height)
    counts = np.clip(_first_centre(bottom[:, 1]), 0, height) - first
    edge = np.repeat(np.arange(len(corners)), counts)
    rows = np.arange(len(edge)) + (first - (np.cumsum(counts) - counts))[edge]
    wide, high = (bottom - top).T
    # Pixel x lies right when _UNIT * x + _UNIT / 2 >= top x + (_UNIT * row + _UNIT / 2 - top y) * wide / high.
    offset = (top[:, 0] - _UNIT // 2) * high + (_UNIT // 2 - top[:, 1]) * wide
    columns = -((-offset[edge] - rows * (_UNIT * wide)[edge]) // (_UNIT * high)[edge])
    return rows, columns, down[edge].astype(np.int64)
