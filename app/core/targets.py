"""What a click on a picture means: the pixels that fill, relabel and the like work on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property, reduce
from typing import assert_never

import cv2
import numpy as np

from app.core.arrays import U8, Bool
from app.core.geometry import NOTHING, Box
from app.core.regions import region_parts
from app.core.segment_map import CODES, NETWORK_MAX, SegmentMap
from app.core.spans import Spans


class Scope(Enum):
    """How much of a picture a click reaches."""

    SEGMENT = "segment"  # every pixel of the query under the pointer, connected or not
    REGION = "region"  # the connected pixels of one label
    CLASS = "class"  # every pixel of one label


@dataclass(frozen=True, eq=False)
class Target:
    """The pixels that a click means. They are looked for when they are wanted: `parts` may run in another thread."""

    segment_map: SegmentMap
    codes: Bool  # (256,) the codes that belong to it
    seed: tuple[int, int] | None  # (x, y) with which all of it is connected; None when it may be anywhere

    @property
    def reach(self) -> Box:
        """A box that holds all of it: all of the picture while only a search would tell how far it goes."""
        if self.seed is not None:
            return self.segment_map.box
        return reduce(Box.union, (tile for tile, _ in self._tiles), NOTHING)

    @property
    def mixed(self) -> int:
        """How many tiles it shares with something else: those make work. 0 for what is connected: nobody knows yet."""
        return 0 if self.seed is not None else sum(not whole for _, whole in self._tiles)

    def parts(self, *, within: Spans | None = None) -> Iterator[tuple[Box, Bool | None]]:
        """Its pixels as boxes and masks (h, w) bool, None where all of a box belongs to it; only those `within`.

        None may be painted into the map itself before the last one is taken. Nothing is there at full size, but for one
        mask of what is connected in a map that is not large.
        """
        for box, mask in self._parts(self.segment_map.box if within is None else within.box):
            if within is None:
                yield box, mask
                continue
            runs = within.clip(box)
            inner, inside = runs.whole()
            if mask is not None:
                inside &= mask[inner.move(-box.x0, -box.y0).slices]
            if not inner.empty:
                yield inner, inside

    def _parts(self, bounds: Box) -> Iterator[tuple[Box, Bool | None]]:
        if self.seed is not None:
            yield from region_parts(self.segment_map, *self.seed, table=self.codes.astype(np.uint8))
            return
        table = self.codes.astype(np.uint8)
        for tile, whole in self._tiles:
            if whole:
                yield tile, None
            elif not tile.intersect(bounds).empty:
                yield tile, np.asarray(cv2.LUT(self.segment_map.shown(tile), table), np.uint8).view(np.bool_)

    @cached_property
    def _tiles(self) -> list[tuple[Box, bool]]:
        return self.segment_map.tiles_of(self.codes)


def target_at(segment_map: SegmentMap, label_table: U8, x: int, y: int, scope: Scope) -> Target | None:
    """What `scope` means at pixel (x, y); None outside the picture.

    `label_table` (256,) uint8: the label of every code. A segment is everything that shows the same query, also one
    that the threshold hides; what a person decided and what nobody decided belongs to no query: there the connected
    pixels of the same code are meant.
    """
    if not segment_map.box.contains(x, y):
        return None
    code = segment_map.code_at(x, y)
    same_code, same_label = np.arange(CODES) == code, np.asarray(label_table == label_table[code], np.bool_)
    match scope:
        case Scope.SEGMENT:
            return Target(segment_map, same_code, None if 1 <= code <= NETWORK_MAX else (x, y))
        case Scope.REGION:
            return Target(segment_map, same_label, (x, y))
        case Scope.CLASS:
            return Target(segment_map, same_label, None)
        case unexpected:
            assert_never(unexpected)
