"""The rule "never over what you decided", with real mouse and key events and every tool that draws or fills."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.canvas.canvas import Canvas
from app.core.arrays import U8
from app.core.segment_map import human_value
from app.editing.session import Session
from app.tools import make_tool
from tests.app.canvas.hand import LEFT, NONE, RIGHT, drag
from tests.app.canvas.scene import HEIGHT, WIDTH, human, map_of, spot

MINE, OTHER = 22, 150  # water and flag: classes that the network sees nowhere here
ACROSS = [(20.5, 20.5), (60.5, 30.5), (100.5, 60.5), (40.5, 55.5)]


@pytest.fixture
def mine(canvas: Canvas, session: Session) -> U8:
    """A band of water is painted from side to side, then protected; another class is in hand."""
    session.set_current_class(MINE)
    session.set_brush_size(20)
    canvas.set_tool(make_tool("brush", session))
    drag(canvas, [spot(canvas, 5, 40), spot(canvas, 60, 40), spot(canvas, 115, 40)])
    session.set_current_class(OTHER)
    session.set_rule(keep_person=True)
    before = human(session).copy()
    assert (before == human_value(MINE)).sum() > WIDTH * 10
    return before


def kept(session: Session, before: U8) -> bool:
    decided = before > 0
    return bool((human(session)[decided] == before[decided]).all())


@pytest.mark.parametrize("button", [LEFT, RIGHT])
@pytest.mark.parametrize("tool_id", ["brush", "eraser", "rectangle", "ellipse", "lasso", "restore", "wand"])
def test_a_drag_across_goes_around_it(
    canvas: Canvas, session: Session, mine: U8, tool_id: str, button: Qt.MouseButton
) -> None:
    canvas.set_tool(make_tool(tool_id, session))
    drag(canvas, [spot(canvas, *point) for point in ACROSS], button)
    assert kept(session, mine)
    if tool_id != "restore":  # which has nothing to take away beside it
        assert (human(session) != mine).any()
        session.undo()
    assert np.array_equal(human(session), mine)


def test_a_polygon_goes_around_it(canvas: Canvas, session: Session, mine: U8) -> None:
    canvas.set_tool(make_tool("polygon", session))
    for x, y in ((10, 10), (110, 10), (110, 70), (10, 70)):
        QTest.mouseClick(canvas, LEFT, NONE, spot(canvas, x, y))
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert kept(session, mine)
    assert (human(session) == human_value(OTHER)).sum() > 1000


@pytest.mark.parametrize("tool_id", ["fill", "relabel"])
def test_a_click_on_it_is_refused_in_a_sentence_and_one_beside_it_is_not(
    canvas: Canvas, session: Session, mine: U8, tool_id: str
) -> None:
    said: list[str] = []
    session.said.connect(said.append)
    canvas.set_tool(make_tool(tool_id, session))
    QTest.mouseClick(canvas, LEFT, NONE, spot(canvas, 60, 40))
    assert np.array_equal(human(session), mine)
    assert "never over what you decided" in said[-1]
    QTest.mouseClick(canvas, LEFT, NONE, spot(canvas, 20, 10))
    assert kept(session, mine)
    assert map_of(session).code_at(20, 10) == human_value(OTHER)


def test_without_the_rule_it_is_painted_over(canvas: Canvas, session: Session, mine: U8) -> None:
    session.set_rule(keep_person=False)
    canvas.set_tool(make_tool("rectangle", session))
    drag(canvas, [spot(canvas, 1, 1), spot(canvas, WIDTH - 1, HEIGHT - 1)])
    assert not kept(session, mine)
