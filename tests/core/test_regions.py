"""Regions against a plain search."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.core import regions
from app.core.regions import connected_region, region_at
from tests.core.helpers import filled_map, random_map


def plain_region(values: NDArray[np.uint8], x: int, y: int) -> NDArray[np.bool_]:
    mask = np.zeros(values.shape, bool)
    todo = [(x, y)]
    while todo:
        x, y = todo.pop()
        if mask[y, x]:
            continue
        mask[y, x] = True
        for nx, ny in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
            if 0 <= ny < values.shape[0] and 0 <= nx < values.shape[1] and values[ny, nx] == values[y, x]:
                todo.append((nx, ny))
    return mask


def spread(box: tuple[int, int, int, int], mask: NDArray[np.bool_], shape: tuple[int, int]) -> NDArray[np.bool_]:
    assert mask.dtype == np.bool_
    assert mask.any(axis=0).all() or mask.any(axis=1).any()
    whole = np.zeros(shape, bool)
    whole[box[1] : box[3], box[0] : box[2]] = mask
    return whole


@given(st.integers(0, 2**32 - 1), st.integers(1, 24), st.integers(1, 24), st.data())
def test_connected_region_is_a_flood_by_edges(seed: int, height: int, width: int, data: st.DataObject) -> None:
    values = np.random.default_rng(seed).integers(0, 2, (height, width), dtype=np.uint8)
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    kept = values.copy()
    box, mask = connected_region(values, x, y)
    assert np.array_equal(spread(box, mask, values.shape), plain_region(values, x, y))
    assert np.array_equal(values, kept)
    ys, xs = np.nonzero(mask)
    assert (ys.min(), xs.min(), ys.max() + 1, xs.max() + 1) == (0, 0, *box.shape)


@given(st.integers(0, 2**32 - 1), st.data())
def test_region_at_looks_as_far_as_needed(seed: int, data: st.DataObject) -> None:
    """With a first look of 2 pixels every region of this map has to grow its window."""
    coarse = np.random.default_rng(seed).integers(0, 3, (5, 6), dtype=np.uint8)
    segment_map = filled_map(np.kron(coarse, np.ones((7, 7), np.uint8)))
    x, y = data.draw(st.integers(0, 41)), data.draw(st.integers(0, 34))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(regions, "_FIRST_REACH", 2)
        box, mask = region_at(segment_map, x, y)
    assert np.array_equal(spread(box, mask, segment_map.shape), plain_region(segment_map.shown(), x, y))


def test_region_at_joins_codes_of_one_label() -> None:
    network = np.array([[1, 2, 3], [4, 1, 3]], np.uint8)
    human = np.array([[0, 105, 0], [0, 0, 0]], np.uint8)
    table = np.zeros(256, np.uint8)
    table[[1, 2, 3, 4, 105]] = 5, 9, 7, 9, 5
    box, mask = region_at(filled_map(network, human), 0, 0, table=table)
    assert box == (0, 0, 2, 2)
    assert mask.tolist() == [[True, True], [False, True]]


def test_outside_is_an_error() -> None:
    segment_map = random_map(6, 6)
    for x, y in ((-1, 0), (6, 0), (0, 6)):
        with pytest.raises(IndexError):
            connected_region(segment_map.shown(), x, y)
        with pytest.raises(IndexError):
            region_at(segment_map, x, y)


@given(st.integers(0, 2**32 - 1), st.data())
@settings(max_examples=40)
def test_whole_tiles_are_passed_over(seed: int, data: st.DataObject) -> None:
    """Regions of several tiles, some of them of one code, some decided by a person."""
    random = np.random.default_rng(seed)
    side = data.draw(st.sampled_from([64, 128, 256, 300]))
    shape = (data.draw(st.integers(300, 800)), data.draw(st.integers(300, 800)))
    blocks = random.choice(np.array([1, 2], np.uint8), (13, 13), p=[0.75, 0.25])
    network = np.kron(blocks, np.ones((side, side), np.uint8))[: shape[0], : shape[1]]
    decided = random.choice(np.array([0, 0, 0, 105, 106], np.uint8), (13, 13))
    human = np.kron(decided, np.ones((side, side), np.uint8))[: shape[0], : shape[1]]
    segment_map = filled_map(network, human)
    table = np.zeros(256, np.uint8)
    table[[1, 2, 105, 106]] = 5, 6, 5, 6
    x, y = data.draw(st.integers(0, shape[1] - 1)), data.draw(st.integers(0, shape[0] - 1))
    for values, used in ((segment_map.shown(), None), (table[segment_map.shown()], table)):
        expected = connected_region(values, x, y)
        found = region_at(segment_map, x, y, table=used)
        assert found[0] == expected[0]
        assert np.array_equal(found[1], expected[1])
