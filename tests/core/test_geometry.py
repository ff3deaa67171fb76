"""Boxes: clipping, joining and cutting into tiles."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.core.geometry import NOTHING, Box

coordinates = st.integers(-40, 40)
boxes = st.builds(Box, coordinates, coordinates, coordinates, coordinates)
CANVAS = (100, 100)


def pixels(box: Box) -> set[tuple[int, int]]:
    return {(x, y) for y in range(box.y0, box.y1) for x in range(box.x0, box.x1)}


@given(boxes, boxes)
def test_intersect_holds_the_common_pixels(first: Box, second: Box) -> None:
    assert pixels(first.intersect(second)) == pixels(first) & pixels(second)


@given(boxes, boxes)
def test_union_is_the_smallest_box_around_both(first: Box, second: Box) -> None:
    both = pixels(first) | pixels(second)
    union = first.union(second)
    assert both <= pixels(union)
    if both:
        xs, ys = {x for x, _ in both}, {y for _, y in both}
        assert union == (min(xs), min(ys), max(xs) + 1, max(ys) + 1)
    else:
        assert union.empty


@given(st.sets(st.tuples(st.integers(0, 11), st.integers(0, 8))))
def test_around_is_the_smallest_box_that_holds_the_pixels(held: set[tuple[int, int]]) -> None:
    mask = np.zeros((9, 12), np.bool_)
    for x, y in held:
        mask[y, x] = True
    found = Box.around(mask)
    if held:
        xs, ys = {x for x, _ in held}, {y for _, y in held}
        assert found == (min(xs), min(ys), max(xs) + 1, max(ys) + 1)
    else:
        assert found == NOTHING


@given(boxes, st.integers(1, 20))
def test_tiles_cut_a_box_into_disjoint_parts_of_the_grid(box: Box, side: int) -> None:
    parts = list(box.tiles(side))
    assert sum(part.area for part in parts) == box.area
    assert set().union(*map(pixels, parts)) == pixels(box)
    for part in parts:
        assert part.x0 // side == (part.x1 - 1) // side
        assert part.y0 // side == (part.y1 - 1) // side


@given(boxes)
def test_slices_index_what_the_box_holds(box: Box) -> None:
    inside = box.clip(CANVAS)
    mask = np.zeros(CANVAS, bool)
    mask[inside.slices] = True
    assert {(int(x), int(y)) for y, x in np.argwhere(mask)} == {(x, y) for x, y in pixels(box) if x >= 0 <= y}
    assert mask[inside.slices].shape == inside.shape


def test_helpers() -> None:
    box = Box.at(3, 4, width=5, height=6)
    assert box == (3, 4, 8, 10)
    assert box.shape == (6, 5)
    assert box.area == 30
    assert box.grow(1) == (2, 3, 9, 11)
    assert box.move(-3, -4) == (0, 0, 5, 6)
    assert Box.of_shape((7, 9, 3)) == (0, 0, 9, 7)
    assert box.contains(3, 4)
    assert not box.contains(8, 4)
    assert not box.contains(3, 10)
    assert NOTHING.empty
    assert NOTHING.area == 0
