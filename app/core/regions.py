"""Regions: connected pixels of one value, as a box and a mask to paint under."""

from __future__ import annotations

import cv2
import numpy as np

from app.core.arrays import U8, Bool
from app.core.geometry import NOTHING, Box
from app.core.segment_map import SegmentMap

_FIRST_REACH = 256  # pixels around the click that are looked at first
_ROWS_AT_ONCE = 256


def connected_region(values: U8, x: int, y: int) -> tuple[Box, Bool]:
    """The pixels connected by their edges to (x, y) that have its value: box and mask (h, w) bool.

    `values` (H, W) uint8, labels or codes. IndexError outside of it.
    """
    if not Box.of_shape(values.shape).contains(x, y):
        raise IndexError(f"Pixel ({x}, {y}) lies outside an array of {values.shape}.")
    flags = 4 | (1 << 8) | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE
    mask = np.zeros((values.shape[0] + 2, values.shape[1] + 2), np.uint8)  # floodFill wants a border of one pixel
    _, _, mask, (left, top, width, height) = cv2.floodFill(values, mask, (x, y), 0, 0, 0, flags)
    box = Box.at(left, top, width=width, height=height)
    filled: U8 = np.asarray(mask[box.move(1, 1).slices], np.uint8)
    return box, filled.view(np.bool_)


def region_at(segment_map: SegmentMap, x: int, y: int, *, table: U8 | None = None) -> tuple[Box, Bool]:
    """The region of the map around pixel (x, y): box and mask (h, w) bool.

    `table` (256,) uint8 says what counts as equal: the label table for pixels of one label, None for those of one code.
    Looks no further than the region reaches, so a small region costs little in a picture of any size. IndexError
    outside the map.
    """
    reach = _FIRST_REACH
    while True:
        window = Box(x - reach, y - reach, x + reach, y + reach).clip(segment_map.shape)
        values = segment_map.shown(window)
        if table is not None:
            values = np.asarray(cv2.LUT(values, table), np.uint8)
        box, mask = connected_region(values, x - window.x0, y - window.y0)
        box = box.move(window.x0, window.y0)
        if not _may_go_on(box, window, whole=segment_map.box):
            return box, mask
        reach *= 4


def region_of_code(segment_map: SegmentMap, code: int) -> tuple[Box, Bool]:
    """All pixels that show `code`, connected or not: box and mask (h, w) bool; an empty box when there are none."""
    box = NOTHING
    for strip in _strips(segment_map.box):
        x, y, width, height = cv2.boundingRect((segment_map.shown(strip) == code).view(np.uint8))
        box = box.union(Box.at(x, y + strip.y0, width=width, height=height))
    mask = np.zeros(box.shape, np.bool_)
    for strip in _strips(box):
        np.equal(segment_map.shown(strip), code, out=mask[strip.y0 - box.y0 : strip.y1 - box.y0])
    return box, mask


def _strips(box: Box) -> list[Box]:
    return [Box(box.x0, top, box.x1, min(top + _ROWS_AT_ONCE, box.y1)) for top in range(box.y0, box.y1, _ROWS_AT_ONCE)]


def _may_go_on(box: Box, window: Box, *, whole: Box) -> bool:
    """Whether a region found in `window` touches a side of it that is not the picture's own."""
    sides = zip(box, window, whole, strict=True)
    return any(found == seen != end for found, seen, end in sides)
