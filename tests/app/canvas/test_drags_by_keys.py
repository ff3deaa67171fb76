"""Every tool that drags does so by keys: Ctrl + Return holds the button, Ctrl + arrows drag, Return lets go."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest

from app.canvas.canvas import Canvas
from app.canvas.keyboard import LEAP
from app.core.arrays import U8
from app.core.geometry import Box
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from app.editing.session import Session
from app.tools import TOOLS, make_tool
from app.tools.base import Tool
from tests.app.canvas.hand import CTRL, LEFT, NONE, RIGHT, SHIFT, drag, take
from tests.app.canvas.scene import human, paint, predict, show_photo, spot

KEY = Qt.Key
WIDTH, HEIGHT = 240, 160
BEFORE = Path("/photos/before.jpg")
TREE, CAR = human_value(5), human_value(21)
START = 96, 56  # image pixels
ROUTE = (KEY.Key_Right,) * 3 + (KEY.Key_Down,) * 2 + (KEY.Key_Left,) * 3  # each a leap: around two classes
BOX = (KEY.Key_Right,) * 3 + (KEY.Key_Down,) * 2
WAYS = {KEY.Key_Right: QPoint(LEAP, 0), KEY.Key_Left: QPoint(-LEAP, 0), KEY.Key_Down: QPoint(0, LEAP)}
PAINTING = {
    "brush": ROUTE,
    "eraser": ROUTE,
    "restore": ROUTE,
    "superpixels": ROUTE,
    "lasso": ROUTE,
    "relabel": ROUTE,
    "copy": ROUTE,
    "cleanup": ROUTE,
    "refine": ROUTE,
    "rectangle": BOX,
    "ellipse": BOX,
    "wand": BOX,
}


def two_halves() -> U8:
    """Red on the left and blue on the right, with a little noise."""
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    picture[:, :130], picture[:, 130:] = (170, 70, 60), (60, 80, 180)
    return (picture + np.random.default_rng(5).integers(-6, 7, picture.shape)).astype(np.uint8)


@pytest.fixture
def canvas(empty_canvas: Canvas, session: Session) -> Canvas:
    """Two classes that meet beside the photo's edge, a gap and a car; before it in the list a picture with a car."""
    layer = np.full((HEIGHT, WIDTH), 1, np.uint8)
    layer[:, 122:] = 2
    show_photo(session, two_halves(), path=BEFORE)
    paint(session, Box(100, 60, 140, 84), CAR)
    show_photo(session, two_halves())
    predict(session, layer)
    paint(session, Box(100, 66, 108, 74), HUMAN_UNLABELLED)
    session.previous_path = lambda: BEFORE
    session.set_current_class(5)
    session.set_brush_size(24)
    empty_canvas.zoom_to(1.0)
    return empty_canvas


def start(canvas: Canvas) -> QPoint:
    return spot(canvas, START[0] + 0.5, START[1] + 0.5)


def by_mouse(canvas: Canvas, route: tuple[Qt.Key, ...], button: Qt.MouseButton = LEFT) -> None:
    points = [start(canvas)]
    for key in route:
        points.append(points[-1] + WAYS[key])
    drag(canvas, points, button)


def by_keys(canvas: Canvas, route: tuple[Qt.Key, ...], held: Qt.KeyboardModifier = NONE, *, end: bool = True) -> None:
    QTest.mouseMove(canvas, start(canvas))
    QTest.keyClick(canvas, KEY.Key_Return, CTRL | held)
    for key in route:
        QTest.keyClick(canvas, key, CTRL | SHIFT)
    if end:
        QTest.keyClick(canvas, KEY.Key_Return)


def answer(canvas: Canvas, tool: Tool) -> None:
    if tool.pending():
        QTest.keyClick(canvas, KEY.Key_Return)


@pytest.mark.parametrize("tool_id", PAINTING)
def test_a_drag_by_keys_paints_what_one_by_mouse_does(canvas: Canvas, session: Session, tool_id: str) -> None:
    tool, before = take(canvas, session, tool_id), human(session)
    tolerance = tool.value("tolerance") if tool_id == "wand" else None
    by_mouse(canvas, PAINTING[tool_id])
    answer(canvas, tool)
    expected = human(session)
    assert (expected != before).any()
    session.undo()
    assert np.array_equal(human(session), before)
    if tolerance is not None:
        tool.set_value("tolerance", tolerance)
    by_keys(canvas, PAINTING[tool_id])
    answer(canvas, tool)
    assert np.array_equal(human(session), expected)


def test_the_list_above_is_all_there_is(session: Session) -> None:
    """What has no drag of its own is used by clicks; polygon and zoom stand below."""
    clicked = {"fill", "ask", "pick", "pan"}
    assert set(PAINTING) | clicked | {"polygon", "zoom"} == set(TOOLS)
    assert {tool_id for tool_id in clicked if make_tool(tool_id, session).drags()} == set()


def test_with_shift_the_right_button_is_held(canvas: Canvas, session: Session) -> None:
    take(canvas, session, "lasso")
    by_mouse(canvas, ROUTE, RIGHT)
    expected = human(session)
    assert set(np.unique(expected)) == {0, HUMAN_UNLABELLED}
    session.undo()
    by_keys(canvas, ROUTE, SHIFT)
    assert np.array_equal(human(session), expected)


