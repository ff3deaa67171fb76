"""From soft masks at stride 8 to one winner per pixel of the photo, exactly and without resizing every mask.

Each plane is resized bilinearly to the photo's size (`inference.resizing`), and each pixel goes to the largest plane.
`compose_plain` does just that. `compose` gives the same answer bit by bit from a fraction of the work, because bilinear
interpolation is `lerp(lerp(a, b), lerp(c, d))` with the same weights for all planes, and

- `fl(fl(a·u) + fl(b·v))` with u, v ≥ 0 never falls when a or b grows: rounding is monotone. A plane that is at least
  as large as another at all corners of a cell is therefore at least as large at every pixel in it, rounding included;
- two lerps in a row are off by less than 4·eps·largest value between them, so a plane ahead by `margin_of` at all
  corners stays strictly ahead: only then may it also displace a plane that comes before it and would win a tie. For
  the same reason a plane ahead by that much at two pixels of a column within a cell is ahead at all between them.

Planes that lose to one other plane in this way are dropped for the cells between four mask centres, where mostly one
plane is left. Down each column of pixels that crosses another cell the planes are lines: where one takes over from
another is computed, and proved by their exact values at the pixels on both sides. Only columns in which that fails, for
planes are nearly equal there, are evaluated pixel by pixel. Places where the planes change are all that is written down
first; the rest of the photo is then filled in row by row.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inference.resizing import Axis, lerp, margin_of

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]
Indices = NDArray[np.intp]

_CELLS_AT_ONCE = 1024
_VALUES_AT_ONCE = 1 << 16  # a few float32 buffers of this size stay in the processor's second-level cache
_DEPTHS = (1, 2, 4, 10, 34, 255)  # columns with up to so many candidates are taken together
_MANY = 34  # candidates of a cell, of which its columns had better be rid first
_COLUMNS_AT_ONCE = 1024  # at least, however many candidates they have


def compose(planes: F32, *, size: tuple[int, int], values: U8 | None = None) -> U8:
    """Index of the largest plane at every pixel, after resizing all planes bilinearly.

    `planes` (N, h, w) float32, finite, 1 ≤ N ≤ 255; `size` = (H, W) of the photo, in either direction of scaling.
    Returns (H, W) uint8, values 0..N−1; a tie goes to the lowest index. Equal to `compose_plain` in every bit.
    With `values` (N,) uint8 that of the index instead; which of several planes of one value wins is not looked into.
    """
    planes = _checked(planes, size)
    values = np.arange(len(planes), dtype=np.uint8) if values is None else np.asarray(values, np.uint8)
    if values.shape != planes.shape[:1]:
        raise ValueError(f"Cannot compose {len(planes)} planes to {values.shape} values.")
    rows = Axis.of(pixels=size[0], centres=planes.shape[1])
    columns = Axis.of(pixels=size[1], centres=planes.shape[2])
    out, bands = np.zeros(size, np.uint8), rows.bands()
    starts = np.array([band.start for band in bands])
    ends = np.array([band.stop for band in bands])
    photo = _Photo(planes, values, rows, columns, margin_of(planes), _less_than(planes), out)
    at_once = max(1, _CELLS_AT_ONCE // planes.shape[2])
    for start in range(0, len(bands), at_once):
        part = slice(start, start + at_once)
        photo.compose_bands(starts[part], ends[part])
    lines = list(out)
    for band in bands:
        for above, line in itertools.pairwise(lines[band]):
            np.bitwise_xor(line, above, line)
    return out


def compose_plain(planes: F32, *, size: tuple[int, int]) -> U8:
    """The same as `compose` by resizing every plane, one after the other: the yardstick for its tests and benchmark."""
    planes = _checked(planes, size)
    rows = Axis.of(pixels=size[0], centres=planes.shape[1])
    columns = Axis.of(pixels=size[1], centres=planes.shape[2])
    best, winners = np.full(size, -np.inf, np.float32), np.zeros(size, np.uint8)
    rows_at_once = max(1, _VALUES_AT_ONCE // size[1])
    for index, plane in enumerate(planes):
        wide = lerp(plane[:, columns.first], plane[:, columns.second], columns.rest, columns.weight)
        for start in range(0, size[0], rows_at_once):
            part = slice(start, start + rows_at_once)
            rest, weight = rows.rest[part, None], rows.weight[part, None]
            values = lerp(wide[rows.first[part]], wide[rows.second[part]], rest, weight)
            np.copyto(winners[part], np.uint8(index), where=values > best[part])
            np.maximum(best[part], values, out=best[part])
    return winners


def _checked(planes: F32, size: tuple[int, int]) -> F32:
    if planes.ndim != 3 or not 1 <= planes.shape[0] <= 255 or 0 in planes.shape or min(size) < 1:
        raise ValueError(f"Cannot compose planes of shape {planes.shape} to {size}.")
    return np.ascontiguousarray(planes, np.float32)


def _rivals(corners: F32, margin: np.float32) -> Bool:
    """Which planes may own a pixel between the corners of a cell: `corners` (C, K, M) of K planes in M cells → (K, M).

    Every plane is held against one that surely stays, the largest by sum: true where it may beat that one, and for
    that one itself.
    """
    champions = corners.sum(axis=0).argmax(axis=0)
    best = np.take_along_axis(corners, champions[None, None], axis=1)
    lead = (corners - best).max(axis=0)
    ranks = np.arange(len(lead))[:, None]
    rivals: Bool = lead > np.where(ranks < champions, -margin, np.float32(0))
    np.put_along_axis(rivals, champions[None], values=True, axis=0)
    return rivals


def _listed(rivals: Bool) -> tuple[Indices, Indices]:
    """(K, M) flags → for each of the M columns its flagged rows in order, (deepest, M), −1 where there are no more,
    and how many they are, (M,)."""
    depths = rivals.sum(axis=0)
    columns, rows = np.nonzero(rivals.T)
    ranks = np.arange(len(rows)) - np.repeat(np.cumsum(depths) - depths, depths)
    listed = np.full((int(depths.max()), len(depths)), -1)
    listed[ranks, columns] = rows
    return listed, depths


def _less_than(planes: F32) -> np.float32:
    lowest, highest = planes.min(), planes.max()
    return np.float32(lowest - (1 + max(abs(lowest), abs(highest))))


@dataclass(frozen=True)
class _Columns:
    """Columns of pixels, each as long as its band, a run of pixel rows between the same two rows of mask centres."""

    top: Indices  # (M,) the first row of each in the photo
    bottom: Indices  # (M,) and the last
    columns: Indices  # (M,) of the photo
    planes: U8  # (K, M) the values of the candidates of each, in their order
    ends: F32  # (2, K, M) the candidates at the upper and at the lower row of centres

    def part(self, part: Indices) -> _Columns:
        planes, ends = self.planes.take(part, axis=1), self.ends.take(part, axis=2)
        return _Columns(self.top[part], self.bottom[part], self.columns[part], planes, ends)


@dataclass(frozen=True)
class _Photo:
    """What is composed: `out` (H, W) is filled with the first row of each band and, below, what changes (XOR)."""

    planes: F32  # (N, h, w)
    values: U8  # (N,)
    rows: Axis
    columns: Axis
    margin: np.float32
    nothing: np.float32  # a value far below all others
    out: U8

    def compose_bands(self, starts: Indices, stops: Indices) -> None:
        """Write down some bands, given by their first rows and the ends of their rows."""
        first, second, width = self.rows.first[starts], self.rows.second[starts], self.planes.shape[2]
        grid = np.empty((4, len(self.planes), len(starts), width), np.float32)
        np.take(self.planes, first, axis=1, out=grid[0])
        np.take(self.planes, second, axis=1, out=grid[1])
        grid[2:, ..., :-1], grid[2:, ..., -1] = grid[:2, ..., 1:], grid[:2, ..., -1]
        corners = grid.reshape(4, len(self.planes), -1)
        candidates, depths = _listed(_rivals(corners, self.margin))
        owners = self.values[candidates]
        depths[((owners == owners[0]) | (candidates < 0)).all(axis=0)] = 1
        self.out[starts] = owners[0].reshape(-1, width)[:, self.columns.first]
        depth = depths.reshape(-1, width)[:, self.columns.first]
        for deepest, band, columns in _grouped(depth):
            cells = band * width + self.columns.first[columns]
            real = candidates[:deepest] >= 0
            ends = self._ends(corners, candidates[:deepest], real, cells=cells, columns=columns)
            some = _Columns(starts[band], stops[band] - 1, columns, owners[:deepest, cells], ends)
            if deepest > _MANY:
                some = self._narrowed(some)
            self._evaluate(some, self._walk(some))

    def _ends(self, corners: F32, candidates: Indices, real: Bool, *, cells: Indices, columns: Indices) -> F32:
        """Values (2, K, M) of the candidates (K, C) at the ends of columns (M,) through `cells` (M,)."""
        new = np.diff(cells, prepend=-1) != 0
        crossed, which = cells[new], np.cumsum(new) - 1  # each cell once: it has several columns
        ends = corners[:, candidates[:, crossed], crossed]
        np.copyto(ends, self.nothing, where=~real[:, crossed])
        rest, weight = self.columns.rest[columns], self.columns.weight[columns]
        return lerp(ends[:2].take(which, axis=2), ends[2:].take(which, axis=2), rest, weight)

    def _narrowed(self, columns: _Columns) -> _Columns:
        """The same without the candidates that lose in the whole of their column."""
        kept, _ = _listed(_rivals(columns.ends, self.margin))
        planes = np.take_along_axis(columns.planes, kept, axis=0)
        ends = np.take_along_axis(columns.ends, kept[None], axis=1)
        np.copyto(ends, self.nothing, where=kept < 0)
        return replace(columns, planes=planes, ends=ends)

    def _at(self, columns: _Columns, rows: Indices) -> F32:
        """The exact values (K, M) of the candidates at one row of each column."""
        return lerp(columns.ends[0], columns.ends[1], self.rows.rest[rows], self.rows.weight[rows])

    def _leads(self, values: F32, best: F32) -> Bool:
        """Whether the `best` (M,) of the values (K, M) are ahead of all others by the margin."""
        leads: Bool = (values >= best - self.margin).view(np.uint8).sum(axis=0, dtype=np.uint8) == 1
        return leads

    def _walk(self, columns: _Columns) -> Indices:
        """Write down the first plane of each column and where another takes over; which are too close to call."""
        start, values, last = columns.top, self._at(columns, columns.top), self._at(columns, columns.bottom)
        best, most = values.max(axis=0), last.max(axis=0)
        leader, winner = _which(values == best), _which(last == most)
        each = np.arange(len(leader))
        sure = self._leads(values, best) & self._leads(last, most)
        self.out[start, columns.columns] = columns.planes[leader, each]
        unsure = [each[~sure]]
        going = np.flatnonzero(sure & (leader != winner))
        while len(going):
            each, start, leader, winner = each[going], start[going], leader[going], winner[going]
            columns, values, last = columns.part(going), values.take(going, axis=1), last.take(going, axis=1)
            place = np.arange(len(leader))
            gap, rise = values[leader, place] - values, last - last[leader, place]
            share = np.divide(gap, gap + rise, out=np.full_like(gap, np.inf), where=rise > 0)
            nearest = share.min(axis=0)
            following = _which(share == nearest)
            start = self._row_after(columns, start, nearest)
            before, values = self._at(columns, start - 1), self._at(columns, start)
            sure = self._leads(before, before[leader, place]) & self._leads(values, values[following, place])
            self.out[start, columns.columns] = columns.planes[leader, place] ^ columns.planes[following, place]
            unsure.append(each[~sure])
            leader, going = following, np.flatnonzero(sure & (following != winner))
        return np.concatenate(unsure)

    def _row_after(self, columns: _Columns, start: Indices, share: F32) -> Indices:
        """The first row beyond a share, 0..1, of the way from the rows `start` to the bottom of the columns."""
        near, far = self.rows.weight[start], self.rows.weight[columns.bottom]
        position = self.rows.first[start] + (near + share * (far - near)).astype(np.float64)
        rows = np.floor((position + 0.5) * (len(self.out) / self.planes.shape[1]) + 0.5).astype(np.intp)
        inside: Indices = np.minimum(np.maximum(rows, start + 1), columns.bottom)
        return inside

    def _evaluate(self, columns: _Columns, which: Indices) -> None:
        """Write down some of the columns as their values at every pixel say."""
        if not len(which):
            return
        steps = np.arange((columns.bottom[which] - columns.top[which]).max() + 1)[:, None]
        at_once = max(1, _VALUES_AT_ONCE // len(steps))
        for start in range(0, len(which), at_once):
            some = columns.part(which[start : start + at_once])
            rows = np.minimum(some.top + steps, some.bottom)
            rest, weight = self.rows.rest[rows], self.rows.weight[rows]
            best = lerp(some.ends[0, 0], some.ends[1, 0], rest, weight)
            winners = np.repeat(some.planes[:1], len(steps), axis=0)
            for rank in range(1, len(some.planes)):
                values = lerp(some.ends[0, rank], some.ends[1, rank], rest, weight)
                np.copyto(winners, some.planes[rank], where=values > best)
                np.maximum(best, values, out=best)
            changes = np.concatenate((winners[:1], winners[1:] ^ winners[:-1]))
            real = some.top + steps <= some.bottom
            self.out[rows[real], np.broadcast_to(some.columns, rows.shape)[real]] = changes[real]


def _grouped(depths: Indices) -> Iterator[tuple[int, Indices, Indices]]:
    """Where the depths (B, W) are above 1, as two indices: those alike together, with the deepest of them."""
    undecided = np.flatnonzero(depths > 1)
    found = depths.ravel()[undecided]
    for above, deepest in itertools.pairwise(_DEPTHS):
        alike = undecided[(found > above) & (found <= deepest)]
        at_once = max(_COLUMNS_AT_ONCE, _VALUES_AT_ONCE // deepest)
        for start in range(0, len(alike), at_once):
            part = alike[start : start + at_once]
            bands = part // depths.shape[1]  # of divmod, twice as quick
            yield deepest, bands, part - bands * depths.shape[1]


def _which(flags: Bool) -> Indices:
    """The last true row (K, M) of each column, 0 where there is none: (M,). Many times as quick as argmax."""
    ranks = np.arange(len(flags), dtype=np.uint8)[:, None]
    last: Indices = (flags.view(np.uint8) * ranks).max(axis=0).astype(np.intp)
    return last
