"""A stroke that is taken back in the middle leaves every pixel as it was, what was decided before included."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.core.arrays import U8
from app.core.geometry import Box
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from app.core.superpixels import SuperpixelTiles
from app.editing.session import Session
from app.tools import make_tool
from app.tools.base import Button, Pointer, Tool
from tests.app.canvas.scene import document_of, human, map_of, paint, predict, quarters, show_photo, steps
from tests.app.tools.later import Later

WIDTH, HEIGHT = 900, 160  # superpixels of three tiles, side by side
WIDE = Path("/photos/wide.jpg")
WAY = ((100.5, 40.5), (250.5, 60.5), (700.5, 90.5))


@pytest.fixture
def later(session: Session) -> Later:
    """A wide picture in which a person has decided a band across the way of the stroke."""
    ys, xs = np.mgrid[:HEIGHT, :WIDTH]
    colours = np.where(((xs // 40 + ys // 40) % 2 > 0)[..., None], np.uint8([200, 60, 50]), np.uint8([60, 90, 170]))
    show_photo(session, colours, WIDE)
    predict(session, quarters(WIDTH, HEIGHT), WIDE)
    paint(session, Box(90, 20, 300, 70), human_value(5))
    paint(session, Box(200, 30, 720, 100), HUMAN_UNLABELLED)
    session.runner = later = Later()
    return later


def half_painted(session: Session, later: Later, name: str) -> Tool:
    """A stroke under the hand: of superpixels those are painted that have arrived, the others wait."""
    tool = make_tool(name, session)
    session.set_brush_size(30)
    before = human(session)
    tool.press(Pointer(*WAY[0], Button.LEFT))
    for point in WAY[1:]:
        tool.move(Pointer(*point, Button.LEFT))
    if name == "superpixels":
        while np.array_equal(human(session), before):
            later.finish_one()
        assert "to go" in tool.note(), "all of it is there already"
    assert not np.array_equal(human(session), before)
    return tool


def counted(codes: U8) -> list[int]:
    return np.bincount(codes.ravel(), minlength=256).tolist()


@pytest.mark.parametrize("name", ["superpixels", "brush", "eraser", "restore"])
@pytest.mark.parametrize(
    "take_back", [lambda tool: tool.cancel(), lambda tool: tool.session.cancel_edit()], ids=["tool", "session"]
)
def test_nothing_of_it_stays(session: Session, later: Later, name: str, take_back: Callable[[Tool], object]) -> None:
    before, done = human(session), steps(session)
    tool = half_painted(session, later, name)
    take_back(tool)
    assert np.array_equal(human(session), before)
    later.finish()
    assert np.array_equal(human(session), before), "what arrived later was painted all the same"
    assert steps(session) == done
    assert map_of(session).histogram().tolist() == counted(map_of(session).shown())


def test_the_next_stroke_begins_from_what_was_there_before(session: Session, later: Later) -> None:
    before = human(session)
    tool = half_painted(session, later, "superpixels")
    tool.cancel()
    assert not tool.note(), "nothing waits any more"
    tool.press(Pointer(850.5, 120.5, Button.LEFT))
    tool.release(Pointer(850.5, 120.5, Button.LEFT))
    later.finish()
    tiles, changed = SuperpixelTiles(document_of(session).pyramid, int(tool.value("size"))), human(session) != before
    while (tile := tiles.missing(850, 120)) is not None:
        tiles.add(tile, tiles.compute(tile))
    region = tiles.region(850, 120)
    assert region is not None
    expected = np.zeros((HEIGHT, WIDTH), np.bool_)
    expected[region[0].slices] = region[1]
    assert np.array_equal(changed, expected)
    session.undo()
    assert np.array_equal(human(session), before)
