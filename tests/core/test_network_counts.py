"""A network layer may be counted before it is attached, and may be taken away without looking at a pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.geometry import Box
from app.core.patches import Edit
from app.core.segment_map import HUMAN_UNLABELLED, SegmentMap, human_value
from app.core.tile_counts import count_tiles

SHAPE = (300, 530)


def layers() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(4)
    areas = np.kron(random.integers(0, 101, (10, 10)), np.ones((30, 53))).astype(np.uint8)
    return areas, random.integers(0, 101, SHAPE, dtype=np.uint8)


def corrected() -> SegmentMap:
    segment_map = SegmentMap(*SHAPE)
    edit = Edit(segment_map)
    edit.paint(Box(200, 100, 300, 280), None, human_value(7))
    edit.finish()
    return segment_map


def test_a_layer_that_was_counted_before_gives_the_same_map() -> None:
    for layer in layers():
        given, counted = corrected(), corrected()
        given.set_network(layer.copy(), counts=count_tiles(layer))
        counted.set_network(layer.copy())
        assert np.array_equal(given.histogram(), counted.histogram())
        assert np.array_equal(given.histogram(), np.bincount(given.shown().ravel(), minlength=256))
        for tile in given.tiles(given.box):
            assert given.network_codes_in(tile) == np.unique(layer[tile.slices]).tolist()


def test_counts_stay_as_they_were_given_while_the_map_is_painted() -> None:
    layer, _ = layers()
    counts = count_tiles(layer)
    before = counts.copy()
    segment_map = SegmentMap(*SHAPE)
    segment_map.set_network(layer, counts=counts)
    Edit(segment_map).paint(segment_map.box, None, human_value(3))
    assert np.array_equal(counts, before)


def test_counts_of_another_size_change_nothing() -> None:
    segment_map = corrected()
    before = segment_map.histogram()
    with pytest.raises(ValueError, match="do not belong to a map"):
        segment_map.set_network(layers()[0], counts=count_tiles(np.zeros((900, 900), np.uint8)))
    assert np.array_equal(segment_map.histogram(), before)


@given(
    seed=st.integers(0, 2**32 - 1),
    paints=st.lists(st.sampled_from([0, 101, 203, HUMAN_UNLABELLED]), max_size=4),
    other=st.booleans(),
)
def test_what_a_worker_counted_gives_the_same_map_whatever_was_painted_meanwhile(
    *, seed: int, paints: list[int], other: bool
) -> None:
    random = np.random.default_rng(seed)
    given_map, counted = corrected(), corrected()
    layer, elsewhere = layers()[int(other)], corrected()
    counts = count_tiles(layer)
    shown = (elsewhere if other else given_map).count_shown(layer, counts)
    for value in paints:
        x, y = int(random.integers(0, 520)), int(random.integers(0, 290))
        for segment_map in (given_map, counted):
            edit = Edit(segment_map)
            edit.paint(Box.at(x, y, width=200, height=90).clip(SHAPE), None, value)
            edit.finish()
    given_map.set_network(layer, counts=counts, shown=shown)
    counted.set_network(layer)
    for tile in given_map.tiles(given_map.box):
        codes = np.unique(given_map.shown(tile))
        assert given_map.tiles_of(np.arange(256) == codes[0]) == counted.tiles_of(np.arange(256) == codes[0])
    assert np.array_equal(given_map.histogram(), np.bincount(given_map.shown().ravel(), minlength=256))


def test_only_tiles_painted_meanwhile_are_looked_at_again() -> None:
    segment_map, (layer, _) = corrected(), layers()
    shown = segment_map.count_shown(layer, count_tiles(layer))
    assert not segment_map.stale(shown).any()
    edit = Edit(segment_map)
    edit.paint(Box(300, 10, 310, 20), None, human_value(9))
    edit.cancel()
    assert np.argwhere(segment_map.stale(shown)).tolist() == [[0, 1]]
    assert segment_map.stale(None).sum() == segment_map.stale(corrected().count_shown(layer, count_tiles(layer))).sum()


def test_counts_of_another_layer_are_not_taken() -> None:
    segment_map, (layer, other) = corrected(), layers()
    shown = segment_map.count_shown(other, count_tiles(other))
    segment_map.set_network(layer, shown=shown)
    assert np.array_equal(segment_map.histogram(), np.bincount(segment_map.shown().ravel(), minlength=256))


def test_without_the_network_only_what_a_person_decided_is_left() -> None:
    segment_map = corrected()
    segment_map.set_network(layers()[1])
    segment_map.clear_network()
    assert not segment_map.network.any()
    assert np.array_equal(segment_map.histogram(), np.bincount(segment_map.shown().ravel(), minlength=256))
    assert segment_map.decided == 100 * 180
    for tile in segment_map.tiles(segment_map.box):
        assert segment_map.network_codes_in(tile) == [0]
        held = np.broadcast_to(segment_map.human_in(tile), tile.shape)
        assert np.array_equal(held, segment_map.human[tile.slices])
