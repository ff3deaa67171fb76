"""A polygon by mouse and keys: corners are clicked, moved, added and taken away until it is closed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.canvas.canvas import Canvas
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from app.editing.session import Session
from app.tools import make_tool
from app.tools.base import Sketch
from tests.app.canvas.hand import CTRL, LEFT, NONE, RIGHT, SHIFT, seen
from tests.app.canvas.plain import in_polygon
from tests.app.canvas.scene import grabbed, map_of, photo, predict, quarters, show_photo

WIDTH, HEIGHT = 600, 400
TREE = human_value(5)
CORNERS = [QPoint(150, 120), QPoint(260, 130), QPoint(230, 200), QPoint(160, 180)]
KEY = Qt.Key


@pytest.fixture
def canvas(empty_canvas: Canvas, session: Session) -> Canvas:
    """A picture that fills the canvas at every zoom; trees and the polygon are in hand."""
    show_photo(session, photo(WIDTH, HEIGHT))
    predict(session, quarters(WIDTH, HEIGHT))
    session.set_current_class(5)
    empty_canvas.set_tool(make_tool("polygon", session))
    empty_canvas.zoom_to(1.0)
    return empty_canvas


def click(canvas: Canvas, *points: QPoint, button: Qt.MouseButton = LEFT) -> None:
    for point in points:
        QTest.mouseMove(canvas, point)
        QTest.mouseClick(canvas, button, NONE, point)


def pull(canvas: Canvas, start: QPoint, end: QPoint) -> None:
    """Drag a corner."""
    QTest.mouseMove(canvas, start)
    QTest.mousePress(canvas, LEFT, NONE, start)
    QTest.mouseMove(canvas, (start + end) / 2)
    QTest.mouseMove(canvas, end)
    QTest.mouseRelease(canvas, LEFT, NONE, end)


def sketch(canvas: Canvas) -> Sketch:
    assert canvas.tool is not None
    drawn = canvas.tool.sketch()
    assert drawn is not None
    return drawn


def corners(canvas: Canvas) -> int:
    assert canvas.tool is not None
    return len(sketch(canvas).points) if canvas.tool.pending() else 0


def assert_filled(canvas: Canvas, session: Session, points: list[QPoint], value: int = TREE) -> None:
    """The polygon through these points of the canvas is there, as one step."""
    expected, near = in_polygon([seen(canvas, point) for point in points], (HEIGHT, WIDTH))
    assert expected.any()
    assert np.array_equal((map_of(session).human == value) | near, expected | near)
    assert set(np.unique(map_of(session).human)) == {0, value}
    assert session.undo_stack is not None
    assert session.undo_stack.count() == 1
    assert session.undo_stack.undoText() in ("Polygon with tree", "Erase with the polygon", "Back to the network")


@pytest.mark.parametrize("zoom", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("how", ["return", "first corner", "last corner", "double click"])
def test_a_closed_polygon_is_filled(canvas: Canvas, session: Session, zoom: float, how: str) -> None:
    canvas.zoom_to(zoom)
    click(canvas, *CORNERS)
    assert not map_of(session).human.any()
    match how:
        case "return":
            QTest.keyClick(canvas, KEY.Key_Return)
        case "first corner":
            click(canvas, CORNERS[0] + QPoint(2, -3))
        case "last corner":
            click(canvas, CORNERS[-1])
        case "double click":
            QTest.mouseDClick(canvas, LEFT, NONE, CORNERS[-1])  # the second press alone; the first set the corner
            QTest.mouseRelease(canvas, LEFT, NONE, CORNERS[-1])
    assert_filled(canvas, session, CORNERS)
    assert corners(canvas) == 0
    session.undo()
    assert not map_of(session).human.any()


def test_a_corner_is_moved_by_dragging_it(canvas: Canvas, session: Session) -> None:
    click(canvas, *CORNERS)
    pull(canvas, CORNERS[2], QPoint(290, 210))
    pull(canvas, CORNERS[0], QPoint(130, 100))  # the first corner is moved, not closed
    assert corners(canvas) == 4
    QTest.keyClick(canvas, KEY.Key_Return)
    assert_filled(canvas, session, [QPoint(130, 100), CORNERS[1], QPoint(290, 210), CORNERS[3]])


def test_a_click_on_an_edge_adds_a_corner_there(canvas: Canvas, session: Session) -> None:
    click(canvas, *CORNERS)
    middle = (CORNERS[0] + CORNERS[1]) / 2
    pull(canvas, middle, QPoint(200, 60))
    assert corners(canvas) == 5
    QTest.keyClick(canvas, KEY.Key_Return)
    assert_filled(canvas, session, [CORNERS[0], QPoint(200, 60), *CORNERS[1:]])


def test_the_right_button_takes_a_corner_away(canvas: Canvas, session: Session) -> None:
    extra = QPoint(300, 60)
    click(canvas, CORNERS[0], extra, *CORNERS[1:])
    click(canvas, extra + QPoint(-2, 3), button=RIGHT)
    assert corners(canvas) == 4
    click(canvas, QPoint(50, 50), button=RIGHT)  # there is none
    assert corners(canvas) == 4
    QTest.keyClick(canvas, KEY.Key_Return)
    assert_filled(canvas, session, CORNERS)


@pytest.mark.parametrize("key", [KEY.Key_Backspace])
def test_backspace_takes_the_last_corner_back_until_none_is_left(canvas: Canvas, session: Session, key: KEY) -> None:
    click(canvas, *CORNERS)
    for left in (3, 2, 1, 0):
        QTest.keyClick(canvas, key)
        assert corners(canvas) == left
    QTest.keyClick(canvas, key)
    click(canvas, *CORNERS)
    QTest.keyClick(canvas, KEY.Key_Return)
    assert_filled(canvas, session, CORNERS)


def test_backspace_takes_back_a_corner_in_hand(canvas: Canvas, session: Session) -> None:
    click(canvas, *CORNERS)
    extra = QPoint(120, 60)
    QTest.mousePress(canvas, LEFT, NONE, extra)
    QTest.keyClick(canvas, KEY.Key_Backspace)
    QTest.mouseMove(canvas, QPoint(100, 40))
    QTest.mouseRelease(canvas, LEFT, NONE, QPoint(100, 40))
    assert corners(canvas) == 4
    QTest.keyClick(canvas, KEY.Key_Return)
    assert_filled(canvas, session, CORNERS)


def test_escape_forgets_the_polygon_and_only_that(canvas: Canvas, session: Session) -> None:
    before = grabbed(canvas)
    click(canvas, *CORNERS)
    assert not np.array_equal(grabbed(canvas), before)
    QTest.keyClick(canvas, KEY.Key_Escape)
    assert corners(canvas) == 0
    assert np.array_equal(grabbed(canvas), before)
    assert not map_of(session).human.any()


def test_two_corners_are_no_polygon(canvas: Canvas, session: Session) -> None:
    said: list[str] = []
    session.said.connect(said.append)
    click(canvas, *CORNERS[:2])
    QTest.keyClick(canvas, KEY.Key_Return)
    assert said == ["A polygon needs three corners."]
    assert corners(canvas) == 2
    click(canvas, CORNERS[1], CORNERS[0])  # neither closes it yet
    assert corners(canvas) == 2
    click(canvas, *CORNERS[2:])
    QTest.keyClick(canvas, KEY.Key_Return)
    assert_filled(canvas, session, CORNERS)


def test_a_polygon_without_a_pixel_says_so(canvas: Canvas, session: Session) -> None:
    said: list[str] = []
    session.said.connect(said.append)
    canvas.zoom_to(0.5)
    click(canvas, QPoint(2, 2), QPoint(40, 2), QPoint(20, 40))  # the picture begins at (50, 50)
    QTest.keyClick(canvas, KEY.Key_Return)
    assert said == ["There is no pixel of the picture in this polygon."]
    assert session.undo_stack is not None
    assert session.undo_stack.count() == 0


def test_the_polygon_becomes_what_the_option_says(canvas: Canvas, session: Session) -> None:
    session.set_tool_value("polygon.becomes", "unlabelled")
    click(canvas, *CORNERS)
    QTest.keyClick(canvas, KEY.Key_Return)
    assert_filled(canvas, session, CORNERS, HUMAN_UNLABELLED)
    session.set_tool_value("polygon.becomes", "network")
    click(canvas, *CORNERS)
    QTest.keyClick(canvas, KEY.Key_Return)
    assert not map_of(session).human.any()


def test_without_a_mouse(canvas: Canvas, session: Session) -> None:
    """Ctrl + arrows move the pointer, Ctrl + Return sets a corner, Return closes."""
    at: list[QPoint] = []
    canvas.zoom_to(1.0)
    for key in (KEY.Key_Right, KEY.Key_Down, KEY.Key_Left):
        QTest.keyClick(canvas, KEY.Key_Return, CTRL)
        position = canvas.mouse.position
        at.append(QPoint(200, 150) if position is None else QPoint(int(position.x()), int(position.y())))
        for _ in range(3):
            QTest.keyClick(canvas, key, CTRL | SHIFT)
    QTest.keyClick(canvas, KEY.Key_Return, CTRL)
    position = canvas.mouse.position
    assert position is not None
    at.append(QPoint(int(position.x()), int(position.y())))
    assert corners(canvas) == 4
    QTest.keyClick(canvas, KEY.Key_Return)
    assert_filled(canvas, session, at)


def test_a_first_corner_is_set_by_return_alone(canvas: Canvas, session: Session) -> None:
    QTest.keyClick(canvas, KEY.Key_Return)
    assert corners(canvas) == 1


def test_another_tool_or_picture_forgets_the_polygon(canvas: Canvas, session: Session) -> None:
    click(canvas, *CORNERS)
    canvas.set_tool(make_tool("brush", session))
    canvas.set_tool(make_tool("polygon", session))
    assert corners(canvas) == 0
    click(canvas, *CORNERS)
    show_photo(session, photo(WIDTH, HEIGHT), path=Path("/photos/other.jpg"))
    assert corners(canvas) == 0
    QTest.keyClick(canvas, KEY.Key_Return)
    assert not map_of(session).human.any()


def test_the_polygon_follows_the_picture_when_that_is_zoomed_and_moved(canvas: Canvas, session: Session) -> None:
    click(canvas, *CORNERS[:2])
    first, second = sketch(canvas).points
    canvas.zoom_to(1.5)
    canvas.pan_by(-20, 30)
    assert sketch(canvas).points == (first, second)
    assert canvas.viewport is not None
    shown = QPoint(*(int(value) for value in canvas.viewport.to_view(*first)))
    QTest.mouseMove(canvas, shown)
    assert sketch(canvas).active == 0
    click(canvas, QPoint(300, 250), QPoint(280, 280))
    QTest.keyClick(canvas, KEY.Key_Return)
    third, fourth = seen(canvas, QPoint(300, 250)), seen(canvas, QPoint(280, 280))
    expected, near = in_polygon([first, second, third, fourth], (HEIGHT, WIDTH))
    assert np.array_equal((map_of(session).human == TREE) | near, expected | near)


def test_the_note_counts_the_corners(canvas: Canvas) -> None:
    assert canvas.tool is not None
    assert canvas.tool.note() == ""
    click(canvas, CORNERS[0])
    assert canvas.tool.note().startswith("1 corner ·")
    click(canvas, CORNERS[1])
    assert canvas.tool.note().startswith("2 corners ·")
