"""The nearest label for every open pixel: exact, in strips of few rows, at the cost of the open pixels alone.

The squared Euclidean distance splits into columns and rows. Down the columns the nearest closed pixel is carried from
row to row. Along a row the open pixels form runs, and whatever lies beyond a run is farther than the closed pixel at
its end, so each run is solved for itself: for every x the smallest (x - x')² + h(x'), h being the squared distance down
the column of x'. These minima lie at places x' that grow with x (A. Aggarwal and others, "Geometric applications of a
matrix-searching algorithm", 1987): knowing them for two pixels bounds the search for those between.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.core.arrays import I64, U8, Bool, Intp
from app.core.geometry import Box
from app.core.parts import Area, Check, Part, bounds_of, changed_part, within_area

_ROWS = 32
_RANKS = 256  # a key is a squared distance times 256 plus the rank of the label: one comparison minds both
_NOWHERE = np.int64(1) << 44  # the key of a column without any closed pixel; squares of distances stay below 2 ** 34
_PLACES = 1 << 17  # more than the pixels of a row; a key times this, and a place in the row, fit into 63 bits
_FAR = np.int32(1) << 30

OpenReader = Callable[[Box], tuple[U8, Bool]]
"""The labels of a box (h, w) uint8 and which of its pixels are open, (h, w) bool."""


def nearest_parts(read: OpenReader, shape: tuple[int, int], *, area: Area | None, check: Check) -> Iterator[Part]:
    """Give every open pixel in the area the label of the nearest closed pixel of the picture.

    Among equally near ones the smallest class wins, and a class before unlabelled. Pixels stay as they are when the
    whole picture is open.
    """
    bounds = bounds_of(area, shape)
    strips = [
        Box(0, top, shape[1], min(top + _ROWS, bounds.y1)) for top in range(bounds.y0, bounds.y1, _ROWS) if bounds.width
    ]
    if not strips:
        return
    below = _Columns.none(shape[1])
    _look_on(read, below, range(bounds.y1, shape[0], _ROWS), shape=shape, check=check, downwards=True)
    states = []
    for strip in reversed(strips):
        check()
        states.append(below.copy())
        below.pass_over(*read(strip), top=strip.y0, downwards=False)
    above = _Columns.none(shape[1])
    tops = [max(0, bottom - _ROWS) for bottom in range(bounds.y0, 0, -_ROWS)]
    _look_on(read, above, tops, shape=(bounds.y0, shape[1]), check=check, downwards=False)
    for strip, state in zip(strips, reversed(states), strict=True):
        check()
        labels, is_open = read(strip)
        allowed = within_area(area, strip)
        wanted = is_open if allowed is None else is_open & allowed
        if wanted.any():
            filled = _fill_strip(labels, is_open, wanted, top=strip.y0, above=above, below=state)
            part = changed_part(strip, labels, filled, within=wanted)
            if part is not None:
                yield part
        else:
            above.pass_over(labels, is_open, top=strip.y0, downwards=True)


class _Columns:
    """For each column the closed pixel that was met last: its row, far away where there is none, and its label."""

    def __init__(self, rows: NDArray[np.int32], labels: U8) -> None:
        self.rows, self.labels = rows, labels

    @classmethod
    def none(cls, width: int) -> _Columns:
        return cls(np.full(width, _FAR, np.int32), np.zeros(width, np.uint8))

    def copy(self) -> _Columns:
        return _Columns(self.rows.copy(), self.labels.copy())

    def pass_over(self, labels: U8, is_open: Bool, *, top: int, downwards: bool) -> None:
        """Go over some rows in one direction; `top` is the first one's place in the picture."""
        closed = ~is_open
        last = closed[::-1] if downwards else closed
        steps = last.argmax(axis=0)
        rows = len(closed) - 1 - steps if downwards else steps
        found = closed.any(axis=0)
        columns = np.flatnonzero(found)
        self.rows[found] = top + rows[found]
        self.labels[found] = labels[rows[columns], columns]


def _look_on(
    read: OpenReader,
    columns: _Columns,
    tops: range | list[int],
    *,
    shape: tuple[int, int],
    check: Check,
    downwards: bool,
) -> None:
    """Walk away from the area until every column has met a closed pixel, or the picture ends."""
    for top in tops:
        check()
        strip = Box(0, top, shape[1], min(top + _ROWS, shape[0]))
        missing = columns.rows == _FAR
        met = _Columns.none(shape[1])
        met.pass_over(*read(strip), top=top, downwards=not downwards)
        columns.rows[missing], columns.labels[missing] = met.rows[missing], met.labels[missing]
        if not (columns.rows == _FAR).any():
            return


