"""From soft masks at stride 8 to one winner per pixel of the photo, exactly and without resizing every mask.

Each plane is resized bilinearly to the photo's size (`inference.resizing`), and each pixel goes to the largest plane.
`compose_plain` does just that. `compose` gives the same answer bit by bit from a fraction of the work, because bilinear
interpolation is `lerp(lerp(a, b), lerp(c, d))` with the same weights for all planes, and

- `fl(fl(a·u) + fl(b·v))` with u, v ≥ 0 never falls when a or b grows: rounding is monotone. A plane that is at least
  as large as another at all corners of a cell is therefore at least as large at every pixel in it, rounding included;
- two lerps in a row are off by less than 4·eps·largest value between them, so a plane ahead by `margin_of` at all
  corners stays strictly ahead: only then may it also displace a plane that comes before it and would win a tie.

Planes that lose to one other plane in this way are dropped first for the cells between four mask centres, where mostly
one plane is left, then for the pixel columns that cross the remaining cells; only what still has two or more
candidates is evaluated, pixel by pixel, for just those. Of a small photo several bands of cells are taken at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.resizing import Axis, lerp, margin_of

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
Indices = NDArray[np.intp]

_COLUMNS_AT_ONCE = 4096
_PIXELS_AT_ONCE = 1 << 15  # a few float32 buffers of this size stay in the processor's second-level cache


def compose(planes: F32, *, size: tuple[int, int]) -> U8:
    """Index of the largest plane at every pixel, after resizing all planes bilinearly.

    `planes` (N, h, w) float32, finite, 1 ≤ N ≤ 255; `size` = (H, W) of the photo, in either direction of scaling.
    Returns (H, W) uint8, values 0..N−1; a tie goes to the lowest index. Equal to `compose_plain` in every bit.
    """
    planes = _checked(planes, size)
    height, width = size
    rows = Axis.of(pixels=height, centres=planes.shape[1])
    columns = Axis.of(pixels=width, centres=planes.shape[2])
    winners = np.empty(size, np.uint8)
    margin, bands = margin_of(planes), rows.bands()
    at_once = max(1, _COLUMNS_AT_ONCE // width)
    for start in range(0, len(bands), at_once):
        _compose_bands(
            winners, planes, bands=_Bands.of(rows, bands[start : start + at_once]), columns=columns, margin=margin
        )
    return winners


def compose_plain(planes: F32, *, size: tuple[int, int]) -> U8:
    """The same as `compose` by resizing every plane, one after the other: the yardstick for its tests and benchmark."""
    planes = _checked(planes, size)
    rows = Axis.of(pixels=size[0], centres=planes.shape[1])
    columns = Axis.of(pixels=size[1], centres=planes.shape[2])
    best, winners = np.full(size, -np.inf, np.float32), np.zeros(size, np.uint8)
    rows_at_once = max(1, _PIXELS_AT_ONCE // size[1])
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


def _rivals(corners: F32, margin: np.float32) -> NDArray[np.bool_]:
    """Which planes may own a pixel between the corners of a cell: `corners` (C, K, M) of K planes in M cells → (K, M).

    Every plane is held against one that surely stays, the largest by sum: true where it may beat that one, and for
    that one itself.
    """
    champions = corners.sum(axis=0).argmax(axis=0)
    best = np.take_along_axis(corners, champions[None, None], axis=1)
    lead = (corners - best).max(axis=0)
    ranks = np.arange(len(lead))[:, None]
    rivals: NDArray[np.bool_] = lead > np.where(ranks < champions, -margin, np.float32(0))
    np.put_along_axis(rivals, champions[None], values=True, axis=0)
    return rivals


def _listed(rivals: NDArray[np.bool_]) -> tuple[Indices, Indices]:
    """(K, M) flags → for each of the M columns its flagged rows in order, (deepest, M), −1 where there are no more,
    and how many they are, (M,)."""
    depths = rivals.sum(axis=0)
    columns, rows = np.nonzero(rivals.T)
    ranks = np.arange(len(rows)) - np.repeat(np.cumsum(depths) - depths, depths)
    listed = np.full((int(depths.max()), len(depths)), -1)
    listed[ranks, columns] = rows
    return listed, depths


@dataclass(frozen=True)
class _Bands:
    """Some bands, one below the other: runs of pixel rows between the same two rows of mask centres.

    Each has `len(rest)` rows; those that are shorter repeat their last one.
    """

    first: Indices  # (B,) the row of centres above each
    second: Indices  # (B,) and below
    rows: Indices  # (R, B) of the photo
    rest: F32  # (R, B) weights of the centres above
    weight: F32  # (R, B) and below
    lengths: Indices  # (B,) how many rows each really has

    @classmethod
    def of(cls, axis: Axis, bands: Sequence[slice]) -> _Bands:
        starts = np.array([band.start for band in bands])
        lengths = np.array([band.stop - band.start for band in bands])
        rows = starts + np.minimum(np.arange(lengths.max())[:, None], lengths - 1)
        return cls(axis.first[starts], axis.second[starts], rows, axis.rest[rows], axis.weight[rows], lengths)

    @property
    def all_rows(self) -> slice:
        """The rows of the photo that they are."""
        return slice(int(self.rows[0, 0]), int(self.rows[-1, -1]) + 1)


@dataclass(frozen=True)
class _Contest:
    """Pixel columns of some bands and the planes that compete for them, the most contested column first."""

    band: Indices  # (M,) which band each is of
    columns: Indices  # (M,) of the photo
    planes: U8  # (K, M) the candidates of each column, in order
    ends: F32  # (2, K, M) their values at the upper and at the lower row of centres
    depths: Indices  # (M,) how many of the K are real, falling, at least 1

    @classmethod
    def between(
        cls,
        corners: F32,
        candidates: Indices,
        *,
        cells: Indices,
        band: Indices,
        where: Indices,
        columns: Axis,
        margin: np.float32,
    ) -> _Contest:
        """Narrow the candidates of cells down for the single columns `where` (M,) of `band` (M,) that cross them.

        `corners` (4, N, C) of all cells, `candidates` (K, C; −1 for none) and, rising, the `cells` (M,) crossed.
        """
        new = np.diff(cells, prepend=-1) > 0
        crossed, which = cells[new], np.cumsum(new) - 1  # each cell once: it has several columns
        candidates = candidates[:, crossed]
        ends_of_cells = corners[:, candidates, crossed]
        part = columns.part(where)
        ends = lerp(
            ends_of_cells[:2].take(which, axis=2), ends_of_cells[2:].take(which, axis=2), part.rest, part.weight
        )
        candidates = candidates.take(which, axis=1)
        np.copyto(ends, np.float32(-np.inf), where=candidates < 0)
        kept, depths = _listed(_rivals(ends, margin))
        order = np.argsort(-depths, kind="stable")
        kept, depths = kept[:, order], depths[order]
        planes: U8 = np.take_along_axis(candidates[:, order], kept, axis=0).astype(np.uint8)
        return cls(band[order], where[order], planes, np.take_along_axis(ends[:, :, order], kept[None], axis=1), depths)

    def settle(self, out: U8, bands: _Bands) -> None:
        """Evaluate the candidates at every pixel of the photo `out` (H, W) where there are at least two."""
        counts = np.searchsorted(-self.depths, -np.arange(len(self.planes)), side="left")  # columns deeper than a rank
        columns = self.columns[: counts[1]] if len(counts) > 1 else self.columns[:0]
        if not len(columns):
            return
        # Of a single band no row need be gathered.
        band = self.band[: counts[1]] if len(bands.lengths) > 1 else np.zeros(1, np.intp)
        rows_at_once = max(1, _PIXELS_AT_ONCE // len(columns))
        for start in range(0, len(bands.rows), rows_at_once):
            some = slice(start, start + rows_at_once)
            rows, rest, weight = bands.rows[some, band], bands.rest[some, band], bands.weight[some, band]
            best = lerp(self.ends[0, 0, : len(columns)], self.ends[1, 0, : len(columns)], rest, weight)
            winners = np.repeat(self.planes[:1, : len(columns)], len(best), axis=0)
            for rank in range(1, len(self.planes)):
                contested = slice(0, counts[rank])
                values = lerp(
                    self.ends[0, rank, contested],
                    self.ends[1, rank, contested],
                    rest[:, contested],
                    weight[:, contested],
                )
                # Candidates come in rising order: the last that was better is the largest that was.
                better = (values > best[:, contested]).view(np.uint8)
                better *= self.planes[rank, contested]
                np.maximum(winners[:, contested], better, out=winners[:, contested])
                np.maximum(best[:, contested], values, out=best[:, contested])
            if len(bands.lengths) > 1:
                out[rows, columns] = winners
            else:
                out[rows[0, 0] : rows[-1, 0] + 1, columns] = winners


def _compose_bands(out: U8, planes: F32, *, bands: _Bands, columns: Axis, margin: np.float32) -> None:
    """Fill the pixel rows of some bands in the photo `out` (H, W)."""
    count, width = len(bands.lengths), planes.shape[2]
    nodes = np.stack((planes[:, bands.first], planes[:, bands.second]))  # (2, N, B, w)
    beside = np.concatenate((nodes[..., 1:], nodes[..., -1:]), axis=3)
    corners = np.concatenate((nodes, beside)).reshape(4, len(planes), count * width)
    candidates, depths = _listed(_rivals(corners, margin))
    line = candidates[0].astype(np.uint8).reshape(count, width)[:, columns.first]
    undecided = np.flatnonzero(depths.reshape(count, width)[:, columns.first] > 1)
    contests = []
    for start in range(0, len(undecided), _COLUMNS_AT_ONCE):
        band, where = np.divmod(undecided[start : start + _COLUMNS_AT_ONCE], len(columns.first))
        cells = band * width + columns.first[where]
        contest = _Contest.between(
            corners,
            candidates[: depths[cells].max()],
            cells=cells,
            band=band,
            where=where,
            columns=columns,
            margin=margin,
        )
        line[contest.band, contest.columns] = contest.planes[0]
        contests.append(contest)
    out[bands.all_rows] = np.repeat(line, bands.lengths, axis=0)
    for contest in contests:
        contest.settle(out, bands)