def test_shift_at_the_end_makes_a_square(canvas: Canvas, session: Session) -> None:
    take(canvas, session, "rectangle")
    by_keys(canvas, BOX, end=False)
    QTest.keyClick(canvas, KEY.Key_Return, SHIFT)
    rows, columns = np.nonzero(human(session) == TREE)
    assert np.ptp(rows) == np.ptp(columns) == 3 * LEAP - 1


def test_zoom_shows_the_box_that_keys_drew(canvas: Canvas, session: Session) -> None:
    take(canvas, session, "zoom")
    before = canvas.viewport
    by_mouse(canvas, BOX)
    expected = canvas.viewport
    assert expected != before
    assert before is not None
    canvas.look(before)
    by_keys(canvas, BOX)
    assert canvas.viewport == expected


def test_keys_put_corners_of_a_polygon_and_move_one_that_is_there(canvas: Canvas, session: Session) -> None:
    tool = take(canvas, session, "polygon")
    QTest.mouseMove(canvas, start(canvas))
    for key in (KEY.Key_Right, KEY.Key_Down, KEY.Key_Left):
        QTest.keyClick(canvas, KEY.Key_Return, CTRL)
        assert canvas.signs.held.isHidden()  # a new corner stays where it is
        for _ in range(2):
            QTest.keyClick(canvas, key, CTRL | SHIFT)
    QTest.keyClick(canvas, KEY.Key_Return, CTRL)
    QTest.keyClick(canvas, KEY.Key_Return, CTRL)  # takes the corner just put
    assert not canvas.signs.held.isHidden()
    for _ in range(2):
        QTest.keyClick(canvas, KEY.Key_Down, CTRL | SHIFT)
    QTest.keyClick(canvas, KEY.Key_Return)
    assert canvas.signs.held.isHidden()
    assert tool.pending()
    QTest.keyClick(canvas, KEY.Key_Return)
    rows, columns = np.nonzero(human(session) == TREE)
    assert abs(np.ptp(rows) - 4 * LEAP) <= 1  # it was put two leaps down, and taken two further
    assert abs(np.ptp(columns) - 2 * LEAP) <= 1


def test_the_sign_says_that_the_button_is_held_until_it_is_not(canvas: Canvas, session: Session) -> None:
    take(canvas, session, "lasso")
    sign, before = canvas.signs.held, human(session)
    assert sign.isHidden()
    by_keys(canvas, ROUTE, end=False)
    assert sign.isVisible()
    assert canvas.rect().contains(sign.geometry())
    QTest.keyClick(canvas, KEY.Key_Escape)
    assert sign.isHidden()
    assert np.array_equal(human(session), before)
    by_keys(canvas, ROUTE, end=False)
    canvas.set_tool(make_tool("brush", session))  # what was drawn counts, as it does by mouse
    assert sign.isHidden()
    assert (human(session) == TREE).any()


def test_the_pointer_may_leave_the_picture_in_a_drag(canvas: Canvas, session: Session) -> None:
    take(canvas, session, "rectangle")
    QTest.mouseMove(canvas, spot(canvas, 200.5, 140.5))
    QTest.keyClick(canvas, KEY.Key_Return, CTRL)
    for key in (KEY.Key_Right, KEY.Key_Down) * 4:
        QTest.keyClick(canvas, key, CTRL | SHIFT)
    QTest.keyClick(canvas, KEY.Key_Return)
    layer = human(session)
    assert (layer[141:, 201:] == TREE).all()
    assert not (layer[:140] == TREE).any()


def test_a_key_held_down_presses_once(canvas: Canvas, session: Session) -> None:
    take(canvas, session, "brush")
    QTest.mouseMove(canvas, start(canvas))
    QTest.keyClick(canvas, KEY.Key_Return, CTRL)
    again = QKeyEvent(QEvent.Type.KeyPress, KEY.Key_Return, CTRL, "\r", True)
    QCoreApplication.sendEvent(canvas, again)
    assert canvas.mouse.using_tool
    QTest.keyClick(canvas, KEY.Key_Return)
    assert not canvas.mouse.using_tool


@pytest.mark.parametrize("tool_id", ["fill", "pick", "pan"])
def test_where_nothing_is_dragged_ctrl_and_return_click(canvas: Canvas, session: Session, tool_id: str) -> None:
    take(canvas, session, tool_id)
    QTest.mouseMove(canvas, start(canvas))
    QTest.keyClick(canvas, KEY.Key_Return, CTRL)
    assert not canvas.mouse.using_tool
    assert not canvas.mouse.grabbing
    assert canvas.signs.held.isHidden()
    assert (human(session)[START[1], START[0]] == TREE) == (tool_id == "fill")


@pytest.mark.parametrize("tool_id", ["lasso", "rectangle", "ellipse", "refine"])
def test_a_click_where_only_a_drag_does_anything_says_how(canvas: Canvas, session: Session, tool_id: str) -> None:
    take(canvas, session, tool_id)
    sentences: list[str] = []
    session.said.connect(sentences.append)
    QTest.keyClick(canvas, KEY.Key_Return)
    assert len(sentences) == 1
    assert "Ctrl + Return" in sentences[0]