def _fill_strip(labels: U8, is_open: Bool, wanted: Bool, *, top: int, above: _Columns, below: _Columns) -> U8:
    """The labels of a strip with its wanted pixels filled; `above` is carried on to the strip's last row."""
    keys = np.minimum(
        _column_keys(labels, is_open, above, top=top, downwards=True),
        _column_keys(labels, is_open, below, top=top, downwards=False),
    )
    farthest = int(keys[wanted].max())
    reach = math.isqrt(farthest // _RANKS) + 1 if farthest < _NOWHERE else labels.shape[1]
    runs = _find_runs(is_open, wanted, reach=reach)
    best = _row_minima(_with_ends(keys, runs), runs)
    inside = runs.pixels >= 0
    inside &= best < _NOWHERE
    filled = labels.copy()
    filled.reshape(-1)[runs.pixels[inside]] = _label_of(best[inside])
    return filled


def _column_keys(labels: U8, is_open: Bool, columns: _Columns, *, top: int, downwards: bool) -> I64:
    """Key of the nearest closed pixel in one direction of the column, for every pixel (h, w)."""
    keys = np.empty(labels.shape, np.int64)
    rows = range(len(labels)) if downwards else range(len(labels) - 1, -1, -1)
    for y in rows:
        closed = ~is_open[y]
        np.copyto(columns.rows, top + y, where=closed)
        np.copyto(columns.labels, labels[y], where=closed)
        distance = (columns.rows - (top + y)).astype(np.int64)
        keys[y] = np.where(columns.rows == _FAR, _NOWHERE, distance * distance * _RANKS + _rank_of(columns.labels))
    return keys


class _Runs(NamedTuple):
    """Runs of open pixels along the rows, each with one more place at either end, one after the other."""

    firsts: Intp  # where each run begins in the flat list
    lengths: Intp  # places per run, its ends included
    pixels: Intp  # the flat pixel of every place; -1 - pixel for an end, and -1 - size for one outside the picture
    size: int


def _find_runs(is_open: Bool, wanted: Bool, *, reach: int) -> _Runs:
    """The runs that hold a wanted pixel, each as far as `reach` pixels beyond its first and its last wanted one."""
    width = is_open.shape[1]
    flat = np.pad(is_open, ((0, 0), (1, 1))).reshape(-1)
    turns = np.flatnonzero(flat[1:] != flat[:-1])
    befores, lasts = turns[::2], turns[1::2]  # the closed place before each run, and the last open one
    aims = np.flatnonzero(np.pad(wanted, ((0, 0), (1, 1))))
    since, until = np.searchsorted(aims, befores), np.searchsorted(aims, lasts, side="right")
    held = until > since
    befores = np.maximum(befores[held], aims[since[held]] - reach)
    lengths = np.minimum(lasts[held] + 1, aims[until[held] - 1] + reach) - befores + 1
    firsts = np.cumsum(lengths) - lengths
    places = np.arange(int(lengths.sum())) + np.repeat(befores - firsts, lengths)
    rows, columns = np.divmod(places, width + 2)
    outside = (columns == 0) | (columns == width + 1)
    pixels = rows * width + columns - 1
    ends = np.concatenate((firsts, firsts + lengths - 1))
    pixels[ends] = -1 - np.where(outside[ends], is_open.size, pixels[ends])
    return _Runs(firsts, lengths, pixels, is_open.size)


def _with_ends(keys: I64, runs: _Runs) -> I64:
    """The key of every place of the runs; beyond the picture's sides there is nothing."""
    flat = np.append(keys.reshape(-1), _NOWHERE)
    return flat[np.where(runs.pixels >= 0, runs.pixels, -1 - runs.pixels)]


def _row_minima(keys: I64, runs: _Runs) -> I64:
    """The smallest (x - x')² * 256 + key(x') over each run, for every place x between its ends."""
    places = np.arange(len(keys))
    before = np.repeat(runs.firsts, runs.lengths)
    offsets = places - before
    ends = np.repeat(runs.firsts + runs.lengths - 1, runs.lengths)
    levels = np.where(places < ends, offsets & -offsets, 0)  # the largest power of two in the offset
    reach = np.sqrt(keys / _RANKS).astype(np.int64) + 1  # nothing farther along the row beats the own column
    marked = keys * _PLACES + offsets  # the smallest of these also tells where it is, and is the first of equals
    best, places_of_best = keys.copy(), places.copy()
    step = 1 << int(runs.lengths.max()).bit_length()
    while step:
        here = np.flatnonzero(levels == step)
        if len(here):
            low = np.maximum(places_of_best[here - step], here - reach[here])
            high = np.minimum(places_of_best[np.minimum(here + step, ends[here])], here + reach[here])
            smallest = _minima(marked, here, low=low, high=high)
            best[here] = smallest // _PLACES
            places_of_best[here] = before[here] + smallest % _PLACES
        step //= 2
    return best


def _minima(marked: I64, here: Intp, *, low: Intp, high: Intp) -> I64:
    """The smallest marked key with its distance, for each place from the places low..high."""
    counts = high - low + 1
    firsts = np.cumsum(counts) - counts
    candidates = np.arange(int(counts.sum()))
    steps = candidates - np.repeat(firsts - low + here, counts)
    candidates += np.repeat(low - firsts, counts)
    steps *= steps
    steps *= _RANKS * _PLACES
    steps += marked[candidates]
    return np.minimum.reduceat(steps, firsts)


def _rank_of(labels: U8) -> U8:
    return labels - np.uint8(1)  # unlabelled comes last: 255


def _label_of(keys: I64) -> U8:
    return (keys % _RANKS).astype(np.uint8) + np.uint8(1)
