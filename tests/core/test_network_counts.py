"""A network layer may be counted before it is attached, and may be taken away without looking at a pixel."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.geometry import Box
from app.core.patches import Edit
from app.core.segment_map import SegmentMap, human_value
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


def test_without_the_network_only_what_a_person_decided_is_left() -> None:
    segment_map = corrected()
    segment_map.set_network(layers()[1])
    segment_map.clear_network()
    assert not segment_map.network.any()
    assert np.array_equal(segment_map.histogram(), np.bincount(segment_map.shown().ravel(), minlength=256))
    assert segment_map.decided == 100 * 180
