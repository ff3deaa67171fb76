"""Outlines against the plain definition, decided for one pixel centre after the other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.core.geometry import NOTHING, Point
from app.core.painting import dab
from app.core.shapes import ellipse_spans, polygon_spans, rectangle_spans
from app.core.spans import Spans

SHAPE = (14, 18)
# Halves and quarters lie on centres and on each other; the rest lies anywhere, also far outside.
coordinates = st.one_of(
    st.integers(-20, 90).map(lambda n: n / 4), st.floats(-6, 24), st.sampled_from((-3e4, 5e5, 0.5 + 1 / 512))
)
corners = st.tuples(coordinates, coordinates)


def units(point: Point) -> tuple[int, int]:
    return round(point[0] * 256), round(point[1] * 256)


def on_picture(found: Spans) -> NDArray[np.bool_]:
    box, mask = found.whole()
    assert mask.shape == box.shape
    assert mask.dtype == np.bool_
    if box.empty:
        assert box == NOTHING
    else:
        assert box == box.clip(SHAPE)
        assert all(edge.any() for edge in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))
    whole = np.zeros(SHAPE, bool)
    whole[box.slices] = mask
    return whole


def winding(points: list[Point], x: int, y: int) -> int:
    """How often an outline goes around a point (in units): the edges that a ray to the left meets, with their signs."""
    total = 0
    for (ax, ay), (bx, by) in zip(map(units, points), map(units, points[1:] + points[:1]), strict=True):
        sign = 1 if ay < by else -1
        if sign < 0:
            ax, ay, bx, by = bx, by, ax, ay
        if ay <= y < by and (x - ax) * (by - ay) >= (y - ay) * (bx - ax):
            total += sign
    return total


@given(st.lists(corners, max_size=9))
def test_a_polygon_holds_the_centres_it_goes_around(points: list[Point]) -> None:
    expected = [
        [winding(points, 256 * column + 128, 256 * row + 128) != 0 for column in range(SHAPE[1])]
        for row in range(SHAPE[0])
    ]
    assert on_picture(polygon_spans(points, SHAPE)).tolist() == expected


@given(st.lists(st.tuples(st.floats(-6, 24), st.floats(-6, 24)), min_size=3, max_size=9))
def test_a_polygon_holds_the_centres_from_which_it_turns_full_circles(points: list[Point]) -> None:
    found = on_picture(polygon_spans(points, SHAPE))
    outline = np.array([units(point) for point in points]) / 256
    ys, xs = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]] + 0.5
    turned, sure = np.zeros(SHAPE), np.ones(SHAPE, bool)
    for (ax, ay), (bx, by) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        angle = np.arctan2(by - ys, bx - xs) - np.arctan2(ay - ys, ax - xs)
        angle = np.remainder(angle + math.pi, 2 * math.pi) - math.pi
        sure &= np.abs(angle) < math.pi - 1e-9  # otherwise the centre lies on the edge
        sure &= np.minimum(np.hypot(ax - xs, ay - ys), np.hypot(bx - xs, by - ys)) > 1e-9
        turned += angle
    assert np.array_equal(found[sure], (np.abs(turned) > math.pi)[sure])


@given(st.lists(corners, min_size=1, max_size=9), st.integers(0, 8))
def test_neither_the_first_corner_nor_the_direction_matters(points: list[Point], turn: int) -> None:
    found = polygon_spans(points, SHAPE).whole()
    for same in (points[::-1], points[turn:] + points[:turn], points + points[:1]):
        box, mask = polygon_spans(same, SHAPE).whole()
        assert box == found[0]
        assert np.array_equal(mask, found[1])


@given(st.lists(st.tuples(st.integers(0, 72).map(lambda n: n / 4), st.floats(0, 14)), max_size=6))
def test_outlines_that_share_an_edge_share_no_pixel_and_leave_none(inner: list[Point]) -> None:
    cut = [(-1.0, 7.0), *sorted(inner), (19.0, 7.0)]
    above = on_picture(polygon_spans([*cut, (19.0, -1.0), (-1.0, -1.0)], SHAPE))
    below = on_picture(polygon_spans([*cut, (19.0, 15.0), (-1.0, 15.0)], SHAPE))
    assert np.array_equal(above, ~below)


def test_an_outline_that_crosses_itself_has_no_hole() -> None:
    star = [(9 + 7 * math.sin(4 * math.pi * i / 5), 7 - 7 * math.cos(4 * math.pi * i / 5)) for i in range(5)]
    assert on_picture(polygon_spans(star, SHAPE))[7, 9]


def test_fewer_than_three_corners_hold_nothing() -> None:
    for points in ([], [(5.0, 5.0)], [(2.0, 3.0), (12.0, 9.0)]):
        assert polygon_spans(points, SHAPE).box == NOTHING


def test_corners_at_infinity_lie_far_outside() -> None:
    outline = [(-math.inf, -math.inf), (math.inf, -math.inf), (math.inf, 5.0), (-math.inf, 5.0)]
    box, mask = polygon_spans(outline, SHAPE).whole()
    assert box == (0, 0, 18, 5)
    assert mask.all()


def test_corners_that_are_no_numbers_are_refused() -> None:
    for outline in (polygon_spans, lambda points, shape: rectangle_spans(*points[:2], shape)):
        with pytest.raises(ValueError, match="numbers"):
            outline([(1.0, 2.0), (math.nan, 3.0), (4.0, 9.0)], SHAPE)


def test_a_large_polygon_comes_in_bands() -> None:
    points = [(-10.0, 300.0), (900.0, -20.0), (880.0, 1990.0)]
    whole = np.zeros((2000, 1000), bool)
    found = polygon_spans(points, whole.shape)
    bands = list(found.parts())
    for box, mask in bands:
        whole[box.slices] = mask
    box, mask = found.whole()
    assert max(band.height for band, _ in bands) == 256
    assert np.array_equal(whole[box.slices], mask)
    assert np.count_nonzero(whole) == np.count_nonzero(mask)


@given(corners, corners)
def test_a_rectangle_is_the_polygon_through_its_corners(a: Point, b: Point) -> None:
    expected = on_picture(polygon_spans([a, (b[0], a[1]), b, (a[0], b[1])], SHAPE))
    for one, other in ((a, b), (b, a), ((a[0], b[1]), (b[0], a[1]))):
        assert np.array_equal(on_picture(rectangle_spans(one, other, SHAPE)), expected)


@given(corners, corners)
def test_an_ellipse_holds_the_centres_inside(a: Point, b: Point) -> None:
    (ax, ay), (bx, by) = units(a), units(b)
    wide, high = (bx - ax) ** 2, (by - ay) ** 2

    def inside(row: int, column: int) -> bool:
        x, y = 2 * (256 * column + 128) - ax - bx, 2 * (256 * row + 128) - ay - by
        return x * x * high + y * y * wide < wide * high

    found = on_picture(ellipse_spans(a, b, SHAPE))
    assert found.tolist() == [[inside(row, column) for column in range(SHAPE[1])] for row in range(SHAPE[0])]
    assert np.array_equal(found, on_picture(ellipse_spans((b[0], a[1]), (a[0], b[1]), SHAPE)))
    assert not (found & ~on_picture(rectangle_spans(a, b, SHAPE))).any()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 40, 101])
def test_an_ellipse_in_a_square_is_a_round_dab(size: int) -> None:
    box, mask = ellipse_spans((20, 30), (20 + size, 30 + size), (300, 300)).whole()
    round_box, round_mask = dab((20 + size / 2, 30 + size / 2), size, (300, 300))
    assert box == round_box
    assert np.array_equal(mask, round_mask)
