"""Brushes by mouse and keys: square ones, large ones, straight lines, their size under the hand, and giving back."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.canvas.canvas import Canvas
from app.core.arrays import Bool
from app.core.painting import BrushShape, Piece, StrokePath, stroke
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from app.editing.session import Session
from app.tools import make_tool
from tests.app.canvas.hand import CTRL, LEFT, NONE, RIGHT, SHIFT, drag, drag_holding, leave, seen, wheel
from tests.app.canvas.scene import grabbed, map_of, photo, predict, quarters, show_photo, spot, steps

WIDTH, HEIGHT = 600, 400
SHAPE = (HEIGHT, WIDTH)
ZOOMS = [0.5, 1.0, 3.0]
TREE = human_value(5)
WAY = [QPoint(*at) for at in ((150, 120), (190, 122), (240, 150), (236, 190), (160, 186))]
VALUES = {"brush": TREE, "eraser": HUMAN_UNLABELLED, "restore": 0}


@pytest.fixture
def canvas(empty_canvas: Canvas, session: Session) -> Canvas:
    """A picture that fills the canvas at every zoom; trees are in hand."""
    show_photo(session, photo(WIDTH, HEIGHT))
    predict(session, quarters(WIDTH, HEIGHT))
    session.set_current_class(5)
    return empty_canvas


def take(canvas: Canvas, session: Session, tool: str, zoom: float = 1.0, *, size: int = 9) -> None:
    canvas.set_tool(make_tool(tool, session))
    canvas.zoom_to(zoom)
    assert canvas.scale == zoom
    session.set_brush_size(size)


def covered(pieces: list[Piece], size: int, brush: BrushShape) -> Bool:
    """What a brush of `size` covers on its way, each piece as a whole."""
    under = np.zeros(SHAPE, np.bool_)
    for start, end in pieces:
        box, mask = stroke(start, end, size, SHAPE, brush=brush)
        under[box.slices] |= mask
    return under


def way_through(canvas: Canvas, points: list[QPoint], size: int) -> list[Piece]:
    path = StrokePath(size)
    pieces = [piece for point in points for piece in path.add(seen(canvas, point))]
    return pieces + path.finish()


@pytest.mark.parametrize("zoom", ZOOMS)
@pytest.mark.parametrize("brush", list(BrushShape))
@pytest.mark.parametrize("tool", list(VALUES))
def test_a_stroke_decides_what_the_brush_passes_over(
    canvas: Canvas, session: Session, tool: str, zoom: float, brush: BrushShape
) -> None:
    gesture = session.begin_edit("Before")
    assert gesture is not None
    gesture.paint(map_of(session).box, None, human_value(9))
    gesture.commit()
    take(canvas, session, tool, zoom)
    session.set_tool_value(f"{tool}.shape", brush.value)
    drag(canvas, WAY)
    expected = np.where(covered(way_through(canvas, WAY, 9), 9, brush), VALUES[tool], human_value(9))
    assert np.array_equal(map_of(session).human, expected)
    assert steps(session) == 2
    session.undo()
    assert (map_of(session).human == human_value(9)).all()


@pytest.mark.parametrize("brush", list(BrushShape))
@pytest.mark.parametrize("size", [499, 500, 620, 1999])
def test_a_large_brush_leaves_nothing_out_by_painting_only_what_is_new(
    canvas: Canvas, session: Session, brush: BrushShape, size: int
) -> None:
    take(canvas, session, "brush", 0.5, size=size)
    session.set_tool_value("brush.shape", brush.value)
    way = ((40, 100), (44, 120), (150, 180), (60, 330), (55, 300), (55, 300))
    points = [spot(canvas, x - size / 2, y) for x, y in way]  # the rim of the brush is what is seen of it
    drag(canvas, points)
    expected = covered(way_through(canvas, points, size), size, brush)
    assert 0 < np.count_nonzero(expected) < expected.size
    assert np.array_equal(map_of(session).human == TREE, expected)


def test_a_large_brush_that_changes_its_size_on_the_way_leaves_nothing_out(canvas: Canvas, session: Session) -> None:
    take(canvas, session, "brush", 1.0, size=504)
    near = [QPoint(-160, 40), QPoint(-150, 60), QPoint(-150, 60), QPoint(-140, 70)]
    path, expected = StrokePath(504), np.zeros(SHAPE, np.bool_)
    QTest.mousePress(canvas, LEFT, NONE, near[0])
    expected |= covered(path.add(seen(canvas, near[0])), 504, BrushShape.ROUND)
    for point, size in zip(near[1:], (504, 560, 520), strict=True):
        session.set_brush_size(size)
        QTest.mouseMove(canvas, point)
        expected |= covered(path.add(seen(canvas, point)), size, BrushShape.ROUND)
    QTest.mouseRelease(canvas, LEFT, NONE, near[-1])
    expected |= covered(path.finish(), 520, BrushShape.ROUND)
    assert 0 < np.count_nonzero(expected) < expected.size
    assert np.array_equal(map_of(session).human == TREE, expected)


@pytest.mark.parametrize("zoom", ZOOMS)
@pytest.mark.parametrize("size", [9, 501])
def test_shift_and_click_draw_a_straight_line_from_the_end_of_the_last_stroke(
    canvas: Canvas, session: Session, zoom: float, size: int
) -> None:
    take(canvas, session, "brush", zoom, size=size)
    drag(canvas, WAY[:2])
    first = map_of(session).human == TREE
    QTest.mouseClick(canvas, LEFT, SHIFT, WAY[3])
    line = [Piece(seen(canvas, WAY[1]), seen(canvas, WAY[3]))]
    assert np.array_equal(map_of(session).human == TREE, first | covered(line, size, BrushShape.ROUND))
    assert steps(session) in (1, 2)  # where the brush covers all of it already there is no second step
    QTest.mouseClick(canvas, RIGHT, SHIFT, WAY[2])
    erased = covered([Piece(seen(canvas, WAY[3]), seen(canvas, WAY[2]))], size, BrushShape.ROUND)
    assert np.array_equal(map_of(session).human == HUMAN_UNLABELLED, erased)


def test_a_fast_hand_leaves_a_curve_and_not_a_polygon(canvas: Canvas, session: Session) -> None:
    """Four positions around a circle: a polygon would turn by a right angle, and pass through the corners."""
    take(canvas, session, "brush", 1.0, size=1)
    drag(canvas, [QPoint(*at) for at in ((150, 150), (200, 100), (250, 150), (200, 200), (150, 150))])
    painted = map_of(session).human == TREE
    for corner in (QPoint(200, 100), QPoint(250, 150), QPoint(200, 200)):
        x, y = (int(value) for value in seen(canvas, corner))
        assert not painted[y - 5 : y + 6, x - 5 : x + 6].any()
    rows, columns = painted.any(axis=1), painted.any(axis=0)
    assert rows[np.argmax(rows) : len(rows) - np.argmax(rows[::-1])].all()  # in one piece
    assert columns[np.argmax(columns) : len(columns) - np.argmax(columns[::-1])].all()


@pytest.mark.parametrize(
    ("tool", "words"), [("brush", "tree"), ("eraser", "unlabelled"), ("restore", "the network's answer")]
)
def test_a_stroke_that_changes_nothing_says_why_and_is_no_step(
    canvas: Canvas, session: Session, tool: str, words: str
) -> None:
    said: list[str] = []
    session.said.connect(said.append)
    take(canvas, session, tool)
    if tool != "restore":
        drag(canvas, WAY)
    before = steps(session)
    assert said == []
    drag(canvas, WAY)
    assert said == [f"This is {words} already."]
    assert steps(session) == before
    take(canvas, session, tool, 0.5)
    QTest.mouseClick(canvas, LEFT, NONE, QPoint(10, 10))  # beside the picture: nothing was meant
    assert len(said) == 1


def test_a_stroke_that_ends_by_other_means_says_nothing_of_it(canvas: Canvas, session: Session) -> None:
    said: list[str] = []
    session.said.connect(said.append)
    take(canvas, session, "brush")
    drag(canvas, WAY, release=False)
    session.undo()
    QTest.mouseRelease(canvas, LEFT, NONE, WAY[-1])
    assert not map_of(session).human.any()
    assert [sentence for sentence in said if sentence] == []


# --- size -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tool", list(VALUES))
def test_ctrl_and_drag_change_the_size_and_paint_nothing(canvas: Canvas, session: Session, tool: str) -> None:
    take(canvas, session, tool, size=40)
    drag_holding(canvas, [WAY[0], WAY[0] + QPoint(30, 0), WAY[0] + QPoint(70, 5)], CTRL)
    assert session.brush_size == round(40 * 1.01**70)
    drag_holding(canvas, [WAY[0], WAY[0] - QPoint(70, 0)], CTRL)
    assert session.brush_size == pytest.approx(40, abs=1)
    assert not map_of(session).human.any()
    assert steps(session) == 0
    drag(canvas, WAY)  # and then it paints again
    assert map_of(session).human.any() or tool == "restore"


def test_the_size_keeps_within_its_limits_however_far_the_drag(canvas: Canvas, session: Session) -> None:
    take(canvas, session, "brush", size=40)
    drag_holding(canvas, [QPoint(100, 100), QPoint(100_000, 100)], CTRL)
    assert session.brush_size == 2000
    drag_holding(canvas, [QPoint(100, 100), QPoint(-100_000, 100)], CTRL)
    assert session.brush_size == 1


def test_escape_puts_the_size_back(canvas: Canvas, session: Session) -> None:
    take(canvas, session, "brush", size=40)
    drag_holding(canvas, [WAY[0], WAY[0] + QPoint(60, 0)], CTRL, release=False)
    assert session.brush_size > 60
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert session.brush_size == 40
    QTest.mouseMove(canvas, WAY[0] + QPoint(90, 0))
    QTest.mouseRelease(canvas, LEFT, CTRL, WAY[0] + QPoint(90, 0))
    assert session.brush_size == 40
    assert not map_of(session).human.any()


def test_the_outline_stays_where_the_drag_began_and_grows_there(canvas: Canvas, session: Session) -> None:
    take(canvas, session, "brush", size=30)
    leave(canvas)
    empty = grabbed(canvas)
    start, end = QPoint(200, 150), QPoint(260, 150)
    drag_holding(canvas, [start, end], CTRL, release=False)
    while_sizing = grabbed(canvas)
    drawn = np.argwhere((while_sizing != empty).any(axis=2))
    (top, left), (bottom, right) = drawn.min(axis=0), drawn.max(axis=0)
    size = session.brush_size
    assert (left + right) / 2 == pytest.approx(start.x(), abs=1.5)
    assert (top + bottom) / 2 == pytest.approx(start.y(), abs=1.5)
    assert right - left == pytest.approx(size, abs=4)
    QApplication.processEvents()
    assert np.array_equal(grabbed(canvas), while_sizing)
    QTest.mouseRelease(canvas, LEFT, CTRL, end)
    after = np.argwhere((grabbed(canvas) != empty).any(axis=2))
    assert (after[:, 1].min() + after[:, 1].max()) / 2 == pytest.approx(end.x(), abs=1.5)


def test_ctrl_and_wheel_change_the_size(canvas: Canvas, session: Session) -> None:
    take(canvas, session, "brush", size=40)
    wheel(canvas, WAY[0], 1, CTRL)
    assert session.brush_size == 46
    wheel(canvas, WAY[0], -1, CTRL)
    assert session.brush_size == 40
    session.set_brush_size(1)
    wheel(canvas, WAY[0], 1, CTRL)
    assert session.brush_size == 2
    assert canvas.scale == 1.0


def test_tools_without_a_brush_get_the_click_with_ctrl(canvas: Canvas, session: Session) -> None:
    take(canvas, session, "relabel", size=40)
    QTest.mouseClick(canvas, LEFT, CTRL, spot(canvas, 250, 150))  # accepts the segment as it is
    assert session.brush_size == 40
    assert set(np.unique(map_of(session).human)) == {0, human_value(3)}


def test_a_square_brush_is_shown_square(canvas: Canvas, session: Session) -> None:
    take(canvas, session, "brush", size=60)
    leave(canvas)
    empty = grabbed(canvas)
    session.set_tool_value("brush.shape", "square")
    QTest.mouseMove(canvas, QPoint(200, 150))
    corner = (grabbed(canvas) != empty).any(axis=2)[150 - 33 : 150 - 26, 200 - 33 : 200 - 26]
    assert corner.any()
    session.set_tool_value("brush.shape", "round")
    QTest.mouseMove(canvas, QPoint(201, 150))
    QTest.mouseMove(canvas, QPoint(200, 150))
    corner = (grabbed(canvas) != empty).any(axis=2)[150 - 33 : 150 - 26, 200 - 33 : 200 - 26]
    assert not corner.any()
