"""Edits and patches: exact undo, rules, tiles."""

from __future__ import annotations

import ast
import tracemalloc
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import app
from app.core.errors import PatchError
from app.core.geometry import Box
from app.core.painting import dab, stroke
from app.core.patches import Draft, Edit, Patch, apply_patch, human_snapshot
from app.core.segment_map import SegmentMap
from tests.core.helpers import filled_map, painted_patch, random_map


def changed_box(before: np.ndarray, after: np.ndarray) -> Box | None:
    ys, xs = np.nonzero(before != after)
    return Box(int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1) if len(ys) else None


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
    for end in (Edit.finish, Edit.cancel, Draft.finish):
        edit: Edit | Draft = Draft(segment_map) if end is Draft.finish else Edit(segment_map)
        end(edit)
        with pytest.raises(RuntimeError, match="already"):
            edit.paint(Box(0, 0, 1, 1), None, 101)


def test_arrays_in_any_order_of_their_bytes() -> None:
    """Callers may hand over flipped, transposed or strided views."""
    random = np.random.default_rng(4)
    mask, values = random.random((600, 700)) < 0.5, random_map(600, 700, seed=2).human
    views = (np.s_[::-1, ::-1], np.s_[::2, 50:400])
    for view, share in product(views, (0.0, 0.2)):
        here = mask[view], values[view]
        box = Box.of_shape(here[0].shape)
        painted, plain = random_map(600, 700, human_share=share), random_map(600, 700, human_share=share)
        for segment_map, (under, value) in ((painted, here), (plain, tuple(map(np.ascontiguousarray, here)))):
            edit = Edit(segment_map)
            edit.paint(box, under, 140)
            edit.paint(box, under, value)
            edit.paint(Box.of_shape(under.T.shape), under.T, value.T)
            edit.paint(box.move(9, 0), None, value)
        assert np.array_equal(painted.human, plain.human)
        assert np.array_equal(painted.histogram(), np.bincount(painted.shown().ravel(), minlength=256))


# --- refused ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gesture", [Edit, Draft])
def test_a_gesture_knows_whether_the_rule_kept_paint_away(gesture: type[Edit | Draft]) -> None:
    network = np.zeros((300, 600), np.uint8)
    network[:, 512:] = 9  # a tile of its own
    network[:40, :40] = 9
    segment_map = filled_map(network)
    only_nothing = np.arange(256) == 0
    edit = gesture(segment_map, writable=only_nothing)
    for box in (Box(100, 100, 200, 200), Box(256, 0, 512, 256), Box(100, 100, 200, 200), Box(-9, -9, 0, 0)):
        edit.paint(box, None, 140)
    edit.paint(Box(500, 0, 600, 300), np.zeros((300, 100), bool), 140)
    assert not edit.refused
    for box in (Box(500, 260, 520, 290), Box(30, 30, 50, 50)):
        again = gesture(segment_map, writable=only_nothing)
        again.paint(box, None, 140)
        assert again.refused
        assert again.finish() is not None
    assert edit.paint(Box(550, 0, 560, 9), None, 140) is None
    assert edit.refused
    assert not gesture(segment_map).refused


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_refused_is_what_the_rule_changes(seed: int, rule: int) -> None:
    random, segment_map = np.random.default_rng(seed), area_map((270, 300), seed=seed)
    writable = np.random.default_rng(rule).random(256) < 0.7
    box, mask, value = random_part(random, (270, 300))
    free, ruled = Draft(segment_map), Draft(segment_map, writable=writable)
    free.paint(box, mask, value)
    ruled.paint(box, mask, value)
    patches = free.finish(), ruled.finish()
    counts = [0 if patch is None else patch.changed for patch in patches]
    assert ruled.refused == (counts[1] < counts[0])


# --- drafts ----------------------------------------------------------------------------------------------------------


def area_map(shape: tuple[int, int], *, seed: int) -> SegmentMap:
    """Segments and corrections that fill some tiles, and leave others alone."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 101, (3, 4), dtype=np.uint8)
    rows, columns = np.arange(shape[0]) * 3 // shape[0], np.arange(shape[1]) * 4 // shape[1]
    segment_map = filled_map(coarse[rows[:, None], columns])
    edit = Edit(segment_map)
    for _ in range(random.integers(0, 4)):
        edit.paint(*random_part(random, shape))
    edit.finish()
    return segment_map


def random_part(random: np.random.Generator, shape: tuple[int, int]) -> tuple[Box, np.ndarray | None, int | np.ndarray]:
    height, width = shape
    x, y = int(random.integers(-100, width)), int(random.integers(-100, height))
    box = Box.at(x, y, width=int(random.integers(1, 700)), height=int(random.integers(1, 700)))
    value = int(random.choice((0, 101, 140, 251)))
    if random.random() < 0.4:
        return box, None, value
    coarse = random.random((box.height // 40 + 1, box.width // 40 + 1)) < 0.6
    mask = np.kron(coarse, np.ones((40, 40), bool))[: box.height, : box.width]
    if random.random() < 0.6:
        return box, mask, value
    return box, mask, random.choice(np.array((0, 101, 251), np.uint8), box.shape)


@given(st.integers(0, 2**32 - 1), st.one_of(st.none(), st.integers(0, 2**32 - 1)), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_a_draft_gives_what_an_edit_would_have_written(seed: int, rule: int | None, parts: int) -> None:
    shape = (300, 560)
    edited, drafted = area_map(shape, seed=seed), area_map(shape, seed=seed)
    human, histogram = drafted.human.copy(), drafted.histogram()
    writable = None if rule is None else np.random.default_rng(rule).random(256) < 0.5
    edit, draft = Edit(edited, writable=writable), Draft(drafted, writable=writable)
    random = np.random.default_rng(seed)
    for part in [random_part(random, shape) for _ in range(parts)]:
        assert edit.paint(*part) == draft.paint(*part)
    assert edit.refused == draft.refused
    patch = draft.finish()
    assert patch == edit.finish()
    assert np.array_equal(drafted.human, human)  # a draft writes nothing
    assert np.array_equal(drafted.histogram(), histogram)
    if patch is not None:
        apply_patch(drafted, patch, forward=True)
    assert np.array_equal(drafted.human, edited.human)
    assert np.array_equal(drafted.histogram(), edited.histogram())
    assert np.array_equal(drafted.histogram(), np.bincount(drafted.shown().ravel(), minlength=256))


def test_a_draft_of_the_whole_picture_stays_small() -> None:
    """A worker computes over pictures of 100 MP: what it keeps follows the patch, not the picture."""
    segment_map = SegmentMap(6000, 8000)
    checks = np.kron(np.indices((1, 80)).sum(axis=0) % 2, np.ones((100, 100), int)).astype(bool)
    tracemalloc.start()
    draft = Draft(segment_map)
    for top in range(0, 6000, 100):
        draft.paint(Box(0, top, 8000, top + 100), None, 150)
        draft.paint(Box(0, top, 8000, top + 100), checks, 160)
    patch = draft.finish()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert patch is not None
    assert patch.changed == 6000 * 8000
    assert peak < 26 * 2**20
    assert not segment_map.decided


# --- history ---------------------------------------------------------------------------------------------------------


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


def test_only_patches_write_the_human_layer() -> None:
    callers = set()
    for file in Path(app.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Attribute):
                continue
            foreign = not (isinstance(node.value, ast.Name) and node.value.id == "self")
            if node.attr in ("write_human", "put_human") or (node.attr == "_human" and foreign):
                callers.add(file.name)
    assert callers == {"patches.py"}
