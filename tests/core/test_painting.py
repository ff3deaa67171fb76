"""Brush shapes against the plain definition: pixel centres within half a diameter of the path. Paths against curves."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.core.geometry import Point
from app.core.painting import BrushShape, Piece, StrokePath, dab, stroke, stroke_parts
from app.core.patches import TILE

SHAPE = (60, 80)
points = st.tuples(st.floats(-30, 110), st.floats(-30, 90))
near = st.tuples(st.floats(-4, 20), st.floats(-4, 16))  # a small picture leaves time for exact fractions
brushes = st.sampled_from(BrushShape)


def snapped(point: Point, size: int) -> NDArray[np.float64]:
    x, y = point
    if size % 2:
        return np.array((math.floor(x) + 0.5, math.floor(y) + 0.5))
    return np.array((math.floor(x + 0.5), math.floor(y + 0.5)), float)


def distances(start: Point, end: Point, size: int) -> NDArray[np.float64]:
    """Distance of every pixel centre of the picture from the snapped piece."""
    a, b = snapped(start, size), snapped(end, size)
    ys, xs = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]] + 0.5
    along = b - a
    square = float(along @ along)
    t = np.zeros(SHAPE) if square == 0 else np.clip(((xs - a[0]) * along[0] + (ys - a[1]) * along[1]) / square, 0, 1)
    return np.hypot(xs - a[0] - t * along[0], ys - a[1] - t * along[1])


def on_picture(start: Point, end: Point, size: int, brush: BrushShape = BrushShape.ROUND) -> NDArray[np.bool_]:
    box, mask = stroke(start, end, size, SHAPE, brush=brush)
    assert box == box.clip(SHAPE)
    assert mask.shape == box.shape
    assert mask.dtype == np.bool_
    whole = np.zeros(SHAPE, bool)
    whole[box.slices] = mask
    return whole


@given(points, points, st.integers(2, 70))
def test_a_stroke_covers_the_centres_within_half_its_diameter(start: Point, end: Point, size: int) -> None:
    distance = distances(start, end, size)
    painted = on_picture(start, end, size)
    sure = np.abs(distance - size / 2) > 1e-9  # rounding may decide a centre that lies exactly on the edge
    assert np.array_equal(painted[sure], (distance <= size / 2)[sure])


@given(points, points)
def test_diameter_one_is_one_pixel_wide(start: Point, end: Point) -> None:
    painted = on_picture(start, end, 1)
    dx, dy = (abs(math.floor(b) - math.floor(a)) for a, b in zip(start, end, strict=True))
    per_step = painted.sum(axis=0 if dx >= dy else 1)
    assert per_step.max(initial=0) <= 1
    for x, y in (start, end):
        if 0 <= x < SHAPE[1] and 0 <= y < SHAPE[0]:
            assert painted[math.floor(y), math.floor(x)]
    regions, _ = cv2.connectedComponents(painted.astype(np.uint8), connectivity=8)
    assert regions <= 2


@given(near, near)
def test_diameter_one_is_the_usual_line_for_both_shapes(start: Point, end: Point) -> None:
    box, mask = stroke(start, end, 1, (16, 20))
    assert np.array_equal(mask, stroke(start, end, 1, (16, 20), brush=BrushShape.SQUARE)[1])
    usual = np.zeros((60, 60), np.uint8)
    ends = [(math.floor(x) + 20, math.floor(y) + 20) for x, y in (start, end)]
    cv2.line(usual, ends[0], ends[1], 1, thickness=1, lineType=cv2.LINE_8)
    whole = np.zeros((16, 20), bool)
    whole[box.slices] = mask
    assert np.array_equal(whole, usual[20:36, 20:40] != 0)


@given(near, near, st.integers(2, 12))
def test_a_square_stroke_covers_the_centres_that_the_square_passes_over(start: Point, end: Point, size: int) -> None:
    shape = (12, 16)
    box, mask = stroke(start, end, size, shape, brush=BrushShape.SQUARE)
    whole = np.zeros(shape, bool)
    whole[box.slices] = mask
    a, b = ([Fraction(float(value)) for value in snapped(point, size)] for point in (start, end))

    def passed(row: int, column: int) -> bool:
        low, high = Fraction(0), Fraction(1)  # the part of the way on which the square covers the centre
        for centre, origin, target in zip((column, row), a, b, strict=True):
            away, way = Fraction(2 * centre + 1, 2) - origin, target - origin
            if way == 0:
                if abs(away) > Fraction(size, 2):
                    return False
                continue
            first, last = sorted(((away - Fraction(size, 2)) / way, (away + Fraction(size, 2)) / way))
            low, high = max(low, first), min(high, last)
        return low <= high

    assert whole.tolist() == [[passed(row, column) for column in range(shape[1])] for row in range(shape[0])]


@given(points, points, points, st.integers(1, 30), brushes)
def test_strokes_join_without_a_gap(first: Point, second: Point, third: Point, size: int, brush: BrushShape) -> None:
    joint = on_picture(second, second, size, brush)
    assert not (joint & ~on_picture(first, second, size, brush)).any()
    assert not (joint & ~on_picture(second, third, size, brush)).any()


@given(st.tuples(st.floats(-90, 700), st.floats(-90, 700)), near, st.integers(1, 90), brushes)
def test_the_parts_of_a_stroke_are_the_stroke(start: Point, step: Point, size: int, brush: BrushShape) -> None:
    shape, end = (600, 560), (start[0] + 8 * step[0] - 40, start[1] + 20 * step[1] - 100)
    whole, old = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    for canvas, there in ((whole, end), (old, start)):
        box, mask = stroke(start, there, size, shape, brush=brush)
        canvas[box.slices] = mask
    for fresh in (False, True):
        painted = np.zeros(shape, np.uint8)
        for box, mask in stroke_parts(start, end, size, shape, brush=brush, fresh=fresh):
            assert mask.shape == box.shape
            assert box.y0 // TILE == (box.y1 - 1) // TILE
            assert mask[0].any()
            assert mask[-1].any()
            assert mask[:, 0].any()
            assert mask[:, -1].any()
            painted[box.slices] += mask
        assert np.array_equal(painted, whole & ~old if fresh else whole)


@pytest.mark.parametrize("brush", BrushShape)
def test_parts_cost_what_they_cover(brush: BrushShape) -> None:
    def area(start: Point, end: Point, size: int, *, fresh: bool) -> int:
        return sum(box.area for box, _ in stroke_parts(start, end, size, (4000, 6000), brush=brush, fresh=fresh))

    assert area((3000.0, 2000.0), (3003.0, 2001.0), 2000, fresh=True) < 2000 * 2000 / 8
    assert area((10.0, 10.0), (5990.0, 3990.0), 20, fresh=False) < 4000 * 6000 / 12


@pytest.mark.parametrize("size", [1, 2, 3, 8, 31, 32])
def test_a_square_dab_is_a_square(size: int) -> None:
    for center in ((100.0, 100.0), (77.3, 120.9), (64.5, 64.49)):
        box, mask = dab(center, size, (200, 200), brush=BrushShape.SQUARE)
        assert box.shape == (size, size)
        assert mask.all()
        assert box == dab(center, size, (200, 200))[0]


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


@pytest.mark.parametrize("brush", BrushShape)
def test_a_dab_outside_the_picture_is_empty(brush: BrushShape) -> None:
    box, mask = dab((-50.0, 10.0), 20, SHAPE, brush=brush)
    assert box.empty
    assert mask.size == 0
    assert not list(stroke_parts((-50.0, 10.0), (-80.0, 30.0), 20, SHAPE, brush=brush))


def test_the_largest_brush_on_the_smallest_picture() -> None:
    box, mask = dab((0.0, 0.0), 2000, (1, 1))
    assert box == (0, 0, 1, 1)
    assert mask.all()


def way(positions: list[Point], diameter: float = 1) -> list[Piece]:
    path = StrokePath(diameter)
    return [piece for position in positions for piece in path.add(position)] + path.finish()


@given(st.lists(points, min_size=1, max_size=12), st.floats(1, 2000))
def test_a_way_goes_from_the_first_position_to_the_last_without_a_gap(positions: list[Point], diameter: float) -> None:
    pieces = way(positions, diameter)
    assert pieces[0] == (positions[0], positions[0])
    for before, after in pairwise(pieces):
        assert before.end == after.start
    assert pieces[-1].end == positions[-1]


@given(points, points, points, st.sampled_from((1.0, 50.0, 400.0)))
def test_a_way_keeps_to_the_curve(first: Point, second: Point, third: Point, diameter: float) -> None:
    a, b, c = np.array(first), np.array(second), np.array(third)
    t = np.linspace(0, 1, 200)[:, None]
    curve = (1 - t) ** 2 * (a + b) / 2 + 2 * t * (1 - t) * b + t**2 * (b + c) / 2
    pieces = way([first, second, third], diameter)
    nearest = np.full(len(curve), np.inf)
    for start, end in ((np.array(s.start), np.array(s.end)) for s in pieces):
        along = end - start
        share = np.clip((curve - start) @ along / max(float(along @ along), 1e-300), 0, 1)[:, None]
        nearest = np.minimum(nearest, np.hypot(*(curve - start - share * along).T))
    assert nearest.max() <= max(0.5, diameter / 200) + 1e-9


def test_a_fast_hand_leaves_a_circle_not_a_polygon() -> None:
    angles = np.linspace(0, 2 * math.pi, 13)
    pieces = way([(600 + 500 * math.cos(a), 600 + 500 * math.sin(a)) for a in angles])[1:]
    headings = [math.atan2(s.end[1] - s.start[1], s.end[0] - s.start[0]) for s in pieces]
    turns = [math.degrees(math.remainder(b - a, 2 * math.pi)) for a, b in pairwise(headings)]
    assert max(turns) < 8  # the positions alone turn by 30 degrees
    assert len(way([(600 + 500 * math.cos(a), 600 + 500 * math.sin(a)) for a in angles], 1000)) < len(pieces)


@pytest.mark.parametrize("brush", BrushShape)
@pytest.mark.parametrize("step", [(7.0, 0.0), (0.0, -5.0), (4.0, 4.0), (6.0, 2.0)])
def test_positions_on_a_line_leave_a_straight_stroke(step: Point, brush: BrushShape) -> None:
    positions = [(100.5 + i * step[0], 200.5 + i * step[1]) for i in (0, 2, 6, 8, 14)]
    painted = np.zeros((300, 300), bool)
    for start, end in way(positions):
        box, mask = stroke(start, end, 15, painted.shape, brush=brush)
        painted[box.slices] |= mask
    box, mask = stroke(positions[0], positions[-1], 15, painted.shape, brush=brush)
    assert np.array_equal(painted[box.slices], mask)
    assert np.count_nonzero(painted) == np.count_nonzero(mask)


def test_a_slow_hand_costs_one_segment_per_position() -> None:
    positions = [(100 + 20 * math.cos(a), 100 + 20 * math.sin(a)) for a in np.linspace(0, 6, 200)]
    path = StrokePath(10)
    assert all(len(path.add(position)) == 1 for position in positions)
    assert path.add(positions[-1]) == []


def test_a_way_can_end_anywhere_and_begin_again() -> None:
    path = StrokePath(10)
    assert path.finish() == []
    assert path.add((3.0, 4.0)) == [((3.0, 4.0), (3.0, 4.0))]
    assert path.finish() == []
    path.add((3.0, 4.0))
    assert path.add((5.0, 4.0)) == [((3.0, 4.0), (4.0, 4.0))]
    assert path.finish() == [((4.0, 4.0), (5.0, 4.0))]
    assert path.add((9.0, 9.0)) == [((9.0, 9.0), (9.0, 9.0))]
