"""The nearest label for every open pixel: exact, in strips of few rows, most of it without looking at single pixels.

What lies close to a closed pixel finds it by looking around, ring by ring. What lies deeper is answered by whole blocks
where only one label can be the nearest (`cleanup_sites`), and pixel by pixel only along the borders between labels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from app.core.arrays import U8, Bool
from app.core.cleanup_sites import BLOCK, GROUP, OPEN, OpenReader, Sites, label_of, rank_of, survey
from app.core.geometry import Box
from app.core.parts import Area, Check, Part, bounds_of, changed_part, within_area

_REACH = 5  # how far one looks around; at least 3, so that what is deeper has 3×3 open pixels around it
_SIDE = GROUP * BLOCK  # rows of a strip
_MARGIN = 128  # pixels around an area that are looked at first; at least the reach

_Ring = tuple[tuple[int, int], ...]  # offsets (dy, dx) of the same length


def nearest_parts(read: OpenReader, shape: tuple[int, int], *, area: Area | None, check: Check) -> Iterator[Part]:
    """Give every open pixel in the area the label of the nearest closed pixel of the picture.

    Among equally near ones the smallest class wins, and a class before unlabelled. Pixels stay as they are when the
    whole picture is open.
    """
    bounds = bounds_of(area, shape)
    if bounds.empty:
        return
    sites, rings = _sites_for(read, shape, bounds=bounds, check=check), _rings(_REACH)
    whole = _aligned(bounds, shape)
    for top in range(whole.y0, whole.y1, _SIDE):
        check()
        strip = Box(whole.x0, top, whole.x1, min(top + _SIDE, whole.y1))
        allowed, is_open = within_area(area, strip), sites.open_in(strip)
        wanted = is_open if allowed is None else is_open & allowed
        if not wanted.any():
            continue
        around = strip.grow(_REACH).intersect(sites.window)
        labels = read(around)[0]
        ranks = np.where(sites.open_in(around), OPEN, rank_of(labels))
        found = _look_around(_padded(ranks, around, strip), wanted, rings)
        sites.fill(found, wanted & (found == OPEN), strip)
        before = labels[strip.move(-around.x0, -around.y0).slices]
        part = changed_part(strip, before, label_of(found), within=wanted & (found != OPEN))
        if part is not None:
            yield part


def _sites_for(read: OpenReader, shape: tuple[int, int], *, bounds: Box, check: Check) -> Sites:
    """All closed pixels that may be the nearest of some deep pixel in `bounds`: from as far as it takes to know."""
    margin = _MARGIN
    while True:
        sites = survey(read, _aligned(bounds.grow(margin), shape), check=check)
        if sites.reach_from(bounds, shape):
            return sites
        margin *= 4


def _aligned(box: Box, shape: tuple[int, int]) -> Box:
    """The box with its corners on the grid of the strips, as far as the picture goes."""
    x0, y0 = (corner // _SIDE * _SIDE for corner in box[:2])
    x1, y1 = (-(-corner // _SIDE) * _SIDE for corner in box[2:])
    return Box(x0, y0, x1, y1).clip(shape)


def _padded(ranks: U8, around: Box, strip: Box) -> U8:
    """`ranks` of `around` with as much around the strip on every side; beyond the picture all is open."""
    whole = strip.grow(_REACH)
    if whole == around:
        return ranks
    padded = np.full(whole.shape, OPEN, np.uint8)
    padded[around.move(-whole.x0, -whole.y0).slices] = ranks
    return padded


def _rings(reach: int) -> list[_Ring]:
    """The offsets up to that length, those of the same length together, the shortest first."""
    steps = range(-reach, reach + 1)
    squares = sorted({y * y + x * x for y in steps for x in steps} - {0})
    return [
        tuple((y, x) for y in steps for x in steps if y * y + x * x == square)
        for square in squares
        if math.isqrt(square - 1) < reach
    ]


def _look_around(ranks: U8, wanted: Bool, rings: list[_Ring]) -> U8:
    """The rank of the nearest closed pixel of each pixel (h, w) within the reach, by which `ranks` is larger on every
    side; `OPEN` where there is none. No more than the wanted ones are worked out."""
    height, width = wanted.shape
    found = ranks[_REACH : _REACH + height, _REACH : _REACH + width].copy()
    for left in range(0, width, _SIDE):
        some = np.s_[:, left : left + _SIDE]
        around = ranks[:, left : left + _SIDE + 2 * _REACH]
        if wanted[some].any() and (around != OPEN).any():
            _look_at(around, found[some], wanted[some], rings)
    return found


def _look_at(ranks: U8, found: U8, wanted: Bool, rings: list[_Ring]) -> None:
    """The same for a few columns, in place."""
    height, width = found.shape
    smallest = np.empty_like(found)
    for ring in rings:
        still_open = found == OPEN
        if not (still_open & wanted).any():
            break
        smallest[:] = OPEN
        for dy, dx in ring:
            top, left = _REACH + dy, _REACH + dx
            np.minimum(smallest, ranks[top : top + height, left : left + width], out=smallest)
        np.copyto(found, smallest, where=still_open)
