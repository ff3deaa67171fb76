"""The mapping between image pixels and device pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.canvas.viewport import MAX_SCALE, Viewport
from app.core.geometry import Box

sizes = st.tuples(st.integers(1, 3000), st.integers(1, 3000))
fractions = st.floats(0, 1)


@st.composite
def viewports(draw: st.DrawFn) -> Viewport:
    """Any view a user can reach: fitted, then zoomed and panned some times."""
    view = Viewport.fit(view=draw(sizes), photo=draw(sizes), margin=draw(st.integers(0, 20)))
    for _ in range(draw(st.integers(0, 3))):
        at = (draw(fractions) * view.view[0], draw(fractions) * view.view[1])
        view = view.zoomed(view.scale * draw(st.floats(0.2, 8)), at=at)
        view = view.panned(draw(st.floats(-4000, 4000)), draw(st.floats(-4000, 4000)))
    return view


@given(viewports(), fractions, fractions)
def test_to_view_and_back_is_the_same_point(view: Viewport, fx: float, fy: float) -> None:
    x, y = fx * view.photo[0], fy * view.photo[1]
    assert view.to_photo(*view.to_view(x, y)) == pytest.approx((x, y), abs=1e-6)


@given(viewports(), fractions, fractions, st.floats(1, 20))
def test_zooming_in_keeps_the_point_under_the_cursor(view: Viewport, fx: float, fy: float, factor: float) -> None:
    x, y = fx * view.photo[0], fy * view.photo[1]
    at = view.to_view(x, y)
    closer = view.zoomed(view.scale * factor, at=at)
    assert closer.to_photo(*at) == pytest.approx((x, y), abs=1e-3)
    assert view.scale <= closer.scale <= MAX_SCALE


@given(viewports())
def test_the_middle_of_the_view_always_shows_the_photo(view: Viewport) -> None:
    x, y = view.to_photo(view.view[0] / 2, view.view[1] / 2)
    slack = 0.51 / view.scale  # a fitted photo is centred to whole device pixels
    assert -slack <= x <= view.photo[0] + slack
    assert -slack <= y <= view.photo[1] + slack
    assert not view.photo_box().empty or min(view.view) == 1


@given(viewports(), st.floats(-500, 500), st.floats(-500, 500))
def test_pan_moves_by_whole_device_pixels_and_can_be_recognised(view: Viewport, dx: float, dy: float) -> None:
    moved = view.panned(dx, dy)
    shift = moved.shift_from(view)
    assert shift is not None
    assert abs(shift[0]) <= abs(dx) + 1e-6 or view.fitted
    assert (moved.x - view.x, moved.y - view.y) == pytest.approx(shift, abs=1e-6)


@given(viewports())
def test_every_sample_lies_in_the_pixel_under_the_device_pixels_centre(view: Viewport) -> None:
    first, columns = view.columns(0, view.view[0])
    assert np.all(np.diff(columns) >= 0)
    if len(columns) and view.photo[0] * view.scale >= 1:
        x, _ = view.to_photo(first + 0.5, 0)
        assert columns[0] == pytest.approx(np.floor(x), abs=1e-6) or abs(x - round(x)) < 1e-6
        assert columns[0] >= 0
        assert columns[-1] < view.photo[0]


@given(viewports(), st.data())
def test_a_device_box_covers_every_device_pixel_that_shows_the_box(view: Viewport, data: st.DataObject) -> None:
    x0 = data.draw(st.integers(0, view.photo[0] - 1))
    y0 = data.draw(st.integers(0, view.photo[1] - 1))
    box = Box(x0, y0, data.draw(st.integers(x0 + 1, view.photo[0])), data.draw(st.integers(y0 + 1, view.photo[1])))
    device = view.device_box(box)
    column, columns = view.columns(0, view.view[0])
    row, rows = view.rows(0, view.view[1])
    shown_x = column + np.flatnonzero((columns >= box.x0) & (columns < box.x1))
    shown_y = row + np.flatnonzero((rows >= box.y0) & (rows < box.y1))
    assert all(device.x0 <= i < device.x1 for i in shown_x)
    assert all(device.y0 <= i < device.y1 for i in shown_y)


@given(viewports(), sizes)
def test_fit_follows_the_window_and_a_zoomed_view_keeps_its_middle(view: Viewport, new: tuple[int, int]) -> None:
    resized = view.resized(new, margin=view.margin)
    assert resized.view == new
    if view.fitted:
        assert resized == Viewport.fit(view=new, photo=view.photo, margin=view.margin)
    else:
        assert resized.scale == view.scale


def test_hundred_percent_is_one_image_pixel_per_device_pixel() -> None:
    view = Viewport.fit(view=(300, 200), photo=(1000, 800)).zoomed(1.0, at=(150, 100)).panned(-20, -10)
    _, columns = view.columns(0, 300)
    assert np.array_equal(np.diff(columns), np.ones(299, dtype=int))


def test_round_scales_are_walked_in_both_directions() -> None:
    view = Viewport.fit(view=(300, 200), photo=(1000, 800))
    scales = []
    while view.scale < MAX_SCALE:
        view = view.zoomed(view.next_scale(closer=True), at=(150, 100))
        scales.append(view.scale)
    assert scales[-1] == MAX_SCALE
    assert 1.0 in scales
    while view.scale > view.smallest:
        view = view.zoomed(view.next_scale(closer=False), at=(150, 100))
    assert view.scale == view.smallest
