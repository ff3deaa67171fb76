"""A preview is drawn as worked out pixel by pixel: an area with a calm line around it, changes so that each is seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.canvas.overlay import premultiplied
from app.canvas.preview import preview_box, preview_colours, preview_pixels
from app.canvas.viewport import Viewport
from app.core.arrays import U8, U32, Bool
from app.core.geometry import Box
from app.core.segment_map import HUMAN_BASE, HUMAN_UNLABELLED, human_value
from app.tools.base import Preview, Shows
from resources.classes import palette

PHOTO = (30, 20)  # width, height
VIEW = (42, 35)
INNER, OUTER = 0xFFFFFFFF, 0xB0000000
Marks = dict[tuple[int, int], int]  # by device pixel: the value offered there and one more, 0 for nothing


def plain_marks(preview: Preview, view: Viewport, box: Box, allowed: Bool | None) -> Marks:
    """What lies under the centre of each device pixel of a box; of changes also what lies around it."""
    height, width = preview.mask.shape
    changes = preview.shows is Shows.CHANGES
    around = int(max(width / preview.box.width, height / preview.box.height) / view.scale + 1) if changes else 1

    beside = math.ceil(0.5 / view.scale) if changes and view.scale < 1 else 0

    def mark(x: int, y: int) -> int:
        column = min(max(int((x + 0.5 - view.x) // view.scale), 0), view.photo[0] - 1)
        row = min(max(int((y + 0.5 - view.y) // view.scale), 0), view.photo[1] - 1)
        if not preview.box.grow(beside).contains(column, row) or (
            allowed is not None and not changes and not allowed[y, x]
        ):
            return 0
        down = min(max((row - preview.box.y0) * height // preview.box.height, 0), height - 1) - around // 2
        right = min(max((column - preview.box.x0) * width // preview.box.width, 0), width - 1) - around // 2
        near = [
            (r, c)
            for r in range(max(0, down), min(height, down + around))
            for c in range(max(0, right), min(width, right + around))
        ]
        value = preview.value
        values = [value[at] if isinstance(value, np.ndarray) else value for at in near if preview.mask[at]]
        return max((int(one) + 1 for one in values), default=0)

    return {(x, y): mark(x, y) for y in range(box.y0, box.y1) for x in range(box.x0, box.x1)}


def over(marks: Marks, take: Callable[[Iterable[int]], int]) -> Marks:
    """What `take` makes of each pixel and its neighbours."""
    steps = [(dx, dy) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    return {(x, y): take(marks[x + dx, y + dy] for dx, dy in steps if (x + dx, y + dy) in marks) for x, y in marks}


def plain_seen(marks: Marks) -> Marks:
    """What is thinner than three pixels grows by one."""
    wide = over(over(marks, min), max)
    grown = over({at: mark if mark > wide[at] else 0 for at, mark in marks.items()}, max)
    return {at: mark or grown[at] for at, mark in marks.items()}


def plain_calm(marks: Marks, box: Box) -> Marks:
    """1 where most of the nine times nine pixels around are offered, beyond the box as at its edge."""
    area = np.zeros(box.shape, np.uint8)
    for (x, y), mark in marks.items():
        area[y - box.y0, x - box.x0] = mark > 0
    padded = np.pad(area, 4, mode="edge")
    calm = {(x, y): int(padded[y - box.y0 : y - box.y0 + 9, x - box.x0 : x - box.x0 + 9].sum() > 40) for x, y in marks}
    return calm if any(calm.values()) else {at: int(mark > 0) for at, mark in marks.items()}


def plain_pixels(preview: Preview, view: Viewport, allowed: Bool | None) -> Marks:
    """Colours by device pixel, of all that the preview touches."""
    box = preview_box(preview, view)
    marks = plain_marks(preview, view, box, allowed)
    close_up = preview.box.width * view.scale / preview.mask.shape[1] >= 3
    if preview.shows is Shows.CHANGES:
        marks = plain_seen(marks)
    exact = close_up or preview.shows is Shows.CHANGES or box.empty
    area = {at: int(mark > 0) for at, mark in marks.items()} if exact else plain_calm(marks, box)
    inside, outside = over(area, min), over(area, max)
    table = preview_colours(palette(), opacity=preview.opacity)
    pixels = {}
    for at, mark in marks.items():
        pixels[at] = int(table[mark - 1]) if mark else 0
        if outside[at] and not area[at]:
            pixels[at] = OUTER
        elif area[at] and not inside[at]:
            pixels[at] = INNER
    return pixels


@st.composite
def previews(draw: st.DrawFn) -> Preview:
    """Boxes that may reach over the photo's edge, with masks as fine, coarser or finer, of one value or several."""
    x0, y0 = draw(st.integers(-8, PHOTO[0] - 1)), draw(st.integers(-8, PHOTO[1] - 1))
    box = Box.at(x0, y0, width=draw(st.integers(1, 40)), height=draw(st.integers(1, 30)))
    exact = draw(st.booleans())
    shape = box.shape if exact else (draw(st.integers(1, 12)), draw(st.integers(1, 12)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    mask: Bool = rng.random(shape) < draw(st.sampled_from([0.0, 0.02, 0.3, 0.9, 1.0]))
    one = draw(st.sampled_from([0, human_value(3), human_value(150), HUMAN_UNLABELLED]))
    several: U8 = rng.choice([0, human_value(1), human_value(7), HUMAN_UNLABELLED], shape).astype(np.uint8)
    value = one if draw(st.booleans()) else several
    shows = draw(st.sampled_from(Shows))
    return Preview(box, mask, value, opacity=draw(st.sampled_from([0.35, 0.75])), shows=shows)


@st.composite
def views(draw: st.DrawFn) -> Viewport:
    """From far away to so close that only a part is seen."""
    view = Viewport.fit(view=VIEW, photo=PHOTO)
    scale = draw(st.sampled_from([0.3, 0.5, 0.77, 1.0, 1.5, 3.0, 8.0]))
    view = view.zoomed(scale, at=(draw(st.integers(0, VIEW[0] - 1)), draw(st.integers(0, VIEW[1] - 1))))
    return view.panned(draw(st.integers(-VIEW[0], VIEW[0])), draw(st.integers(-VIEW[0], VIEW[0])))


@given(preview=previews(), view=views(), kept=st.none() | st.integers(0, 2**32 - 1))
def test_a_preview_is_drawn_as_worked_out_pixel_by_pixel(preview: Preview, view: Viewport, kept: int | None) -> None:
    """`kept`: seed for the pixels of the view that the rule keeps paint away from; None where there is no rule."""
    allowed = None if kept is None else np.random.default_rng(kept).random((VIEW[1], VIEW[0])) < 0.8
    box = preview_box(preview, view)
    inside = None if allowed is None or box.empty else allowed[box.slices]
    pixels: U32 = preview_pixels(preview, view, palette(), allowed=inside)
    assert pixels.dtype == np.uint32
    assert pixels.size == 0 or pixels.shape == box.shape
    drawn = {(box.x0 + x, box.y0 + y): int(pixels[y, x]) for y, x in np.ndindex(pixels.shape)}
    assert drawn == plain_pixels(preview, view, allowed)
    beside = {at for at, mark in plain_marks(preview, view, view.photo_box(), None).items() if mark} - drawn.keys()
    assert not beside


@pytest.mark.parametrize("scale", [0.05, 0.2, 0.6, 1.0, 2.0, 7.0])
def test_a_single_changed_pixel_is_seen_at_any_zoom(scale: float) -> None:
    view = Viewport.fit(view=(400, 300), photo=(4000, 3000)).zoomed(scale, at=(200, 150))
    x, y = (int(side) for side in view.to_photo(200, 150))
    for box, mask in (
        (Box(x, y, x + 1, y + 1), np.ones((1, 1), np.bool_)),
        (Box(x - 50, y - 50, x + 51, y + 51), np.pad(np.ones((1, 1), np.bool_), 50)),
    ):
        preview = Preview(box, mask, human_value(5), shows=Shows.CHANGES)
        pixels = preview_pixels(preview, view, palette())
        colour = preview_colours(palette(), opacity=preview.opacity)[human_value(5)]
        assert (pixels == colour).any(), "its class is seen"
        assert np.count_nonzero(pixels == INNER) >= 8, "and a bright line around that"
        assert np.count_nonzero(pixels == OUTER) >= 16


def test_the_line_around_an_area_leaves_out_specks_and_holes() -> None:
    view = Viewport(view=(200, 200), photo=(200, 200), scale=1.0, x=0, y=0, fitted=False, margin=0)
    rng = np.random.default_rng(3)
    square = np.zeros((200, 200), np.bool_)
    square[50:150, 50:150] = True
    textured = square & (rng.random(square.shape) < 0.8) | (rng.random(square.shape) < 0.05)

    def lines(mask: Bool) -> tuple[int, int]:
        pixels = preview_pixels(Preview(Box(0, 0, 200, 200), mask, human_value(5), opacity=0.5), view, palette())
        return np.count_nonzero(pixels == INNER), np.count_nonzero((pixels != INNER) & (pixels != OUTER) & (pixels > 0))

    around, tinted = lines(square)
    assert around == 4 * 99
    frayed, still_tinted = lines(textured)
    assert frayed < 1.2 * around
    assert still_tinted > 0.7 * tinted, "what would be painted is tinted all the same"


def test_colours_of_a_preview_tell_classes_unlabelled_and_the_network_apart() -> None:
    table = preview_colours(palette(), opacity=0.6)
    rgb = np.zeros((256, 3), np.uint8)
    rgb[HUMAN_BASE + 1 : HUMAN_UNLABELLED] = palette()[1:151]
    strong = premultiplied(rgb, np.full(256, 0.6))
    assert np.array_equal(table[HUMAN_BASE + 1 : HUMAN_UNLABELLED], strong[HUMAN_BASE + 1 : HUMAN_UNLABELLED])
    alphas = table >> 24
    assert 0 < alphas[0] == alphas[HUMAN_UNLABELLED] < alphas[HUMAN_BASE + 1]
    assert table[0] & 0xFF > table[HUMAN_UNLABELLED] & 0xFF
