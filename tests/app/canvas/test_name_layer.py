"""Names over the canvas: they wait for rest, move with the picture and cost nothing when they are off."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.canvas import name_layer
from app.canvas.canvas import Canvas
from app.canvas.comparing import Comparison
from app.canvas.names import NameTags
from app.core.arrays import U8
from app.core.geometry import Box
from app.core.segment_map import human_value
from app.editing.session import Session
from tests.app.canvas.scene import HEIGHT, WIDTH, grabbed, map_of, spot

SKY, PERSON, TREE, WALL = 3, 13, 5, 1  # the quarters of the scene; the wall lies under the threshold


@pytest.fixture
def named(canvas: Canvas, session: Session) -> Canvas:
    """A canvas large enough for names, with names."""
    canvas.resize(900, 640)
    session.set_overlay(names=True)
    grabbed(canvas)
    return canvas


def shown(canvas: Canvas) -> dict[int, tuple[float, float]]:
    """The classes named, and where in the image."""
    grabbed(canvas)
    return {place.class_id: (place.x, place.y) for place in canvas._names.places}


def lettered(canvas: Canvas, x: float, y: float) -> bool:
    """Whether there are letters around an image position."""
    at = spot(canvas, x, y)
    part: U8 = grabbed(canvas)[at.y() - 6 : at.y() + 6, at.x() - 10 : at.x() + 10]
    return bool((part.min(axis=2) > 240).any())


def test_every_quarter_that_shows_has_its_name_in_it(named: Canvas) -> None:
    places = shown(named)
    assert set(places) == {SKY, PERSON, TREE}
    for class_id, (x, y) in places.items():
        code = map_of(named.session).code_at(int(x), int(y))
        assert {1: SKY, 2: PERSON, 3: TREE}[code] == class_id
        assert lettered(named, x, y)


def test_names_are_off_unless_asked_for(canvas: Canvas, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    placed: list[int] = []
    monkeypatch.setattr(NameTags, "place", lambda *_: placed.append(1) or ())
    canvas.resize(900, 640)
    canvas.pan_by(10, 10)
    session.set_threshold(0.1)
    assert shown(canvas) == {}
    assert placed == []


def test_they_go_with_the_labels(named: Canvas, session: Session) -> None:
    places = shown(named)
    named.compare(Comparison.BARE, held=True)
    assert not any(lettered(named, x, y) for x, y in places.values())
    named.compare(Comparison.BARE, held=False)
    session.set_overlay(deciders=True)
    assert not any(lettered(named, x, y) for x, y in places.values())
    session.set_overlay(deciders=False, names=False)
    assert not any(lettered(named, x, y) for x, y in places.values())


def test_they_stay_in_the_picture_while_it_moves_and_are_placed_anew_at_rest(named: Canvas, qtbot: QtBot) -> None:
    before = shown(named)
    named.zoom_to(named.scale * 3)
    assert shown(named) == before
    named.pan_by(-200, -100)
    assert shown(named) == before
    qtbot.waitUntil(lambda: shown(named) != before, timeout=20 * name_layer.REST_MS)


def test_they_follow_a_stroke_when_it_is_over(named: Canvas, session: Session, qtbot: QtBot) -> None:
    gesture = session.begin_edit("Paint")
    assert gesture is not None
    gesture.paint(Box(WIDTH // 2, HEIGHT // 2, WIDTH, HEIGHT), None, human_value(10))
    gesture.commit()
    assert 10 not in shown(named)
    qtbot.waitUntil(lambda: 10 in shown(named), timeout=20 * name_layer.REST_MS)


def test_they_follow_the_threshold(named: Canvas, session: Session, qtbot: QtBot) -> None:
    session.set_threshold(0.1)
    qtbot.waitUntil(lambda: WALL in shown(named), timeout=20 * name_layer.REST_MS)
    session.set_overlay(hidden=frozenset({SKY}))
    qtbot.waitUntil(lambda: SKY not in shown(named), timeout=20 * name_layer.REST_MS)


def test_a_larger_font_places_them_anew(named: Canvas, monkeypatch: pytest.MonkeyPatch) -> None:
    placed: list[object] = []
    real = NameTags.place
    monkeypatch.setattr(NameTags, "place", lambda *args: placed.append(1) or real(*args))
    grabbed(named)
    assert placed == []
    font = named.font()
    font.setFamily("Monospace")
    named.setFont(font)
    grabbed(named)
    assert placed == [1]


def test_nothing_open_has_no_names(empty_canvas: Canvas, session: Session) -> None:
    session.set_overlay(names=True)
    assert np.array_equal(grabbed(empty_canvas), grabbed(empty_canvas))
    assert shown(empty_canvas) == {}
