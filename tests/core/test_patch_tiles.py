"""Contents of tiles: any pixels come back from their bytes, and bytes that say something else are refused."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from app.core import patch_tiles
from app.core.errors import PatchError
from app.core.geometry import Box
from app.core.patch_tiles import TileStore, decode, encode, encode_change

small = arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=40), elements=st.sampled_from((0, 101, 251)))


def areas_of(shape: tuple[int, int], seed: int) -> np.ndarray:
    """Few values in blocks: long runs."""
    coarse = np.random.default_rng(seed).choice(np.array((0, 101, 160, 251), np.uint8), (4, 4))
    return np.kron(coarse, np.ones((64, 64), np.uint8))[: shape[0], : shape[1]]


@given(small)
def test_pixels_come_back_from_their_bytes(pixels: np.ndarray) -> None:
    content = decode(encode(pixels), pixels.shape)
    assert np.array_equal(np.broadcast_to(content.pixels, pixels.shape), pixels)
    if content.values is not None:
        assert np.array_equal(np.unique(content.values), np.unique(pixels))


@given(st.integers(1, 256), st.integers(1, 256), st.integers(0, 99))
def test_areas_come_back_and_say_which_values_occur(height: int, width: int, seed: int) -> None:
    pixels = areas_of((height, width), seed)
    data = encode(pixels)
    content = decode(data, pixels.shape)
    assert np.array_equal(np.broadcast_to(content.pixels, pixels.shape), pixels)
    if isinstance(content.pixels, int):
        assert len(data) == 1
    else:
        assert content.pixels.flags.writeable
        assert np.array_equal(np.unique(content.values), np.unique(pixels))


def test_noise_takes_its_pixels_and_no_more() -> None:
    pixels = np.random.default_rng(0).integers(101, 252, (256, 256), dtype=np.uint8)
    assert len(encode(pixels)) < 66_000
    content = decode(encode(pixels), pixels.shape)
    assert isinstance(content.pixels, np.ndarray)
    assert np.array_equal(content.pixels, pixels)
    assert content.pixels.flags.writeable


@pytest.mark.parametrize("value", [0, 101, 251])
def test_one_value_is_one_byte(value: int) -> None:
    for pixels in (value, np.full((256, 256), value, np.uint8), np.full((256, 256), value, np.uint8)[::2, ::3]):
        assert encode(pixels) == bytes((value,))
    assert decode(bytes((value,)), (3, 4)).pixels == value


def runs(*lengths: int) -> bytes:
    return np.array([length - 1 for length in lengths], "<u2").tobytes() + bytes(range(101, 101 + len(lengths)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x02" + zlib.compress(runs(6, 6)),  # no such way to store pixels
        b"\x00" + zlib.compress(runs(6, 5)),  # one pixel is missing
        b"\x00" + zlib.compress(runs(6, 7)),  # one too many
        b"\x00" + zlib.compress(runs(65_536, 65_536, 65_536)),
        b"\x00" + zlib.compress(runs(6, 6) + b"\x65"),
        b"\x00" + zlib.compress(b""),
        b"\x00" + zlib.compress(runs(6, 6)) + b"\x00",
        b"\x00" + zlib.compress(runs(6, 6))[:-1],
        b"\x01" + zlib.compress(bytes(11)),
        b"\x01" + zlib.compress(bytes(13)),
        b"\x01\x00",
    ],
)
def test_bytes_that_are_not_these_pixels_are_refused(data: bytes) -> None:
    assert decode(b"\x00" + zlib.compress(runs(6, 6)), (3, 4)).pixels is not None
    with pytest.raises(PatchError):
        decode(data, (3, 4))


@given(small, st.data())
def test_a_change_is_cut_down_to_what_differs(before: np.ndarray, data: st.DataObject) -> None:
    after = data.draw(arrays(np.uint8, before.shape, elements=st.sampled_from((0, 101))))
    tile = Box.at(512, 256, width=before.shape[1], height=before.shape[0])
    encoded = encode_change(tile, before, after)
    ys, xs = np.nonzero(before != after)
    if encoded is None:
        assert not len(ys)
        return
    kept, changed = encoded
    box = Box(int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)
    assert changed == len(ys)
    assert kept.box == box.move(512, 256)
    for stored, layer in ((kept.before, before), (kept.after, after)):
        assert np.array_equal(np.broadcast_to(decode(stored, box.shape).pixels, box.shape), layer[box.slices])


def test_a_store_keeps_few_arrays_and_every_pixel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patch_tiles, "_UNPACKED", 3)
    store, expected = TileStore(), {}
    for index in range(20):
        tile = Box.at(256 * (index % 8), 0, width=256, height=200)  # some are put in again
        pixels: int | np.ndarray = 140 if index % 5 == 4 else areas_of((200, 256), index)
        store.put(tile, pixels)
        expected[tile] = np.broadcast_to(pixels, tile.shape).copy()
    held = store._contents.values()
    assert sum(isinstance(content, np.ndarray) for content in held) <= 3
    assert any(isinstance(content, bytes) for content in held)
    assert {tile for tile, _ in store.items()} == set(expected)
    for tile, pixels in store.items():
        assert np.array_equal(np.broadcast_to(pixels, tile.shape), expected[tile])
