"""Edge refine: inside an area the boundary between two classes moves to where the photo has its edge.

GrabCut (C. Rother, V. Kolmogorov, A. Blake, 2004) decides the pixels near the boundary by the colours of those farther
away. In a large area it works on a reduced photo, and a guided filter (K. He, J. Sun, X. Tang, 2010) carries its answer
to the full size, tile by tile.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.arrays import F32, I64, U8, Bool
from app.core.geometry import Box
from app.core.parts import Area, Check, LabelReader, Part, bounds_of, unhindered, within_area
from app.core.segment_map import CODES
from app.core.tile_counts import count_codes
from inference.errors import ExpectedError

MOST_PIXELS = 250_000  # of the photo that GrabCut works on: about a second, and 45 MB
_ROUNDS = 4
_FEWEST = 16  # pixels that colours can be learnt from
_TILE = 512
_FIRST_REACH = 32  # pixels
_SEED = 20040801
_SOFTNESS = (0.02 * 255) ** 2  # variance of the grey values that the guided filter takes for an edge


class RefineError(ExpectedError):
    """An area in which there is no boundary to refine."""


class _Pair(NamedTuple):
    """The two classes whose boundary moves."""

    first: int
    second: int


class _Reduced(NamedTuple):
    """The window at the size that GrabCut works on."""

    photo: U8  # (h, w, 3)
    sides: U8  # (h, w): 1 and 2 for the two classes, 0 for all others
    band: float  # in pixels of this size
    step: tuple[float, float]  # pixels of the window per pixel of this size, x and y


def refine_edges(photo: U8, reader: LabelReader, area: Area, *, band: int, check: Check = unhindered) -> Iterator[Part]:
    """Move the boundary between the two largest classes inside the area to the edges of the photo.

    `photo` (H, W, 3) uint8 RGB, of the reader's size. Only pixels of the two classes inside the area and at most `band`
    pixels (1 or more) from the other class change, each to the other class. Unlabelled counts as a class only where
    there is just one other. Labels beside the area are looked at, and must not change before the last part was taken.
    The same input gives the same parts; none when the boundary is where it should be. RefineError when there is nothing
    to refine: fewer than two classes, two that do not meet, or too few pixels to learn their colours from.
    """
    if band < 1 or photo.shape[:2] != reader.shape:
        raise ValueError(f"A band of {band} pixels in a photo of {photo.shape[:2]} for labels of {reader.shape}.")
    box = bounds_of(area, reader.shape)
    pair = _largest_pair(reader, area, box, check=check)
    window = box.grow(3 * band).clip(reader.shape)
    reduced = _reduce(photo, reader, window, pair, band=band)
    check()
    second = _cut(reduced, check=check)
    for tile in box.tiles(_TILE):
        check()
        part = _refine_tile(photo, reader, tile, pair, band=band, area=area, reduced=reduced, cut=(window, second))
        if part is not None:
            yield part


def _largest_pair(reader: LabelReader, area: Area, box: Box, *, check: Check) -> _Pair:
    pixels: I64 = np.zeros(CODES, np.int64)
    for tile in box.tiles(_TILE):
        check()
        inside = within_area(area, tile)
        labels = reader.labels(tile)
        pixels += count_codes(labels if inside is None else labels[inside])
    order = [int(label) for label in np.argsort(-pixels, kind="stable") if pixels[label]]
    chosen = [label for label in order if label][:2] + [0] * bool(pixels[0])
    if len(chosen) < 2:
        raise RefineError("Fewer than two classes lie inside the area.")
    return _Pair(*chosen[:2])


def _reduce(photo: U8, reader: LabelReader, window: Box, pair: _Pair, *, band: int) -> _Reduced:
    """The window at its own size, or so much smaller that GrabCut takes about a second."""
    factor = max(1.0, math.sqrt(window.area / MOST_PIXELS))
    width, height = max(1, round(window.width / factor)), max(1, round(window.height / factor))
    step = window.width / width, window.height / height
    rows = ((np.arange(height) + 0.5) * step[1]).astype(np.intp)
    columns = ((np.arange(width) + 0.5) * step[0]).astype(np.intp)
    sides = np.empty((height, width), np.uint8)
    table = _side_table(pair)
    for start in range(0, height, 64):
        few = rows[start : start + 64]
        strip = Box(window.x0, window.y0 + int(few[0]), window.x1, window.y0 + int(few[-1]) + 1)
        sides[start : start + 64] = table[reader.labels(strip)[few - few[0]][:, columns]]
    part = photo[window.slices]
    small = part if factor == 1 else cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)
    return _Reduced(np.ascontiguousarray(small, np.uint8), sides, max(2.0, band / math.sqrt(step[0] * step[1])), step)


def _side_table(pair: _Pair) -> U8:
    table = np.zeros(CODES, np.uint8)
    table[list(pair)] = 1, 2
    return table


def _cut(reduced: _Reduced, *, check: Check) -> Bool:
    """Which pixels of the reduced window GrabCut gives to the second class, (h, w) bool."""
    trimap = _trimap(reduced.sides, reduced.band)
    photo = reduced.photo
    if not reduced.sides.all():
        # Other classes must not teach any colours nor hold the boundary: the photo goes on as it is beside them.
        _, nearest = cv2.distanceTransformWithLabels(
            (reduced.sides == 0).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
        )
        source = np.zeros(int(nearest.max()) + 1, np.intp)
        known = np.flatnonzero(reduced.sides)
        source[nearest.reshape(-1)[known]] = known
        source = source[nearest]
        photo, trimap = photo.reshape(-1, 3)[source], trimap.reshape(-1)[source]
    fixed = trimap.copy()
    first_model, second_model = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(_SEED)
    for turn in range(_ROUNDS):
        check()
        mode = cv2.GC_EVAL if turn else cv2.GC_INIT_WITH_MASK
        cv2.grabCut(photo, trimap, (0, 0, 1, 1), first_model, second_model, 1, mode)
    second = (trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD)
    second &= _rooted(second, fixed == cv2.GC_FGD)
    return np.asarray(~_rooted(~second, fixed == cv2.GC_BGD), np.bool_)


def _trimap(sides: U8, band: float) -> U8:
    """What GrabCut takes for sure: background is the first class, foreground the second; (h, w) uint8."""
    trimap = np.empty(sides.shape, np.uint8)
    meets = False
    for side, sure, probable in ((1, cv2.GC_BGD, cv2.GC_PR_BGD), (2, cv2.GC_FGD, cv2.GC_PR_FGD)):
        own = sides == side
        away = _distance_to(sides == 3 - side)[own]
        meets |= bool(away.size) and float(away.min()) <= band
        # What is thinner than the band everywhere keeps its middle.
        depth = min(band, float(away.max()) / 2) if away.size else 0.0
        if np.count_nonzero(away > depth) < _FEWEST:
            raise RefineError("Too little of the two classes lies inside the area to tell them apart by colour.")
        trimap[own] = np.where(away > depth, sure, probable)
    if not meets:
        raise RefineError("The two largest classes inside the area do not meet there.")
    trimap[sides == 0] = cv2.GC_PR_BGD
    return trimap


def _distance_to(mask: Bool) -> F32:
    """How far every pixel is from the nearest one of the mask, in pixels, (h, w) float32."""
    return np.asarray(cv2.distanceTransform((~mask).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)


def _rooted(mask: Bool, roots: Bool) -> Bool:
    """The connected parts of a mask that hold a root: a boundary moves, it does not leave islands."""
    amount, regions = cv2.connectedComponents(mask.view(np.uint8), connectivity=8)
    kept = np.zeros(amount, np.bool_)
    kept[np.asarray(regions)[roots & mask]] = True
    kept[0] = False
    return np.asarray(kept[regions], np.bool_)


def _refine_tile(
    photo: U8,
    reader: LabelReader,
    tile: Box,
    pair: _Pair,
    *,
    band: int,
    area: Area,
    reduced: _Reduced,
    cut: tuple[Box, Bool],
) -> Part | None:
    """The pixels of one tile that change sides.

    What the photo says is looked at first: hardly a tile has pixels that it gives to the other class, and only around
    those it matters how far that class is.
    """
    window, second = cut
    sides = _side_table(pair)[reader.labels(tile)]
    if reduced.step == (1.0, 1.0):
        second = second[tile.move(-window.x0, -window.y0).slices]
    else:
        second = _enlarged(photo, tile, window, second, step=reduced.step)
    moving = sides == np.where(second, np.uint8(1), np.uint8(2))
    inside = within_area(area, tile)
    if inside is not None:
        moving &= inside
    spot = Box.around(moving)
    if spot.empty:
        return None
    moving, second, sides = moving[spot.slices], second[spot.slices], sides[spot.slices]
    spot = spot.move(tile.x0, tile.y0)
    reach = min(band, _FIRST_REACH)
    near = _near_other(reader, spot, sides, pair, reach=reach)
    while reach < band and (moving & ~near).any():  # few have to come from far, and looking far takes its time
        reach = min(band, 4 * reach)
        near = _near_other(reader, spot, sides, pair, reach=reach)
    moving &= near
    left = Box.around(moving)
    if left.empty:
        return None
    labels = np.where(second[left.slices], np.uint8(pair.second), np.uint8(pair.first))
    return Part(left.move(spot.x0, spot.y0), moving[left.slices].copy(), labels)


def _near_other(reader: LabelReader, box: Box, sides: U8, pair: _Pair, *, reach: int) -> Bool:
    """Which pixels of a box lie at most `reach` from one of the other side than their own, (h, w) bool."""
    around = box.grow(reach).clip(reader.shape)
    sides_around = _side_table(pair)[reader.labels(around)]
    near = np.zeros(box.shape, np.bool_)
    for side in (1, 2):
        others = sides_around == 3 - side
        if others.any():
            away = _distance_to(others)[box.move(-around.x0, -around.y0).slices]
            near |= (sides == side) & (away <= reach)
    return near


def _enlarged(photo: U8, tile: Box, window: Box, second: Bool, *, step: tuple[float, float]) -> Bool:
    """The decision in the reduced window, for a tile at the photo's own size, guided by its grey values."""
    radius = math.ceil(2 * max(step))
    around = tile.grow(2 * radius).intersect(window)
    columns = ((np.arange(around.x0, around.x1) - window.x0 + 0.5) / step[0] - 0.5).astype(np.float32)
    rows = ((np.arange(around.y0, around.y1) - window.y0 + 0.5) / step[1] - 0.5).astype(np.float32)
    near = Box(
        max(0, int(columns[0]) - 1), max(0, int(rows[0]) - 1),
        min(second.shape[1], int(columns[-1]) + 3), min(second.shape[0], int(rows[-1]) + 3),
    )  # fmt: skip
    known = second[near.slices]
    if known.all() or not known.any():
        return np.full(tile.shape, known[0, 0], np.bool_)
    grid = np.meshgrid(columns - near.x0, rows - near.y0)
    coarse = known.astype(np.float32)
    share = cv2.remap(coarse, grid[0], grid[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inner = tile.move(-around.x0, -around.y0).slices
    if share.min() == share.max():
        return np.asarray(share[inner] > 0.5, np.bool_)
    return np.asarray(_guided(photo[around.slices], np.asarray(share, np.float32), radius)[inner] > 0.5, np.bool_)


def _guided(photo: U8, share: F32, radius: int) -> F32:
    """`share` (h, w) float32 filtered so that its steps lie where those of the photo (h, w, 3) do."""
    guide = cv2.cvtColor(np.ascontiguousarray(photo), cv2.COLOR_RGB2GRAY).astype(np.float32)

    def mean(values: NDArray[np.float32]) -> F32:
        return np.asarray(cv2.blur(values, (2 * radius + 1, 2 * radius + 1)), np.float32)

    guide_mean, share_mean = mean(guide), mean(share)
    slope = (mean(guide * share) - guide_mean * share_mean) / (mean(guide * guide) - guide_mean**2 + _SOFTNESS)
    offset = share_mean - slope * guide_mean
    return mean(slope) * guide + mean(offset)
