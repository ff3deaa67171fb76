"""The wand: connected pixels of similar colour, exactly for painting and quickly for a live preview.

A colour is similar to another when none of its three channels differs by more than the tolerance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np

from app.core.arrays import U8, Bool
from app.core.geometry import Box
from app.core.parts import Check, unhindered
from app.core.region_tiles import connected_parts
from app.core.regions import connected_region, region_within

PREVIEW_PIXELS = 1_000_000


def similar(photo: U8, x: int, y: int, *, tolerance: int, window: Box | None = None) -> tuple[Box, Bool]:
    """The pixels connected by their edges to (x, y) whose colour is similar to that of this pixel.

    `photo` (H, W, 3) RGB uint8; `tolerance` 0..255 per channel; `window` limits the search, connections included.
    Returns box and mask (h, w) bool. Looks no further than the region reaches. IndexError outside photo or window.
    """
    bounds = Box.of_shape(photo.shape)
    if window is not None:
        bounds = bounds.intersect(window)
    if not bounds.contains(x, y):
        raise IndexError(f"Pixel ({x}, {y}) lies outside {bounds}.")
    seed = photo[y, x]
    return region_within(lambda box: _alike(photo[box.slices], seed, tolerance), bounds, x, y)


def similar_parts(
    photo: U8, x: int, y: int, *, tolerance: int, check: Check = unhindered
) -> Iterator[tuple[Box, Bool | None]]:
    """What `similar` finds in the whole photo, tile by tile, so that no mask of its size exists: boxes and masks."""
    bounds = Box.of_shape(photo.shape)
    if not bounds.contains(x, y):
        raise IndexError(f"Pixel ({x}, {y}) lies outside {bounds}.")
    seed = photo[y, x]

    def look(tile: Box) -> U8 | bool:
        alike = _alike(photo[tile.slices], seed, tolerance)
        pixels = cv2.countNonZero(alike)
        return alike if 0 < pixels < tile.area else pixels > 0

    return connected_parts(look, bounds, x, y, check=check)


def coarse_similar(
    pyramid: tuple[U8, ...], x: int, y: int, *, tolerance: int, most_pixels: int = PREVIEW_PIXELS
) -> tuple[Box, Bool]:
    """What `similar` finds, for a preview: exact where that fits into `most_pixels`, else on a level of the pyramid.

    `pyramid` is the photo and its halvings. Returns a box in pixels of the photo and a mask (h, w) bool to be stretched
    over it: its pixels are squares of 1, 2, 4 … pixels of the photo, and the last ones may reach past its right and
    lower edge. The cost depends on `most_pixels`, not on the size of the photo. IndexError outside of it.
    """
    photo = pyramid[0]
    window = _around(x, y, shape=photo.shape[:2], most_pixels=most_pixels)
    box, mask = similar(photo, x, y, tolerance=tolerance, window=window)
    if window.union(box.grow(1).clip(photo.shape)) == window:
        return box, mask
    depth = next((i for i, level in enumerate(pyramid) if _pixels(level) <= most_pixels), len(pyramid) - 1)
    alike = _alike(pyramid[depth], photo[y, x], tolerance)
    # Details finer than a pixel of the level are lost there. What was found around the pointer leads across them.
    box, mask = _reduced(box, mask, depth=depth)
    alike[box.slices] |= mask.view(np.uint8) * np.uint8(255)
    box, mask = connected_region(alike, x >> depth, y >> depth)
    return Box(*(side << depth for side in box)), mask


def _alike(colours: U8, seed: U8, tolerance: int) -> U8:
    """(h, w, 3) → (h, w) uint8: 255 where the colour is similar to the seed's, (3,) uint8, else 0."""
    middle = seed.astype(np.int32)
    low, high = np.maximum(middle - tolerance, 0), np.minimum(middle + tolerance, 255)
    return np.asarray(cv2.inRange(colours, low.astype(np.uint8), high.astype(np.uint8)), np.uint8)


def _pixels(level: U8) -> int:
    return Box.of_shape(level.shape).area


def _around(x: int, y: int, *, shape: tuple[int, ...], most_pixels: int) -> Box:
    """The whole picture where it is small enough, else a square around (x, y)."""
    if shape[0] * shape[1] <= most_pixels:
        return Box.of_shape(shape)
    return Box(x, y, x + 1, y + 1).grow(max(0, math.isqrt(most_pixels) // 2 - 1)).clip(shape)


def _reduced(box: Box, mask: Bool, *, depth: int) -> tuple[Box, Bool]:
    """Box and mask at level `depth` of the pyramid: a pixel counts when any of the photo's pixels in it does."""
    for _ in range(depth):
        smaller = Box(box.x0 >> 1, box.y0 >> 1, (box.x1 + 1) >> 1, (box.y1 + 1) >> 1)
        even = np.zeros((2 * smaller.height, 2 * smaller.width), np.bool_)
        even[box.move(-2 * smaller.x0, -2 * smaller.y0).slices] = mask
        rows = even[0::2] | even[1::2]
        box, mask = smaller, rows[:, 0::2] | rows[:, 1::2]
    return box, mask
