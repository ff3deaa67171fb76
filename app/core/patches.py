"""Reversible edits of the human layer: a gesture in progress (`Edit`) and what it leaves behind (`Patch`).

Both work on tiles of 256 x 256 pixels: an edit copies a tile before it first changes it, and a patch keeps only tiles
that differ, cut down to what differs. A long diagonal stroke costs what it touches, not its bounding box. Patches hold
the human layer only, so they stay valid under any threshold and any model.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from app.core.arrays import U8, Bool
from app.core.errors import PatchError
from app.core.geometry import NOTHING, Box
from app.core.segment_map import CODES, HUMAN_BASE, HUMAN_UNLABELLED, SegmentMap, is_human_value

TILE = 256
_MAGIC = b"ASMP"
_VERSION = 1
_HEADER = struct.Struct("<4sIII")  # magic, version, length and CRC-32 of the body
_BODY = struct.Struct("<III")  # height, width, number of tiles
_TILE = struct.Struct("<IIHHII")  # x, y, width, height, bytes before, bytes after
_OVERHEAD = 400  # bytes of Python objects around the pixels of one tile
_DAMAGED = "A stored step of the history is damaged and cannot be used."


@dataclass(frozen=True)
class PatchTile:
    """What one edit changed within one tile. `before` and `after` hold the human layer in `box`, compressed."""

    box: Box
    before: bytes
    after: bytes


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

    @property
    def nbytes(self) -> int:
        """Memory this patch takes, in bytes, Python objects included."""
        return sum(len(tile.before) + len(tile.after) + _OVERHEAD for tile in self.tiles)

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
            raise PatchError(_DAMAGED) from None
        body = data[_HEADER.size :]
        if magic != _MAGIC or length != len(body) or zlib.crc32(body) != checksum:
            raise PatchError(_DAMAGED)
        if version != _VERSION:
            raise PatchError(f"A stored step of the history has version {version}; this program reads {_VERSION}.")
        try:
            return _read_body(body)
        except (struct.error, zlib.error):
            raise PatchError(_DAMAGED) from None


class Edit:
    """One gesture in progress on a segment map: the only code that writes human-layer pixels.

    Whether paint may cover a pixel is decided by the code it shows at the moment it is painted, earlier paint of the
    same gesture included. A painted pixel then shows its human code, so painting it again with the same value changes
    nothing under any rule: a gesture may pass over the same place as often as it likes.
    """

    def __init__(self, segment_map: SegmentMap, *, writable: Bool | None = None) -> None:
        """`writable`: (256,) bool, the shown codes that paint may cover; None means all."""
        if writable is not None and writable.shape != (CODES,):
            raise ValueError(f"A table of writable codes has {CODES} entries, not shape {writable.shape}.")
        self._map = segment_map
        self._writable: U8 | None = None if writable is None else writable.astype(np.uint8)
        self._before: dict[Box, U8] = {}  # whole tiles as they were when the gesture began
        self._open = True

    def paint(self, box: Box, mask: Bool | U8 | None, value: int | U8) -> Box | None:
        """Write `value` under `mask` and return the smallest box around the pixels that changed, or None.

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
        for part in box.clip(self._map.shape).tiles(TILE):
            local = part.move(-box.x0, -box.y0).slices
            under = None if mask is None else mask[local]
            if under is None or cv2.hasNonZero(under.view(np.uint8)):
                dirty = dirty.union(self._paint_tile(part, under, value if isinstance(value, int) else value[local]))
        return None if dirty.empty else dirty

    def finish(self) -> Patch | None:
        """End the gesture. The patch that undoes and redoes it, or None when no pixel differs from before."""
        self._check_open()
        self._open = False
        human = self._map.human
        tiles, changed = [], 0
        for box, before in self._before.items():
            encoded = _encode_tile(box, before, human[box.slices])
            if encoded is not None:
                tiles.append(encoded[0])
                changed += encoded[1]
        self._before = {}
        return Patch(self._map.shape, tuple(tiles), changed) if tiles else None

    def cancel(self) -> Box | None:
        """End the gesture and put every pixel back; the box around what changed by that, or None."""
        self._check_open()
        self._open = False
        dirty = _union(_restore(self._map, box, before) for box, before in self._before.items())
        self._before = {}
        return None if dirty.empty else dirty

    def _check_open(self) -> None:
        if not self._open:
            raise RuntimeError("This edit was already finished or cancelled.")

    def _paint_tile(self, box: Box, mask: Bool | U8 | None, value: int | U8) -> Box:
        """Paint `box`, which lies within one tile; the box around what changed."""
        human = self._map.human[box.slices]
        changed = human != value
        if mask is not None:
            changed &= mask if mask.dtype == np.bool_ else mask != 0
        if self._writable is not None:
            changed &= cv2.LUT(self._map.shown(box), self._writable).view(np.bool_)
        extent = _extent(changed)
        dirty = extent.move(box.x0, box.y0)
        if not dirty.empty:
            self._keep(box)
            part = changed[extent.slices]
            content = value if isinstance(value, int) else value[extent.slices]
            self._map.write_human(dirty, content if part.all() else np.where(part, content, human[extent.slices]))
        return dirty

    def _keep(self, box: Box) -> None:
        left, top = box.x0 // TILE * TILE, box.y0 // TILE * TILE
        tile = Box(left, top, left + TILE, top + TILE).clip(self._map.shape)
        if tile not in self._before:
            self._before[tile] = self._map.human[tile.slices].copy()


