"""Runs along rows against masks."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.core.geometry import NOTHING, Box
from app.core.spans import Spans
from tests.core.helpers import spans_of

masks = st.tuples(st.integers(1, 12), st.integers(1, 9), st.integers(0, 2**108 - 1)).map(
    lambda given: np.array([given[2] >> i & 1 for i in range(given[0] * given[1])], bool).reshape(given[:2])
)


@given(masks, st.integers(-20, 20), st.integers(-20, 20))
def test_spans_become_the_mask_they_stand_for(mask: NDArray[np.bool_], dx: int, dy: int) -> None:
    spans = spans_of(mask, corner=(dx, dy))
    box = Box.at(dx, dy, width=mask.shape[1], height=mask.shape[0])
    assert np.array_equal(spans.mask(box), mask)
    smallest, part = spans.whole()
    assert smallest == (box.intersect(smallest) if mask.any() else NOTHING)
    assert np.array_equal(part, mask[smallest.move(-dx, -dy).slices] if mask.any() else mask[:0, :0])
    assert np.count_nonzero(part) == np.count_nonzero(mask)
    for edge in (part[:1], part[-1:], part[:, :1], part[:, -1:]):
        assert edge.any() == mask.any()


@given(masks, st.integers(0, 20), st.integers(1, 5))
def test_parts_share_the_pixels_among_bands_of_the_grid(mask: NDArray[np.bool_], dy: int, height: int) -> None:
    painted = np.zeros(mask.shape, np.uint8)
    for box, part in spans_of(mask, corner=(3, dy)).parts(height):
        assert box.y0 // height == (box.y1 - 1) // height
        assert part.any()
        painted[box.move(-3, -dy).slices] += part
    assert np.array_equal(painted, mask)


@given(masks, st.integers(-3, 12), st.integers(-3, 12), st.integers(0, 12), st.integers(0, 12))
def test_clip_keeps_what_lies_in_the_box(mask: NDArray[np.bool_], x: int, y: int, width: int, height: int) -> None:
    box = Box.at(x, y, width=width, height=height)
    inside = np.zeros_like(mask)
    part = box.clip(mask.shape).slices
    inside[part] = mask[part]
    assert np.array_equal(spans_of(mask).clip(box).mask(Box.of_shape(mask.shape)), inside)


def test_empty_runs_are_left_out() -> None:
    rows, starts, stops = np.array([4, 5, 6]), np.array([9, 2, 0]), np.array([9, 5, -1])
    spans = Spans.of(rows, starts, stops)
    assert spans.box == (2, 5, 5, 6)
    assert spans.whole()[1].tolist() == [[True] * 3]


def test_no_pixels_have_no_box() -> None:
    nothing = Spans.of(np.array([4]), np.array([9]), np.array([9]))
    box, mask = nothing.whole()
    assert box == NOTHING
    assert mask.shape == (0, 0)
    assert not list(nothing.parts())
