"""Every tool on a known picture: which pixels it decides, and that one gesture is one step."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PySide6.QtGui import QUndoStack

from app.chrome.actions import TOOL_ACTIONS
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from app.editing.session import Session
from app.tools import TOOLS, make_tool
from app.tools.base import Button, Modifier, Pointer, Tool
from tests.app.canvas.scene import HEIGHT, WIDTH, document_of, human, map_of, predict, quarters

LEFT, RIGHT = Button.LEFT, Button.RIGHT
CURRENT = human_value(17)


def click(tool: Tool, x: float, y: float, *, button: Button = LEFT, modifiers: Modifier = Modifier.NONE) -> None:
    tool.press(Pointer(x, y, button, modifiers))
    tool.release(Pointer(x, y, button, modifiers))


def drag(tool: Tool, *points: tuple[float, float], button: Button = LEFT) -> None:
    tool.press(Pointer(*points[0], button))
    for point in points[1:]:
        tool.move(Pointer(*point, button))
    tool.release(Pointer(*points[-1], button))


def steps(session: Session) -> QUndoStack:
    assert session.undo_stack is not None
    return session.undo_stack


def said(session: Session) -> list[str]:
    sentences: list[str] = []
    session.said.connect(sentences.append)
    return sentences


def test_every_tool_has_its_action_and_the_other_way_round() -> None:
    assert set(TOOLS) == set(TOOL_ACTIONS)
    assert all(tool.id == name for name, tool in TOOLS.items())


def test_tools_need_no_qt() -> None:
    code = "import sys, app.tools; assert not [name for name in sys.modules if name.startswith('PySide6')]"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_a_press_outside_the_picture_or_without_one_changes_nothing(session: Session, name: str) -> None:
    tool = make_tool(name, session)
    session.set_brush_size(3)
    for x, y in ((-20.0, 5.0), (5.0, -20.0), (WIDTH + 20.0, 5.0), (5.0, HEIGHT + 20.0)):
        click(tool, x, y)
        click(tool, x, y, button=RIGHT)
    assert not human(session).any()
    assert steps(session).count() == 0
    session.close_all()
    click(tool, 5, 5)
    tool.move(Pointer(6, 6))
    tool.cancel()


def test_brush_paints_the_current_class(session: Session) -> None:
    session.set_brush_size(5)
    drag(make_tool("brush", session), (20.5, 20.5), (40.5, 20.5), (40.5, 30.5))
    painted = human(session)
    assert painted[20, 30] == painted[25, 40] == CURRENT
    assert set(np.unique(painted)) == {0, CURRENT}
    assert steps(session).count() == 1
    assert steps(session).undoText() == "Paint mountain"
    session.undo()
    assert not human(session).any()
    session.redo()
    assert np.array_equal(human(session), painted)


def test_brush_with_the_right_button_or_with_no_class_erases(session: Session) -> None:
    session.set_brush_size(5)
    tool = make_tool("brush", session)
    click(tool, 20, 20, button=RIGHT)
    assert map_of(session).code_at(20, 20) == HUMAN_UNLABELLED
    session.set_current_class(0)
    click(tool, 60, 20)
    assert map_of(session).code_at(60, 20) == HUMAN_UNLABELLED
    assert steps(session).undoText() == "Erase"


def test_a_new_size_counts_from_the_next_position(session: Session) -> None:
    tool = make_tool("brush", session)
    session.set_brush_size(1)
    tool.press(Pointer(20.5, 20.5, LEFT))
    session.set_brush_size(11)
    tool.move(Pointer(60.5, 20.5, LEFT))
    tool.release(Pointer(60.5, 20.5, LEFT))
    assert map_of(session).code_at(40, 24) == CURRENT
    outline = tool.outline()
    assert outline is not None
    assert outline.diameter == 11


def test_the_guide_line_shows_while_shift_is_held_and_starts_at_the_last_point(session: Session) -> None:
    tool = make_tool("brush", session)
    click(tool, 20.5, 20.5)
    tool.move(Pointer(50, 50, None, Modifier.SHIFT))
    outline = tool.outline()
    assert outline is not None
    assert outline.anchor == (20.5, 20.5)
    tool.move(Pointer(50, 50))
    outline = tool.outline()
    assert outline is not None
    assert outline.anchor is None
    tool.cancel()
    tool.move(Pointer(50, 50, None, Modifier.SHIFT))
    outline = tool.outline()
    assert outline is not None
    assert outline.anchor is None


def test_cancel_puts_every_pixel_back(session: Session) -> None:
    session.set_brush_size(9)
    tool = make_tool("brush", session)
    click(tool, 30, 30)
    before = human(session)
    tool.press(Pointer(20, 20, RIGHT))
    tool.move(Pointer(90, 60, RIGHT))
    assert not np.array_equal(human(session), before)
    tool.cancel()
    assert np.array_equal(human(session), before)
    assert steps(session).count() == 1


@pytest.mark.parametrize("button", [LEFT, RIGHT])
def test_eraser_makes_pixels_unlabelled(session: Session, button: Button) -> None:
    session.set_brush_size(5)
    drag(make_tool("eraser", session), (20, 20), (40, 20), button=button)
    assert set(np.unique(human(session))) == {0, HUMAN_UNLABELLED}
    assert document_of(session).labels()[20, 30] == 0


def test_relabel_takes_the_whole_segment_connected_or_not(session: Session) -> None:
    layer = quarters()
    layer[70:75, 100:110] = 1  # a part of the first segment far away
    predict(session, layer)
    click(make_tool("relabel", session), 10, 10)
    assert np.array_equal(human(session) == CURRENT, layer == 1)
    assert steps(session).count() == 1
    session.undo()
    assert not human(session).any()


@pytest.mark.parametrize(("button", "modifiers"), [(RIGHT, Modifier.NONE), (LEFT, Modifier.CTRL)])
def test_accept_keeps_the_segments_own_class(session: Session, button: Button, modifiers: Modifier) -> None:
    click(make_tool("relabel", session), 100, 10, button=button, modifiers=modifiers)
    assert np.array_equal(human(session) == human_value(13), quarters() == 2)


def test_accept_takes_what_the_threshold_hides(session: Session) -> None:
    assert document_of(session).labels()[60, 100] == 0
    click(make_tool("relabel", session), 100, 60, button=RIGHT)
    assert document_of(session).labels()[60, 100] == 1
    session.set_threshold(1.0)
    assert document_of(session).labels()[60, 100] == 1


def test_accept_where_there_is_nothing_to_accept_says_so(session: Session) -> None:
    sentences = said(session)
    predict(session, np.zeros((HEIGHT, WIDTH), np.uint8))
    tool = make_tool("relabel", session)
    click(tool, 10, 10, button=RIGHT)
    assert sentences == ["There is no segment here."]
    click(tool, 10, 10)
    click(tool, 10, 10, button=RIGHT)
    assert sentences[-1] == "You have decided this already."
    assert steps(session).count() == 1


def test_relabel_on_a_persons_pixels_takes_the_connected_region(session: Session) -> None:
    session.set_brush_size(7)
    brush = make_tool("brush", session)
    click(brush, 20, 20)
    click(brush, 60, 60)
    session.set_current_class(5)
    click(make_tool("relabel", session), 20, 20)
    assert map_of(session).code_at(20, 20) == human_value(5)
    assert map_of(session).code_at(60, 60) == CURRENT


def test_relabel_to_what_it_is_says_so_and_is_no_step(session: Session) -> None:
    sentences = said(session)
    tool = make_tool("relabel", session)
    click(tool, 10, 10)
    click(tool, 10, 10)
    assert steps(session).count() == 1
    assert sentences[-1].startswith("This is ")


def test_fill_stops_where_the_label_changes_and_not_between_segments_of_one(session: Session) -> None:
    layer = quarters()
    layer[:20, :20] = 5  # another query; without a row in the table it labels nothing
    layer[layer == 2] = 1
    predict(session, layer)
    click(make_tool("fill", session), 60, 10)
    assert np.array_equal(human(session) == CURRENT, layer == 1)
    assert steps(session).count() == 1


def test_fill_joins_segments_of_the_same_class(session: Session) -> None:
    document = document_of(session)
    assert document.label_table()[1] == 3
    brush = make_tool("brush", session)
    session.set_current_class(3)
    session.set_brush_size(7)
    click(brush, 20, 20)  # by a person, but of the same class as the segment around
    session.set_current_class(17)
    click(make_tool("fill", session), 40, 10)
    assert np.array_equal(human(session) == CURRENT, quarters() == 1)


def test_fill_with_the_right_button_makes_unlabelled(session: Session) -> None:
    click(make_tool("fill", session), 100, 10, button=RIGHT)
    assert np.array_equal(human(session) == HUMAN_UNLABELLED, quarters() == 2)


def test_pick_takes_the_class_under_the_pointer_also_while_dragging(session: Session) -> None:
    tool = make_tool("pick", session)
    tool.press(Pointer(10, 10, LEFT))
    assert session.current_class == 3
    tool.move(Pointer(100, 10, LEFT))
    assert session.current_class == 13
    tool.release(Pointer(100, 10, LEFT))
    tool.move(Pointer(10, 10))
    assert session.current_class == 13
    click(tool, 100, 60)
    assert session.current_class == 0
    assert steps(session).count() == 0


def test_pan_never_touches_the_picture(session: Session) -> None:
    tool = make_tool("pan", session)
    drag(tool, (10, 10), (60, 60))
    assert tool.pans
    assert not human(session).any()
