"""Resizing of soft masks: one definition, whichever part of the photo it is asked for."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.resizing import Axis, margin_of, resized


@given(st.integers(1, 90), st.integers(1, 40), st.data())
def test_a_part_of_an_axis_is_the_same_part_of_the_whole(pixels: int, centres: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, pixels - 1))
    stop = data.draw(st.integers(start, pixels))
    whole = Axis.of(pixels=pixels, centres=centres)
    for part in (Axis.of(pixels=pixels, centres=centres, start=start, stop=stop), whole.part(slice(start, stop))):
        for name in ("first", "second", "weight", "rest"):
            np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[start:stop])


@pytest.mark.parametrize("step", [2, 3, 7])
def test_groups_are_taken_at_their_middle(step: int) -> None:
    """Three groups of `step` pixels, seen as three pixels of a photo so much smaller."""
    grouped, small = Axis.of(pixels=9 * step, centres=4, step=step), Axis.of(pixels=9, centres=4)
    np.testing.assert_array_equal(grouped.first, small.first)
    np.testing.assert_allclose(grouped.weight, small.weight, atol=1e-6)
    assert len(Axis.of(pixels=9 * step + 1, centres=4, step=step).first) == 10


@pytest.mark.parametrize("size", [(160, 240), (97, 131), (20, 31)])
def test_it_is_what_opencv_computes(size: tuple[int, int]) -> None:
    planes = np.random.default_rng(0).random((3, 20, 30), dtype=np.float32)
    rows, columns = Axis.of(pixels=size[0], centres=20), Axis.of(pixels=size[1], centres=30)
    expected = np.stack([cv2.resize(plane, size[::-1], interpolation=cv2.INTER_LINEAR) for plane in planes])
    np.testing.assert_allclose(resized(planes, rows=rows, columns=columns), expected, atol=1e-5)


@given(st.integers(0, 2**32 - 1), st.sampled_from([1e-42, 0.5, 1.0, 37.0]), st.integers(1, 60))
def test_values_a_margin_above_a_level_at_all_corners_exceed_it_everywhere(
    seed: int, level: float, pixels: int
) -> None:
    random, single = np.random.default_rng(seed), np.float32
    planes = np.full((2, 2), level, single)
    margin = margin_of(planes + planes)
    planes += margin * random.integers(1, 3, (2, 2)).astype(single)
    axis = Axis.of(pixels=pixels, centres=2)
    assert (resized(planes, rows=axis, columns=axis) > single(level)).all()
