"""However the screen got to a view, it shows what a fresh one would show there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.canvas.overlay import CASING, CLEAR, LIGHT_CASING, Look, casings_for, outline_codes
from app.canvas.patterns import Hatching
from app.canvas.screen import PAD, Screen, draw_photo
from app.canvas.viewport import Viewport
from app.core.arrays import U8
from app.core.geometry import Box
from app.core.patches import Edit
from app.core.pyramid import build_pyramid
from app.core.segment_map import Layer, SegmentMap, human_value
from resources.classes import palette

WIDTH, HEIGHT = 60, 40
RNG = np.random.default_rng(1)
PHOTO = RNG.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
COLOURS = RNG.integers(0, 2**32, 256, dtype=np.uint32)
SEEN = (slice(PAD, -PAD), slice(PAD, -PAD))
LABELS = np.array([0, 3, 5, 6, 7], np.uint8)[np.arange(256) % 5]  # none of a dark colour


def new_map() -> SegmentMap:
    segment_map = SegmentMap(HEIGHT, WIDTH)
    segment_map.set_network(np.kron(RNG.integers(0, 101, (8, 12)), np.ones((5, 5))).astype(np.uint8))
    return segment_map


HATCHING = Hatching.of(np.arange(256).astype(np.uint8) % 9, RNG.integers(0, 2**32, 256, dtype=np.uint32), unit=1)


def look(line: int) -> Look:
    """Outlines of this width; none of them is filled areas, and less than none is filled areas with patterns."""
    return Look(COLOURS, LABELS, max(0, line), hatching=HATCHING if line < 0 else None)


def screen_of(segment_map: SegmentMap, line: int) -> Screen:
    screen = Screen()
    screen.set_photo(build_pyramid(PHOTO), background=0xFF112233)
    screen.set_map(segment_map)
    screen.set_look(look(line))
    return screen


steps = st.lists(
    st.one_of(
        st.tuples(st.just("pan"), st.integers(-50, 50), st.integers(-50, 50)),
        st.tuples(st.just("zoom"), st.sampled_from([0.4, 0.7, 1.0, 1.3, 2.0, 3.7]), st.integers(0, 90)),
        st.tuples(st.just("paint"), st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1)),
        st.tuples(st.just("refresh"), st.just(0), st.just(0)),
        st.tuples(st.just("resize"), st.integers(20, 120), st.integers(20, 120)),
        st.tuples(st.just("look"), st.integers(-1, 2), st.just(0)),
    ),
    max_size=12,
)


@given(steps, st.integers(-1, 2))
def test_any_way_to_a_view_shows_the_same(actions: list[tuple[str, int, int]], line: int) -> None:
    segment_map = new_map()
    screen = screen_of(segment_map, line)
    view = Viewport.fit(view=(90, 70), photo=(WIDTH, HEIGHT))
    screen.refresh(view)
    for action, one, two in actions:
        match action:
            case "pan":
                view = view.panned(one, two)
            case "zoom":
                view = view.zoomed(one, at=(float(two), float(two) / 2))
            case "resize":
                view = view.resized((one, two), margin=0)
            case "paint":
                edit = Edit(segment_map)
                box = edit.paint(
                    Box(one, two, one + 7, two + 5).clip((HEIGHT, WIDTH)), None, human_value(1 + one % 150)
                )
                if box is not None:
                    screen.touch(box)
                edit.finish()
            case "look":
                line = one
                screen.set_look(look(line))
            case _:
                screen.refresh(view)
    screen.refresh(view)
    fresh = screen_of(segment_map, line)
    fresh.refresh(view)
    assert np.array_equal(screen.codes, fresh.codes)
    assert np.array_equal(screen.overlay[SEEN], fresh.overlay[SEEN])
    # Interpolation rounds differently by a step where a strip starts elsewhere.
    steps_apart = np.abs(screen.backdrop.view(np.uint8).astype(int) - fresh.backdrop.view(np.uint8))
    assert steps_apart.max() <= 2


@given(st.floats(2, 9), st.integers(-40, 40), st.integers(-40, 40))
def test_the_codes_on_screen_are_those_under_each_pixels_centre(scale: float, dx: int, dy: int) -> None:
    segment_map = new_map()
    screen = screen_of(segment_map, 0)
    view = Viewport.fit(view=(90, 70), photo=(WIDTH, HEIGHT)).zoomed(scale, at=(45, 35)).panned(dx, dy)
    screen.refresh(view)
    for y, x in ((0, 0), (35, 45), (69, 89), (10, 70)):
        column, row = (int(np.floor(value)) for value in view.to_photo(x + 0.5, y + 0.5))
        inside = 0 <= column < WIDTH and 0 <= row < HEIGHT
        assert screen.codes[y + PAD, x + PAD] == (segment_map.code_at(column, row) if inside else 0)


def test_only_the_touched_rectangle_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    segment_map = new_map()
    screen = screen_of(segment_map, 0)
    view = Viewport.fit(view=(600, 400), photo=(WIDTH, HEIGHT))
    screen.refresh(view)
    sampled: list[int] = []
    real = SegmentMap.sample

    def counted(self: SegmentMap, ys: np.ndarray, xs: np.ndarray, *, layer: Layer) -> U8:
        sampled.append(len(ys) * len(xs))
        return real(self, ys, xs, layer=layer)

    monkeypatch.setattr(SegmentMap, "sample", counted)
    screen.set_look(look(0))
    screen.refresh(view)
    assert sampled == []
    screen.touch(Box(3, 4, 6, 8))
    screen.refresh(view)
    assert sum(sampled) <= (3 * 10 + 2) * (4 * 10 + 2)
    sampled.clear()
    screen.refresh(view.panned(7, 0))
    assert sum(sampled) <= 7 * (400 + 2 * PAD)


def test_the_network_alone_is_shown_without_what_a_person_decided() -> None:
    segment_map = new_map()
    screen = screen_of(segment_map, 0)
    view = Viewport.fit(view=(WIDTH, HEIGHT), photo=(WIDTH, HEIGHT))
    Edit(segment_map).paint(Box(0, 0, 20, 20), None, human_value(5))
    screen.refresh(view)
    assert np.array_equal(screen.seen_codes, segment_map.shown())
    assert screen.set_layer(Layer.NETWORK)
    assert not screen.set_layer(Layer.NETWORK)
    screen.refresh(view)
    assert np.array_equal(screen.seen_codes, segment_map.network)
    assert np.array_equal(screen.overlay[SEEN], COLOURS[segment_map.network])
    screen.set_layer(Layer.SHOWN)
    screen.refresh(view)
    assert np.array_equal(screen.seen_codes, segment_map.shown())


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 300), (30000, 2), (7, 5)])
def test_odd_photos_are_drawn_whole(width: int, height: int) -> None:
    photo = np.full((height, width, 3), 200, np.uint8)
    view = Viewport.fit(view=(200, 150), photo=(width, height))
    out = np.zeros((150, 200), np.uint32)
    box = view.photo_box()
    assert not box.empty
    draw_photo(build_pyramid(photo), view, box, out=out[box.slices])
    assert (out[box.slices] == 0xFFC8C8C8).all()


def test_an_outline_keeps_to_both_sides_of_a_boundary() -> None:
    codes = np.ones((9, 12), np.uint8)
    codes[:, 6:] = 2
    drawn = outline_codes(codes, look(1))
    assert set(drawn[:, 5]) == {1}
    assert set(drawn[:, 6]) == {2}
    assert set(drawn[:, 4]) == set(drawn[:, 7]) == {CASING}
    assert set(drawn[:, :4].ravel()) == set(drawn[:, 8:].ravel()) == {CLEAR}


def test_segments_of_one_label_have_no_outline_between_them() -> None:
    codes = np.full((9, 12), 1, np.uint8)
    codes[:, 6:] = 6  # LABELS gives both the same label
    assert set(outline_codes(codes, look(2)).ravel()) == {CLEAR}


def test_a_dark_line_has_a_light_casing() -> None:
    by_brightness = palette()[1:151].astype(int) @ [299, 587, 114]
    labels = LABELS.copy()
    labels[1], labels[2] = by_brightness.argmin() + 1, by_brightness.argmax() + 1
    codes = np.ones((9, 12), np.uint8)
    codes[:, 6:] = 2
    drawn = outline_codes(codes, Look(COLOURS, labels, 1, casings_for(labels, palette()[labels])))
    assert set(drawn[:, 4]) == {LIGHT_CASING}
    assert set(drawn[:, 7]) == {CASING}
