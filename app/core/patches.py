"""Reversible edits of the human layer: a gesture in progress (`Edit`, `Draft`) and what it leaves behind (`Patch`).

All work on tiles of 256 x 256 pixels: a gesture keeps a tile before it first changes it, and a patch keeps only tiles
that differ, cut down to what differs. A long diagonal stroke costs what it touches, not its bounding box, and a tile
that holds one value costs no look at its pixels. Patches hold the human layer only, so they stay valid under any
threshold and any model.
"""

from __future__ import annotations

import struct
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from app.core.arrays import U8, Bool
from app.core.errors import PatchError
from app.core.geometry import NOTHING, Box
from app.core.patch_tiles import DAMAGED, PatchTile, TileStore, decode, effort, encode_change, joined
from app.core.segment_map import (
    CODES,
    TILE,
    SegmentMap,
    is_human_value,
    write_under,
)
from app.core.tile_counts import count_codes

_MAGIC = b"ASMP"
_VERSION = 2
_HEADER = struct.Struct("<4sIII")  # magic, version, length and CRC-32 of the body
_BODY = struct.Struct("<III")  # height, width, number of tiles
_TILE = struct.Struct("<IIHHII")  # x, y, width, height, bytes before, bytes after
_OVERHEAD = 340  # bytes of Python objects around the pixels of one tile
_NO_HUMAN_VALUES = [value for value in range(CODES) if not is_human_value(value)]


@dataclass(frozen=True)
class Patch:
    """One reversible edit of the human layer of a map of `shape` (H, W)."""

    shape: tuple[int, int]
    tiles: tuple[PatchTile, ...]
    changed: int  # pixels

    @cached_property
    def box(self) -> Box:
        """The smallest box around all changed pixels."""
        return _union(tile.box for tile in self.tiles)

    @cached_property
    def nbytes(self) -> int:
        """Memory this patch takes, in bytes, Python objects included."""
        return sum(len(tile.before) + len(tile.after) + _OVERHEAD for tile in self.tiles)

    def effort(self, *, forward: bool) -> float:
        """About how many microseconds it takes to redo (`forward`) or undo it."""
        return sum(effort(tile.after if forward else tile.before, tile.box.area) for tile in self.tiles)

    def slices(self, most: float, *, forward: bool) -> list[tuple[PatchTile, ...]]:
        """Its tiles in groups that each take at most about `most` microseconds to redo (`forward`) or undo."""
        groups: list[list[PatchTile]] = [[]]
        taken = 0.0
        for tile in self.tiles:
            here = effort(tile.after if forward else tile.before, tile.box.area)
            if groups[-1] and taken + here > most:
                groups.append([])
                taken = 0.0
            groups[-1].append(tile)
            taken += here
        return [tuple(group) for group in groups]

    def contents(self, *, forward: bool) -> Iterator[tuple[Box, None, int | U8]]:
        """What it makes of its tiles when it is redone (`forward`) or undone: boxes, all of each, and human values."""
        for tile in self.tiles:
            yield tile.box, None, decode(tile.after if forward else tile.before, tile.box.shape).pixels

    def to_bytes(self) -> bytes:
        """The patch as bytes for a file or a database, with version and checksum."""
        parts = [_BODY.pack(*self.shape, len(self.tiles))]
        for tile in self.tiles:
            head = _TILE.pack(*tile.box[:2], tile.box.width, tile.box.height, len(tile.before), len(tile.after))
            parts += (head, tile.before, tile.after)
        body = b"".join(parts)
        return _HEADER.pack(_MAGIC, _VERSION, len(body), zlib.crc32(body)) + body

    @classmethod
    def from_bytes(cls, data: bytes) -> Patch:
        """Read what `to_bytes` wrote. PatchError unless every byte is as it was written."""
        try:
            magic, version, length, checksum = _HEADER.unpack_from(data)
        except struct.error:
            raise PatchError(DAMAGED) from None
        body = data[_HEADER.size :]
        if magic != _MAGIC or length != len(body) or zlib.crc32(body) != checksum:
            raise PatchError(DAMAGED)
        if version != _VERSION:
            raise PatchError(f"A stored step of the history has version {version}; this program reads {_VERSION}.")
        try:
            return _read_body(body)
        except struct.error:
            raise PatchError(DAMAGED) from None


