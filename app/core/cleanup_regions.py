"""Small regions of a picture of any size, found tile by tile with a margin; only where that is too narrow, farther."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.arrays import U8, Bool
from app.core.geometry import NOTHING, Box
from app.core.parts import Area, Check, LabelReader, bounds_of, within_area
from app.core.regions import Connectivity, connected_region
from app.core.tile_counts import count_codes

_TILE = 1024
_WIDEST_MARGIN = 128


class Pixels:
    """A set of pixels of a picture: one bit each, in the tiles that have any."""

    def __init__(self) -> None:
        self._tiles: dict[Box, U8] = {}

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The tiles with pixels in them."""
        return tuple(self._tiles)

    def add(self, tile: Box, mask: Bool) -> None:
        """Put the pixels of a whole tile in; each tile once."""
        if mask.any():
            self._tiles[tile] = np.packbits(mask, axis=1)

    def read(self, box: Box) -> Bool:
        """Which pixels of `box` are in the set, (h, w) bool."""
        mask = np.zeros(box.shape, np.bool_)
        for tile, bits in self._tiles.items():
            common = tile.intersect(box)
            if not common.empty:
                rows = bits[common.y0 - tile.y0 : common.y1 - tile.y0]
                columns = np.unpackbits(rows, axis=1, count=tile.width)[:, common.x0 - tile.x0 : common.x1 - tile.x0]
                mask[common.move(-box.x0, -box.y0).slices] = columns.view(np.bool_)
        return mask


@dataclass(frozen=True, eq=False)
class Family:
    """Labels that belong together, (256,) bool, and how many pixels a small region of them has at most."""

    labels: Bool
    largest: int


@dataclass(frozen=True, kw_only=True)
class Search:
    """What counts as a small region.

    Neighbouring pixels whose labels are in the same family belong together. All pixels of a small region are in the
    area; `enclosed` ones do not touch the picture's border.
    """

    families: Sequence[Family]
    connectivity: Connectivity
    enclosed: bool = False
    area: Area | None = None


def small_regions(reader: LabelReader, search: Search, *, check: Check) -> Pixels:
    """All pixels of small regions."""
    found = Pixels()
    if all(family.largest < 1 for family in search.families):
        return found
    for tile in bounds_of(search.area, reader.shape).tiles(_TILE):
        check()
        found.add(tile, _small_in(reader, search, tile, check=check))
    return found


@dataclass(frozen=True)
class _View:
    """A window of the picture around a tile."""

    tile: Box
    window: Box
    shape: tuple[int, int]
    labels: U8 = field(repr=False)
    outside: Bool | None = field(repr=False)  # pixels that no region may have

    @property
    def inner(self) -> tuple[slice, slice]:
        """Where the tile lies in the window."""
        return self.tile.move(-self.window.x0, -self.window.y0).slices


def _small_in(reader: LabelReader, search: Search, tile: Box, *, check: Check) -> Bool:
    """The pixels of `tile` that belong to small regions, whether or not these lie in the tile as a whole."""
    farthest = max(family.largest for family in search.families)
    window = tile.grow(min(farthest, _WIDEST_MARGIN)).clip(reader.shape)
    labels = reader.labels(window)
    inside = within_area(search.area, window)
    view = _View(tile, window, reader.shape, labels, None if inside is None else ~inside)
    present = count_codes(labels) > 0
    found = np.zeros(tile.shape, np.bool_)
    for family in search.families:
        members = family.labels & present
        # One region fills the window: it is larger than any we look for, or it is the whole picture.
        if members.any() and (labels.size <= family.largest or not np.array_equal(members, present)):
            check()
            found |= _small_of(reader, search, view, family)
    return found


