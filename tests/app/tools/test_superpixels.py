"""The superpixels tool on a picture of two colours: which pixels, how many steps, and what a fast hand leaves."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.core.arrays import U8, Bool
from app.core.rules import Where
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from app.core.superpixels import SuperpixelTiles
from app.editing.session import Session
from app.tools import make_tool
from app.tools.base import Button, Pointer, Preview
from app.tools.superpixels import Superpixels
from inference.errors import ExpectedError
from tests.app.canvas.scene import document_of, map_of, predict, quarters, show_photo
from tests.app.tools.later import Later
from tests.app.tools.test_tools import CURRENT, LEFT, RIGHT, click, drag, human, said, steps

WIDTH, HEIGHT = 900, 160  # three tiles side by side
SIZE = 20
TWO = Path("/photos/two.jpg")


def two_colours() -> U8:
    ys, xs = np.mgrid[:HEIGHT, :WIDTH]
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    picture[...] = np.where((xs + ys > 300)[..., None], np.uint8([200, 60, 50]), np.uint8([60, 90, 170]))
    return picture


@pytest.fixture
def tool(session: Session) -> Superpixels:
    show_photo(session, two_colours(), TWO)
    predict(session, quarters(WIDTH, HEIGHT), TWO)
    made = make_tool("superpixels", session)
    assert isinstance(made, Superpixels)
    made.set_value("size", SIZE)
    return made


@pytest.fixture
def later(session: Session) -> Later:
    session.runner = runner = Later()
    return runner


def touched(session: Session, *points: tuple[int, int]) -> Bool:
    """The superpixels along a line, found one by one for every pixel of it."""
    tiles = SuperpixelTiles(document_of(session).pyramid, SIZE)
    found = np.zeros((HEIGHT, WIDTH), np.bool_)
    for (x0, y0), (x1, y1) in zip(points, points[1:] or points, strict=False):
        count = max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(count + 1):
            x, y = x0 + round((x1 - x0) * step / count), y0 + round((y1 - y0) * step / count)
            if not found[y, x]:
                while (tile := tiles.missing(x, y)) is not None:
                    tiles.add(tile, tiles.compute(tile))
                region = tiles.region(x, y)
                assert region is not None
                found[region[0].slices] |= region[1]
    return found


def preview_of(tool: Superpixels) -> Preview:
    preview = tool.preview()
    assert preview is not None
    return preview


def hover(tool: Superpixels, x: float, y: float) -> None:
    tool.move(Pointer(x, y))


@pytest.mark.parametrize(("button", "value"), [(LEFT, CURRENT), (RIGHT, HUMAN_UNLABELLED)])
def test_a_drag_paints_every_superpixel_it_touches(
    session: Session, tool: Superpixels, button: Button, value: int
) -> None:
    drag(tool, (100.5, 40.5), (330.5, 90.5), (420.5, 60.5), button=button)
    assert np.array_equal(human(session) == value, touched(session, (100, 40), (330, 90), (420, 60)))
    assert set(np.unique(human(session))) == {0, value}
    assert steps(session).count() == 1
    assert steps(session).undoText() == ("Superpixels with mountain" if button is LEFT else "Erase superpixels")
    session.undo()
    assert not human(session).any()


def test_a_superpixel_keeps_to_its_side_of_an_edge(session: Session, tool: Superpixels) -> None:
    blue = document_of(session).photo
    assert blue is not None
    click(tool, 245.5, 40.5)
    painted = human(session) != 0
    assert 100 < painted.sum() < 900
    assert (blue[painted] == (60, 90, 170)).all()


def test_what_is_under_the_pointer_shows_before_it_is_painted(session: Session, tool: Superpixels) -> None:
    hover(tool, 110.5, 40.5)
    preview = preview_of(tool)
    shown = np.zeros((HEIGHT, WIDTH), np.bool_)
    shown[preview.box.slices] = preview.mask
    assert np.array_equal(shown, touched(session, (110, 40)))
    assert preview.value == CURRENT
    assert not human(session).any()
    hover(tool, 111.5, 40.5)
    assert tool.preview() is preview, "the same superpixel is not drawn anew"
    session.set_current_class(3)
    tool.changed()
    assert preview_of(tool).value == human_value(3)
    tool.press(Pointer(111.5, 40.5, RIGHT))
    assert preview_of(tool).value == HUMAN_UNLABELLED
    tool.release(Pointer(111.5, 40.5, RIGHT))
    assert preview_of(tool).value == human_value(3)
    hover(tool, -3, 40)
    assert tool.preview() is None
    hover(tool, 111.5, 40.5)
    tool.leave()
    assert tool.preview() is None


def test_a_stroke_that_changes_nothing_says_why(session: Session, tool: Superpixels) -> None:
    sentences = said(session)
    click(tool, 100, 40)
    click(tool, 100, 40)
    assert steps(session).count() == 1
    assert sentences[-1] == "This is mountain already."
    session.set_rule(where=Where.UNLABELLED)
    click(tool, 60, 40)
    assert steps(session).count() == 1
    assert sentences[-1].startswith("Paint may go only where nothing is labelled")


def test_the_rule_holds(session: Session, tool: Superpixels) -> None:
    session.set_rule(where=Where.UNLABELLED)
    drag(tool, (440.5, 120.5), (480.5, 120.5))  # the right quarter below lies under the threshold
    painted = human(session) != 0
    line = touched(session, (440, 120), (480, 120))
    unlabelled = quarters(WIDTH, HEIGHT) == 4
    assert np.array_equal(painted, line & unlabelled)
    assert 0 < painted.sum() < line.sum()


def test_the_size_goes_by_factors_between_its_limits(session: Session, tool: Superpixels) -> None:
    hover(tool, 100, 40)
    small = preview_of(tool).mask.sum()
    assert tool.adjust(3)
    assert tool.value("size") == 39
    hover(tool, 100, 40)
    assert preview_of(tool).mask.sum() > 2 * small
    tool.adjust(-100)
    assert tool.value("size") == 8
    tool.adjust(1)
    assert tool.value("size") == 10
    tool.adjust(100)
    assert tool.value("size") == 400


def test_what_was_passed_too_fast_is_painted_when_it_arrives(session: Session, tool: Superpixels, later: Later) -> None:
    tool.press(Pointer(100.5, 40.5, LEFT))
    tool.move(Pointer(700.5, 90.5, LEFT))
    assert tool.note().startswith("Computing ")
    assert not human(session).any()
    later.finish_one()
    assert human(session)[40, 100] == CURRENT
    assert not human(session)[90, 700]
    expected = touched(session, (100, 40), (700, 90))
    tool.release(Pointer(700.5, 90.5, LEFT))
    assert steps(session).count() == 0, "it is not all there yet"
    later.finish()
    assert np.array_equal(human(session) == CURRENT, expected)
    assert steps(session).count() == 1
    assert tool.note() == ""


def test_what_is_being_computed_is_said_and_counted(session: Session, tool: Superpixels, later: Later) -> None:
    notes: list[str] = []
    session.tool_changed.connect(lambda: notes.append(tool.note()))
    hover(tool, 100.5, 40.5)
    assert notes[-1] == tool.note() == "Computing the superpixels here… · they show as soon as they are there"
    drag(tool, (100.5, 40.5), (480.5, 120.5))
    assert notes[-1] == tool.note()
    assert tool.note().startswith("Computing superpixels: 2 places of the stroke to go · ")
    said_before = len(notes)
    while "1 place of" not in tool.note():
        later.finish_one()
    assert "Computing superpixels: 1 place of the stroke to go" in notes[said_before:][-1]
    later.finish()
    assert notes[-1] == tool.note() == ""


def test_escape_takes_back_a_stroke_that_waits(session: Session, tool: Superpixels, later: Later) -> None:
    for take_back in (tool.cancel, session.cancel_edit):
        tool.press(Pointer(100.5, 40.5, LEFT))
        tool.move(Pointer(700.5, 90.5, LEFT))
        if not human(session).any():
            later.finish_one()
        assert human(session).any()
        tool.release(Pointer(700.5, 90.5, LEFT))
        take_back()
        assert not human(session).any()
        later.finish()
        assert not human(session).any()
        assert steps(session).count() == 0
        tool.value_changed("size")  # what was computed is forgotten


ENDS: list[Callable[[Session], object]] = [
    Session.undo,
    Session.end_gesture,
    lambda session: session.edit("Fill", lambda _check: []),
    lambda session: session.begin_edit("Paint"),
]


def fast_stroke(tool: Superpixels, later: Later) -> None:
    """Painted in part, the other part waits."""
    tool.press(Pointer(100.5, 40.5, LEFT))
    tool.move(Pointer(700.5, 90.5, LEFT))
    later.finish_one()
    tool.release(Pointer(700.5, 90.5, LEFT))


@pytest.mark.parametrize("end", ENDS)
def test_what_ends_a_stroke_that_waits_loses_nothing_of_it(
    session: Session, tool: Superpixels, later: Later, end: Callable[[Session], object]
) -> None:
    """The rest is worked out without the tool, and it all is one step."""
    sentences, expected = said(session), touched(session, (100, 40), (700, 90))
    fast_stroke(tool, later)
    end(session)
    tool.changed()
    assert human(session).any()
    assert session.editing
    assert session.unexported() == [TWO]
    assert steps(session).count() == 0
    session.undo()
    assert sentences[-1] == "Superpixels with mountain is under way; Esc stops it."
    later.finish()
    assert np.array_equal(human(session) == CURRENT, expected)
    assert steps(session).count() == 1
    session.undo()
    assert not human(session).any()
    session.redo()
    assert np.array_equal(human(session) == CURRENT, expected)


def test_the_rest_of_a_stroke_can_be_stopped_and_then_all_of_it_is_taken_back(
    session: Session, tool: Superpixels, later: Later
) -> None:
    fast_stroke(tool, later)
    session.end_gesture()
    assert human(session).any()
    assert session.cancel_edit()
    assert not human(session).any()
    later.finish()
    assert not human(session).any()
    assert steps(session).count() == 0
    assert not session.unexported()


@pytest.mark.parametrize("ended", [False, True])
def test_the_rest_of_a_stroke_goes_by_the_rule_of_the_moment_it_is_painted(
    session: Session, tool: Superpixels, later: Later, *, ended: bool
) -> None:
    whole = touched(session, (100, 40), (700, 90))
    fast_stroke(tool, later)
    before = human(session) == CURRENT
    if ended:
        session.end_gesture()
    layer = np.full((HEIGHT, WIDTH), 3, np.uint8)
    layer[:, 600:] = 1
    predict(session, layer, TWO)
    session.set_rule(locked=frozenset({5}))
    later.finish()
    assert np.array_equal(human(session) == CURRENT, before | (whole & (layer == 1)))
    assert steps(session).count() == 1


def test_the_next_stroke_may_begin_while_the_last_one_waits(session: Session, tool: Superpixels, later: Later) -> None:
    drag(tool, (100.5, 40.5), (700.5, 40.5))
    drag(tool, (100.5, 120.5), (700.5, 120.5), button=RIGHT)
    later.finish()
    painted = human(session)
    assert np.array_equal(painted == CURRENT, touched(session, (100, 40), (700, 40)))
    assert np.array_equal(painted == HUMAN_UNLABELLED, touched(session, (100, 120), (700, 120)))


def test_another_picture_gets_nothing_of_the_stroke_that_waits_and_the_first_one_all_of_it(
    session: Session, tool: Superpixels, later: Later
) -> None:
    drag(tool, (100.5, 40.5), (700.5, 40.5))
    first, expected = map_of(session), touched(session, (100, 40), (700, 40))
    show_photo(session, two_colours()[:, ::-1].copy(), Path("/photos/other.jpg"))
    tool.cancel()  # as the canvas does
    later.finish()
    assert np.array_equal(first.human == CURRENT, expected)
    assert not human(session).any()
    assert steps(session).count() == 0
    assert session.unexported() == [TWO]
    hover(tool, 100.5, 40.5)
    later.finish()
    preview = preview_of(tool)
    shown = np.zeros((HEIGHT, WIDTH), np.bool_)
    shown[preview.box.slices] = preview.mask
    assert np.array_equal(shown, touched(session, (100, 40)))


def test_only_the_size_set_last_is_computed(session: Session, tool: Superpixels, later: Later) -> None:
    hover(tool, 100.5, 40.5)
    for size in (30, 50, SIZE):
        tool.set_value("size", size)
        tool.value_changed("size")
        assert len(later.jobs) == 1
    later.finish()
    assert preview_of(tool).mask.sum() == touched(session, (100, 40)).sum()


def test_what_takes_long_to_load_is_loaded_when_the_tool_is_taken_in_hand(session: Session, later: Later) -> None:
    make_tool("superpixels", session)
    assert list(later.jobs) == [("superpixels", "prepare")]
    later.finish()
    assert "skimage.segmentation.slic_superpixels" in sys.modules


def test_tiles_around_the_pointer_are_there_before_the_hand(session: Session, tool: Superpixels, later: Later) -> None:
    hover(tool, 370, 40)
    later.finish()
    hover(tool, 420, 40)
    assert tool.preview() is not None
    hover(tool, 890, 40)
    assert tool.preview() is None, "what is far away waits until it is looked at"
    assert tool.note().startswith("Computing ")


def test_a_failure_is_said_and_what_is_painted_stays_one_step(
    session: Session, tool: Superpixels, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentences = said(session)
    drag(tool, (100.5, 40.5), (700.5, 90.5))
    later.finish_one()

    def fail(*_: object) -> None:
        raise ExpectedError("There is not enough memory for this.")

    monkeypatch.setattr(SuperpixelTiles, "compute", fail)
    later.finish_one()
    assert sentences[-1] == "There is not enough memory for this."
    assert human(session)[40, 100] == CURRENT
    assert not human(session)[90, 700]
    assert steps(session).count() == 1
    assert tool.note() == ""


def test_where_two_strokes_wait_for_the_same_superpixel_the_last_one_counts(
    session: Session, tool: Superpixels, later: Later
) -> None:
    drag(tool, (100.5, 40.5), (180.5, 40.5))
    session.set_current_class(3)
    click(tool, 110.5, 40.5)
    assert not human(session).any()
    later.finish()
    last = touched(session, (110, 40))
    assert np.array_equal(human(session) == human_value(3), last)
    assert np.array_equal(human(session) == CURRENT, touched(session, (100, 40), (180, 40)) & ~last)


def test_what_was_under_the_pointer_of_another_picture_is_not_looked_for_in_this_one(
    session: Session, tool: Superpixels, later: Later
) -> None:
    tool.move(Pointer(WIDTH - 1, HEIGHT - 1))  # begins to compute the tile there
    show_photo(session, two_colours()[:40, :60], TWO.with_name("small.jpg"))
    predict(session, quarters(60, 40), TWO.with_name("small.jpg"))
    later.finish()
    assert tool.preview() is None


def test_a_tool_that_is_put_away_computes_nothing_for_the_pointer(
    session: Session, tool: Superpixels, later: Later
) -> None:
    tool.move(Pointer(5, 5))
    tool.put_away()
    later.finish()
    assert tool.preview() is None
    assert not tool.note()
