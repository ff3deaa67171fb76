"""Regions: connected pixels of one value, as a box and a mask to paint under."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum

import cv2
import numpy as np

from app.core.arrays import U8, Bool
from app.core.geometry import NOTHING, Box
from app.core.region_tiles import connected_parts
from app.core.segment_map import CODES, NETWORK_MAX, SegmentMap

LARGEST_MASK = 32_000_000  # pixels of a map in which a region may be one mask
_FIRST_REACH = 256  # pixels around the click that are looked at first
_GROWTH = 1.5  # of the window's size, on each side that a region touches: the whole picture is two steps away
_STRIDE = 8  # pixels between those that a first guess looks at
_FEW = 12  # codes; up to here comparing with each is faster than a table
_WALL, _FLOODED = 1, 2  # in a flooded field, where 0 is open


class Connectivity(IntEnum):
    """Which neighbours belong together."""

    EDGES = 4
    CORNERS = 8  # and edges


def connected_region(
    values: U8, x: int, y: int, *, connectivity: Connectivity = Connectivity.EDGES
) -> tuple[Box, Bool]:
    """The pixels connected to (x, y) that have its value: box and mask (h, w) bool.

    `values` (H, W) uint8, labels or codes. IndexError outside of it.
    """
    if not Box.of_shape(values.shape).contains(x, y):
        raise IndexError(f"Pixel ({x}, {y}) lies outside an array of {values.shape}.")
    flags = int(connectivity) | (1 << 8) | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE
    mask = np.zeros((values.shape[0] + 2, values.shape[1] + 2), np.uint8)  # floodFill wants a border of one pixel
    _, _, mask, (left, top, width, height) = cv2.floodFill(values, mask, (x, y), 0, 0, 0, flags)
    box = Box.at(left, top, width=width, height=height)
    filled: U8 = np.asarray(mask[box.move(1, 1).slices], np.uint8)
    return box, filled.view(np.bool_)


def region_at(segment_map: SegmentMap, x: int, y: int, *, table: U8 | None = None) -> tuple[Box, Bool]:
    """The region of the map around pixel (x, y), connected by edges: box and mask (h, w) bool.

    `table` (256,) uint8 says what counts as equal: the label table for pixels of one label, None for those of one code.
    Looks no further than the region reaches, so a small region costs little in a picture of any size. IndexError
    outside the map.
    """
    same = _same(segment_map, segment_map.code_at(x, y), table)
    window, guess = Box(x, y, x + 1, y + 1).grow(_FIRST_REACH).clip(segment_map.shape), NOTHING
    while True:
        box, field = _flood(segment_map, window, (x, y), same=same)
        larger = _beyond(box, window).clip(segment_map.shape)
        if larger == window:
            return box, _filled(field, box.move(-window.x0, -window.y0))
        if guess.empty:
            guess = _guess(segment_map, (x, y), same=same)
            larger = larger if window.union(guess) == window else window.union(guess)
        window = larger


def region_parts(
    segment_map: SegmentMap, x: int, y: int, *, table: U8 | None = None
) -> Iterator[tuple[Box, Bool | None]]:
    """What `region_at` finds, as boxes and masks (h, w) bool, None for all of a box.

    In a large map it comes tile by tile, so that no mask of that size exists; the map must not change meanwhile.
    """
    if segment_map.box.area <= LARGEST_MASK:
        yield region_at(segment_map, x, y, table=table)
        return
    same = _same(segment_map, segment_map.code_at(x, y), table)

    def look(tile: Box) -> U8 | bool:
        known = holds(segment_map, tile, same)
        return _looked_up(segment_map.shown(tile), same) if known is None else known

    yield from connected_parts(look, segment_map.box, x, y)


def _same(segment_map: SegmentMap, code: int, table: U8 | None) -> Bool:
    """The codes (256,) bool that count as equal to `code`."""
    if table is None:
        return np.asarray(np.arange(CODES) == code, np.bool_)
    return np.asarray((table == table[code]) & (segment_map.histogram() > 0), np.bool_)


def region_within(read: Callable[[Box], U8], bounds: Box, x: int, y: int) -> tuple[Box, Bool]:
    """The region around pixel (x, y) of values that need not exist as a whole: box and mask (h, w) bool.

    `read` gives the values (h, w) uint8 of any box within `bounds`. It is asked for a window that grows only where the
    region reaches its sides, so the result is that of `connected_region` on all of `bounds`. IndexError outside them.
    """
    if not bounds.contains(x, y):
        raise IndexError(f"Pixel ({x}, {y}) lies outside {bounds}.")
    window = Box(x, y, x + 1, y + 1).grow(_FIRST_REACH).intersect(bounds)
    while True:
        box, mask = connected_region(read(window), x - window.x0, y - window.y0)
        box = box.move(window.x0, window.y0)
        larger = _beyond(box, window).intersect(bounds)
        if larger == window:
            return box, mask
        window = larger


def _guess(segment_map: SegmentMap, pixel: tuple[int, int], *, same: Bool) -> Box:
    """About how far the region around `pixel` reaches: its box in a picture of every eighth pixel, and a margin."""
    (x, y), (height, width) = pixel, segment_map.shape
    codes = segment_map.sample(np.arange(y % _STRIDE, height, _STRIDE), np.arange(x % _STRIDE, width, _STRIDE))
    box, _ = connected_region(_looked_up(codes, same), x // _STRIDE, y // _STRIDE)
    reach = Box(box.x0 * _STRIDE, box.y0 * _STRIDE, box.x1 * _STRIDE, box.y1 * _STRIDE)
    return reach.grow(2 * _STRIDE).clip(segment_map.shape)


def _looked_up(codes: U8, same: Bool) -> U8:
    """`same` (256,) bool at every code: 0 or 1. A few comparisons are faster than a table."""
    wanted = np.flatnonzero(same)
    if len(wanted) > _FEW:
        return np.asarray(cv2.LUT(codes, same.astype(np.uint8)), np.uint8)
    found = np.zeros(codes.shape, np.bool_)
    for code in wanted:
        found |= codes == code
    return found.view(np.uint8)


def _flood(segment_map: SegmentMap, window: Box, pixel: tuple[int, int], *, same: Bool) -> tuple[Box, U8]:
    """The region around `pixel` within `window`: its box on the map, and the field that was flooded.

    `same` (256,) bool: the codes that belong to the region. The field (h + 2, w + 2) uint8 has a border of one pixel
    around the window; in it the region is _FLOODED.
    """
    field = np.empty((window.height + 2, window.width + 2), np.uint8)
    field[[0, -1]] = _WALL
    field[:, [0, -1]] = _WALL
    inner, seed = field[1:-1, 1:-1], (pixel[0] - window.x0, pixel[1] - window.y0)
    cores = _prepare(segment_map, window, inner, same=same)
    for core in cores:
        if core.contains(*seed):
            seed = (core.x0 - 1, core.y0 - 1)
    # Where to go is all in the mask, which only what is not open stops; the picture beside it may hold anything, so it
    # is the same memory: one byte per pixel does it all.
    flags = int(Connectivity.EDGES) | (_FLOODED << 8) | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE
    *_, (left, top, width, height) = cv2.floodFill(inner, field, seed, 0, 255, 255, flags)
    for core in cores:
        if inner[core.y0 - 1, core.x0 - 1] != _FLOODED:
            inner[core.slices] = _WALL
    return Box.at(left + window.x0, top + window.y0, width=width, height=height), field


def _prepare(segment_map: SegmentMap, window: Box, field: U8, *, same: Bool) -> list[Box]:
    """Write walls into the `field` (h, w) of a window, and return its cores, relative to it.

    Of a tile that is open as a whole only the rim is: its core holds _FLOODED already, and the flood has less to do.
    What becomes of the rim goes for the core.
    """
    cores = []
    for tile in segment_map.tiles(window):
        box = tile.intersect(window)
        part = box.move(-window.x0, -window.y0)
        known = holds(segment_map, tile, same)
        if known is None:
            np.bitwise_xor(_looked_up(segment_map.shown(box), same), _WALL, out=field[part.slices])
            continue
        field[part.slices] = 0 if known else _WALL
        core = part.grow(-1)
        if known and not core.empty:
            field[core.slices] = _FLOODED
            cores.append(core)
    return cores


def holds(segment_map: SegmentMap, tile: Box, codes: Bool) -> bool | None:
    """Whether all or none of a tile of the map shows one of the `codes`, a table (256,) bool.

    None where only a look at its pixels would tell.
    """
    human = segment_map.human_in(tile)
    if isinstance(human, int) and human:
        return bool(codes[human])
    below = codes[segment_map.network_codes_in(tile)]
    if isinstance(human, int):
        return True if below.all() else None if below.any() else False
    return None if below.any() or codes[NETWORK_MAX + 1 :].any() else False


def _filled(field: U8, box: Box) -> Bool:
    """The region in `box`, relative to the window, as a mask: a view of the field, which is spent by that."""
    part = field[1:-1, 1:-1][box.slices]
    np.right_shift(part, 1, out=part)  # 2 becomes 1, the rest 0
    return part.view(np.bool_)


def _beyond(box: Box, window: Box) -> Box:
    """The window, wider on each side that a region found in it touches."""
    dx, dy = int(window.width * _GROWTH) + 1, int(window.height * _GROWTH) + 1
    return Box(
        window.x0 - dx * (box.x0 == window.x0),
        window.y0 - dy * (box.y0 == window.y0),
        window.x1 + dx * (box.x1 == window.x1),
        window.y1 + dy * (box.y1 == window.y1),
    )
