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
    window = Box(x, y, x + 1, y + 1).grow(_FIRST_REACH).clip(segment_map.shape)
    while True:
        values = segment_map.shown(window)
        if table is not None:
            values = np.asarray(cv2.LUT(values, table), np.uint8)
        box, mask = connected_region(values, x - window.x0, y - window.y0)
        box = box.move(window.x0, window.y0)
        larger = _beyond(box, window).clip(segment_map.shape)
        if larger == window:
            return box, mask
        window = larger


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


def _beyond(box: Box, window: Box) -> Box:
    """The window, wider by half its size on each side that a region found in it touches."""
    dx, dy = max(1, window.width // 2), max(1, window.height // 2)
    return Box(
        window.x0 - dx * (box.x0 == window.x0),
        window.y0 - dy * (box.y0 == window.y0),
        window.x1 + dx * (box.x1 == window.x1),
        window.y1 + dy * (box.y1 == window.y1),
    )
