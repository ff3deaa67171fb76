"""Names stand inside their regions, where they fit and nowhere else."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QFont, QImage, QPainter
from pytestqt.qtbot import QtBot

from app.canvas.names import MOST_OF_A_CLASS, NamePlace, NameTags, place_names
from app.canvas.viewport import Viewport
from app.core.arrays import U8
from app.core.geometry import Box

WIDTH, HEIGHT = 400, 300
LABELS = np.where(np.arange(256) <= 150, np.arange(256), 0).astype(np.uint8)
VIEW = Viewport.fit(view=(WIDTH, HEIGHT), photo=(WIDTH, HEIGHT))
SIZE = (60.0, 15.0)


def measure(_class_id: int) -> tuple[float, float]:
    return SIZE


def places(codes: U8, labels: U8 = LABELS, view: Viewport = VIEW) -> tuple[NamePlace, ...]:
    return place_names(codes, labels, view, measure)


def covered(place: NamePlace, view: Viewport = VIEW) -> Box:
    """The device pixels under a name."""
    x, y = view.to_view(place.x, place.y)
    return Box(int(x - SIZE[0] / 2), int(y - SIZE[1] / 2), int(x + SIZE[0] / 2), int(y + SIZE[1] / 2))


def test_a_name_stands_in_the_middle_of_its_region() -> None:
    codes = np.full((HEIGHT, WIDTH), 3, np.uint8)
    codes[:, 240:] = 5
    first, second = places(codes)
    assert (first.class_id, second.class_id) == (3, 5)
    assert first.x == pytest.approx(120, abs=25)
    assert second.x == pytest.approx(320, abs=8)
    assert second.y == pytest.approx(HEIGHT / 2, abs=80)


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_every_name_lies_wholly_inside_its_region(seed: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    codes = np.kron(rng.integers(0, classes + 1, (15, 20)), np.ones((20, 20))).astype(np.uint8)
    for place in places(codes):
        box = covered(place)
        assert box == box.clip(codes.shape)
        assert (codes[box.slices] == place.class_id).all()


def test_a_region_without_room_has_no_name() -> None:
    codes = np.full((HEIGHT, WIDTH), 3, np.uint8)
    codes[100:120, 100:300] = 4  # high enough for the letters, but not for the room around them
    codes[150:250, 100:150] = 5  # too narrow
    assert {place.class_id for place in places(codes)} == {3}


def test_a_name_that_fits_only_beside_the_pole_stands_there() -> None:
    """The pole of a keyhole is its round head; the name needs the wide slot."""
    codes = np.zeros((HEIGHT, WIDTH), np.uint8)
    codes[20:90, 20:90] = 3  # the head: 70 x 70 is too narrow for 60 and the room of 8 on both sides
    codes[90:130, 20:300] = 3
    (place,) = places(codes)
    assert place.y > 90


def test_what_is_hidden_or_unlabelled_is_not_named() -> None:
    codes = np.full((HEIGHT, WIDTH), 3, np.uint8)
    codes[:150] = 0
    hidden = LABELS.copy()
    hidden[3] = 0
    assert places(codes, hidden) == ()
    assert {place.class_id for place in places(codes)} == {3}


def test_segments_of_one_class_share_a_name() -> None:
    codes = np.full((HEIGHT, WIDTH), 3, np.uint8)
    codes[:, 200:] = 103
    labels = LABELS.copy()
    labels[103] = 3
    assert len(places(codes, labels)) == 1


def test_only_the_largest_regions_of_a_class_are_named() -> None:
    codes = np.zeros((HEIGHT, WIDTH), np.uint8)
    for index in range(6):
        codes[index * 48 : index * 48 + 40, 10 : 120 + 20 * index] = 3
    found = places(codes)
    assert Counter(place.class_id for place in found) == {3: MOST_OF_A_CLASS}
    assert min(place.y for place in found) > 3 * 48


def test_places_are_image_positions() -> None:
    codes = np.full((HEIGHT, WIDTH), 3, np.uint8)
    view = Viewport.fit(view=(WIDTH, HEIGHT), photo=(WIDTH * 10, HEIGHT * 10))
    (place,) = places(codes, view=view)
    assert place.x == pytest.approx(WIDTH * 5, abs=1000)
    moved = view.zoomed(1.0, at=(200, 150)).panned(30, 10)
    assert covered(place, moved) != covered(place, view)


def test_a_name_stays_on_the_part_that_can_be_seen() -> None:
    """Most of the region is outside of the view; its name is not."""
    view = VIEW.zoomed(8.0, at=(0, 0)).panned(90, 40)
    photo = view.photo_box()
    codes = np.zeros((HEIGHT, WIDTH), np.uint8)
    codes[photo.slices] = 3
    (place,) = places(codes, view=view)
    box = covered(place, view)
    assert box == box.intersect(photo)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (2, 500), (500, 2), (5, 5)])
def test_tiny_pictures_have_no_names(width: int, height: int) -> None:
    view = Viewport.fit(view=(WIDTH, HEIGHT), photo=(width, height)).zoomed(1.0, at=(0, 0))
    assert places(np.full((HEIGHT, WIDTH), 0, np.uint8), view=view) == ()


def test_a_drawn_name_stays_inside_what_it_says_it_touches(qtbot: QtBot) -> None:
    tags = NameTags(QFont(), ratio=2.0)
    place = NamePlace(3, 200.0, 150.0)
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    tags.draw(painter, [place], VIEW)
    painter.end()
    drawn = np.frombuffer(image.constBits(), np.uint32).reshape(HEIGHT, WIDTH) != 0
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    assert len(rows) > 10
    touched = tags.region([place], VIEW).boundingRect()
    assert touched.left() * 2 <= columns[0]
    assert columns[-1] < (touched.left() + touched.width()) * 2
    assert touched.top() * 2 <= rows[0]
    assert rows[-1] < (touched.top() + touched.height()) * 2


def test_a_name_is_light_on_a_dark_halo(qtbot: QtBot) -> None:
    """Legible on white and on black."""
    for ground in (0xFFFFFFFF, 0xFF000000):
        image = QImage(WIDTH, HEIGHT, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(ground)
        painter = QPainter(image)
        NameTags(QFont()).draw(painter, [NamePlace(3, 200.0, 150.0)], VIEW)
        painter.end()
        pixels = np.frombuffer(image.constBits(), np.uint8).reshape(HEIGHT, WIDTH, 4)
        part = pixels[140:160, 190:210, :3]
        assert part.max() > 240
        assert part.min() < 140


def test_longer_names_need_more_room(qtbot: QtBot) -> None:
    tags = NameTags(QFont())
    assert tags.measure(3)[0] < tags.measure(45)[0]  # sky, chest of drawers
    assert tags.measure(3)[1] == tags.measure(45)[1]