class _Gesture(ABC):
    """One gesture in progress: which pixels a call to `paint` changes, and the patch of all of them.

    Whether paint may cover a pixel is decided by the code it shows at the moment it is painted, earlier paint of the
    same gesture included. A painted pixel then shows its human code, so painting it again with the same value changes
    nothing under any rule: a gesture may pass over the same place as often as it likes.
    """

    def __init__(self, segment_map: SegmentMap, *, writable: Bool | None = None) -> None:
        """`writable`: (256,) bool, the shown codes that paint may cover; None means all."""
        self.refused = False  # whether the rule kept paint away from any pixel that it would have changed
        self.written: set[int] = set()  # the values other than 0 that any pixel was given
        self._map = segment_map
        self._open = True
        self.allow(writable)

    def allow(self, writable: Bool | None) -> None:
        """From now on paint may cover other codes: the rule was changed, or what the codes stand for."""
        if writable is not None and writable.shape != (CODES,):
            raise ValueError(f"A table of writable codes has {CODES} entries, not shape {writable.shape}.")
        self._writable: U8 | None = None if writable is None else writable.astype(np.uint8)

    def paint(self, box: Box, mask: Bool | U8 | None, value: int | U8) -> Box | None:
        """Make `value` what the gesture shows under `mask`; the smallest box around what changed by that, or None.

        `mask` (h, w) covers `box`, which may reach over the map's edge; bool, or uint8 with 0 for "leave alone"; None
        paints all of the box. `value` is a human-layer value (0 gives pixels back to the network), or an array (h, w)
        of them. ValueError, and nothing changed, for shapes or values that do not fit.
        """
        self._check_open()
        value = value if isinstance(value, np.ndarray) else int(value)
        _check_value(value)
        for array in (mask, value):
            if isinstance(array, np.ndarray) and array.shape != box.shape:
                raise ValueError(f"An array of shape {array.shape} does not cover a box of {box.shape}.")
        dirty = NOTHING
        for tile in self._map.tiles(box):
            content = self._content(tile)
            if isinstance(content, int) and isinstance(value, int) and content == value:
                continue  # all of the tile has the value: the inside of a stroke, which a large brush passes often
            part = tile.intersect(box)
            local = part.move(-box.x0, -box.y0).slices
            under = None if mask is None else mask[local]
            if under is None or cv2.hasNonZero(under.view(np.uint8)):
                here = value if isinstance(value, int) else value[local]
                dirty = dirty.union(self._paint_part(tile, part, content, under, here))
        return None if dirty.empty else dirty

    def finish(self) -> Patch | None:
        """End the gesture. The patch that undoes and redoes it, or None when no pixel differs from before."""
        self._check_open()
        self._open = False
        return patch_between(self._map.shape, self._tiles())

    @abstractmethod
    def _content(self, tile: Box) -> int | U8:
        """The human layer in `tile` as the gesture has left it: one value, or (h, w) of them, not to be written."""

    @abstractmethod
    def _write(self, tile: Box, content: int | U8, box: Box, value: int | U8, mask: Bool | None) -> None:
        """Make `box`, a part of `tile`, whose `_content` is `content`, equal to `value` where `mask` is set."""

    @abstractmethod
    def _tiles(self) -> Iterator[tuple[Box, int | U8, int | U8]]:
        """Every tile that was written, with the human layer in it before the gesture and now."""

    def _check_open(self) -> None:
        if not self._open:
            raise RuntimeError("This edit was already finished or cancelled.")

    def _paint_part(self, tile: Box, part: Box, content: int | U8, mask: Bool | U8 | None, value: int | U8) -> Box:
        """Paint `part` of `tile`, whose human layer is `content`; the box around what changed."""
        held = content if isinstance(content, int) else content[part.move(-tile.x0, -tile.y0).slices]
        changed = self._allowed(tile, part, held, _changes(held, mask, value))
        if changed is None:
            self._write(tile, content, part, value, None)
            self.written |= _values(value, None)
            return part
        inside = Box.around(changed)
        dirty = inside.move(part.x0, part.y0)
        if not dirty.empty:
            here = changed[inside.slices]
            if not isinstance(value, int):
                value = value[inside.slices]
            full = cv2.countNonZero(here.view(np.uint8)) == here.size
            self._write(tile, content, dirty, value, None if full else here)
            self.written |= _values(value, None if full else here)
        return dirty

    def _allowed(self, tile: Box, part: Box, held: int | U8, changed: Bool | None) -> Bool | None:
        """What the rule leaves of `changed`, (h, w) or None for all of `part`; it may share memory with `changed`."""
        if self._writable is None:
            return changed
        if isinstance(held, int):
            allowed = self._writable[[held] if held else self._map.network_codes_in(tile)]
            if allowed.all():
                return changed
            if not allowed.any():
                self.refused = self.refused or changed is None or cv2.hasNonZero(changed.view(np.uint8))
                return np.zeros(part.shape, np.bool_)
        shown = np.maximum(self._map.network[part.slices], held)
        left: Bool = np.asarray(cv2.LUT(shown, self._writable), np.uint8).view(np.bool_)
        wanted = part.area
        if changed is not None:
            wanted = cv2.countNonZero(changed.view(np.uint8))
            left &= changed
        self.refused = self.refused or cv2.countNonZero(left.view(np.uint8)) < wanted
        return left


