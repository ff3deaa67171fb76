"""Previews of bounded size."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.core.coarse import CoarseParts
from app.core.geometry import Box


@given(seed=st.integers(0, 2**32 - 1), most=st.integers(1, 300))
def test_within_a_box_it_is_as_fine_as_the_box_allows(seed: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    within = Box.at(int(rng.integers(0, 900)), int(rng.integers(0, 900)), width=17, height=12)
    coarse, alone = CoarseParts((1000, 1000), most_pixels=most, within=within), CoarseParts((12, 17), most_pixels=most)
    mask, values = rng.random((5, 9)) < 0.5, rng.integers(101, 252, (5, 9), dtype=np.uint8)
    place = Box.at(int(rng.integers(0, 8)), int(rng.integers(0, 7)), width=9, height=5)
    coarse.add(place.move(within.x0, within.y0), mask, values)
    alone.add(place, mask, values)
    found, expected = coarse.whole(), alone.whole()
    assert coarse.step == alone.step
    if expected is None:
        assert found is None
        return
    assert found is not None
    assert found[0] == expected[0].move(within.x0, within.y0)
    assert np.array_equal(found[1], expected[1])
    assert np.array_equal(found[2], expected[2])


@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    most=st.integers(1, 200),
    seed=st.integers(0, 2**32 - 1),
    parts=st.integers(0, 5),
)
def test_a_cell_is_set_when_a_pixel_of_it_is(shape: tuple[int, int], most: int, seed: int, parts: int) -> None:
    rng = np.random.default_rng(seed)
    coarse = CoarseParts(shape, most_pixels=most)
    full = np.zeros((shape[0] + coarse.step, shape[1] + coarse.step), np.uint8)
    for number in range(1, parts + 1):
        y0, x0 = rng.integers(0, shape[0]), rng.integers(0, shape[1])
        box = Box(int(x0), int(y0), int(rng.integers(x0, shape[1])) + 1, int(rng.integers(y0, shape[0])) + 1)
        mask = rng.random(box.shape) < 0.3
        coarse.add(box, mask, np.full(box.shape, number, np.uint8))
        full[box.slices][mask] = 1
    found = coarse.whole()
    if not full.any():
        assert found is None
        return
    assert found is not None
    box, mask, values = found
    assert mask.shape == (box.height // coarse.step, box.width // coarse.step)
    drawn = np.zeros_like(full, bool)
    stretched = np.kron(mask, np.ones((coarse.step, coarse.step), bool))
    drawn[box.slices] = stretched[: max(0, drawn.shape[0] - box.y0), : max(0, drawn.shape[1] - box.x0)]
    assert (drawn[full > 0]).all()
    assert values[mask].all()
    for row, column in zip(*np.nonzero(mask), strict=True):
        y, x = box.y0 + row * coarse.step, box.x0 + column * coarse.step
        assert full[y : y + coarse.step, x : x + coarse.step].any()


def test_the_size_is_bounded() -> None:
    coarse = CoarseParts((8000, 12_500), most_pixels=1_000_000)
    coarse.add(Box(0, 0, 1, 1), np.ones((1, 1), bool), np.ones((1, 1), np.uint8))
    coarse.add(Box(12_499, 7999, 12_500, 8000), np.ones((1, 1), bool), np.ones((1, 1), np.uint8))
    found = coarse.whole()
    assert found is not None
    assert found[1].size <= 1_100_000
