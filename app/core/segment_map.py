"""The segment map: one byte per pixel in two layers, and the count of every code it shows, tile by tile.

A pixel of the network layer names the query that owns it, one of the human layer what a person decided: the values are
in `app.core.codes`. What a pixel shows is simply the larger of the two.

The counts are kept per tile of 256 x 256 pixels, of the codes shown and of the network layer alone. They say of most
tiles what is in them (one value, a few codes, no correction) before anyone looks at a pixel. What undo and redo bring
back is counted when somebody asks for it: by then it is on screen.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol
from weakref import ref

import cv2
import numpy as np

from app.core.arrays import I32, I64, U8, Bool, Intp
from app.core.codes import HUMAN_BASE as HUMAN_BASE
from app.core.codes import HUMAN_UNLABELLED as HUMAN_UNLABELLED
from app.core.codes import NETWORK_MAX as NETWORK_MAX
from app.core.codes import Decider as Decider
from app.core.codes import human_value as human_value
from app.core.codes import is_human_value as is_human_value
from app.core.geometry import Box
from app.core.sampling import sample_largest
from app.core.tile_counts import CODES as CODES
from app.core.tile_counts import TILE as TILE
from app.core.tile_counts import count_among, count_codes, count_tiles


class Layer(Enum):
    """What of a map is looked at."""

    SHOWN = "shown"
    NETWORK = "network"


class Watcher(Protocol):
    """Whoever keeps the human layer of an earlier moment."""

    def before_write(self, tile: Box) -> None:
        """The pixels of a tile are about to change."""


@dataclass(frozen=True, eq=False)
class ShownCounts:
    """Pixels per code that each tile of a map will show with another network layer: see `SegmentMap.count_shown`."""

    layer: U8
    counts: I32  # (rows of tiles, columns of tiles, 256)
    writes: I64 = field(repr=False)  # the map's own count of what was painted into each tile (rows, columns)
    before: I64 = field(repr=False)  # and how it stood when these were counted


def write_under(target: U8, content: int | U8, mask: Bool | None) -> None:
    """Make `target` (h, w) equal to `content`, one value or (h, w) of them, where `mask` is set; None is everywhere."""
    if mask is None:
        target[...] = content
    else:
        source = np.full(target.shape, content, np.uint8) if isinstance(content, int) else content
        cv2.copyTo(source, mask.view(np.uint8), target)


class SegmentMap:
    """Two (H, W) uint8 layers and what their tiles hold; nothing else is kept at full size.

    The network layer is replaced as a whole by `set_network`. The human layer changes through `app.core.patches` only.
    """

    def __init__(self, height: int, width: int) -> None:
        if height < 1 or width < 1:
            raise ValueError(f"A segment map cannot be {width} x {height} pixels.")
        self._network: U8 = np.zeros((height, width), np.uint8)
        self._human: U8 = np.full(
            (height, width), 0, np.uint8
        )  # touched now: the first stroke need not wait for memory
        self._tile_areas: I32 = np.outer(_spans(height), _spans(width)).astype(np.int32)
        self._network_counts: I32 = np.zeros((*self._tile_areas.shape, CODES), np.int32)
        self._network_counts[..., 0] = self._tile_areas
        self._known_counts: I32 = self._network_counts.copy()  # of the codes shown
        self._uncounted: Bool = np.zeros(self._tile_areas.shape, np.bool_)  # where they say only what may occur
        self._histogram: I64 | None = None  # their sum over all tiles, while nothing changes
        self._writes: I64 = np.zeros(self._tile_areas.shape, np.int64)  # how often paint came into each tile
        self._watchers: list[ref[Watcher]] = []  # what keeps the human layer of an earlier moment
        self._network_view, self._human_view = _read_only(self._network), _read_only(self._human)

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)"""
        height, width = self._human.shape
        return height, width

    @property
    def box(self) -> Box:
        """All pixels."""
        return Box.of_shape(self.shape)

    @property
    def network(self) -> U8:
        """The network layer, (H, W) uint8 0..100, read-only."""
        return self._network_view

    @property
    def human(self) -> U8:
        """The human layer, (H, W) uint8 0 or 101..251, read-only."""
        return self._human_view

    def set_network(self, layer: U8, *, counts: I32 | None = None, shown: ShownCounts | None = None) -> None:
        """Replace the network layer by `layer`, (H, W) uint8 0..100, which the map keeps: do not write it afterwards.

        `counts`: `count_tiles` of the layer, and `shown`: `count_shown` of it, where that was done elsewhere already:
        then no pixel is looked at here but those of tiles painted meanwhile. ValueError, and nothing changed, for
        another shape or larger values.
        """
        if layer.shape != self.shape or layer.dtype != np.uint8:
            raise ValueError(f"A network layer of {layer.shape} {layer.dtype} does not fit a map of {self.shape}.")
        given, layer = layer, np.ascontiguousarray(layer)
        network_counts = count_tiles(layer) if counts is None else counts
        if network_counts.shape != self._known_counts.shape:
            raise ValueError(f"Counts of {network_counts.shape} do not belong to a map of {self.shape}.")
        wrong = network_counts[..., NETWORK_MAX + 1 :].any(axis=(0, 1))
        if wrong.any():
            largest = NETWORK_MAX + 1 + int(np.flatnonzero(wrong)[-1])
            raise ValueError(f"A network layer holds 0..{NETWORK_MAX}, not {largest}.")
        known = shown is not None and shown.layer is given and shown.writes is self._writes
        stale = self.stale(shown) if known else self._decided()
        counted = shown.counts.copy() if known and shown is not None else network_counts.copy()
        for row, column in np.argwhere(stale):
            counted[row, column] = self._count_under(layer, row, column)
        self._take_network(layer, network_counts, counted)

    def count_shown(self, layer: U8, counts: I32) -> ShownCounts:
        """What the tiles will show with another network layer, counted before `set_network`: any thread may do it.

        `counts` is `count_tiles` of the `layer`. Paint may come meanwhile: the tiles it touches are counted again then.
        """
        before, shown = self._writes.copy(), counts.copy()
        for row, column in np.argwhere(self._decided()):
            shown[row, column] = self._count_under(layer, row, column)
        return ShownCounts(layer, shown, self._writes, before)

    def stale(self, shown: ShownCounts | None) -> Bool:
        """The tiles (rows, columns) whose pixels `set_network` has to look at all the same."""
        if shown is None or shown.writes is not self._writes:
            return self._decided()
        return np.asarray(shown.before != self._writes, np.bool_)

    def clear_network(self) -> None:
        """Empty the network layer; what a person decided stays. No pixel is looked at."""
        counts = np.zeros_like(self._network_counts)
        counts[..., 0] = self._tile_areas
        shown = self._counts.copy()
        shown[..., : NETWORK_MAX + 1] = 0
        shown[..., 0] = self._tile_areas - shown.sum(axis=2)
        self._take_network(np.zeros(self.shape, np.uint8), counts, shown)

    def _take_network(self, layer: U8, counts: I32, shown: I32) -> None:
        self._network, self._network_view = layer, _read_only(layer)
        self._network_counts, self._known_counts, self._histogram = counts, shown, None
        self._uncounted = np.zeros_like(self._uncounted)

    def _count_under(self, layer: U8, row: int, column: int) -> I64:
        """Pixels per code that one tile shows over a network layer (H, W)."""
        part = slice(row * TILE, (row + 1) * TILE), slice(column * TILE, (column + 1) * TILE)
        return count_codes(np.maximum(layer[part], self._human[part]))

    @property
    def _counts(self) -> I32:
        """Pixels per code that every tile shows: (rows of tiles, columns of tiles, 256)."""
        for row, column in np.argwhere(self._uncounted).tolist() if self._uncounted.any() else ():
            self._counts_in(row, column)
        return self._known_counts

    def _counts_in(self, row: int, column: int) -> I32:
        """Pixels per code that one tile shows, (256,): the array itself, for whoever writes there."""
        counts: I32 = self._known_counts[row, column]
        if self._uncounted[row, column]:
            part = slice(row * TILE, (row + 1) * TILE), slice(column * TILE, (column + 1) * TILE)
            shown = np.asarray(cv2.max(self._network[part], self._human[part]), np.uint8)
            counts[:] = count_among(shown, counts.nonzero()[0].tolist(), None)
            self._uncounted[row, column] = False  # last: another thread that reads too may count it once more
        return counts

    def _decided(self) -> Bool:
        """The tiles (rows, columns) in which a person may have decided any pixel; in no others."""
        return np.asarray(self._known_counts[..., HUMAN_BASE + 1 :].any(axis=2), np.bool_)

    def as_it_is(self) -> SegmentMap:
        """The map as it is now, to be read elsewhere while the network may answer anew: no pixel is copied.

        Corrections do show in it, so whoever has it read sees to it that nobody makes any meanwhile.
        """
        self.histogram()  # counts whatever is not counted yet
        return copy.copy(self)

    def shown(self, box: Box | None = None) -> U8:
        """The codes shown in `box` (default: everywhere): a copy, (h, w) uint8. The box must lie on the map."""
        part = (self.box if box is None else box).slices
        return np.maximum(self._network[part], self._human[part])

    def code_at(self, x: int, y: int) -> int:
        """The code that pixel (x, y) shows. IndexError outside the map."""
        if not self.box.contains(x, y):
            raise IndexError(f"Pixel ({x}, {y}) lies outside a map of {self.shape}.")
        return max(int(self._network[y, x]), int(self._human[y, x]))

    def sample(self, ys: Intp, xs: Intp, *, layer: Layer = Layer.SHOWN) -> U8:
        """The codes at rows `ys` and columns `xs` that are shown or that the network gave: (len(ys), len(xs)) uint8.

        For drawing at screen resolution: the cost follows the output, not the picture. Rows and columns may come in
        any order and may repeat. IndexError for one outside the map.
        """
        if not len(ys) or not len(xs):
            return np.zeros((len(ys), len(xs)), np.uint8)
        box = Box(int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)
        if box != box.clip(self.shape):
            raise IndexError(f"Rows or columns outside a map of {self.shape} were asked for.")
        human = self._human[box.slices] if layer is Layer.SHOWN and self._is_decided(box) else None
        return sample_largest(self._network[box.slices], human, ys - box.y0, xs - box.x0)

    def _is_decided(self, box: Box) -> bool:
        """Whether a person may have decided any pixel of the tiles that `box` touches."""
        return bool(self._known_counts[_places(box)][..., HUMAN_BASE + 1 :].any())

    def histogram(self) -> I64:
        """Pixels per code shown, (256,) int64: a copy. Edits count what they change, so no pixel is looked at here."""
        if self._histogram is None:
            # One tile has at most 2**16 pixels: a row of tiles adds up in 32 bits, which is faster.
            self._histogram = self._counts.sum(axis=1, dtype=np.int32).sum(axis=0, dtype=np.int64)
        return self._histogram.copy()

    @property
    def decided(self) -> int:
        """How many pixels a person decided."""
        return int(self.histogram()[HUMAN_BASE + 1 :].sum())

    def tiles(self, box: Box) -> Iterator[Box]:
        """The tiles that share pixels with `box`, whole, row by row; those at the map's edges may be smaller."""
        height, width = self.shape
        inside = box.clip((height, width))
        if inside.empty:
            return
        for top in range(inside.y0 // TILE * TILE, inside.y1, TILE):
            for left in range(inside.x0 // TILE * TILE, inside.x1, TILE):
                yield Box(left, top, min(left + TILE, width), min(top + TILE, height))

    def tiles_of(self, codes: Bool) -> list[tuple[Box, bool]]:
        """The tiles that show any of `codes`, a table (256,) bool, and whether all pixels of each do."""
        pixels = self._counts[..., codes].sum(axis=2).tolist()
        areas = self._tile_areas.tolist()
        return [
            (tile, pixels[tile.y0 // TILE][tile.x0 // TILE] == areas[tile.y0 // TILE][tile.x0 // TILE])
            for tile in self.tiles(self.box)
            if pixels[tile.y0 // TILE][tile.x0 // TILE]
        ]

    def human_in(self, tile: Box) -> int | U8:
        """The human layer in `tile`: its value when all pixels have the same, else a read-only view (h, w)."""
        row, column = tile.y0 // TILE, tile.x0 // TILE
        counts = self._counts_in(row, column)
        most = int(counts.argmax())
        if counts[most] == self._tile_areas[row, column]:
            return most if most > HUMAN_BASE else 0
        return self._human_view[tile.slices] if counts[HUMAN_BASE + 1 :].any() else 0

    def network_codes_in(self, tile: Box) -> list[int]:
        """The codes that occur in the network layer in `tile`, ascending."""
        codes: list[int] = self._network_counts[tile.y0 // TILE, tile.x0 // TILE].nonzero()[0].tolist()
        return codes

    def write_human(self, box: Box, content: int | U8, *, mask: Bool | None = None) -> None:
        """Make the human layer in `box` equal to `content`, one value or (h, w) of them, where `mask` (h, w) is set.

        `box` lies within one tile. Only `app.core.patches` calls this and `put_human`: that is what makes every change
        of the human layer reversible.
        """
        self._before_write(box)
        if isinstance(content, int):
            self._write_value(box, content, mask)
        else:
            self._write_values(box, content, mask)
        self._writes[box.y0 // TILE, box.x0 // TILE] += 1  # last: whoever counts meanwhile sees that it must not count

    def put_human(self, box: Box, content: int | U8, *, values: U8 | None = None) -> None:
        """As `write_human`, but what takes a look at pixels to count it is counted when somebody asks.

        `box` lies within one tile or consists of whole ones; `values`: all that occur in an array `content`.
        """
        self._before_write(box)
        row, column = box.y0 // TILE, box.x0 // TILE
        if isinstance(content, int) and (box.width > TILE or box.area == self._tile_areas[row, column]):
            self._put_tiles(box, content)
            return
        counts, network_counts = self._known_counts[row, column], self._network_counts[row, column]
        human = self._human[box.slices]
        alone = isinstance(content, int) and not content and not self._uncounted[row, column]
        if alone and cv2.countNonZero(human) == counts[HUMAN_BASE + 1 :].sum():
            counts[:] = network_counts  # no decision is left in the tile: what undo mostly comes to
        else:
            np.maximum(counts, network_counts, out=counts)
            counts[content if values is None else values] = 1
            counts[0] = network_counts[0]
            self._uncounted[row, column] = True
        human[...] = content
        self._writes[row, column] += 1

    def _put_tiles(self, box: Box, value: int) -> None:
        tiles = _places(box)
        self._human[box.slices] = value
        counts = self._known_counts[tiles]
        counts[...] = 0 if value else self._network_counts[tiles]
        if value:
            counts[..., value] = self._tile_areas[tiles]
        self._uncounted[tiles] = False
        self._writes[tiles] += 1

    def _before_write(self, box: Box) -> None:
        """What an earlier moment still needs of the tiles that `box` touches is kept."""
        self._histogram = None
        for known in self._watchers:
            watcher = known()
            if watcher is not None:
                for tile in self.tiles(box):
                    watcher.before_write(tile)

    def watch(self, watcher: Watcher) -> None:
        """Tell `watcher` of every tile that is about to be written, for as long as anybody else knows it."""
        self._watchers[:] = [known for known in self._watchers if known() is not None] + [ref(watcher)]

    def _write_value(self, box: Box, value: int, mask: Bool | None) -> None:
        row, column = box.y0 // TILE, box.x0 // TILE
        counts, network_counts = self._counts_in(row, column), self._network_counts[row, column]
        human = self._human[box.slices]
        everything = mask is None and human.size == self._tile_areas[row, column]
        if not value and (everything or (mask is None and cv2.countNonZero(human) == counts[HUMAN_BASE + 1 :].sum())):
            counts[:] = network_counts  # no decision is left in the tile: the usual case when a stroke is undone
            human[...] = 0
            return
        counts -= counts if everything else self._count_shown(box, mask)
        write_under(human, value, mask)
        if value:
            counts[value] += box.area if mask is None else cv2.countNonZero(mask.view(np.uint8))
        else:
            counts += count_among(self._network[box.slices], network_counts.nonzero()[0].tolist(), _bytes(mask))

    def _write_values(self, box: Box, content: U8, mask: Bool | None) -> None:
        row, column = box.y0 // TILE, box.x0 // TILE
        counts, human, network = self._counts_in(row, column), self._human[box.slices], self._network[box.slices]
        if mask is not None:
            content = np.where(mask, content, human)
        new = count_codes(content)
        below = self._network_counts[row, column].nonzero()[0].tolist()
        if counts[HUMAN_BASE + 1 :].any():
            counts -= counts if box.area == self._tile_areas[row, column] else self._count_shown(box, None)
            if new[0]:
                counts += count_among(network, below, (content == 0).view(np.uint8))
        elif new[0] < box.area:  # no decision so far: the network's codes go where one is made now
            counts -= count_among(network, below, content)
        new[0] = 0
        counts += new
        human[...] = content

    def _count_shown(self, box: Box, mask: Bool | None) -> I64:
        """Pixels per code shown in `box`, which lies within one tile, where `mask` is set: (256,)."""
        present = self._counts_in(box.y0 // TILE, box.x0 // TILE).nonzero()[0].tolist()
        codes = self._network[box.slices]
        if len(present) > 1 and present[-1] > HUMAN_BASE:
            codes = np.asarray(cv2.max(codes, self._human[box.slices]), np.uint8)
        return count_among(codes, present, _bytes(mask))


def _bytes(mask: Bool | None) -> U8 | None:
    return None if mask is None else mask.view(np.uint8)


def _places(box: Box) -> tuple[slice, slice]:
    """The rows and columns of the tiles that a box touches."""
    return slice(box.y0 // TILE, -(-box.y1 // TILE)), slice(box.x0 // TILE, -(-box.x1 // TILE))


def _spans(length: int) -> list[int]:
    """The sides of the tiles along an axis of `length` pixels."""
    return [min(TILE, length - start) for start in range(0, length, TILE)]


def _read_only(layer: U8) -> U8:
    view = layer.view()
    view.flags.writeable = False
    return view
