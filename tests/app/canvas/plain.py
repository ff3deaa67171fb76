"""Which pixels a shape covers, worked out pixel by pixel from what the shape is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.core.arrays import Bool
from app.core.geometry import Point

_F64 = NDArray[np.float64]


def centres(shape: tuple[int, int]) -> tuple[_F64, _F64]:
    """x and y of every pixel's centre, (H, W) each."""
    ys, xs = np.mgrid[: shape[0], : shape[1]].astype(np.float64) + 0.5
    return xs, ys


def in_rectangle(a: Point, b: Point, shape: tuple[int, int]) -> Bool:
    """A centre on the left or upper edge is inside, one on the right or lower edge is not."""
    xs, ys = centres(shape)
    (x0, x1), (y0, y1) = sorted((a[0], b[0])), sorted((a[1], b[1]))
    return np.asarray((xs >= x0) & (xs < x1) & (ys >= y0) & (ys < y1))


def in_ellipse(a: Point, b: Point, shape: tuple[int, int]) -> tuple[Bool, Bool]:
    """Inside, and where the outline passes so near a centre that rounding decides."""
    xs, ys = centres(shape)
    width, height = abs(a[0] - b[0]) / 2, abs(a[1] - b[1]) / 2
    far = ((xs - (a[0] + b[0]) / 2) / width) ** 2 + ((ys - (a[1] + b[1]) / 2) / height) ** 2
    return np.asarray(far < 1), np.asarray(np.abs(far - 1) < 0.02)


def in_polygon(points: Sequence[Point], shape: tuple[int, int]) -> tuple[Bool, Bool]:
    """Where the outline winds around a centre, and where it passes so near one that rounding decides."""
    xs, ys = centres(shape)
    winding, near = np.zeros(shape, np.int64), np.zeros(shape, np.bool_)
    for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
        side = (bx - ax) * (ys - ay) - (xs - ax) * (by - ay)
        winding += (ay <= ys) & (by > ys) & (side > 0)
        winding -= (by <= ys) & (ay > ys) & (side < 0)
        length = max((bx - ax) ** 2 + (by - ay) ** 2, 1e-12)
        along = np.clip(((xs - ax) * (bx - ax) + (ys - ay) * (by - ay)) / length, 0, 1)
        near |= np.hypot(xs - ax - along * (bx - ax), ys - ay - along * (by - ay)) < 0.02
    return winding != 0, near
