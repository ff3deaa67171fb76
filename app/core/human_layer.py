"""What a person decided in one picture at one moment, to be read box by box while the picture itself goes on."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock

import numpy as np

from app.core.arrays import U8
from app.core.geometry import Box
from app.core.patch_tiles import decode
from app.core.patches import Patch, patch_between
from app.core.segment_map import TILE, SegmentMap


class HumanLayer:
    """A human layer of `shape` (H, W) as it was at one moment: any thread may read it while the picture goes on.

    Taking it costs nothing: its tiles are those of the map until paint comes into them, which copies them first. The
    tiles of a parked picture stay compressed until they are read.
    """

    def __init__(
        self, shape: tuple[int, int], tiles: dict[Box, int | U8 | bytes], *, segment_map: SegmentMap | None = None
    ) -> None:
        """`tiles`: boxes that lie within one tile each, at most one per tile, with what is in them: one value, (h, w)
        of them, or that as a patch encodes it. All others are as in `segment_map`, or empty without one."""
        self.shape = shape
        self._tiles = {_place(box): (box, content) for box, content in tiles.items()}
        self._map = segment_map
        self._lock = Lock()  # a tile must not be copied here while paint comes into it

    @classmethod
    def of_map(cls, segment_map: SegmentMap) -> HumanLayer:
        """The layer as it is now."""
        layer = cls(segment_map.shape, {}, segment_map=segment_map)
        segment_map.watch(layer)
        return layer

    @classmethod
    def of_patch(cls, patch: Patch) -> HumanLayer:
        """The layer that `patch` makes of an empty one."""
        return cls(patch.shape, {tile.box: tile.after for tile in patch.tiles})

    def before_write(self, tile: Box) -> None:
        """The map's pixels in `tile` are about to change."""
        if _place(tile) in self._tiles or self._map is None:
            return
        with self._lock:
            content = self._map.human_in(tile)
            self._tiles[_place(tile)] = tile, content if isinstance(content, int) else content.copy()

    def read(self, box: Box) -> U8:
        """The decisions in `box`, which lies on the picture: a copy, (h, w) uint8, 0 where there is none."""
        values = np.zeros(box.shape, np.uint8)
        for part in box.tiles(TILE):
            target = values[part.move(-box.x0, -box.y0).slices]
            with self._lock:
                held, content = self._tiles.get(_place(part), (None, 0))
                if held is None and self._map is not None:
                    target[...] = self._map.human[part.slices]
            if held is not None:
                common = part.intersect(held)
                pixels = decode(content, held.shape).pixels if isinstance(content, bytes) else content
                if not common.empty:
                    here = pixels if isinstance(pixels, int) else pixels[common.move(-held.x0, -held.y0).slices]
                    target[common.move(-part.x0, -part.y0).slices] = here
        return values

    def to_patch(self) -> Patch | None:
        """The patch that makes this layer of an empty one; None where nobody decided any pixel."""
        tiles = Box.of_shape(self.shape).tiles(TILE)
        return patch_between(self.shape, ((tile, 0, self.read(tile)) for tile in tiles))

    def bands(self) -> Iterator[Box]:
        """All rows of tiles, over the whole width: what to read one after the other."""
        height, width = self.shape
        return (Box(0, top, width, min(top + TILE, height)) for top in range(0, height, TILE))


def _place(box: Box) -> tuple[int, int]:
    return box.y0 // TILE, box.x0 // TILE
