"""What is changed in the middle of a stroke counts from the next position, however large the brush is.

A large brush leaves out what its last segment has painted. That must not show: it paints what a small one would.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import app.tools.brush
from app.core.painting import BrushShape, stroke
from app.core.rules import Where
from app.editing.session import Session
from app.tools import make_tool
from app.tools.base import Pointer
from tests.app.canvas.scene import document_of, map_of, predict
from tests.app.tools.test_tools import CURRENT, LEFT, human

SIZE = 40
START, END = (50.0, 40.0), (54.0, 42.0)

Change = Callable[[Session], object]


@pytest.fixture(params=[1, 10_000], ids=["leaves out what is painted", "paints all again"])
def _either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.tools.brush, "_LARGE", request.param)


def stroke_with(session: Session, change: Change) -> None:
    session.set_brush_size(SIZE)
    tool = make_tool("brush", session)
    tool.press(Pointer(*START, LEFT))
    change(session)
    tool.move(Pointer(*END, LEFT))
    tool.release(Pointer(*END))


@pytest.mark.usefixtures("_either_way")
def test_another_shape_is_painted_as_a_whole(session: Session) -> None:
    stroke_with(session, lambda session: make_tool("brush", session).set_value("shape", BrushShape.SQUARE.value))
    box, mask = stroke(START, END, SIZE, map_of(session).shape, brush=BrushShape.SQUARE)
    assert (human(session)[box.slices][mask] == CURRENT).all()


@pytest.mark.usefixtures("_either_way")
def test_paint_goes_where_another_rule_lets_it(session: Session) -> None:
    session.set_rule(where=Where.CLASS, class_id=150)  # there is none
    stroke_with(session, lambda session: session.set_rule(where=Where.ANYWHERE))
    box, mask = stroke(START, END, SIZE, map_of(session).shape)
    assert (human(session)[box.slices][mask] == CURRENT).all()


@pytest.mark.usefixtures("_either_way")
def test_paint_goes_where_another_threshold_lets_it(session: Session) -> None:
    session.set_rule(where=Where.UNLABELLED)
    session.set_threshold(0)
    stroke_with(session, lambda session: session.set_threshold(1))
    box, mask = stroke(START, END, SIZE, map_of(session).shape)
    assert (human(session)[box.slices][mask] == CURRENT).all()


@pytest.mark.usefixtures("_either_way")
def test_paint_goes_where_another_answer_of_the_network_lets_it(session: Session) -> None:
    document = document_of(session)
    label = int(document.labels()[int(START[1]), int(START[0])])
    session.set_rule(where=Where.CLASS, class_id=label)
    session.drop_predictions()
    stroke_with(session, predict)
    box, mask = stroke(START, END, SIZE, map_of(session).shape)
    below = document.label_table()[map_of(session).network]
    assert np.array_equal(human(session)[box.slices][mask] == CURRENT, (below == label)[box.slices][mask])


def test_a_superpixel_is_painted_where_another_rule_lets_it(session: Session) -> None:
    tool = make_tool("superpixels", session)
    session.set_rule(where=Where.CLASS, class_id=150)  # there is none
    tool.press(Pointer(*START, LEFT))
    assert not human(session).any()
    session.set_rule(where=Where.ANYWHERE)
    tool.move(Pointer(*START, LEFT))  # still within it
    assert (human(session) == CURRENT).any()
    tool.release(Pointer(*START))
