"""Every tool of the real window by its key: its button, its cursor over the picture, its options, and what it says."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QToolBar, QToolButton
from pytestqt.qtbot import QtBot

from app.canvas.cursor import cross, glass, hand, pipette
from app.chrome.actions import ACTIONS, TOOL_ACTIONS
from app.core.document import ViewMode
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from app.core.targets import Scope
from app.editing.hand import BRUSH_MAX, BRUSH_MIN
from app.main_window import MainWindow
from app.settings import Settings
from app.tools import TOOLS
from inference.prediction import Prediction, SegmentTable
from tests.app.canvas.hand import CTRL, LEFT, NONE, RIGHT, SHIFT, drag, drag_holding, wheel
from tests.app.canvas.scene import HEIGHT, PATH, WIDTH, map_of, predict, show_photo, spot

KEY = Qt.Key
TREE = human_value(5)
PAINTING, LOOKING = {"brush": TREE, "eraser": HUMAN_UNLABELLED, "restore": 0}, {"pick", "pan", "zoom"}


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    """The known picture, from close up, so that a brush of twelve pixels is drawn."""
    window = MainWindow(Settings(current_class=5, brush_size=12, tool="pan"))
    qtbot.addWidget(window, before_close_func=lambda closing: closing.session.close_all())  # else it asks first
    window.resize(1280, 800)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    show_photo(window.session)
    predict(window.session)
    window.canvas.setFocus()
    return window


def at(window: MainWindow, x: float, y: float) -> QPoint:
    return spot(window.canvas, x, y)


def take(window: MainWindow, tool_id: str) -> None:
    """By its key."""
    name = ACTIONS[TOOL_ACTIONS[tool_id]].keys[0]
    held, _, letter = name.rpartition("+")
    assert held in ("", "Shift")
    QTest.keyClick(window.canvas, getattr(KEY, f"Key_{letter}"), SHIFT if held else NONE)


def is_shown(window: MainWindow, cursor: QCursor) -> bool:
    """Whether the canvas shows this cursor: of its shape, or with its picture and its hot spot."""
    shown = window.canvas.cursor()
    alike = shown.pixmap().toImage() == cursor.pixmap().toImage() and shown.hotSpot() == cursor.hotSpot()
    return shown.shape() is cursor.shape() and alike


def expected_cursor(tool_id: str) -> QCursor:
    if tool_id in PAINTING:
        return QCursor(Qt.CursorShape.BlankCursor)  # the brush itself is drawn
    if tool_id in LOOKING:
        return {"pick": pipette(), "pan": hand(closed=False), "zoom": glass()}[tool_id]
    return cross()


@pytest.mark.parametrize("tool_id", sorted(TOOLS))
def test_a_tool_is_taken_by_its_key_and_shows_what_it_is(window: MainWindow, tool_id: str) -> None:
    other = "pan" if tool_id != "pan" else "brush"
    window.use_tool(other)
    take(window, tool_id)
    tool, action, row = window.canvas.tool, window.actions_by_id[TOOL_ACTIONS[tool_id]], window.tool_options
    assert tool is not None
    assert tool.id == tool_id
    assert action.isChecked()
    assert not window.actions_by_id[TOOL_ACTIONS[other]].isChecked()
    buttons = [bar.widgetForAction(action) for bar in window.findChildren(QToolBar)]
    button = next(button for button in buttons if isinstance(button, QToolButton))
    assert button.isVisible()
    assert not button.icon().isNull()
    assert QKeySequence(ACTIONS[TOOL_ACTIONS[tool_id]].keys[0]).toString() in button.toolTip()
    assert row.hint.text() == tool.hint
    controls = row.rows[tool_id]
    for option in tool.options:
        meant = option.only is None or tool.value(option.only[0]) in option.only[1]
        assert controls.control(option.key).isVisible() == meant
    assert row.size_number.isVisible() == (tool_id in PAINTING)


@pytest.mark.parametrize("tool_id", sorted(TOOLS))
def test_the_cursor_over_the_picture_is_that_of_the_tool(window: MainWindow, tool_id: str) -> None:
    canvas = window.canvas
    take(window, tool_id)
    QTest.mouseMove(canvas, at(window, 60, 40))
    assert is_shown(window, expected_cursor(tool_id))
    if tool_id not in PAINTING and tool_id not in LOOKING:  # whatever is held, one exact pixel still counts
        QTest.mousePress(canvas, LEFT, NONE, at(window, 60, 40))
        assert is_shown(window, cross())
        QTest.keyClick(canvas, KEY.Key_Escape)
        QTest.mouseRelease(canvas, LEFT, NONE, at(window, 60, 40))
    QTest.keyPress(canvas, KEY.Key_Space)
    assert is_shown(window, hand(closed=False)), "Space moves the picture with any tool"
    QTest.mousePress(canvas, LEFT, NONE, at(window, 60, 40))
    assert is_shown(window, hand(closed=True))
    QTest.mouseRelease(canvas, LEFT, NONE, at(window, 60, 40))
    QTest.keyRelease(canvas, KEY.Key_Space)
    assert is_shown(window, expected_cursor(tool_id))
    window.session.close_all()
    assert is_shown(window, QCursor(Qt.CursorShape.ArrowCursor))


@pytest.mark.parametrize("tool_id", sorted(PAINTING))
def test_a_brush_too_small_to_be_seen_has_a_cross(window: MainWindow, tool_id: str) -> None:
    take(window, tool_id)
    window.canvas.zoom_to(1.0)
    QTest.mouseMove(window.canvas, at(window, 60, 40))
    assert is_shown(window, expected_cursor(tool_id))
    window.session.set_brush_size(2)
    assert is_shown(window, cross())


@pytest.mark.parametrize("tool_id", sorted(PAINTING))
def test_every_way_to_size_a_brush(window: MainWindow, tool_id: str) -> None:
    """By keys, by wheel and by drag, from 1 to 2000 pixels; none of them paints."""
    canvas, session = window.canvas, window.session
    take(window, tool_id)
    here = at(window, 60, 40)
    QTest.mouseMove(canvas, here)
    sizes = [session.brush_size]
    QTest.keyClick(canvas, KEY.Key_BracketRight)
    sizes.append(session.brush_size)
    wheel(canvas, here, 1, CTRL)
    sizes.append(session.brush_size)
    drag_holding(canvas, [here, here + QPoint(30, 0)], CTRL)
    sizes.append(session.brush_size)
    assert sizes == sorted(set(sizes)), "each makes it larger"
    QTest.keyClick(canvas, KEY.Key_BracketLeft)
    sizes.append(session.brush_size)
    wheel(canvas, here, -1, CTRL)
    sizes.append(session.brush_size)
    drag_holding(canvas, [here, here - QPoint(30, 0)], CTRL)
    sizes.append(session.brush_size)
    assert sizes[3:] == sorted(set(sizes[3:]), reverse=True), "and smaller"
    for key, limit in ((KEY.Key_BracketRight, BRUSH_MAX), (KEY.Key_BracketLeft, BRUSH_MIN)):
        for _ in range(40):
            QTest.keyClick(canvas, key)
        assert session.brush_size == limit
    assert (BRUSH_MIN, BRUSH_MAX) == (1, 2000)
    assert not map_of(session).human.any()
    assert session.undo_stack is not None
    assert session.undo_stack.count() == 0


@pytest.mark.parametrize("shape", ["round", "square"])
@pytest.mark.parametrize("tool_id", sorted(PAINTING))
def test_a_brush_of_either_shape_paints_lines_and_erases_with_the_right_button(
    window: MainWindow, tool_id: str, shape: str
) -> None:
    canvas, session = window.canvas, window.session
    if tool_id == "restore":
        gesture = session.begin_edit("Paint")
        assert gesture is not None
        gesture.paint(map_of(session).box, None, human_value(9))
        gesture.commit()
    before, stack = map_of(session).human.copy(), session.undo_stack
    assert stack is not None
    take(window, tool_id)
    control = window.tool_options.rows[tool_id].control("shape")
    while window.canvas.tool is not None and window.canvas.tool.value("shape") != shape:
        QTest.keyClick(control, KEY.Key_Down)
    canvas.setFocus()
    value, steps = PAINTING[tool_id], stack.index()
    QTest.mouseClick(canvas, LEFT, NONE, at(window, 20, 20))
    dab = map_of(session).human != before
    assert dab[20, 20]
    assert dab[15, 15] == (shape == "square"), "its corner"
    QTest.mouseClick(canvas, LEFT, SHIFT, at(window, 100, 60))
    assert (map_of(session).human[[30, 40, 50], [40, 60, 80]] == value).all(), "a straight line between two clicks"
    assert stack.index() == steps + 2
    right = value if tool_id == "restore" else HUMAN_UNLABELLED
    drag(canvas, [at(window, 20, 70), at(window, 60, 70)], RIGHT)
    assert (map_of(session).human[70, [20, 40, 60]] == right).all()
    assert stack.index() == steps + 3
    for _ in range(3):
        QTest.keyClick(canvas, KEY.Key_Z, CTRL)
    assert (map_of(session).human == before).all()


@pytest.mark.parametrize(
    ("scope", "columns"),
    [
        (Scope.SEGMENT, [slice(0, 30), slice(90, 120)]),
        (Scope.REGION, [slice(0, 40)]),
        (Scope.CLASS, [slice(0, 40), slice(90, 120)]),
    ],
)
@pytest.mark.parametrize("tool_id", ["fill", "relabel"])
def test_a_click_takes_as_much_as_was_chosen_in_the_row(
    window: MainWindow, tool_id: str, scope: Scope, columns: list[slice]
) -> None:
    """A segment in two pieces, another one of its class beside the first piece, and a third one between them."""
    canvas, session = window.canvas, window.session
    layer = np.full((HEIGHT, WIDTH), 3, np.uint8)
    layer[:, :30], layer[:, 30:40], layer[:, 90:] = 1, 2, 1
    prediction = Prediction(np.zeros((100, 150), np.float32), np.zeros((100, 4, 4), np.float32), layer.shape)
    table = SegmentTable(np.array([3, 3, 13], np.uint8), np.array([0.9, 0.8, 0.7], np.float32))
    session.attach_prediction(PATH, prediction, layer=layer, table=table, mode=ViewMode.SEGMENTS)
    take(window, tool_id)
    control = window.tool_options.rows[tool_id].control("scope")
    assert isinstance(control, QComboBox)
    control.setFocus()
    QTest.keyClick(control, KEY.Key_Home)
    while control.currentData() != scope.value:
        QTest.keyClick(control, KEY.Key_Down)
    canvas.setFocus()
    QTest.mouseMove(canvas, at(window, 10, 40))
    expected = np.zeros((HEIGHT, WIDTH), np.uint8)
    for some in columns:
        expected[:, some] = TREE
    QTest.mouseClick(canvas, LEFT, NONE, at(window, 10, 40))
    assert np.array_equal(map_of(session).human, expected)
    assert session.undo_stack is not None
    assert session.undo_stack.count() == 1
    QTest.keyClick(canvas, KEY.Key_Z, CTRL)
    assert not map_of(session).human.any()
    QTest.mouseMove(canvas, at(window, 10, 40))
    QTest.keyClick(canvas, KEY.Key_Return)
    assert np.array_equal(map_of(session).human, expected), "by keys alone"
