"""A fill goes over edges, never over corners, and never over what a rule keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.core import regions
from app.core.arrays import U8
from app.core.geometry import Box
from app.core.rules import Where
from app.core.segment_map import HUMAN_UNLABELLED, TILE, human_value
from app.editing.session import Session
from app.tools import make_tool
from tests.app.canvas.scene import LEFT_TOP, RIGHT_TOP, human, paint, predict, show_photo, steps
from tests.app.tools.test_tools import CURRENT, click, drag, said

SIDE = 2 * TILE + 40
CORNER = Path("/photos/corner.jpg")


def show_layer(session: Session, layer: U8) -> None:
    show_photo(session, np.full((*layer.shape, 3), 90, np.uint8), CORNER)
    predict(session, layer, CORNER)


@pytest.fixture(params=["one mask", "tile by tile"])
def large(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Regions of large pictures are found in another way than those of small ones."""
    if request.param == "tile by tile":
        monkeypatch.setattr(regions, "LARGEST_MASK", 0)


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("at", [TILE, TILE - 1, TILE + 37], ids=["corner of a tile", "side of a tile", "in a tile"])
@pytest.mark.parametrize("mirrored", [False, True])
def test_two_areas_that_meet_at_a_corner_are_two(session: Session, at: int, *, mirrored: bool) -> None:
    layer = np.full((SIDE, SIDE), RIGHT_TOP, np.uint8)
    layer[at - 90 : at, at - 90 : at] = LEFT_TOP
    layer[at : at + 90, at : at + 90] = LEFT_TOP
    expected = np.zeros((SIDE, SIDE), np.bool_)
    expected[at - 90 : at, at - 90 : at] = True
    if mirrored:
        layer, expected = layer[:, ::-1].copy(), expected[:, ::-1].copy()
    show_layer(session, layer)
    x = SIDE - at if mirrored else at - 1  # the pixel in the corner itself
    click(make_tool("fill", session), x + 0.5, at - 0.5)
    assert np.array_equal(human(session) == CURRENT, expected)
    assert steps(session) == 1


@pytest.mark.usefixtures("large")
def test_one_pixel_of_a_common_edge_joins_two_areas(session: Session) -> None:
    layer = np.full((SIDE, SIDE), RIGHT_TOP, np.uint8)
    layer[TILE - 90 : TILE, TILE - 90 : TILE] = LEFT_TOP
    layer[TILE : TILE + 90, TILE - 1 : TILE + 90] = LEFT_TOP
    show_layer(session, layer)
    click(make_tool("fill", session), TILE - 50, TILE - 50)
    assert np.array_equal(human(session) == CURRENT, layer == LEFT_TOP)


@pytest.mark.parametrize("name", ["fill", "brush", "rectangle", "restore"])
def test_what_a_person_made_unlabelled_is_a_decision_too(session: Session, name: str) -> None:
    """Nothing shows there, and yet "never over what you decided" keeps it, also where only gaps may be filled."""
    erased = Box(20, 10, 50, 30)
    paint(session, erased, HUMAN_UNLABELLED)
    session.set_brush_size(40)
    for where in (Where.ANYWHERE, Where.UNLABELLED):
        session.set_rule(where=where, keep_person=True)
        drag(make_tool(name, session), (25.5, 15.5), (45.5, 25.5))
        assert (human(session)[erased.slices] == HUMAN_UNLABELLED).all()


def test_what_a_person_made_unlabelled_is_free_again_without_that_rule(session: Session) -> None:
    erased = Box(20, 10, 50, 30)
    paint(session, erased, HUMAN_UNLABELLED)
    session.set_rule(where=Where.UNLABELLED)
    sentences = said(session)
    click(make_tool("fill", session), 30.5, 20.5)
    assert (human(session)[erased.slices] == human_value(17)).all()
    assert not sentences
