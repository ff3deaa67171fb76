"""Edits and patches: exact undo, rules, tiles, bytes."""

from __future__ import annotations

import ast
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import app
from app.core.errors import PatchError
from app.core.geometry import Box
from app.core.painting import dab, stroke
from app.core.patches import Edit, Patch, apply_patch, human_snapshot
from app.core.segment_map import SegmentMap, human_value
from tests.core.helpers import filled_map, random_map


def changed_box(before: np.ndarray, after: np.ndarray) -> Box | None:
    ys, xs = np.nonzero(before != after)
    return Box(int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1) if len(ys) else None


def painted_patch(segment_map: SegmentMap) -> Patch:
    edit = Edit(segment_map)
    edit.paint(*dab((300.0, 260.0), 90, segment_map.shape), human_value(7))
    edit.paint(*stroke((30.0, 20.0), (500.0, 300.0), 9, segment_map.shape), 0)
    patch = edit.finish()
    assert patch is not None
    return patch


def test_paint_says_exactly_what_changed() -> None:
    segment_map = random_map(300, 520)
    edit = Edit(segment_map)
    for center, size, value in (((256.0, 256.0), 60, 110), ((260.0, 250.0), 60, 110), ((0.0, 0.0), 50, 251)):
        before = segment_map.human.copy()
        box, mask = dab(center, size, segment_map.shape)
        dirty = edit.paint(box, mask, value)
        assert (segment_map.human[box.slices][mask] == value).all()
        assert dirty == changed_box(before, segment_map.human)
    assert edit.paint(*dab((260.0, 250.0), 20, segment_map.shape), 110) is None


def test_a_box_over_the_edge_and_no_mask() -> None:
    segment_map = SegmentMap(10, 20)
    edit = Edit(segment_map)
    assert edit.paint(Box(-5, -5, 4, 3), None, 120) == (0, 0, 4, 3)
    assert edit.paint(Box(30, 30, 40, 40), None, 120) is None
    mask = np.zeros((6, 6), np.uint8)
    mask[3:, 3:] = 200  # any value but 0 counts
    assert edit.paint(Box(15, 7, 21, 13), mask, 251) is None
    assert edit.paint(Box(14, 6, 20, 12), mask, 251) == (17, 9, 20, 10)
    assert segment_map.decided == 15


@pytest.mark.parametrize("value", [1, 100, 252, 256, -1])
def test_values_outside_the_human_layer_are_refused(value: int) -> None:
    segment_map = random_map(5, 5)
    before = segment_map.human.copy()
    with pytest.raises(ValueError, match="human layer"):
        Edit(segment_map).paint(Box(0, 0, 5, 5), None, value)
    if 0 <= value <= 255:
        with pytest.raises(ValueError, match="human layer"):
            Edit(segment_map).paint(Box(0, 0, 5, 5), None, np.full((5, 5), value, np.uint8))
    assert np.array_equal(segment_map.human, before)


def test_shapes_that_do_not_fit_are_refused() -> None:
    segment_map = SegmentMap(5, 5)
    with pytest.raises(ValueError, match="does not cover"):
        Edit(segment_map).paint(Box(0, 0, 3, 3), np.ones((2, 3), bool), 101)
    with pytest.raises(ValueError, match="does not cover"):
        Edit(segment_map).paint(Box(0, 0, 3, 3), None, np.zeros((5, 5), np.uint8))
    with pytest.raises(ValueError, match="256 entries"):
        Edit(segment_map, writable=np.ones(5, bool))


def test_paint_of_many_values_at_once() -> None:
    segment_map = random_map(290, 270)
    human = segment_map.human.copy()
    values = random_map(100, 120, seed=3).human
    mask = np.random.default_rng(2).random((100, 120)) < 0.5
    edit = Edit(segment_map)
    edit.paint(Box(200, 180, 320, 280), mask, values)
    expected = human.copy()
    part = expected[180:280, 200:270]
    part[mask[:, :70]] = values[:, :70][mask[:, :70]]
    assert np.array_equal(segment_map.human, expected)
    patch = edit.finish()
    assert patch is not None
    apply_patch(segment_map, patch, forward=False)
    assert np.array_equal(segment_map.human, human)


def test_the_rule_looks_at_the_code_shown_when_the_pixel_is_painted() -> None:
    network = np.zeros((4, 8), np.uint8)
    network[:, 4:] = 9
    segment_map = filled_map(network)
    only_nothing = np.zeros(256, bool)
    only_nothing[0] = True
    edit = Edit(segment_map, writable=only_nothing)
    assert edit.paint(Box(0, 0, 8, 4), None, 105) == (0, 0, 4, 4)
    assert edit.paint(Box(0, 0, 8, 4), None, 105) is None  # passing over it again changes nothing
    assert edit.paint(Box(0, 0, 8, 4), None, 106) is None  # what this gesture painted is no longer "nothing"
    assert (segment_map.shown()[:, :4] == 105).all()
    assert (segment_map.shown()[:, 4:] == 9).all()


def test_back_to_the_network_under_a_rule() -> None:
    segment_map = filled_map(np.full((4, 4), 7, np.uint8), np.full((4, 4), 130, np.uint8))
    only_human = np.arange(256) > 100
    edit = Edit(segment_map, writable=only_human)
    assert edit.paint(Box(1, 1, 3, 3), None, 0) == (1, 1, 3, 3)
    assert edit.paint(Box(1, 1, 3, 3), None, 0) is None
    assert segment_map.code_at(1, 1) == 7
    assert segment_map.code_at(0, 0) == 130


