"""Bilinear resizing of soft masks to the photo: half-pixel centres, edges clamped (`align_corners=False`).

There is one order of float32 operations, first along the rows, then down the columns, each time by `lerp`. Everything
that resizes masks goes through `Axis` and `lerp`, so all of it agrees in every bit, whichever part it computes.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Axis:
    """Where pixels of one axis of the photo lie between the mask centres of that axis."""

    first: Indices  # mask centre at or before the pixel
    second: Indices  # the one after it; the same at the edges
    weight: F32  # of `second`, 0..1
    rest: F32  # of `first`: 1 − weight

    @classmethod
    def of(cls, *, pixels: int, centres: int, start: int = 0, stop: int | None = None, step: int = 1) -> Axis:
        """The pixels `start` to `stop` (default: all) of an axis with `pixels` pixels and `centres` mask centres.

        With a `step` above 1, the middles of groups of that many pixels; the last group may reach past the edge.
        """
        groups = np.arange(start, pixels if stop is None else stop, step)
        position = np.clip((groups + 0.5 * step) * (centres / pixels) - 0.5, 0, centres - 1)
        first = position.astype(np.intp)
        weight = (position - first).astype(np.float32)
        return cls(first, np.minimum(first + 1, centres - 1), weight, np.float32(1) - weight)

    def part(self, part: slice | Indices) -> Axis:
        """Some of the pixels, by their place in this axis."""
        return Axis(self.first[part], self.second[part], self.weight[part], self.rest[part])

    def bands(self) -> list[slice]:
        """Runs of pixels that lie between the same two centres."""
        edges = [0, *(np.flatnonzero(np.diff(self.first)) + 1).tolist(), len(self.first)]
        return [slice(start, stop) for start, stop in itertools.pairwise(edges)]


def lerp(first: F32, second: F32, rest: F32, weight: F32) -> F32:
    """The one definition of interpolation: rest · first + weight · second, each rounded to float32."""
    values = first * rest
    values += second * weight
    return values


def resized(planes: F32, *, rows: Axis, columns: Axis) -> F32:
    """Planes (…, h, w) float32 at all `rows` × `columns` of the photo: (…, rows, columns) float32."""
    wide = lerp(planes[..., columns.first], planes[..., columns.second], columns.rest, columns.weight)
    return lerp(wide[..., rows.first, :], wide[..., rows.second, :], rows.rest[:, None], rows.weight[:, None])


def margin_of(planes: F32) -> np.float32:
    """By how much a value must exceed another, or a level, at all corners of a cell to exceed it at every pixel in it.

    Two lerps in a row are off by less than 4·eps·largest value; the margin is twice that, and above denormal numbers.
    """
    limits = np.finfo(np.float32)
    largest = max(abs(float(planes.max())), abs(float(planes.min())))
    return np.float32(8 * max(float(limits.eps) * largest, float(limits.tiny)))
