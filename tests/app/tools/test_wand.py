"""The wand on a picture in which every colour is known: red counts columns, green counts rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.core.arrays import Bool
from app.core.rules import Where
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from app.editing.session import Session
from app.tools import make_tool
from app.tools.base import Button, Pointer, Preview
from app.tools.wand import Wand
from tests.app.canvas.scene import HEIGHT, WIDTH, document_of, photo, quarters, show_photo
from tests.app.tools.later import Later
from tests.app.tools.test_tools import CURRENT, LEFT, RIGHT, click, drag, human, said, steps


@pytest.fixture
def tool(session: Session) -> Wand:
    made = make_tool("wand", session)
    assert isinstance(made, Wand)
    made.set_value("tolerance", 10)
    return made


def square(x: int, y: int, tolerance: int) -> Bool:
    """What is similar to pixel (x, y): no further away than the tolerance, in columns as in rows."""
    inside = np.zeros((HEIGHT, WIDTH), np.bool_)
    inside[max(0, y - tolerance) : y + tolerance + 1, max(0, x - tolerance) : x + tolerance + 1] = True
    return inside


def shown(tool: Wand) -> Bool:
    preview = tool.preview()
    assert preview is not None
    inside = np.zeros((HEIGHT, WIDTH), np.bool_)
    inside[preview.box.slices] = preview.mask
    return inside


@pytest.mark.parametrize(("button", "value"), [(LEFT, CURRENT), (RIGHT, HUMAN_UNLABELLED)])
def test_a_click_paints_the_connected_pixels_of_similar_colour(
    session: Session, tool: Wand, button: Button, value: int
) -> None:
    click(tool, 30.5, 50.5, button=button)
    assert np.array_equal(human(session) == value, square(30, 50, 10))
    assert set(np.unique(human(session))) == {0, value}
    assert steps(session).count() == 1
    assert steps(session).undoText() == ("Wand with mountain" if button is LEFT else "Erase with the wand")
    session.undo()
    assert not human(session).any()


def test_only_what_is_connected(session: Session, tool: Wand) -> None:
    picture = photo()
    picture[:, 35] = 255
    show_photo(session, picture, Path("/photos/wall.jpg"))
    click(tool, 30.5, 50.5)
    expected = square(30, 50, 10)
    expected[:, 35:] = False
    assert np.array_equal(human(session) == CURRENT, expected)


@pytest.mark.parametrize(("reach", "to"), [(8.0, 24.0), (2.0, 6.0)])
def test_dragging_right_takes_more_and_left_less(session: Session, tool: Wand, reach: float, to: float) -> None:
    """A quarter of a step for each logical pixel, of which eight are the pointer's reach: at any zoom."""
    tool.press(Pointer(30.5, 50.5, LEFT, reach=reach))
    assert np.array_equal(shown(tool), square(30, 50, 10))
    assert "Tolerance 10" in tool.note()
    tool.move(Pointer(30.5 + to, 50.5, LEFT, reach=reach))
    assert np.array_equal(shown(tool), square(30, 50, 16))
    assert "Tolerance 16" in tool.note()
    tool.move(Pointer(30.5 - to, 50.5, LEFT, reach=reach))
    assert np.array_equal(shown(tool), square(30, 50, 4))
    assert not human(session).any(), "nothing is painted before the button is let go"
    tool.release(Pointer(30.5 - to, 50.5, LEFT, reach=reach))
    assert np.array_equal(human(session) == CURRENT, square(30, 50, 4))
    assert tool.preview() is None
    assert tool.note() == ""
    assert tool.value("tolerance") == 4, "the next press begins with it"


def test_the_tolerance_ends_at_its_limits(session: Session, tool: Wand) -> None:
    drag(tool, (30.5, 50.5), (-9000.0, 50.5))
    assert np.array_equal(human(session) == CURRENT, square(30, 50, 0))
    assert tool.value("tolerance") == 0
    tool.press(Pointer(30.5, 50.5, LEFT))
    tool.move(Pointer(9000.0, 50.5, LEFT))
    assert shown(tool).all()
    tool.release(Pointer(9000.0, 50.5, LEFT))
    assert (human(session) == CURRENT).all()
    assert tool.value("tolerance") == 255


