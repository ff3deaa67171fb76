"""Fill and relabel: how much a click takes, what a line leaves of it, and what is said beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.arrays import U8
from app.core.rules import Where
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from app.core.shapes import polygon_spans
from app.editing.session import Session
from app.tools import make_tool
from app.tools.base import Button, Pointer
from tests.app.canvas.scene import HEIGHT, PATH, WIDTH, predict, quarters, show_photo
from tests.app.tools.test_tools import click, drag, human, said, steps

CURRENT = human_value(17)
LINE = ((10.0, 10.0), (90.0, 20.0), (40.0, 70.0))


def scattered() -> U8:
    """The quarters, a part of the first one (sky) far away, and a region of the second (person) inside the third."""
    layer = quarters()
    layer[70:75, 100:110] = 1
    layer[50:60, 10:20] = 2
    return layer


@pytest.mark.parametrize("tool_id", ["fill", "relabel"])
@pytest.mark.parametrize("scope", ["segment", "region", "class"])
def test_each_scope_takes_what_it_says(session: Session, tool_id: str, scope: str) -> None:
    layer = scattered()
    predict(session, layer)
    session.set_current_class(3)
    session.set_brush_size(5)
    click(make_tool("brush", session), 100, 20)  # sky by a person, inside the person
    brushed = human(session) != 0
    session.set_current_class(17)
    tool = make_tool(tool_id, session)
    tool.set_value("scope", scope)
    click(tool, 10, 10)
    sky = layer == 1
    expected = {"segment": sky, "region": sky & (np.arange(HEIGHT)[:, None] < 60), "class": sky | brushed}[scope]
    assert np.array_equal(human(session) == CURRENT, expected)
    assert steps(session).count() == 2
    session.undo()
    assert np.array_equal(human(session) != 0, brushed)


def test_a_line_limits_what_is_relabelled_to_what_it_began_on(session: Session) -> None:
    inside = np.zeros((HEIGHT, WIDTH), bool)
    box, mask = polygon_spans(LINE, (HEIGHT, WIDTH)).whole()
    inside[box.slices] = mask
    tool = make_tool("relabel", session)
    drag(tool, *LINE)
    assert np.array_equal(human(session) == CURRENT, inside & (quarters() == 1))
    assert steps(session).undoText() == "Relabel to mountain"
    session.undo()
    drag(tool, *LINE, button=Button.RIGHT)
    assert np.array_equal(human(session) == human_value(3), inside & (quarters() == 1))
    assert steps(session).undoText() == "Accept sky"
    session.undo()
    tool.set_value("scope", "class")
    session.set_threshold(0.85)  # the person and the third quarter are unlabelled now
    drag(tool, LINE[2], LINE[0], LINE[1])
    assert np.array_equal(human(session) == CURRENT, inside & (quarters() != 1))


def test_a_line_that_begins_beside_the_picture_means_nothing(session: Session) -> None:
    sentences = said(session)
    drag(make_tool("relabel", session), (-5, 10), (60, 10), (60, 60))
    assert sentences == ["Begin the line on what is to change."]
    assert steps(session).count() == 0


def test_esc_gives_the_line_up(session: Session) -> None:
    tool = make_tool("relabel", session)
    tool.press(Pointer(*LINE[0], Button.LEFT))
    for point in LINE[1:]:
        tool.move(Pointer(*point, Button.LEFT))
    assert tool.sketch() is not None
    assert tool.note() == ""  # nothing was pointed at before
    tool.cancel()
    tool.release(Pointer(*LINE[2], Button.LEFT))
    assert tool.sketch() is None
    assert steps(session).count() == 0


def test_accepting_a_region_or_a_class_keeps_what_is_seen(session: Session) -> None:
    tool = make_tool("relabel", session)
    tool.set_value("scope", "region")
    click(tool, 100, 60, button=Button.RIGHT)  # the threshold hides it: seen is unlabelled
    assert np.array_equal(human(session) == HUMAN_UNLABELLED, quarters() == 4)
    tool.set_value("scope", "class")
    click(tool, 10, 10, button=Button.RIGHT)
    assert np.array_equal(human(session) == human_value(3), quarters() == 1)


def test_what_is_there_already_and_what_the_rule_keeps_is_told(session: Session) -> None:
    sentences = said(session)
    tool = make_tool("fill", session)
    tool.set_value("scope", "class")
    click(tool, 10, 10)
    click(tool, 10, 10)
    assert sentences[-1] == "This is mountain already."
    session.set_rule(where=Where.UNLABELLED)
    click(tool, 100, 10)
    assert "only where nothing is labelled" in sentences[-1]
    assert steps(session).count() == 1


@pytest.mark.parametrize(
    ("tool_id", "scope", "at", "text"),
    [
        ("fill", "region", (10, 10), "Click: this region of sky becomes mountain · right button: unlabelled"),
        ("fill", "segment", (10, 10), "Click: this segment of sky becomes mountain · right button: unlabelled"),
        ("fill", "class", (10, 10), "Click: all sky becomes mountain · right button: unlabelled"),
        ("fill", "region", (100, 60), "Click: this unlabelled region becomes mountain · right button: unlabelled"),
        ("fill", "class", (100, 60), "Click: everything unlabelled becomes mountain · right button: unlabelled"),
        (
            "relabel",
            "segment",
            (100, 60),
            "Click: this hidden segment of wall becomes mountain · drag: only inside a line",
        ),
    ],
)
def test_a_tool_says_beforehand_what_a_click_would_do(
    session: Session, tool_id: str, scope: str, at: tuple[int, int], text: str
) -> None:
    tool, shown = make_tool(tool_id, session), []
    session.tool_changed.connect(lambda: shown.append(tool.note()))
    tool.set_value("scope", scope)
    tool.move(Pointer(*at))
    assert tool.note().startswith(text)
    count = len(shown)
    tool.move(Pointer(at[0] + 1, at[1]))  # over the same: nothing new to show
    assert len(shown) == count
    tool.leave()
    assert shown[-1] == ""
    tool.move(Pointer(*at))
    show_photo(session, path=PATH.with_name("other.jpg"))
    tool.cancel()
    assert tool.note() == ""


def test_what_is_said_follows_the_labels_the_class_and_the_line(session: Session) -> None:
    tool = make_tool("relabel", session)
    tool.move(Pointer(10, 10))
    click(tool, 10, 10)
    session.set_current_class(5)
    tool.changed()
    assert tool.note().startswith("Click: this region of mountain becomes tree")
    for button, text in ((Button.LEFT, "becomes tree"), (Button.RIGHT, "is accepted")):
        tool.press(Pointer(10, 10, button))
        tool.move(Pointer(60, 60, button))
        assert tool.note() == f"Inside the line, this region of mountain {text}"
        tool.cancel()
        tool.move(Pointer(10, 10))


@pytest.mark.parametrize("tool_id", ["fill", "relabel"])
@pytest.mark.parametrize("scope", ["segment", "region", "class"])
def test_what_the_rule_keeps_is_not_promised(session: Session, tool_id: str, scope: str) -> None:
    tool = make_tool(tool_id, session)
    tool.set_value("scope", scope)
    tool.move(Pointer(10, 10))
    assert tool.note().startswith("Click: ")
    session.set_rule(locked=frozenset({3}))
    tool.changed()
    assert tool.note().startswith("The rule keeps ")
    assert "sky" in tool.note()
    click(tool, 10, 10)
    assert not human(session).any()
    tool.move(Pointer(100, 20))
    assert tool.note().startswith("Click: "), "another class is not locked"
