"""What a click means, against the map looked at pixel by pixel."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.core import tables
from app.core.geometry import Box
from app.core.patches import Edit
from app.core.regions import connected_region
from app.core.segment_map import NETWORK_MAX, TILE
from app.core.shapes import polygon_spans
from app.core.targets import Scope, target_at
from inference.prediction import SegmentTable
from tests.core.helpers import filled_map, random_map

TABLE = SegmentTable(np.array([7, 7, 9, 12], np.uint8), np.array([0.9, 0.8, 0.7, 0.1], np.float32))
LABELS = tables.label_table(TABLE, threshold=0.5)


def pixels(parts: Iterable[tuple[Box, NDArray[np.bool_] | None]], shape: tuple[int, int]) -> NDArray[np.bool_]:
    spread = np.zeros(shape, bool)
    for box, mask in parts:
        assert not spread[box.slices].any(), "parts overlap"
        spread[box.slices] = True if mask is None else mask
    return spread


@given(st.integers(0, 2**32 - 1), st.integers(0, 11), st.integers(0, 8))
def test_every_scope_is_what_it_says(seed: int, x: int, y: int) -> None:
    random = np.random.default_rng(seed)
    network = random.integers(0, 5, (9, 12), dtype=np.uint8)
    human = random.choice(np.array([0, 0, 0, 107, 109, 251], np.uint8), (9, 12))
    segment_map = filled_map(network, human)
    codes = segment_map.shown()
    labels = LABELS[codes]
    code = codes[y, x]
    for values, scope in ((codes, Scope.SEGMENT), (labels, Scope.REGION), (labels, Scope.CLASS)):
        everywhere = scope is Scope.CLASS or (scope is Scope.SEGMENT and 1 <= code <= NETWORK_MAX)
        box, mask = connected_region(values, x, y)
        expected = values == values[y, x] if everywhere else pixels([(box, mask)], (9, 12))
        target = target_at(segment_map, LABELS, x, y, scope)
        assert target is not None
        assert pixels(target.parts(), (9, 12)).tolist() == expected.tolist()
        inside = polygon_spans([(2, 1), (11, 3), (4, 8.5)], (9, 12))
        expected &= pixels([inside.whole()], (9, 12))
        assert pixels(target.parts(within=inside), (9, 12)).tolist() == expected.tolist()


@given(st.integers(0, 2**32 - 1), st.sampled_from(Scope))
@settings(max_examples=20)
def test_tiles_that_need_no_look_and_those_that_do(seed: int, scope: Scope) -> None:
    random = np.random.default_rng(seed)
    shape = (2 * TILE + 40, 3 * TILE + 7)
    coarse = [random.choice(np.array(values, np.uint8), (5, 7)) for values in ([0, 1, 1, 2, 3], [0, 0, 0, 107, 109])]
    network, human = (np.repeat(np.repeat(layer, 128, 0), 128, 1)[: shape[0], : shape[1]] for layer in coarse)
    segment_map = filled_map(np.ascontiguousarray(network), np.ascontiguousarray(human))
    x, y = int(random.integers(shape[1])), int(random.integers(shape[0]))
    target = target_at(segment_map, LABELS, x, y, scope)
    assert target is not None
    codes = segment_map.shown()
    expected = target.codes[codes]
    if target.seed is not None:
        box, mask = connected_region(expected.astype(np.uint8), x, y)
        expected = pixels([(box, mask)], shape)
    found = pixels(target.parts(), shape)
    assert np.array_equal(found, expected)
    beyond = found.copy()
    beyond[target.reach.slices] = False
    assert not beyond.any()
    inside = polygon_spans([(40, 30), (700, 90), (300, 520)], shape)
    assert np.array_equal(pixels(target.parts(within=inside), shape), expected & pixels([inside.whole()], shape))


def test_parts_may_be_painted_as_they_come() -> None:
    segment_map = random_map(TILE + 9, 2 * TILE + 5)
    target = target_at(segment_map, LABELS, 3, 3, Scope.CLASS)
    assert target is not None
    expected = target.codes[segment_map.shown()]
    edit = Edit(segment_map)
    for box, mask in target.parts():
        edit.paint(box, mask, 150)
    assert (segment_map.human[expected] == 150).all()
    assert edit.cancel() is not None
    assert np.array_equal(target.codes[segment_map.shown()], expected)


def test_a_segment_reaches_only_the_tiles_it_lies_in() -> None:
    layer = np.ones((4 * TILE, 4 * TILE), np.uint8)
    layer[300:310, 700:900] = 2
    target = target_at(filled_map(layer, np.zeros_like(layer)), LABELS, 750, 305, Scope.SEGMENT)
    assert target is not None
    assert target.reach == Box(2 * TILE, TILE, 4 * TILE, 2 * TILE)


@pytest.mark.parametrize("scope", Scope)
def test_outside_the_picture_there_is_nothing(scope: Scope) -> None:
    for x, y in ((-1, 0), (0, -1), (6, 0), (0, 5)):
        assert target_at(random_map(5, 6), LABELS, x, y, scope) is None


def test_tiles_that_make_work_are_known_before_a_pixel_is_looked_at() -> None:
    network = np.ones((2 * TILE, 3 * TILE), np.uint8)
    network[:TILE, :TILE] = 2
    network[5, 2 * TILE + 9] = 2
    segment_map = filled_map(network)
    mixed = {scope: target_at(segment_map, LABELS, 0, 0, scope) for scope in Scope}
    assert [target.mixed for target in mixed.values() if target is not None] == [1, 0, 0]  # both codes are of one class