def test_the_preview_has_the_colour_of_what_will_be_painted(session: Session, tool: Wand) -> None:
    values = []
    for button in (LEFT, RIGHT):
        tool.press(Pointer(30.5, 50.5, button))
        preview = tool.preview()
        assert isinstance(preview, Preview)
        values.append(preview.value)
        tool.cancel()
    assert values == [CURRENT, HUMAN_UNLABELLED]


def test_the_preview_stays_the_same_while_the_tolerance_does(tool: Wand) -> None:
    tool.press(Pointer(30.5, 50.5, LEFT))
    before = tool.preview()
    tool.move(Pointer(30.7, 55.5, LEFT))
    assert tool.preview() is before


def test_cancel_paints_nothing_and_keeps_the_tolerance(session: Session, tool: Wand) -> None:
    tool.press(Pointer(30.5, 50.5, LEFT))
    tool.move(Pointer(60.5, 50.5, LEFT))
    tool.cancel()
    assert tool.preview() is None
    tool.release(Pointer(60.5, 50.5, LEFT))
    assert not human(session).any()
    assert steps(session).count() == 0
    assert tool.value("tolerance") == 10


def test_the_rule_holds(session: Session, tool: Wand) -> None:
    sentences = said(session)
    session.set_rule(where=Where.UNLABELLED)
    click(tool, 60.5, 40.5)  # where the four quarters meet, of which the last lies under the threshold
    assert np.array_equal(human(session) == CURRENT, square(60, 40, 10) & (quarters() == 4))
    click(tool, 20.5, 20.5)
    assert steps(session).count() == 1
    assert sentences[-1].startswith("Paint may go only where nothing is labelled")


def test_what_changes_nothing_is_said(session: Session, tool: Wand) -> None:
    sentences = said(session)
    click(tool, 30.5, 50.5)
    click(tool, 30.5, 50.5)
    assert steps(session).count() == 1
    assert sentences[-1] == "This is mountain already."


def test_keys_and_wheel_change_the_tolerance(tool: Wand) -> None:
    assert tool.adjust(1)
    assert tool.value("tolerance") == 14
    assert tool.wheel(-2)
    assert tool.value("tolerance") == 6
    tool.adjust(-5)
    assert tool.value("tolerance") == 0


def test_labels_take_no_part(session: Session, tool: Wand) -> None:
    """The wand looks at the photo: it crosses from one segment into the next."""
    click(tool, 60.5, 40.5)
    painted = human(session) == human_value(17)
    assert np.array_equal(painted, square(60, 40, 10))
    assert set(np.unique(document_of(session).labels()[painted])) == {17}


def test_what_is_large_is_found_in_the_background_and_shown_until_it_is_there(session: Session, tool: Wand) -> None:
    picture = np.full((1300, 1700, 3), 90, np.uint8)
    picture[:, 1001:] = 200
    show_photo(session, picture, Path("/photos/large.jpg"))
    session.runner = later = Later()
    click(tool, 30.5, 50.5)
    assert tool.preview() is not None
    assert not human(session).any()
    assert session.cancel_edit()
    assert tool.preview() is None
    click(tool, 30.5, 50.5)
    later.finish()
    assert tool.preview() is None
    assert (human(session)[:, :1001] == CURRENT).all()
    assert not human(session)[:, 1001:].any()
    assert steps(session).count() == 1


def test_the_option_follows_the_drag_and_comes_back_when_that_is_cancelled(session: Session, tool: Wand) -> None:
    said_of: list[str] = []
    session.tool_value_changed.connect(said_of.append)
    tool.press(Pointer(30.5, 50.5, LEFT, reach=8.0))
    tool.move(Pointer(54.5, 50.5, LEFT, reach=8.0))
    assert tool.value("tolerance") == 16
    tool.move(Pointer(70.5, 50.5, LEFT, reach=8.0))
    assert tool.value("tolerance") == 20
    assert said_of == ["wand.tolerance"] * 2, "so slider and number go along"
    tool.cancel()
    assert tool.value("tolerance") == 10
