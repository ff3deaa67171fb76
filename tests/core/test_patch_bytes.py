"""Patches as bytes: they come back as they were, and whatever is damaged is refused."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import PatchError
from app.core.patches import Patch, apply_patch
from app.core.segment_map import SegmentMap
from tests.core.helpers import painted_patch, random_map


def test_bytes_round_trip() -> None:
    patch = painted_patch(random_map(540, 700, human_share=0.2))
    assert Patch.from_bytes(patch.to_bytes()) == patch


STORED = painted_patch(SegmentMap(540, 700)).to_bytes()


@given(st.integers(0, len(STORED) - 1), st.integers(1, 255))
def test_any_changed_byte_is_noticed(position: int, flip: int) -> None:
    damaged = bytearray(STORED)
    damaged[position] ^= flip
    with pytest.raises(PatchError):
        Patch.from_bytes(bytes(damaged))


@given(st.integers(0, len(STORED) - 1))
def test_any_truncation_is_noticed(length: int) -> None:
    with pytest.raises(PatchError):
        Patch.from_bytes(STORED[:length])


@given(st.binary(max_size=300))
def test_any_bytes_are_a_patch_or_a_typed_error(data: bytes) -> None:
    with pytest.raises(PatchError):
        Patch.from_bytes(data)


def sealed(body: bytes, *, version: int = 2) -> bytes:
    return struct.pack("<4sIII", b"ASMP", version, len(body), zlib.crc32(body)) + body


@given(st.data())
@settings(max_examples=300)
def test_a_damaged_body_with_a_right_checksum_is_refused_or_well_formed(data: st.DataObject) -> None:
    body = bytearray(STORED[16:])
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        patch = Patch.from_bytes(sealed(bytes(body)))
    except PatchError:
        return
    assert patch.box == patch.box.clip(patch.shape)
    assert patch.changed <= patch.box.area
    if patch.shape == (540, 700):
        segment_map = SegmentMap(540, 700)
        apply_patch(segment_map, patch, forward=True)
        apply_patch(segment_map, patch, forward=False)


@pytest.mark.parametrize(
    ("tile", "pixels"),
    [
        ((0, 0, 2, 2, 1, 1), b"\x00\x05"),  # 5 is a network value
        ((0, 0, 2, 2, 1, 1), b"\x00\xfc"),  # 252 is reserved
        ((9, 0, 2, 2, 1, 1), b"\x00\x65"),  # reaches over the edge
        ((0, 0, 0, 2, 1, 1), b"\x00\x65"),  # has no pixels
        ((0, 0, 2, 2, 0, 1), b"\x65"),  # no bytes before
    ],
)
def test_nonsense_with_a_right_checksum_is_refused(tile: tuple[int, ...], pixels: bytes) -> None:
    body = struct.pack("<III", 10, 10, 1) + struct.pack("<IIHHII", *tile) + pixels
    with pytest.raises(PatchError):
        Patch.from_bytes(sealed(body))
    good = struct.pack("<III", 10, 10, 1) + struct.pack("<IIHHII", 0, 0, 2, 2, 1, 1) + b"\x00\x65"
    assert Patch.from_bytes(sealed(good)).changed == 4
    with pytest.raises(PatchError, match="version 1"):
        Patch.from_bytes(sealed(good, version=1))


@pytest.mark.parametrize("kind", [b"\x00", b"\x01"])
def test_a_tile_that_unpacks_to_too_much_is_refused_without_unpacking_it(kind: bytes) -> None:
    bomb = kind + zlib.compress(bytes(50_000_000), 9)
    body = struct.pack("<III", 10, 10, 1) + struct.pack("<IIHHII", 0, 0, 2, 2, len(bomb), 1) + bomb + b"\x65"
    with pytest.raises(PatchError):
        Patch.from_bytes(sealed(body))