def test_a_numpy_number_is_a_value_too() -> None:
    segment_map = SegmentMap(3, 3)
    assert Edit(segment_map).paint(Box(0, 0, 2, 2), None, np.uint8(150)) == (0, 0, 2, 2)  # type: ignore[arg-type]
    assert segment_map.histogram()[150] == 4


def test_cancel_restores_exactly() -> None:
    segment_map = random_map(600, 530)
    human, histogram = segment_map.human.copy(), segment_map.histogram()
    edit = Edit(segment_map)
    assert edit.paint(*stroke((10.0, 10.0), (520.0, 590.0), 33, segment_map.shape), 140) is not None
    painted = segment_map.human.copy()
    assert edit.cancel() == changed_box(human, painted)
    assert np.array_equal(segment_map.human, human)
    assert np.array_equal(segment_map.histogram(), histogram)
    assert Edit(segment_map).cancel() is None


def test_finish_without_a_difference_makes_no_patch() -> None:
    segment_map = SegmentMap(20, 20)
    assert Edit(segment_map).finish() is None
    edit = Edit(segment_map)
    edit.paint(Box(2, 2, 9, 9), None, 111)
    edit.paint(Box(2, 2, 9, 9), None, 0)
    assert edit.finish() is None


def test_an_ended_edit_cannot_go_on() -> None:
    segment_map = SegmentMap(20, 20)
    for end in (Edit.finish, Edit.cancel):
        edit = Edit(segment_map)
        end(edit)
        with pytest.raises(RuntimeError, match="already"):
            edit.paint(Box(0, 0, 1, 1), None, 101)


def test_undo_and_redo_are_exact() -> None:
    segment_map = random_map(540, 700, human_share=0.2)
    before, histogram = segment_map.human.copy(), segment_map.histogram()
    patch = painted_patch(segment_map)
    after = segment_map.human.copy()
    assert patch.box == changed_box(before, after)
    assert patch.changed == np.count_nonzero(before != after)
    assert apply_patch(segment_map, patch, forward=False) == patch.box
    assert np.array_equal(segment_map.human, before)
    assert np.array_equal(segment_map.histogram(), histogram)
    apply_patch(segment_map, patch, forward=True)
    assert np.array_equal(segment_map.human, after)
    assert np.array_equal(segment_map.histogram(), np.bincount(segment_map.shown().ravel(), minlength=256))


def test_a_patch_stays_valid_under_another_network_layer() -> None:
    segment_map = random_map(540, 700, human_share=0.2)
    before = segment_map.human.copy()
    patch = painted_patch(segment_map)
    segment_map.set_network(np.full(segment_map.shape, 42, np.uint8))
    apply_patch(segment_map, patch, forward=False)
    assert np.array_equal(segment_map.human, before)
    assert np.array_equal(segment_map.histogram(), np.bincount(segment_map.shown().ravel(), minlength=256))


def test_a_long_diagonal_stroke_costs_what_it_touches() -> None:
    segment_map = SegmentMap(4000, 6000)
    edit = Edit(segment_map)
    edit.paint(*stroke((5.0, 5.0), (5990.0, 3990.0), 20, segment_map.shape), 120)
    patch = edit.finish()
    assert patch is not None
    assert patch.box.area > 0.98 * 6000 * 4000
    assert sum(tile.box.area for tile in patch.tiles) < 0.12 * 6000 * 4000
    assert patch.nbytes < 80_000


def test_a_patch_of_another_size_is_refused() -> None:
    patch = painted_patch(SegmentMap(540, 700))
    other = random_map(540, 701)
    before = other.human.copy()
    with pytest.raises(PatchError, match="700 x 540 pixels does not fit one of 701 x 540"):
        apply_patch(other, patch, forward=True)
    assert np.array_equal(other.human, before)


def test_snapshot_is_the_whole_human_layer() -> None:
    segment_map = random_map(300, 280)
    taken = human_snapshot(segment_map)
    assert taken is not None
    assert taken.changed == segment_map.decided
    copy = SegmentMap(300, 280)
    apply_patch(copy, Patch.from_bytes(taken.to_bytes()), forward=True)
    assert np.array_equal(copy.human, segment_map.human)
    assert human_snapshot(SegmentMap(300, 280)) is None


# --- bytes -----------------------------------------------------------------------------------------------------------


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


def sealed(body: bytes, *, version: int = 1) -> bytes:
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
    with pytest.raises(PatchError, match="version 2"):
        Patch.from_bytes(sealed(good, version=2))


def test_a_tile_that_unpacks_to_too_much_is_refused_without_unpacking_it() -> None:
    bomb = zlib.compress(bytes(50_000_000), 9)
    body = struct.pack("<III", 10, 10, 1) + struct.pack("<IIHHII", 0, 0, 2, 2, len(bomb), 1) + bomb + b"\x65"
    with pytest.raises(PatchError):
        Patch.from_bytes(sealed(body))


def test_only_patches_write_the_human_layer() -> None:
    callers = set()
    for file in Path(app.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in ("write_human", "_human"):
                callers.add(file.name)
    assert callers == {"patches.py", "segment_map.py"}