def _small_of(reader: LabelReader, search: Search, view: _View, family: Family) -> Bool:
    """The pixels of the tile in small regions of one family."""
    same: U8 = np.asarray(cv2.LUT(view.labels, family.labels.astype(np.uint8)), np.uint8)
    amount, marks, measures, _ = cv2.connectedComponentsWithStats(
        same, connectivity=int(search.connectivity), ltype=cv2.CV_32S
    )
    regions, stats = np.asarray(marks, np.int32), np.asarray(measures, np.int32)
    small = np.asarray(stats[:, cv2.CC_STAT_AREA] <= family.largest, np.bool_)
    small[0] = False
    if view.outside is not None and small.any():
        small[np.bincount(regions[view.outside], minlength=amount) > 0] = False
    at_border, cut_off = _touching(stats, view)
    if search.enclosed:
        small &= ~at_border
    for region in np.flatnonzero(small & cut_off):
        small[region] = _is_small(reader, search, family, seed=_pixel_of(regions, stats[region], int(region), view))
    if not small.any():
        return np.zeros(view.tile.shape, np.bool_)
    return np.asarray(small[regions[view.inner]], np.bool_)


def _touching(stats: NDArray[np.int32], view: _View) -> tuple[Bool, Bool]:
    """Which regions touch the picture's border, and which are cut off by the window and reach into the tile."""
    left, top = stats[:, cv2.CC_STAT_LEFT] + view.window.x0, stats[:, cv2.CC_STAT_TOP] + view.window.y0
    right, bottom = left + stats[:, cv2.CC_STAT_WIDTH], top + stats[:, cv2.CC_STAT_HEIGHT]
    window, tile, (height, width) = view.window, view.tile, view.shape
    at_border = (left == 0) | (top == 0) | (right == width) | (bottom == height)
    cut_off = ((left == window.x0) & (window.x0 > 0)) | ((right == window.x1) & (window.x1 < width))
    cut_off |= ((top == window.y0) & (window.y0 > 0)) | ((bottom == window.y1) & (window.y1 < height))
    cut_off &= (left < tile.x1) & (right > tile.x0) & (top < tile.y1) & (bottom > tile.y0)
    return at_border, cut_off


def _pixel_of(regions: NDArray[np.int32], stats: NDArray[np.int32], region: int, view: _View) -> tuple[int, int]:
    """Some pixel of a region, in the picture: the leftmost of its highest row."""
    x, y, width = int(stats[cv2.CC_STAT_LEFT]), int(stats[cv2.CC_STAT_TOP]), int(stats[cv2.CC_STAT_WIDTH])
    return view.window.x0 + x + int(np.argmax(regions[y, x : x + width] == region)), view.window.y0 + y


def _is_small(reader: LabelReader, search: Search, family: Family, *, seed: tuple[int, int]) -> bool:
    """Whether the region around `seed` is a small one, looking no farther than it takes to know."""
    bounds, margin = Box.of_shape(reader.shape), _WIDEST_MARGIN
    while True:
        window = Box.at(*seed, width=1, height=1).grow(margin).intersect(bounds)
        same = np.asarray(cv2.LUT(reader.labels(window), family.labels.astype(np.uint8)), np.uint8)
        box, mask = connected_region(same, seed[0] - window.x0, seed[1] - window.y0, connectivity=search.connectivity)
        box = box.move(window.x0, window.y0)
        if np.count_nonzero(mask) > family.largest:
            return False
        if search.enclosed and box != box.intersect(bounds.grow(-1)):
            return False
        inside = within_area(search.area, box)
        if inside is not None and (mask > inside).any():
            return False
        if box == box.intersect(_inner(window, bounds)):
            return True
        margin *= 2


def _inner(window: Box, bounds: Box) -> Box:
    """The window less one pixel on each side that is not the picture's: a region that fits in goes on nowhere."""
    if window.empty:
        return NOTHING
    return Box(
        window.x0 + (window.x0 > bounds.x0),
        window.y0 + (window.y0 > bounds.y0),
        window.x1 - (window.x1 < bounds.x1),
        window.y1 - (window.y1 < bounds.y1),
    )
