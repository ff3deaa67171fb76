"""Brush shapes against the plain definition: pixel centres within half a diameter of the path."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.core.painting import dab, stroke

SHAPE = (60, 80)
points = st.tuples(st.floats(-30, 110), st.floats(-30, 90))


def snapped(point: tuple[float, float], size: int) -> NDArray[np.float64]:
    x, y = point
    if size % 2:
        return np.array((math.floor(x) + 0.5, math.floor(y) + 0.5))
    return np.array((math.floor(x + 0.5), math.floor(y + 0.5)), float)


def distances(start: tuple[float, float], end: tuple[float, float], size: int) -> NDArray[np.float64]:
    """Distance of every pixel centre of the picture from the snapped segment."""
    a, b = snapped(start, size), snapped(end, size)
    ys, xs = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]] + 0.5
    along = b - a
    square = float(along @ along)
    t = np.zeros(SHAPE) if square == 0 else np.clip(((xs - a[0]) * along[0] + (ys - a[1]) * along[1]) / square, 0, 1)
    return np.hypot(xs - a[0] - t * along[0], ys - a[1] - t * along[1])


def on_picture(start: tuple[float, float], end: tuple[float, float], size: int) -> NDArray[np.bool_]:
    box, mask = stroke(start, end, size, SHAPE)
    assert box == box.clip(SHAPE)
    assert mask.shape == box.shape
    assert mask.dtype == np.bool_
    whole = np.zeros(SHAPE, bool)
    whole[box.slices] = mask
    return whole


@given(points, points, st.integers(2, 70))
def test_a_stroke_covers_the_centres_within_half_its_diameter(
    start: tuple[float, float], end: tuple[float, float], size: int
) -> None:
    distance = distances(start, end, size)
    painted = on_picture(start, end, size)
    sure = np.abs(distance - size / 2) > 1e-9  # rounding may decide a centre that lies exactly on the edge
    assert np.array_equal(painted[sure], (distance <= size / 2)[sure])


@given(points, points)
def test_diameter_one_is_one_pixel_wide(start: tuple[float, float], end: tuple[float, float]) -> None:
    painted = on_picture(start, end, 1)
    dx, dy = (abs(math.floor(b) - math.floor(a)) for a, b in zip(start, end, strict=True))
    per_step = painted.sum(axis=0 if dx >= dy else 1)
    assert per_step.max(initial=0) <= 1
    for x, y in (start, end):
        if 0 <= x < SHAPE[1] and 0 <= y < SHAPE[0]:
            assert painted[math.floor(y), math.floor(x)]
    pieces, _ = cv2.connectedComponents(painted.astype(np.uint8), connectivity=8)
    assert pieces <= 2


@given(points, points, points, st.integers(1, 30))
def test_strokes_join_without_a_gap(
    first: tuple[float, float], second: tuple[float, float], third: tuple[float, float], size: int
) -> None:
    joint = on_picture(second, second, size)
    assert not (joint & ~on_picture(first, second, size)).any()
    assert not (joint & ~on_picture(second, third, size)).any()


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8, 31, 32])
def test_a_dab_has_the_same_pixels_everywhere_and_is_symmetric(size: int) -> None:
    masks = [dab(center, size, (200, 200))[1] for center in ((100.0, 100.0), (77.3, 120.9), (64.5, 64.49))]
    for mask in masks:
        assert mask.shape == (size, size)
        assert np.array_equal(mask, masks[0])
        assert np.array_equal(mask, mask[::-1])
        assert np.array_equal(mask, mask.T)
    if size <= 2:
        assert masks[0].all()


def test_diameter_one_takes_the_pixel_under_the_pointer() -> None:
    box, mask = dab((12.99, 7.01), 1, SHAPE)
    assert box == (12, 7, 13, 8)
    assert mask.tolist() == [[True]]


def test_a_dab_outside_the_picture_is_empty() -> None:
    box, mask = dab((-50.0, 10.0), 20, SHAPE)
    assert box.empty
    assert mask.size == 0


def test_the_largest_brush_on_the_smallest_picture() -> None:
    box, mask = dab((0.0, 0.0), 2000, (1, 1))
    assert box == (0, 0, 1, 1)
    assert mask.all()
