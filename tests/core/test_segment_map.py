"""The segment map: two layers, what they show, and the histogram that follows every change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.core.geometry import Box
from app.core.segment_map import SegmentMap, count_codes, human_value, is_human_value
from tests.core.helpers import HUMAN_VALUES, filled_map, random_map


def test_human_values() -> None:
    assert [human_value(class_id) for class_id in (0, 1, 150)] == [251, 101, 250]
    assert [value for value in range(256) if is_human_value(value)] == [0, *range(101, 252)]
    for class_id in (-1, 151):
        with pytest.raises(ValueError, match="not within"):
            human_value(class_id)


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (70, 100), (1, 30_000), (4097, 3)])
def test_count_codes_counts(shape: tuple[int, int]) -> None:
    codes = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    assert np.array_equal(count_codes(codes), np.bincount(codes.ravel(), minlength=256))
    assert count_codes(codes).dtype == np.int64


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(1, 3000)), min_size=1, max_size=30))
def test_count_codes_counts_runs(runs: list[tuple[int, int]]) -> None:
    codes = np.repeat(np.array([code for code, _ in runs], np.uint8), [length for _, length in runs])
    assert np.array_equal(count_codes(codes), np.bincount(codes, minlength=256))


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


def indices(limit: int) -> st.SearchStrategy[np.ndarray]:
    return arrays(np.intp, st.integers(0, 90), elements=st.integers(0, limit - 1))


@given(indices(40), indices(50))
def test_sample_is_plain_indexing(ys: np.ndarray, xs: np.ndarray) -> None:
    segment_map = random_map(40, 50)
    assert np.array_equal(segment_map.sample(ys, xs), segment_map.shown()[ys[:, None], xs])


@pytest.mark.parametrize("scale", [0.11, 0.25, 0.5, 1.0, 1.7, 4.0, 30.0])
@pytest.mark.parametrize("offset", [0.0, 11.3])
def test_sample_at_every_zoom(scale: float, offset: float) -> None:
    segment_map = random_map(200, 300)
    ys = np.clip(np.floor((np.arange(150) + 0.5) / scale + offset), 0, 199).astype(np.intp)
    xs = np.clip(np.floor((np.arange(220) + 0.5) / scale + offset), 0, 299).astype(np.intp)
    assert np.array_equal(segment_map.sample(ys, xs), segment_map.shown()[ys[:, None], xs])


def test_sample_refuses_what_lies_outside() -> None:
    segment_map = SegmentMap(4, 5)
    for ys, xs in (([0, 4], [0]), ([0], [5]), ([-1], [0])):
        with pytest.raises(IndexError):
            segment_map.sample(np.array(ys), np.array(xs))


def test_helpers_cover_every_human_value() -> None:
    assert len(HUMAN_VALUES) == 151
