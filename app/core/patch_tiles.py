"""What patches and gestures keep of the human layer: the pixels of one tile, as few bytes as they need.

A tile of one value, by far the most frequent, is that value. Others are bytes: the runs along the rows, or the plain
pixels where there are too many runs, both through zlib's fastest level. Runs halve what zlib alone makes of a stroke's
edge, unpack in a third of the time, and say which values occur.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from app.core.arrays import U8
from app.core.errors import PatchError
from app.core.geometry import NOTHING, Box
from app.core.tile_counts import TILE, count_codes

DAMAGED = "A stored step of the history is damaged and cannot be used."

_RUNS, _PIXELS = b"\x00", b"\x01"
_RUN_BYTES = 3  # its length - 1 (uint16, little end first) and its value, each in a block of its own
_LONGEST_RUN = 2**16
_FEWEST_PIXELS_PER_RUN = 8
_OF_ANY, _OF_ONE_VALUE, _OF_RUNS, _OF_PIXELS = 10, 20, 200, 500  # microseconds for 2**16 pixels
_MICROSECONDS = {_RUNS: _OF_RUNS, _PIXELS: _OF_PIXELS}
_UNPACKED = 256  # arrays that a `TileStore` holds: 16 MB


class Content(NamedTuple):
    """Pixels of the human layer: one value for all, or (h, w) of them and the values that occur, possibly repeated."""

    pixels: int | U8
    values: U8 | None = None


@dataclass(frozen=True, slots=True)
class PatchTile:
    """What one edit changed within one tile. `before` and `after` hold the human layer in `box`, encoded."""

    box: Box
    before: bytes
    after: bytes


class TileStore:
    """Contents by tile, of any number of tiles: the arrays least recently put in are kept encoded."""

    def __init__(self) -> None:
        self._contents: dict[Box, int | U8 | bytes] = {}
        self._unpacked: dict[Box, None] = {}

    def __contains__(self, tile: Box) -> bool:
        return tile in self._contents

    def put(self, tile: Box, pixels: int | U8) -> None:
        """Keep `pixels`, one value or (h, w) of them: an array itself, not a copy."""
        self._contents[tile] = pixels
        self._unpacked.pop(tile, None)
        if isinstance(pixels, int):
            return
        self._unpacked[tile] = None
        if len(self._unpacked) > _UNPACKED:
            oldest = next(iter(self._unpacked))
            del self._unpacked[oldest]
            held = self._contents[oldest]
            self._contents[oldest] = encode(held) if isinstance(held, np.ndarray) else held

    def get(self, tile: Box) -> int | U8:
        """What was put for `tile`. KeyError where there is nothing."""
        held = self._contents[tile]
        return decode(held, tile.shape).pixels if isinstance(held, bytes) else held

    def items(self) -> Iterator[tuple[Box, int | U8]]:
        """Every tile and what was put for it, unpacked one after the other; nothing may be put meanwhile."""
        return ((tile, self.get(tile)) for tile in self._contents)


def encode(pixels: int | U8) -> bytes:
    """One byte for one value; else a byte that says how, and the compressed rest. At most 2**16 pixels, at least 1."""
    if isinstance(pixels, int):
        return bytes((pixels,))
    flat = pixels.reshape(-1)
    last = np.flatnonzero(flat[1:] != flat[:-1])
    if not last.size:
        return bytes((int(flat[0]),))
    if flat.size > _LONGEST_RUN or last.size * _FEWEST_PIXELS_PER_RUN > flat.size:
        return _PIXELS + zlib.compress(flat.tobytes(), 1)
    ends = np.empty(last.size + 1, np.intp)
    ends[:-1], ends[-1] = last, flat.size - 1
    lengths = np.empty(ends.size, "<u2")
    lengths[0] = ends[0]
    np.subtract(ends[1:], ends[:-1] + 1, out=lengths[1:], casting="unsafe")
    return _RUNS + zlib.compress(lengths.tobytes() + flat[ends].tobytes(), 1)


def decode(data: bytes, shape: tuple[int, int]) -> Content:
    """What `encode` was given, in an array of its own. PatchError unless `data` is exactly that many pixels."""
    area = shape[0] * shape[1]
    if len(data) == 1:
        return Content(data[0])
    if data[:1] == _PIXELS:
        pixels = np.frombuffer(bytearray(_unpack(data, area, area)), np.uint8).reshape(shape)
        return Content(pixels, np.flatnonzero(count_codes(pixels)).astype(np.uint8))
    if data[:1] != _RUNS:
        raise PatchError(DAMAGED)
    raw = _unpack(data, _RUN_BYTES, area * _RUN_BYTES)
    if len(raw) % _RUN_BYTES:
        raise PatchError(DAMAGED)
    count = len(raw) // _RUN_BYTES
    lengths = np.frombuffer(raw, "<u2", count).astype(np.intp) + 1
    if int(lengths.sum()) != area:
        raise PatchError(DAMAGED)
    values = np.frombuffer(raw, np.uint8, count, offset=2 * count)
    return Content(values.repeat(lengths).reshape(shape), values)


def joined(tiles: Iterable[PatchTile], *, forward: bool) -> Iterator[tuple[Box, bytes]]:
    """Their boxes and what is `after` (`forward`) or `before` in them; whole tiles beside each other that hold the same
    one value come as one box: most of a large stroke, which is then written in a few pieces."""
    held, data = NOTHING, b""
    for tile in sorted(tiles, key=lambda tile: (tile.box.y0, tile.box.x0)):
        box, here = tile.box, tile.after if forward else tile.before
        alike = here == data and len(here) == 1 and box.area == TILE**2 == held.height * TILE
        if alike and (held.x1, held.y0) == (box.x0, box.y0):
            held = held.union(box)
            continue
        if not held.empty:
            yield held, data
        held, data = box, here
    if not held.empty:
        yield held, data


def effort(data: bytes, area: int) -> float:
    """About how many microseconds it takes to write `area` encoded pixels, at most 2**16, into a map.

    As measured on a slow desktop computer, counting what they cover included.
    """
    whole = _MICROSECONDS.get(data[:1], _OF_RUNS) if len(data) > 1 else _OF_ONE_VALUE
    return _OF_ANY + whole * area / _LONGEST_RUN


def encode_change(tile: Box, before: int | U8, after: int | U8) -> tuple[PatchTile, int] | None:
    """The pixels of `tile` that differ, cut down to the box around them, and their number; None when none differs."""
    if isinstance(before, int) and isinstance(after, int):
        return None if before == after else (PatchTile(tile, encode(before), encode(after)), tile.area)
    differs = np.asarray(np.not_equal(before, after))
    part = Box.around(differs)
    if part.empty:
        return None
    old, new = (layer if isinstance(layer, int) else layer[part.slices] for layer in (before, after))
    changed = cv2.countNonZero(differs.view(np.uint8))
    return PatchTile(part.move(tile.x0, tile.y0), encode(old), encode(new)), changed


def _unpack(data: bytes, least: int, most: int) -> bytes:
    """The compressed rest of `data`, of `least` to `most` bytes; more are never unpacked. PatchError otherwise."""
    stream = zlib.decompressobj()
    try:
        raw = stream.decompress(memoryview(data)[1:], most)
    except zlib.error:
        raise PatchError(DAMAGED) from None
    if not least <= len(raw) <= most or not stream.eof or stream.unused_data:
        raise PatchError(DAMAGED)
    return raw
