"""A connected region of any size, tile by tile: nothing of it is ever there as a whole.

The flood goes from tile to tile over their sides. Of a tile that it has reached only the sides are kept, as the number
of the component that each of their pixels belongs to; the pixels are looked at once when the flood comes in and once
when they are given out. A tile that is open as a whole needs no look at all.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.arrays import U8, Bool
from app.core.geometry import Box
from app.core.parts import Check, unhindered
from app.core.segment_map import TILE

Look = Callable[[Box], U8 | bool]
"""What of a tile is open: all, nothing, or (h, w) uint8 with 0 where it is closed."""

_U16 = NDArray[np.uint16]
_Place = tuple[int, int]  # row and column of a tile
_SIDES: tuple[tuple[int, int], ...] = ((-1, 0), (1, 0), (0, -1), (0, 1))  # above, below, left, right
_OPPOSITE = (1, 0, 3, 2)


@dataclass(eq=False)
class _Reached:
    """A tile that the flood has come into."""

    box: Box
    sides: tuple[_U16, ...]  # the component of every pixel along each side: its number, 0 where closed
    components: _U16  # by that number, what `_components` calls it; empty for a tile that is open as a whole
    inside: Bool  # by number, whether the region has it
    whole: bool


def connected_parts(
    look: Look, bounds: Box, x: int, y: int, *, check: Check = unhindered, tile: int = TILE
) -> Iterator[tuple[Box, Bool | None]]:
    """The open pixels connected by their edges to (x, y), which is open: boxes and masks (h, w) bool, None for all.

    `look` is asked for the tiles of `bounds`, aligned to multiples of `tile` (at most 256), that the region reaches; it
    must answer the same whenever it is asked. The cost follows the region. IndexError outside the bounds.
    """
    if not bounds.contains(x, y):
        raise IndexError(f"Pixel ({x}, {y}) lies outside {bounds}.")
    flood = _Flood(look, bounds, tile, check)
    start = flood.place_of(x, y)
    first = flood.reach(start)
    seed = (
        0
        if first.whole
        else int(_components(np.asarray(look(first.box), np.uint8))[y - first.box.y0, x - first.box.x0])
    )
    number = 1 if first.whole else next(iter(np.flatnonzero(first.components == seed).tolist()), 0)
    if number:
        flood.spread(start, number)
    for place in sorted(flood.reached):
        check()
        yield from _part(look, flood.reached[place], alone=seed if place == start else 0)


class _Flood:
    """Which components of which tiles belong together."""

    def __init__(self, look: Look, bounds: Box, tile: int, check: Check) -> None:
        self.reached: dict[_Place, _Reached] = {}
        self._look, self._bounds, self._tile, self._check = look, bounds, tile, check

    def place_of(self, x: int, y: int) -> _Place:
        return y // self._tile, x // self._tile

    def reach(self, place: _Place) -> _Reached:
        """The tile at a place, looked at when it is the first time."""
        known = self.reached.get(place)
        if known is None:
            self._check()
            known = self.reached[place] = self._see(self._box(place))
        return known

    def spread(self, place: _Place, number: int) -> None:
        """Take component `number` of a tile in, and all that is connected with it."""
        self.reached[place].inside[number] = True
        todo = deque([(place, np.array([number], np.uint16))])
        while todo:
            (row, column), fresh = todo.popleft()
            here = self.reached[row, column]
            for side, (down, right) in enumerate(_SIDES):
                across = np.isin(here.sides[side], fresh)
                there = row + down, column + right
                if not across.any() or self._box(there).empty:
                    continue
                beyond = self.reach(there)
                met = np.unique(beyond.sides[_OPPOSITE[side]][across])
                met = met[~beyond.inside[met] & (met > 0)]
                if met.size:
                    beyond.inside[met] = True
                    todo.append((there, met))

    def _box(self, place: _Place) -> Box:
        top, left = place[0] * self._tile, place[1] * self._tile
        return Box(left, top, left + self._tile, top + self._tile).intersect(self._bounds)

    def _see(self, box: Box) -> _Reached:
        open_ = self._look(box)
        if isinstance(open_, bool):
            ones = np.full(max(box.shape), int(open_), np.uint16)
            sides = ones[: box.width], ones[: box.width], ones[: box.height], ones[: box.height]
            return _Reached(box, sides, np.empty(0, np.uint16), np.zeros(2, np.bool_), open_)
        marks = _components(open_)
        edges = marks[0], marks[-1], marks[:, 0], marks[:, -1]
        # Few components touch a side, and only those can be connected with anything beyond.
        touching = np.unique(np.concatenate((np.zeros(1, np.uint16), *edges)))
        numbers = tuple(np.searchsorted(touching, edge).astype(np.uint16) for edge in edges)
        return _Reached(box, numbers, touching, np.zeros(touching.size, np.bool_), whole=False)


def _components(open_: U8) -> _U16:
    """The connected components of a tile, numbered from 1; 0 is closed. The same numbers at every call."""
    _, marks = cv2.connectedComponents(np.ascontiguousarray(open_), connectivity=4, ltype=cv2.CV_16U)
    return np.asarray(marks, np.uint16)


def _part(look: Look, tile: _Reached, *, alone: int) -> Iterator[tuple[Box, Bool | None]]:
    """What the region has of a tile; `alone`: a component that may not touch its sides."""
    if tile.whole:
        if tile.inside[1]:
            yield tile.box, None
        return
    wanted = np.zeros(2**16, np.bool_)
    wanted[tile.components[tile.inside[: tile.components.size]]] = True
    wanted[alone] = True
    wanted[0] = False
    if wanted.any():
        yield tile.box, wanted[_components(np.asarray(look(tile.box), np.uint8))]
