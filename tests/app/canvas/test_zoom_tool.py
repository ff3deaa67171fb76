"""The zoom tool with real mouse events: a click comes closer, a drag shows what lies in the box."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from app.canvas.canvas import Canvas
from app.editing.session import Session
from app.tools import make_tool
from tests.app.canvas.hand import ALT, LEFT, NONE, RIGHT, drag, seen
from tests.app.canvas.scene import map_of, photo, predict, quarters, show_photo

WIDTH, HEIGHT = 600, 400
AT = QPoint(170, 130)


@pytest.fixture
def canvas(empty_canvas: Canvas, session: Session) -> Canvas:
    show_photo(session, photo(WIDTH, HEIGHT))
    predict(session, quarters(WIDTH, HEIGHT))
    empty_canvas.set_tool(make_tool("zoom", session))
    empty_canvas.zoom_to(1.0)
    return empty_canvas


@pytest.mark.parametrize("zoom", [0.5, 1.0, 3.0])
def test_a_click_comes_closer_to_the_point_under_it(canvas: Canvas, zoom: float) -> None:
    canvas.zoom_to(zoom)
    before = seen(canvas, AT)
    QTest.mouseClick(canvas, LEFT, NONE, AT)
    assert canvas.scale == 2 * zoom
    assert seen(canvas, AT) == pytest.approx(before)


@pytest.mark.parametrize(("button", "modifiers"), [(RIGHT, NONE), (LEFT, ALT)])
def test_the_right_button_and_alt_step_back(
    canvas: Canvas, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier
) -> None:
    canvas.zoom_to(3.0)
    before = seen(canvas, AT)
    QTest.mouseClick(canvas, button, modifiers, AT)
    assert canvas.scale == 1.5
    assert seen(canvas, AT) == pytest.approx(before)


def test_a_click_with_a_trembling_hand_is_a_click(canvas: Canvas) -> None:
    drag(canvas, [AT, AT + QPoint(2, 1)])
    assert canvas.scale == 2.0


@pytest.mark.parametrize(("first", "last"), [(AT, QPoint(230, 190)), (QPoint(230, 190), AT)])
def test_a_drag_shows_what_lies_in_the_box(canvas: Canvas, first: QPoint, last: QPoint) -> None:
    (x0, x1), (y0, y1) = (sorted(pair) for pair in zip(seen(canvas, first), seen(canvas, last), strict=True))
    drag(canvas, [first, QPoint(200, 160), last], release=False)
    assert canvas.tool is not None
    assert canvas.tool.sketch() is not None
    QTest.mouseRelease(canvas, LEFT, NONE, last)
    assert canvas.tool.sketch() is None
    view = canvas.viewport
    assert view is not None
    assert view.scale > 3
    left, top = view.to_view(x0, y0)
    right, bottom = view.to_view(x1, y1)
    assert left >= 0
    assert top >= 0
    assert right <= canvas.width()
    assert bottom <= canvas.height()
    assert min(left, top) < 20  # as close as all of it can be seen
    assert (left + right) / 2 == pytest.approx(canvas.width() / 2, abs=view.scale)
    assert (top + bottom) / 2 == pytest.approx(canvas.height() / 2, abs=view.scale)


def test_only_the_part_of_a_box_on_the_picture_counts(canvas: Canvas) -> None:
    canvas.zoom_to(0.5)  # the picture begins at (50, 50)
    drag(canvas, [QPoint(1, 1), QPoint(100, 100)])
    view = canvas.viewport
    assert view is not None
    assert view.to_photo(200, 150) == pytest.approx((50, 50), abs=1)
    canvas.zoom_fit()
    canvas.zoom_to(0.5)
    before = canvas.viewport
    drag(canvas, [QPoint(1, 1), QPoint(15, 15)])  # beside the picture
    assert canvas.viewport == before


def test_escape_forgets_the_box(canvas: Canvas) -> None:
    before = canvas.viewport
    drag(canvas, [AT, QPoint(230, 190)], release=False)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    QTest.mouseRelease(canvas, LEFT, NONE, QPoint(230, 190))
    assert canvas.viewport == before
    assert canvas.tool is not None
    assert canvas.tool.sketch() is None


def test_by_keys(canvas: Canvas) -> None:
    QTest.mouseMove(canvas, AT)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert canvas.scale == 2.0
    QTest.keyClick(canvas, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.scale == 1.0


def test_it_never_touches_the_picture(canvas: Canvas, session: Session) -> None:
    drag(canvas, [AT, QPoint(230, 190)])
    QTest.mouseClick(canvas, RIGHT, NONE, AT)
    assert not map_of(session).human.any()
    assert session.undo_stack is not None
    assert session.undo_stack.count() == 0
