"""What a person decided in one picture at one moment, to be read box by box while the picture itself goes on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from app.core.arrays import U8
from app.core.geometry import Box
from app.core.patch_tiles import decode
from app.core.patches import Patch
from app.core.segment_map import TILE, SegmentMap


class HumanLayer:
    """A human layer of `shape` (H, W) that nobody writes any more: any thread may read it.

    Only tiles with a decision are kept. Those of a parked picture stay compressed until they are read.
    """

    def __init__(self, shape: tuple[int, int], tiles: dict[Box, int | U8 | bytes]) -> None:
        """`tiles`: boxes that lie within one tile each and do not overlap, at most one per tile, with what is in them:
        one value, (h, w) of them, or that as a patch encodes it."""
        self.shape = shape
        self._tiles = {_place(box): (box, content) for box, content in tiles.items()}

    @classmethod
    def of_map(cls, segment_map: SegmentMap) -> HumanLayer:
        """The layer as it is now. Tiles of one value cost nothing; the others are copied."""
        tiles: dict[Box, int | U8 | bytes] = {}
        for tile in segment_map.box.tiles(TILE):
            content = segment_map.human_in(tile)
            if not isinstance(content, int):
                tiles[tile] = content.copy()
            elif content:
                tiles[tile] = content
        return cls(segment_map.shape, tiles)

    @classmethod
    def of_patch(cls, patch: Patch) -> HumanLayer:
        """The layer that `patch` makes of an empty one."""
        return cls(patch.shape, {tile.box: tile.after for tile in patch.tiles})

    def read(self, box: Box) -> U8:
        """The decisions in `box`, which lies on the picture: a copy, (h, w) uint8, 0 where there is none."""
        values = np.zeros(box.shape, np.uint8)
        for part in box.tiles(TILE):
            held, content = self._tiles.get(_place(part), (None, 0))
            common = part if held is None else part.intersect(held)
            if held is None or common.empty:
                continue
            pixels = decode(content, held.shape).pixels if isinstance(content, bytes) else content
            if not isinstance(pixels, int):
                pixels = pixels[common.move(-held.x0, -held.y0).slices]
            values[common.move(-box.x0, -box.y0).slices] = pixels
        return values

    def bands(self) -> Iterator[Box]:
        """All rows of tiles, over the whole width: what to read one after the other."""
        height, width = self.shape
        return (Box(0, top, width, min(top + TILE, height)) for top in range(0, height, TILE))


def _place(box: Box) -> tuple[int, int]:
    return box.y0 // TILE, box.x0 // TILE