class Edit(_Gesture):
    """A gesture that writes the map as it goes: the only code that changes pixels of the human layer."""

    def __init__(self, segment_map: SegmentMap, *, writable: Bool | None = None) -> None:
        super().__init__(segment_map, writable=writable)
        self._before = TileStore()

    def cancel(self) -> Box | None:
        """End the gesture and put every pixel back; the box around what changed by that, or None."""
        self._check_open()
        self._open = False
        dirty = _union(_restore(self._map, *tile) for tile in self._tiles())
        return None if dirty.empty else dirty

    def _content(self, tile: Box) -> int | U8:
        return self._map.human_in(tile)

    def _write(self, tile: Box, content: int | U8, box: Box, value: int | U8, mask: Bool | None) -> None:
        if tile not in self._before:
            self._before.put(tile, content if isinstance(content, int) else content.copy())
        self._map.write_human(box, value, mask=mask)

    def _tiles(self) -> Iterator[tuple[Box, int | U8, int | U8]]:
        return ((tile, before, self._map.human_in(tile)) for tile, before in self._before.items())


class Draft(_Gesture):
    """A gesture that leaves the map alone: `finish` gives the patch that `apply_patch` may show later.

    It only reads the map, so a worker may run it as long as nobody writes the map meanwhile. What it keeps follows
    what it changed, one value per tile or a compressed tile, and never is a second layer.
    """

    def __init__(self, segment_map: SegmentMap, *, writable: Bool | None = None) -> None:
        super().__init__(segment_map, writable=writable)
        self._after = TileStore()

    def _content(self, tile: Box) -> int | U8:
        return self._after.get(tile) if tile in self._after else self._map.human_in(tile)

    def _write(self, tile: Box, content: int | U8, box: Box, value: int | U8, mask: Bool | None) -> None:
        if mask is None and isinstance(value, int) and box == tile:
            self._after.put(tile, value)
            return
        if isinstance(content, int):
            content = np.full(tile.shape, content, np.uint8)
        elif tile not in self._after:
            content = content.copy()
        write_under(content[box.move(-tile.x0, -tile.y0).slices], value, mask)
        self._after.put(tile, content)

    def _tiles(self) -> Iterator[tuple[Box, int | U8, int | U8]]:
        return ((tile, self._map.human_in(tile), after) for tile, after in self._after.items())


def apply_patch(
    segment_map: SegmentMap, patch: Patch, *, forward: bool, tiles: Sequence[PatchTile] | None = None
) -> Box:
    """Redo (`forward`) or undo an edit, or only some `tiles` of it; the box around the pixels.

    PatchError, and nothing changed, for a map of another size.
    """
    if patch.shape != segment_map.shape:
        raise PatchError(
            f"A correction of a picture of {_size(patch.shape)} does not fit one of {_size(segment_map.shape)}."
        )
    for box, data in joined(patch.tiles if tiles is None else tiles, forward=forward):
        content = decode(data, box.shape)
        segment_map.put_human(box, content.pixels, values=content.values)
    return patch.box if tiles is None else _union(tile.box for tile in tiles)


def rebuilt_map(corrections: Patch) -> SegmentMap:
    """A map without a network layer whose human layer is what `human_snapshot` kept."""
    segment_map = SegmentMap(*corrections.shape)
    apply_patch(segment_map, corrections, forward=True)
    return segment_map