def apply_patch(segment_map: SegmentMap, patch: Patch, *, forward: bool) -> Box:
    """Redo (`forward`) or undo an edit; the box around its pixels. PatchError, nothing changed, for another size."""
    if patch.shape != segment_map.shape:
        raise PatchError(
            f"A correction of a picture of {_size(patch.shape)} does not fit one of {_size(segment_map.shape)}."
        )
    for tile in patch.tiles:
        segment_map.write_human(tile.box, _decode(tile.after if forward else tile.before, tile.box.shape))
    return patch.box


def human_snapshot(segment_map: SegmentMap) -> Patch | None:
    """The whole human layer as the patch that makes it from an empty one; None when no pixel is decided."""
    tiles, changed = [], 0
    human, empty = segment_map.human, np.zeros((TILE, TILE), np.uint8)
    for box in segment_map.box.tiles(TILE):
        encoded = _encode_tile(box, empty[: box.height, : box.width], human[box.slices])
        if encoded is not None:
            tiles.append(encoded[0])
            changed += encoded[1]
    return Patch(segment_map.shape, tuple(tiles), changed) if tiles else None


def _restore(segment_map: SegmentMap, box: Box, content: U8) -> Box:
    """Make the human layer in `box` equal to `content`; the box around what changed by that."""
    extent = _extent(segment_map.human[box.slices] != content)
    dirty = extent.move(box.x0, box.y0)
    if not dirty.empty:
        segment_map.write_human(dirty, content[extent.slices])
    return dirty


def _encode_tile(box: Box, before: U8, after: U8) -> tuple[PatchTile, int] | None:
    differs = before != after
    extent = _extent(differs)
    if extent.empty:
        return None
    part = extent.slices
    tile = PatchTile(extent.move(box.x0, box.y0), _encode(before[part]), _encode(after[part]))
    return tile, int(np.count_nonzero(differs))


def _encode(pixels: U8) -> bytes:
    """One byte when all pixels are equal, else zlib's fastest level."""
    if pixels.min() == pixels.max():
        return bytes((int(pixels[0, 0]),))
    return zlib.compress(pixels.tobytes(), 1)


def _decode(data: bytes, shape: tuple[int, int]) -> int | U8:
    """The one value of all pixels, or (h, w) of them."""
    if len(data) == 1:
        return data[0]
    stream = zlib.decompressobj()
    pixels = stream.decompress(data, shape[0] * shape[1])
    if len(pixels) != shape[0] * shape[1] or not stream.eof or stream.unused_data:
        raise PatchError(_DAMAGED)
    return np.frombuffer(pixels, np.uint8).reshape(shape)


def _read_body(body: bytes) -> Patch:
    height, width, count = _BODY.unpack_from(body)
    offset, changed = _BODY.size, 0
    tiles: dict[tuple[int, int], PatchTile] = {}
    for _ in range(count):
        x, y, w, h, *lengths = _TILE.unpack_from(body, offset)
        box = Box.at(x, y, width=w, height=h)
        if box.empty or box != box.clip((height, width)) or len(list(box.tiles(TILE))) != 1:
            raise PatchError(_DAMAGED)
        start, middle = offset + _TILE.size, offset + _TILE.size + lengths[0]
        offset = middle + lengths[1]
        tile = PatchTile(box, body[start:middle], body[middle:offset])
        before, after = _decode(tile.before, box.shape), _decode(tile.after, box.shape)
        _check_stored(before, after)
        changed += int(np.count_nonzero(np.broadcast_to(np.not_equal(before, after), box.shape)))
        tiles[x // TILE, y // TILE] = tile
    if offset != len(body) or len(tiles) != count or not count:
        raise PatchError(_DAMAGED)
    return Patch((height, width), tuple(tiles.values()), changed)


def _check_stored(*layers: int | U8) -> None:
    try:
        for layer in layers:
            _check_value(layer)
    except ValueError:
        raise PatchError(_DAMAGED) from None


def _check_value(value: int | U8) -> None:
    if isinstance(value, np.ndarray):
        # One comparison for both ends: 1..100 and 252..255 turn into 156..255 and 151..154 when 101 is subtracted.
        wrong = (value - np.uint8(HUMAN_BASE + 1) > HUMAN_UNLABELLED - HUMAN_BASE - 1) & (value != 0)
        if value.dtype == np.uint8 and not wrong.any():
            return
    elif is_human_value(value):
        return
    raise ValueError("The human layer holds 0 and 101..251 only.")


def _extent(mask: Bool) -> Box:
    """The smallest box around the true pixels of a mask, relative to it."""
    x, y, width, height = cv2.boundingRect(mask.view(np.uint8))
    return Box.at(x, y, width=width, height=height)


def _union(boxes: Iterable[Box]) -> Box:
    total = NOTHING
    for box in boxes:
        total = total.union(box)
    return total


def _size(shape: tuple[int, int]) -> str:
    return f"{shape[1]} x {shape[0]} pixels"
