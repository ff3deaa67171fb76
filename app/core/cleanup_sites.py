"""Which label is the nearest deep inside a gap: by blocks where it must be one, else by the few pixels that may be it.

A site is a closed pixel that may be the nearest one of some open pixel with no closed pixel within 3 of it. Between the
two there is room for a disc without closed pixels, so that a site has 3×3 open pixels at most two pixels away.

Distances between blocks bound those between their pixels, so that a block whose two nearest labels are farther apart
than these bounds has the nearer one as a whole. (Exact distances of the blocks to those of each label: P. Felzenszwalb
and D. Huttenlocher, "Distance transforms of sampled functions", 2012, as OpenCV has it.)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.arrays import F32, I64, U8, Bool, Intp
from app.core.geometry import Box
from app.core.parts import Check

BLOCK = 8
GROUP = 16  # blocks that are looked at together
OPEN = np.uint8(255)  # what open pixels have for a rank
_UNLABELLED = np.uint8(254)  # the last rank: a class comes before it
_ROWS = 256  # read at once; whole blocks
_SMALL = 16_000  # sides of a picture in which four times the square of a distance has room in 31 bits
_MARGIN = 3  # rows around them that say which are sites
_AT_ONCE = 1 << 18  # distances between blocks and sites that are worked out at once
_SQUARE, _WIDE = np.ones((3, 3), np.uint8), np.ones((5, 5), np.uint8)
_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)

OpenReader = Callable[[Box], tuple[U8, Bool]]
"""The labels of a box (h, w) uint8 and which of its pixels are open, (h, w) bool."""
Places = NDArray[np.signedinteger[Any]]


def rank_of(labels: U8) -> U8:
    """Ranks in which the smallest class comes first and unlabelled last."""
    return np.asarray(np.minimum(labels - np.uint8(1), _UNLABELLED), np.uint8)


def label_of(ranks: U8) -> U8:
    """The labels of these ranks; that of `OPEN` means nothing."""
    return np.where(ranks < _UNLABELLED, ranks + np.uint8(1), np.uint8(0))


@dataclass(frozen=True, eq=False)
class Sites:
    """The sites of a window, sorted by blocks, and how far from each block the nearest ones are.

    `ys`, `xs`, `ranks` (n,): the sites, in pixels from the window's corner. `rows`, `columns`, `starts`, `counts`: the
    blocks that have any, and where theirs begin. `first`, `second` (blocks down, blocks across) float32: distance to
    the nearest label and to the next one, in blocks; `rank` uint8: which label the nearest is.
    """

    window: Box
    bits: U8 = field(repr=False)  # which pixels are open, (h, w / 8)
    deep: Bool = field(repr=False)  # blocks with some pixel whose 3×3 neighbours all are open
    ys: Places = field(repr=False)
    xs: Places = field(repr=False)
    ranks: U8 = field(repr=False)
    rows: I64 = field(repr=False)
    columns: I64 = field(repr=False)
    starts: Intp = field(repr=False)
    counts: Intp = field(repr=False)
    first: F32 = field(repr=False)
    second: F32 = field(repr=False)
    rank: U8 = field(repr=False)

    def open_in(self, box: Box) -> Bool:
        """Which pixels of a box in the window were open when it was surveyed, (h, w) bool."""
        rows = self.bits[box.y0 - self.window.y0 : box.y1 - self.window.y0]
        x0, x1 = box.x0 - self.window.x0, box.x1 - self.window.x0
        bits = np.unpackbits(rows[:, x0 // 8 : -(-x1 // 8)], axis=1)
        return bits[:, x0 % 8 : x0 % 8 + box.width].view(np.bool_)

    def reach_from(self, bounds: Box, shape: tuple[int, int]) -> bool:
        """Whether no pixel outside the window can be nearer to a deep one in `bounds` than the nearest site inside."""
        window, (down, across) = self.window, self.deep.shape
        if window == Box.of_shape(shape):
            return True
        y, x = np.ogrid[:down, :across]
        far = np.full(self.deep.shape, np.inf)
        room = np.minimum(
            np.minimum(y * BLOCK if window.y0 else far, (down - 1 - y) * BLOCK if window.y1 < shape[0] else far),
            np.minimum(x * BLOCK if window.x0 else far, (across - 1 - x) * BLOCK if window.x1 < shape[1] else far),
        )
        inner = bounds.move(-window.x0, -window.y0)
        here = np.s_[inner.y0 // BLOCK : -(-inner.y1 // BLOCK), inner.x0 // BLOCK : -(-inner.x1 // BLOCK)]
        farthest = (self.first + _slack()) * BLOCK
        return bool((farthest <= room)[here][self.deep[here]].all())

    def fill(self, found: U8, deep: Bool, strip: Box) -> None:
        """Write the rank of the nearest label into `found` where a pixel is deep, both (h, w) of a strip of the window
        that begins where blocks do. Nothing is written where nothing is closed."""
        if not len(self.ys) or not deep.any():
            return
        height, width = deep.shape
        top, left = (strip.y0 - self.window.y0) // BLOCK, (strip.x0 - self.window.x0) // BLOCK
        down, across = -(-height // BLOCK), -(-width // BLOCK)
        padded = np.zeros((down * BLOCK, across * BLOCK), np.bool_)
        padded[:height, :width] = deep
        wanted = padded.reshape(down, BLOCK, across, BLOCK).any(axis=(1, 3))
        here = np.s_[top : top + down, left : left + across]
        sure = self.second[here] > self.first[here] + 2 * _slack()
        answers = np.empty((down, across, BLOCK, BLOCK), np.uint8)
        answers[:] = self.rank[here][:, :, None, None]
        rows, columns = np.nonzero(wanted & ~sure)
        for group in np.unique(columns // GROUP):
            some = columns // GROUP == group
            y, x = rows[some], columns[some]
            answers[y, x] = self._nearest(y + top, x + left)
        filled = answers.transpose(0, 2, 1, 3).reshape(padded.shape)
        np.copyto(found, filled[:height, :width], where=deep)

    def _nearest(self, y: Intp, x: Intp) -> U8:
        """The ranks of the pixels of some blocks that lie together, (n, BLOCK, BLOCK) uint8."""
        sites = self._candidates(int(y.min()), int(x.min()), int(y.max()) + 1, int(x.max()) + 1)
        if len(y) > 1 and len(sites) * len(y) > _AT_ONCE:
            half = len(y) // 2
            return np.concatenate((self._nearest(y[:half], x[:half]), self._nearest(y[half:], x[half:])))
        kind = self.ys.dtype
        down, along = (y[:, None] * BLOCK).astype(kind), (x[:, None] * BLOCK).astype(kind)
        return _nearest_of(self.ys[sites] - down, self.xs[sites] - along, self.ranks[sites])

    def _candidates(self, y0: int, x0: int, y1: int, x1: int) -> Intp:
        """The sites that may be the nearest of some pixel in these blocks."""
        middle_y, middle_x = (y0 + y1) // 2, (x0 + x1) // 2
        farthest = float(self.first[middle_y, middle_x]) + 2 * _slack() + 2 * math.hypot(y1 - y0, x1 - x0)
        low, high = np.searchsorted(self.rows, (middle_y - farthest, middle_y + farthest + 1))
        squares = (self.rows[low:high] - middle_y) ** 2 + (self.columns[low:high] - middle_x) ** 2
        near = np.flatnonzero(squares <= farthest**2) + low
        counts = self.counts[near]
        sites = np.repeat(self.starts[near] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        y, x = self.ys[sites] - y0 * BLOCK, self.xs[sites] - x0 * BLOCK
        may = _may_be_nearest(y[None], x[None], ((y1 - y0) * BLOCK, (x1 - x0) * BLOCK))
        return np.asarray(sites[may[0]], np.intp)


def survey(read: OpenReader, window: Box, *, check: Check) -> Sites:
    """Look through a window that begins where blocks do, before any of its pixels changes."""
    across = -(-window.width // BLOCK)
    bits, deep, found = [], [], []
    for top in range(window.y0, window.y1, _ROWS):
        check()
        rows = Box(window.x0, top, window.x1, min(top + _ROWS, window.y1))
        around = Box(window.x0, max(window.y0, top - _MARGIN), window.x1, min(rows.y1 + _MARGIN, window.y1))
        labels, is_open = read(around)
        inner = rows.move(-around.x0, -around.y0).slices
        wide, sites = _wide_and_sites(is_open)
        bits.append(np.packbits(is_open[inner], axis=1))
        corners = cv2.dilate(wide[inner], np.ones((BLOCK, BLOCK), np.uint8), anchor=(0, 0))
        deep.append(np.asarray(corners[::BLOCK, ::BLOCK], np.bool_))
        ys, xs = np.nonzero(sites[inner])
        found.append((ys + (top - window.y0), xs, rank_of(labels[inner][ys, xs])))
    ys, xs = (np.concatenate([part[axis] for part in found]) for axis in (0, 1))
    ranks = np.concatenate([part[2] for part in found])
    blocks = ys // BLOCK * across + xs // BLOCK
    order = np.argsort(blocks, kind="stable")
    first, second, rank = _distances(blocks, ranks, (-(-window.height // BLOCK), across), check=check)
    places, starts, counts = np.unique(blocks[order], return_index=True, return_counts=True)
    rows_of, columns_of = np.divmod(places, across)
    kind: Any = np.int32 if max(window.shape) <= _SMALL else np.int64
    ys, xs = ys[order].astype(kind), xs[order].astype(kind)
    return Sites(
        window, np.concatenate(bits), np.concatenate(deep), ys, xs, ranks[order],
        rows_of, columns_of, starts, counts, first, second, rank,
    )  # fmt: skip


def _wide_and_sites(is_open: Bool) -> tuple[U8, U8]:
    """Which pixels have 3×3 open ones around them, those beyond the border too, and which are sites: (h, w) uint8."""
    mask = is_open.view(np.uint8)
    wide = cv2.erode(mask, _SQUARE)
    beside = cv2.dilate(mask, _CROSS)  # one step towards the pixel it is nearest to is open
    sites = cv2.bitwise_and(cv2.dilate(wide, _WIDE), beside, mask=(~is_open).view(np.uint8))
    return np.asarray(wide, np.uint8), np.asarray(sites, np.uint8)


def _distances(blocks: I64, ranks: U8, shape: tuple[int, int], *, check: Check) -> tuple[F32, F32, U8]:
    """For each block the distances to the nearest label and to the next, in blocks, and the rank of the nearest."""
    first, second = np.full(shape, np.inf, np.float32), np.full(shape, np.inf, np.float32)
    nearest = np.full(shape, OPEN, np.uint8)
    for rank in np.unique(ranks):
        check()
        others = np.ones(shape, np.uint8)
        others.reshape(-1)[blocks[ranks == rank]] = 0
        distance = np.asarray(cv2.distanceTransform(others, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)
        np.copyto(nearest, rank, where=distance < first)
        np.minimum(second, np.maximum(first, distance), out=second)
        np.minimum(first, distance, out=first)
    return first, second, nearest


def _slack() -> float:
    """By how much the distance of two pixels may differ from that of their blocks, in blocks, rounding included."""
    return math.sqrt(2) * (BLOCK - 1) / BLOCK + 0.01


def _may_be_nearest(y: Places, x: Places, shape: tuple[int, int]) -> Bool:
    """Which sites, (n, m) in pixels from the corners of n rectangles of this shape, may be the nearest of some pixel.

    A site is left out that is farther from each corner than the one nearest to the middle: which of two points is
    nearer changes along a straight line, and so the rectangle lies on one side of that.
    """
    squares, down, along = y * y + x * x, y * (2 * shape[0] - 2), x * (2 * shape[1] - 2)
    rows, one = np.arange(len(y)), (2 * squares - down - along).argmin(axis=1)
    may = np.zeros(y.shape, np.bool_)
    for corner in (squares, squares - down, squares - along, squares - down - along):  # less what all have in common
        may |= corner <= corner[rows, one][:, None]
    return may


def _nearest_of(y: Places, x: Places, ranks: U8) -> U8:
    """The smallest rank among the nearest of m sites for each pixel of n blocks, (n, BLOCK, BLOCK) uint8.

    `y` and `x` (n, m): where the sites lie from the corner of each block.
    """
    may = _may_be_nearest(y, x, (BLOCK, BLOCK))
    smallest = np.where(may, ranks, OPEN).min(axis=1)
    answers = np.empty((len(y), BLOCK, BLOCK), np.uint8)
    answers[:] = smallest[:, None, None]
    mixed = np.flatnonzero(smallest != np.where(may, ranks, np.uint8(0)).max(axis=1))
    if len(mixed):
        blocks, sites = np.nonzero(may[mixed])
        steps = np.arange(BLOCK)
        down = (y[mixed[blocks], sites].astype(np.int64)[:, None] - steps) ** 2 * 256 + ranks[sites][:, None]
        along = (x[mixed[blocks], sites].astype(np.int64)[:, None] - steps) ** 2 * 256
        firsts = np.flatnonzero(np.diff(blocks, prepend=-1))
        keys = np.minimum.reduceat(down[:, :, None] + along[:, None, :], firsts, axis=0)
        answers[mixed] = keys % 256
    return answers
