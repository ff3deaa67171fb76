"""A region that comes tile by tile is the region."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.core import regions
from app.core.geometry import Box
from app.core.region_tiles import connected_parts
from app.core.regions import connected_region, region_at, region_parts
from app.core.wand import similar, similar_parts
from tests.core.helpers import filled_map

U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]


def spread(parts: Iterable[tuple[Box, Bool | None]], shape: tuple[int, int]) -> Bool:
    found = np.zeros(shape, bool)
    for box, mask in parts:
        assert not found[box.slices].any(), "parts overlap"
        assert mask is None or mask.any(), "a part without pixels"
        found[box.slices] = True if mask is None else mask
    return found


@st.composite
def fields(draw: st.DrawFn) -> tuple[U8, int, int]:
    """Open and closed pixels, blocky, noisy, or a spiral, and an open one of them."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    height, width, block = draw(st.integers(1, 40)), draw(st.integers(1, 40)), draw(st.integers(1, 12))
    blocks = random.random((height // block + 1, width // block + 1)) < draw(st.sampled_from([0.5, 0.7, 0.95]))
    field = np.kron(blocks, np.ones((block, block), bool))[:height, :width]
    field = np.where(random.random(field.shape) < draw(st.sampled_from([0, 0.1])), ~field, field)
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    field[y, x] = True
    return field.astype(np.uint8), x, y


@given(fields(), st.integers(1, 13), st.booleans(), st.data())
def test_it_is_a_flood_by_edges(given: tuple[U8, int, int], tile: int, knows: object, data: st.DataObject) -> None:
    field, x, y = given
    bounds = Box(
        data.draw(st.integers(0, x)),
        data.draw(st.integers(0, y)),
        data.draw(st.integers(x + 1, field.shape[1])),
        data.draw(st.integers(y + 1, field.shape[0])),
    )

    def look(box: Box) -> U8 | bool:
        part = field[box.slices]
        assert part.shape == box.shape
        return bool(part[0, 0]) if knows and part.min() == part.max() else part

    inner = np.ascontiguousarray(field[bounds.slices])
    box, mask = connected_region(inner, x - bounds.x0, y - bounds.y0)
    expected = np.zeros(field.shape, bool)
    expected[box.move(bounds.x0, bounds.y0).slices] = mask
    assert np.array_equal(spread(connected_parts(look, bounds, x, y, tile=tile), field.shape), expected)


def test_a_spiral_through_many_tiles_is_followed_to_its_end() -> None:
    field = np.zeros((120, 120), np.uint8)
    low, high, y, x = 0, 119, 0, 0
    while low < high:
        field[low, low : high + 1] = field[low : high + 1, high] = field[high, low : high + 1] = 1
        field[low + 2 : high + 1, low] = 1
        if low:
            field[low, low - 2 : low] = 1
        low, high = low + 2, high - 2
    box, mask = connected_region(field, x, y)
    expected = np.zeros(field.shape, bool)
    expected[box.slices] = mask
    looks: list[Box] = []

    def look(tile: Box) -> U8:
        looks.append(tile)
        return field[tile.slices]

    assert np.array_equal(
        spread(connected_parts(look, Box.of_shape(field.shape), x, y, tile=16), field.shape), expected
    )
    assert len(looks) <= 2 * 64 + 1  # once to know its sides, once for its pixels


def test_only_tiles_that_it_reaches_are_looked_at() -> None:
    field = np.zeros((64, 64), np.uint8)
    field[20:28, 20:40] = 1
    looks: list[Box] = []

    def look(tile: Box) -> U8:
        looks.append(tile)
        return field[tile.slices]

    assert spread(connected_parts(look, Box(0, 0, 64, 64), 22, 22, tile=16), (64, 64)).sum() == 160
    assert {(box.x0, box.y0) for box in looks} == {(16, 16), (32, 16)}


def test_outside_is_an_error_and_work_can_be_stopped() -> None:
    field = np.ones((40, 40), np.uint8)
    with pytest.raises(IndexError):
        next(connected_parts(lambda tile: field[tile.slices], Box(0, 0, 40, 40), 40, 0))

    class Stop(Exception):
        pass

    def check() -> None:
        raise Stop

    with pytest.raises(Stop):
        next(connected_parts(lambda tile: field[tile.slices], Box(0, 0, 40, 40), 4, 0, check=check))


@given(st.integers(0, 2**32 - 1), st.booleans(), st.data())
def test_of_a_large_map_it_is_what_is_found_in_a_small_one(seed: int, labels: object, data: st.DataObject) -> None:
    random = np.random.default_rng(seed)
    blocks = random.integers(1, 4, (5, 6), dtype=np.uint8)
    network = np.kron(blocks, np.ones((110, 120), np.uint8))
    human = np.kron(random.choice(np.array([0, 0, 0, 107, 251], np.uint8), (11, 8)), np.ones((50, 90), np.uint8))
    segment_map = filled_map(network, human)
    x, y = data.draw(st.integers(0, network.shape[1] - 1)), data.draw(st.integers(0, network.shape[0] - 1))
    table = random.integers(0, 3, 256, dtype=np.uint8) if labels else None
    expected = spread([region_at(segment_map, x, y, table=table)], segment_map.shape)
    for largest in (0, regions.LARGEST_MASK):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(regions, "LARGEST_MASK", largest)
            assert np.array_equal(spread(region_parts(segment_map, x, y, table=table), segment_map.shape), expected)


@given(st.integers(0, 2**32 - 1), st.integers(0, 60), st.data())
def test_of_a_photo_it_is_what_the_wand_finds(seed: int, tolerance: int, data: st.DataObject) -> None:
    random = np.random.default_rng(seed)
    photo = np.kron(random.integers(0, 90, (9, 8, 3)), np.ones((40, 41, 1))).astype(np.uint8)
    x, y = data.draw(st.integers(0, photo.shape[1] - 1)), data.draw(st.integers(0, photo.shape[0] - 1))
    expected = spread([similar(photo, x, y, tolerance=tolerance)], photo.shape[:2])
    assert np.array_equal(spread(similar_parts(photo, x, y, tolerance=tolerance), photo.shape[:2]), expected)
    with pytest.raises(IndexError):
        similar_parts(photo, -1, y, tolerance=tolerance)
