"""The segment map: two layers, what they show, and the histogram that follows every change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.core.geometry import Box
from app.core.patches import Edit
from app.core.segment_map import TILE, Layer, SegmentMap, human_value, is_human_value
from app.core.tile_counts import count_among, count_codes
from tests.core.helpers import HUMAN_VALUES, filled_map, random_map


def test_human_values() -> None:
    assert [human_value(class_id) for class_id in (0, 1, 150)] == [251, 101, 250]
    assert [value for value in range(256) if is_human_value(value)] == [0, *range(101, 252)]
    for class_id in (-1, 151):
        with pytest.raises(ValueError, match="not within"):
            human_value(class_id)


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (70, 100), (1, 30_000), (4097, 3), (70, 80, 3), (9000,)])
def test_count_codes_counts(shape: tuple[int, int]) -> None:
    codes = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    assert np.array_equal(count_codes(codes), np.bincount(codes.ravel(), minlength=256))
    assert count_codes(codes).dtype == np.int64


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(1, 3000)), min_size=1, max_size=30))
def test_count_codes_counts_runs(runs: list[tuple[int, int]]) -> None:
    codes = np.repeat(np.array([code for code, _ in runs], np.uint8), [length for _, length in runs])
    assert np.array_equal(count_codes(codes), np.bincount(codes, minlength=256))


def test_count_codes_counts_more_than_float32_can() -> None:
    codes = np.full(2**24 + 3, 7, np.uint8)
    codes[:2] = 9
    assert count_codes(codes)[7] == 2**24 + 1
    assert count_codes(codes.reshape(1, -1))[9] == 2


@given(
    st.sets(st.integers(0, 251), min_size=1, max_size=9),
    st.integers(1, 200),
    st.integers(1, 200),
    st.integers(0, 2**32 - 1),
    st.sampled_from((None, 0.0, 0.5, 1.0)),
)
def test_count_among_counts(among: set[int], height: int, width: int, seed: int, share: float | None) -> None:
    random, present = np.random.default_rng(seed), sorted(among)
    occurring = random.permutation(present)[: random.integers(1, len(present) + 1)]  # not all of them need to be there
    codes = random.choice(occurring, (height, width)).astype(np.uint8)
    mask = None if share is None else (random.random((height, width)) < share).astype(np.uint8) * np.uint8(201)
    counted = codes if mask is None else codes[mask > 0]
    assert np.array_equal(count_among(codes, present, mask), np.bincount(counted.ravel(), minlength=256))


def test_a_new_map_shows_nothing() -> None:
    fresh = SegmentMap(4, 6)
    assert fresh.shape == (4, 6)
    assert not fresh.shown().any()
    assert fresh.histogram()[0] == 24 == fresh.histogram().sum()
    with pytest.raises(ValueError, match="cannot be"):
        SegmentMap(0, 5)


def test_layers_are_read_only_and_results_are_copies() -> None:
    segment_map = random_map(8, 9)
    for layer in (segment_map.network, segment_map.human):
        with pytest.raises(ValueError, match="read-only"):
            layer[0, 0] = 1
    before = segment_map.shown()
    segment_map.shown()[:] = 7
    segment_map.histogram()[:] = 7
    segment_map.sample(np.arange(8), np.arange(9))[:] = 7
    assert np.array_equal(segment_map.shown(), before)
    assert np.array_equal(segment_map.histogram(), np.bincount(before.ravel(), minlength=256))


def test_the_human_layer_decides_where_it_is_set() -> None:
    segment_map = random_map(40, 50)
    human, network = segment_map.human, segment_map.network
    assert np.array_equal(segment_map.shown(), np.where(human, human, network))
    box = Box(7, 3, 31, 29)
    assert np.array_equal(segment_map.shown(box), segment_map.shown()[3:29, 7:31])
    assert segment_map.code_at(5, 30) == segment_map.shown()[30, 5]
    for x, y in ((-1, 0), (0, -1), (50, 0), (0, 40)):
        with pytest.raises(IndexError):
            segment_map.code_at(x, y)


def test_a_new_network_layer_never_touches_the_human_layer() -> None:
    segment_map = random_map(300, 70)
    human = segment_map.human.copy()
    layer = np.random.default_rng(5).integers(0, 101, (300, 70), dtype=np.uint8)
    segment_map.set_network(layer)
    assert np.array_equal(segment_map.human, human)
    assert np.array_equal(segment_map.shown(), np.where(human, human, layer))
    assert np.array_equal(segment_map.histogram(), np.bincount(segment_map.shown().ravel(), minlength=256))
    assert segment_map.decided == np.count_nonzero(human)


@pytest.mark.parametrize(
    "layer", [np.full((4, 5), 101, np.uint8), np.zeros((5, 4), np.uint8), np.zeros((4, 5), np.int32)], ids=str
)
def test_a_layer_that_does_not_fit_changes_nothing(layer: np.ndarray) -> None:
    segment_map = filled_map(np.full((4, 5), 3, np.uint8))
    with pytest.raises(ValueError, match="network layer"):
        segment_map.set_network(layer)
    assert (segment_map.shown() == 3).all()
    assert segment_map.histogram()[3] == 20


def test_a_new_network_layer_of_areas_or_noise_is_counted() -> None:
    segment_map = random_map(600, 700, human_share=0.0)
    noise = segment_map.network.copy()
    areas = np.kron(np.arange(30, dtype=np.uint8).reshape(5, 6), np.ones((120, 117), np.uint8))[:, :700]
    for layer in (areas, noise, np.where(np.arange(700) < 256, areas, noise)):
        segment_map.set_network(layer)
        assert np.array_equal(segment_map.histogram(), np.bincount(layer.ravel(), minlength=256))
        for tile in segment_map.tiles(segment_map.box):
            assert segment_map.network_codes_in(tile) == np.unique(layer[tile.slices]).tolist()


def test_what_a_tile_holds_is_known() -> None:
    segment_map = SegmentMap(300, 600)
    first, second, third = list(segment_map.tiles(Box(-9, 4, 9999, 40)))
    assert (first, third) == (Box(0, 0, 256, 256), Box(512, 0, 600, 256))
    assert list(segment_map.tiles(Box(600, 0, 700, 90))) == []
    edit = Edit(segment_map)
    edit.paint(first, None, 120)
    edit.paint(second.grow(-1), None, 130)
    assert segment_map.human_in(first) == 120
    assert np.array_equal(segment_map.human_in(second), segment_map.human[second.slices])
    assert segment_map.human_in(third) == 0
    edit.cancel()
    assert [segment_map.human_in(tile) for tile in (first, second, third)] == [0, 0, 0]


def indices(limit: int) -> st.SearchStrategy[np.ndarray]:
    return arrays(np.intp, st.integers(0, 90), elements=st.integers(0, limit - 1))


@given(indices(40), indices(50))
def test_sample_is_plain_indexing(ys: np.ndarray, xs: np.ndarray) -> None:
    segment_map = random_map(40, 50)
    assert np.array_equal(segment_map.sample(ys, xs), segment_map.shown()[ys[:, None], xs])
    network = segment_map.sample(ys, xs, layer=Layer.NETWORK)
    assert np.array_equal(network, segment_map.network[ys[:, None], xs])


@pytest.mark.parametrize("scale", [0.11, 0.25, 0.5, 1.0, 1.7, 4.0, 30.0])
@pytest.mark.parametrize("offset", [0.0, 11.3])
def test_sample_at_every_zoom(scale: float, offset: float) -> None:
    segment_map = random_map(200, 300)
    ys = np.clip(np.floor((np.arange(150) + 0.5) / scale + offset), 0, 199).astype(np.intp)
    xs = np.clip(np.floor((np.arange(220) + 0.5) / scale + offset), 0, 299).astype(np.intp)
    assert np.array_equal(segment_map.sample(ys, xs), segment_map.shown()[ys[:, None], xs])
    network = segment_map.sample(ys, xs, layer=Layer.NETWORK)
    assert np.array_equal(network, segment_map.network[ys[:, None], xs])
    network[:] = 7  # a copy at every zoom
    assert np.array_equal(segment_map.network, random_map(200, 300).network)


def test_sample_refuses_what_lies_outside() -> None:
    segment_map = SegmentMap(4, 5)
    for ys, xs in (([0, 4], [0]), ([0], [5]), ([-1], [0])):
        with pytest.raises(IndexError):
            segment_map.sample(np.array(ys), np.array(xs))


def test_helpers_cover_every_human_value() -> None:
    assert len(HUMAN_VALUES) == 151


def test_tiles_of_codes_are_those_that_show_them() -> None:
    layer = np.ones((TILE + 30, 2 * TILE + 9), np.uint8)
    layer[TILE:, :TILE] = 2
    layer[5, 5] = 3
    human = np.zeros_like(layer)
    human[:TILE, TILE : 2 * TILE] = 107
    segment_map = filled_map(layer, human)
    corner, above, side, below, middle, last = segment_map.tiles(segment_map.box)
    expected = {
        (1,): [(corner, False), (side, True), (middle, True), (last, True)],
        (1, 3): [(corner, True), (side, True), (middle, True), (last, True)],
        (2,): [(below, True)],
        (3, 107): [(corner, False), (above, True)],
        (9,): [],
    }
    for codes, tiles in expected.items():
        table = np.isin(np.arange(256), codes)
        assert segment_map.tiles_of(table) == tiles


def test_a_map_as_it_is_stays_so_when_the_network_answers_anew() -> None:
    segment_map = random_map(300, 270)
    network, human, histogram = segment_map.network, segment_map.human.copy(), segment_map.histogram()
    read = segment_map.as_it_is()
    segment_map.set_network(np.full((300, 270), 7, np.uint8))
    assert np.array_equal(read.network, network)
    assert np.array_equal(read.human, human)
    assert np.array_equal(read.histogram(), histogram)
    for tile in read.box.tiles(TILE):
        assert read.network_codes_in(tile) == np.unique(network[tile.slices]).tolist()
        assert segment_map.network_codes_in(tile) == [7]
