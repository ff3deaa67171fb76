"""Rectangle, ellipse and lasso with real mouse and key events: which pixels they decide, at several zooms."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.canvas.canvas import Canvas
from app.core.arrays import Bool
from app.core.geometry import Point
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from app.editing.session import Session
from app.tools import make_tool
from tests.app.canvas.hand import ALT, LEFT, NONE, RIGHT, SHIFT, drag, drag_holding, seen
from tests.app.canvas.plain import in_ellipse, in_polygon, in_rectangle
from tests.app.canvas.scene import grabbed, map_of, photo, predict, quarters, show_photo, steps

WIDTH, HEIGHT = 600, 400
SHAPE = (HEIGHT, WIDTH)
ZOOMS = [0.5, 1.0, 3.0]
TREE = human_value(5)
A, B = QPoint(150, 120), QPoint(261, 183)  # of the canvas: over the picture at every zoom


@pytest.fixture
def canvas(empty_canvas: Canvas, session: Session) -> Canvas:
    """A picture that fills the canvas at every zoom; trees are in hand."""
    show_photo(session, photo(WIDTH, HEIGHT))
    predict(session, quarters(WIDTH, HEIGHT))
    session.set_current_class(5)
    return empty_canvas


def take(canvas: Canvas, session: Session, tool: str, zoom: float) -> None:
    canvas.set_tool(make_tool(tool, session))
    canvas.zoom_to(zoom)
    assert canvas.scale == zoom


def human(session: Session, value: int = TREE) -> Bool:
    """Where the human layer has this value, and nothing else anywhere."""
    layer = map_of(session).human
    assert set(np.unique(layer)) <= {0, value}
    return layer == value


@pytest.mark.parametrize("zoom", ZOOMS)
@pytest.mark.parametrize(("first", "last"), [(A, B), (B, A), (QPoint(A.x(), B.y()), QPoint(B.x(), A.y()))])
def test_a_rectangle_lies_between_its_corners(
    canvas: Canvas, session: Session, zoom: float, first: QPoint, last: QPoint
) -> None:
    take(canvas, session, "rectangle", zoom)
    drag(canvas, [first, QPoint(200, 150), last])
    expected = in_rectangle(seen(canvas, first), seen(canvas, last), SHAPE)
    assert expected.any()
    assert np.array_equal(human(session), expected)
    assert steps(session) == 1
    session.undo()
    assert not map_of(session).human.any()


@pytest.mark.parametrize("zoom", ZOOMS)
def test_an_ellipse_fills_what_lies_between_its_corners(canvas: Canvas, session: Session, zoom: float) -> None:
    take(canvas, session, "ellipse", zoom)
    drag(canvas, [A, B])
    expected, near = in_ellipse(seen(canvas, A), seen(canvas, B), SHAPE)
    assert expected.any()
    assert np.array_equal(human(session) | near, expected | near)
    assert steps(session) == 1


@pytest.mark.parametrize("zoom", ZOOMS)
def test_a_lasso_takes_all_it_goes_around_also_where_it_crosses_itself(
    canvas: Canvas, session: Session, zoom: float
) -> None:
    take(canvas, session, "lasso", zoom)
    points = [QPoint(*at) for at in ((150, 120), (260, 120), (150, 200), (155, 120), (262, 190), (140, 186))]
    drag(canvas, points)
    expected, near = in_polygon([seen(canvas, point) for point in points], SHAPE)
    assert expected.any()
    assert np.array_equal(human(session) | near, expected | near)
    assert steps(session) == 1


def squared(start: Point, end: Point) -> tuple[Point, Point]:
    """The corners of the square that a drag with Shift means."""
    side = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    dx = side if end[0] > start[0] else -side
    dy = side if end[1] > start[1] else -side
    return start, (start[0] + dx, start[1] + dy)


@pytest.mark.parametrize("zoom", ZOOMS)
@pytest.mark.parametrize("last", [B, QPoint(90, 160), QPoint(170, 60), QPoint(100, 90)])
def test_shift_makes_a_square_to_whichever_side_it_is_drawn(
    canvas: Canvas, session: Session, zoom: float, last: QPoint
) -> None:
    take(canvas, session, "rectangle", zoom)
    drag_holding(canvas, [A, last], SHIFT)
    corners = squared(seen(canvas, A), seen(canvas, last))
    assert np.array_equal(human(session), in_rectangle(*corners, SHAPE))


def test_shift_makes_a_circle(canvas: Canvas, session: Session) -> None:
    take(canvas, session, "ellipse", 1.0)
    drag_holding(canvas, [A, B], SHIFT)
    expected, near = in_ellipse(*squared(seen(canvas, A), seen(canvas, B)), SHAPE)
    assert np.array_equal(human(session) | near, expected | near)
    rows, columns = human(session).any(axis=1).sum(), human(session).any(axis=0).sum()
    assert abs(int(rows) - int(columns)) <= 1


@pytest.mark.parametrize("zoom", ZOOMS)
def test_with_alt_the_first_point_is_the_middle(canvas: Canvas, session: Session, zoom: float) -> None:
    take(canvas, session, "rectangle", zoom)
    middle, last = QPoint(200, 150), QPoint(240, 170)
    drag_holding(canvas, [middle, last], ALT)
    (x, y), end = seen(canvas, middle), seen(canvas, last)
    opposite = (2 * x - end[0], 2 * y - end[1])
    assert np.array_equal(human(session), in_rectangle(opposite, end, SHAPE))


def test_alt_and_shift_make_a_square_around_the_first_point(canvas: Canvas, session: Session) -> None:
    take(canvas, session, "rectangle", 1.0)
    middle, last = QPoint(200, 150), QPoint(240, 170)
    drag_holding(canvas, [middle, last], ALT | SHIFT)
    (x, y) = seen(canvas, middle)
    assert np.array_equal(human(session), in_rectangle((x - 40, y - 40), (x + 40, y + 40), SHAPE))


def test_a_key_counts_from_the_moment_it_is_held_though_the_pointer_rests(canvas: Canvas, session: Session) -> None:
    take(canvas, session, "rectangle", 1.0)
    drag(canvas, [A, B], release=False)
    QTest.keyPress(canvas, Qt.Key.Key_Shift)
    QTest.mouseRelease(canvas, LEFT, SHIFT, B)
    corners = squared(seen(canvas, A), seen(canvas, B))
    assert np.array_equal(human(session), in_rectangle(*corners, SHAPE))


@pytest.mark.parametrize("tool", ["rectangle", "ellipse", "lasso"])
@pytest.mark.parametrize("becomes", ["class", "unlabelled", "network"])
def test_the_right_button_makes_unlabelled_whatever_the_option_says(
    canvas: Canvas, session: Session, tool: str, becomes: str
) -> None:
    take(canvas, session, tool, 1.0)
    session.set_tool_value(f"{tool}.becomes", becomes)
    drag(canvas, [A, QPoint(B.x(), A.y()), B], RIGHT)
    assert human(session, HUMAN_UNLABELLED).any()
    assert session.undo_stack is not None
    assert session.undo_stack.undoText() == f"Erase with the {tool}"


@pytest.mark.parametrize("tool", ["rectangle", "ellipse", "lasso"])
def test_the_area_becomes_what_the_option_says(canvas: Canvas, session: Session, tool: str) -> None:
    take(canvas, session, tool, 1.0)
    points = [A, QPoint(B.x(), A.y()), B]
    drag(canvas, points)
    area = human(session)
    session.set_tool_value(f"{tool}.becomes", "unlabelled")
    drag(canvas, points)
    assert np.array_equal(human(session, HUMAN_UNLABELLED), area)
    session.set_tool_value(f"{tool}.becomes", "network")
    drag(canvas, points)
    assert not map_of(session).human.any()
    assert steps(session) == 3
    assert session.undo_stack is not None
    assert [session.undo_stack.text(step) for step in range(3)] == [
        f"{tool.capitalize()} with tree",
        f"Erase with the {tool}",
        "Back to the network",
    ]


@pytest.mark.parametrize("tool", ["rectangle", "ellipse", "lasso"])
def test_what_changes_nothing_says_why_and_is_no_step(canvas: Canvas, session: Session, tool: str) -> None:
    said: list[str] = []
    session.said.connect(said.append)
    take(canvas, session, tool, 1.0)
    points = [A, QPoint(B.x(), A.y()), B]
    session.set_tool_value(f"{tool}.becomes", "network")
    drag(canvas, points)
    assert said == ["It is the network's answer already."]
    session.set_tool_value(f"{tool}.becomes", "class")
    drag(canvas, points)
    drag(canvas, points)
    assert said[-1] == "This is tree already."
    assert steps(session) == 1


@pytest.mark.parametrize("tool", ["rectangle", "ellipse", "lasso"])
def test_a_click_alone_draws_nothing(canvas: Canvas, session: Session, tool: str) -> None:
    take(canvas, session, tool, 1.0)
    QTest.mouseClick(canvas, LEFT, NONE, A)
    assert not map_of(session).human.any()
    assert steps(session) == 0


@pytest.mark.parametrize("tool", ["rectangle", "ellipse", "lasso"])
def test_escape_takes_a_shape_back_before_it_is_painted(canvas: Canvas, session: Session, tool: str) -> None:
    take(canvas, session, tool, 1.0)
    before = grabbed(canvas)
    drag(canvas, [A, QPoint(B.x(), A.y()), B], release=False)
    assert canvas.tool is not None
    assert canvas.tool.sketch() is not None
    assert not np.array_equal(grabbed(canvas), before)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.tool.sketch() is None
    assert np.array_equal(grabbed(canvas), before)
    QTest.mouseMove(canvas, QPoint(270, 190))
    QTest.mouseRelease(canvas, LEFT, NONE, QPoint(270, 190))
    assert not map_of(session).human.any()
    assert steps(session) == 0


@pytest.mark.parametrize("tool", ["rectangle", "ellipse", "lasso"])
def test_a_shape_may_begin_and_end_outside_the_picture(canvas: Canvas, session: Session, tool: str) -> None:
    take(canvas, session, tool, 0.5)
    said: list[str] = []
    session.said.connect(said.append)
    corner = [QPoint(30, 30), QPoint(80, 30), QPoint(80, 80), QPoint(30, 80)]  # the picture begins at (50, 50)
    if tool != "lasso":
        corner = [corner[0], corner[2]]
    assert seen(canvas, corner[0])[0] < 0
    drag(canvas, corner)
    painted = human(session)
    assert painted[:20, :20].all() or tool == "ellipse"
    assert painted.any()
    assert not painted[64:].any()
    assert not painted[:, 64:].any()
    outside = [QPoint(2, 2), QPoint(40, 2), QPoint(40, 40)]
    drag(canvas, outside)
    assert said[-1].startswith(("There is no pixel of the picture", "This line goes around no pixel"))
    assert steps(session) == 1


def test_another_picture_forgets_the_shape_in_hand(canvas: Canvas, session: Session) -> None:
    take(canvas, session, "rectangle", 1.0)
    drag(canvas, [A, B], release=False)
    show_photo(session, photo(WIDTH, HEIGHT), path=Path("/photos/other.jpg"))
    QTest.mouseMove(canvas, QPoint(250, 170))
    QTest.mouseRelease(canvas, LEFT, NONE, QPoint(250, 170))
    assert not map_of(session).human.any()