def human_snapshot(segment_map: SegmentMap) -> Patch | None:
    """The whole human layer as the patch that makes it from an empty one; None when no pixel is decided."""
    tiles = segment_map.tiles(segment_map.box)
    return patch_between(segment_map.shape, ((tile, 0, segment_map.human_in(tile)) for tile in tiles))


def patch_between(shape: tuple[int, int], contents: Iterable[tuple[Box, int | U8, int | U8]]) -> Patch | None:
    """The patch from tiles with their contents before and after; None when no pixel differs."""
    tiles, changed = [], 0
    for tile, before, after in contents:
        encoded = encode_change(tile, before, after)
        if encoded is not None:
            tiles.append(encoded[0])
            changed += encoded[1]
    return Patch(shape, tuple(tiles), changed) if tiles else None


def _restore(segment_map: SegmentMap, tile: Box, content: int | U8, now: int | U8) -> Box:
    """Make the human layer in `tile`, which is `now`, equal to `content`; the box around what changed by that."""
    if isinstance(content, int) and isinstance(now, int):
        inside = Box.of_shape(tile.shape) if content != now else NOTHING
    else:
        inside = Box.around(np.asarray(np.not_equal(now, content)))
    dirty = inside.move(tile.x0, tile.y0)
    if not dirty.empty:
        segment_map.write_human(dirty, content if isinstance(content, int) else content[inside.slices])
    return dirty


def _changes(held: int | U8, mask: Bool | U8 | None, value: int | U8) -> Bool | None:
    """Where `mask` is set and `value` differs from what is `held`: (h, w), or None for everywhere."""
    under: Bool | None = None
    if mask is not None:
        under = mask.view(np.bool_) if mask.dtype == np.bool_ else mask != 0
    if isinstance(held, int) and isinstance(value, int):  # they differ: equal ones are never painted
        full = under is None or cv2.countNonZero(under.view(np.uint8)) == under.size
        return None if full else under
    differs: Bool = np.asarray(np.not_equal(held, value))
    if under is not None:
        differs &= under
    return differs


def _values(value: int | U8, mask: Bool | None) -> set[int]:
    """The values other than 0 of `value` under `mask`."""
    if isinstance(value, int):
        return {value} - {0}
    under = value if mask is None else np.asarray(cv2.copyTo(value, mask.view(np.uint8)), np.uint8)
    return set((np.flatnonzero(count_codes(under)[1:]) + 1).tolist())


def _read_body(body: bytes) -> Patch:
    height, width, count = _BODY.unpack_from(body)
    offset, changed = _BODY.size, 0
    tiles: dict[tuple[int, int], PatchTile] = {}
    for _ in range(count):
        x, y, w, h, *lengths = _TILE.unpack_from(body, offset)
        box = Box.at(x, y, width=w, height=h)
        if box.empty or box != box.clip((height, width)) or len(list(box.tiles(TILE))) != 1:
            raise PatchError(DAMAGED)
        start, middle = offset + _TILE.size, offset + _TILE.size + lengths[0]
        offset = middle + lengths[1]
        tile = PatchTile(box, body[start:middle], body[middle:offset])
        before, after = (_read_pixels(data, box) for data in (tile.before, tile.after))
        changed += int(np.count_nonzero(np.broadcast_to(np.not_equal(before, after), box.shape)))
        tiles[x // TILE, y // TILE] = tile
    if offset != len(body) or len(tiles) != count or not count:
        raise PatchError(DAMAGED)
    return Patch((height, width), tuple(tiles.values()), changed)


def _read_pixels(data: bytes, box: Box) -> int | U8:
    pixels = decode(data, box.shape).pixels
    try:
        _check_value(pixels)
    except ValueError:
        raise PatchError(DAMAGED) from None
    return pixels


def _check_value(value: int | U8) -> None:
    if isinstance(value, np.ndarray):
        if value.dtype == np.uint8 and not count_codes(value)[_NO_HUMAN_VALUES].any():
            return
    elif is_human_value(value):
        return
    raise ValueError("The human layer holds 0 and 101..251 only.")


def _union(boxes: Iterable[Box]) -> Box:
    total = NOTHING
    for box in boxes:
        total = total.union(box)
    return total


def _size(shape: tuple[int, int]) -> str:
    return f"{shape[1]} x {shape[0]} pixels"
