"""Keys of the real window while a tool offers something, and while an edit is worked out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.chrome.actions import Act
from app.core.geometry import Box
from app.core.rules import Where
from app.core.segment_map import human_value
from app.main_window import MainWindow
from app.settings import Settings
from tests.app.canvas.hand import CTRL, LEFT, NONE, RIGHT, SHIFT, drag_holding
from tests.app.canvas.scene import PATH, map_of, predict, show_photo, spot
from tests.app.computing import WHOLE, Gate
from tests.app.tools.later import Later
from tests.app.windows import shown_window

KEY = Qt.Key
TREE = human_value(5)
CORNERS = ((30, 20), (70, 22), (60, 50))


@pytest.fixture
def window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    """The known picture; whatever reaches further than 100 pixels is worked out in the background."""
    monkeypatch.setattr("app.workers.background.PATIENCE_MS", 20)
    monkeypatch.setattr("app.editing.session.REACH_AT_ONCE", 100)
    window = shown_window(qtbot, Settings(current_class=5, tool="polygon"))
    show_photo(window.session)
    predict(window.session)
    window.desk.show(PATH)
    window.canvas.setFocus()
    yield window
    window.desk.close()


def click(window: MainWindow, *points: tuple[float, float]) -> None:
    for point in points:
        QTest.mouseClick(window.canvas, LEFT, NONE, spot(window.canvas, *point))


def points(window: MainWindow) -> tuple[tuple[float, float], ...]:
    tool = window.canvas.tool
    sketch = None if tool is None else tool.sketch()
    return () if sketch is None else sketch.points


def corners(window: MainWindow) -> int:
    tool = window.canvas.tool
    assert tool is not None
    sketch = tool.sketch()
    return 0 if sketch is None else len(sketch.points)


def steps(window: MainWindow) -> int:
    stack = window.session.undo_stack
    assert stack is not None
    return stack.count()


def settle(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(window.desk.background.is_idle)


def test_corners_taken_back_come_again_as_they_were(window: MainWindow, qtbot: QtBot) -> None:
    canvas, redo = window.canvas, window.actions_by_id[Act.REDO]
    click(window, *CORNERS)
    drawn = points(window)
    assert not redo.isEnabled()
    QTest.keyClick(canvas, KEY.Key_Backspace)
    QTest.keyClick(canvas, KEY.Key_Z, CTRL)
    QTest.keyClick(canvas, KEY.Key_Z, CTRL)
    assert points(window) == ()
    assert redo.isEnabled()
    QTest.keyClick(canvas, KEY.Key_Y, CTRL)
    assert points(window) == drawn[:1]
    QTest.keyClick(canvas, KEY.Key_Z, CTRL | SHIFT)
    QTest.keyClick(canvas, KEY.Key_Z, CTRL | SHIFT)
    assert points(window) == drawn
    assert not redo.isEnabled()
    QTest.keyClick(canvas, KEY.Key_Z, CTRL | SHIFT)
    assert points(window) == drawn
    QTest.keyClick(canvas, KEY.Key_Return)
    settle(window, qtbot)
    assert map_of(window.session).human[30, 55] == TREE


def test_what_is_drawn_anew_leaves_nothing_to_come_again(window: MainWindow) -> None:
    canvas, redo = window.canvas, window.actions_by_id[Act.REDO]
    left = spot(canvas, *CORNERS[0])
    for change in (
        lambda: click(window, (20, 60)),
        lambda: QTest.mouseClick(canvas, RIGHT, NONE, left),
        lambda: drag_holding(canvas, [left, spot(canvas, 20, 40)], NONE),
        lambda: QTest.keyClick(canvas, KEY.Key_Escape),
    ):
        click(window, *CORNERS)
        QTest.keyClick(canvas, KEY.Key_Backspace)
        assert redo.isEnabled()
        change()
        assert not redo.isEnabled()
        kept = points(window)
        QTest.keyClick(canvas, KEY.Key_Z, CTRL | SHIFT)
        assert points(window) == kept
        QTest.keyClick(canvas, KEY.Key_Escape)


def test_a_correction_undone_after_the_corners_comes_again_before_them(window: MainWindow) -> None:
    canvas, session = window.canvas, window.session
    gesture = session.begin_edit("Paint")
    assert gesture is not None
    gesture.paint(Box(0, 0, 5, 5), None, TREE)
    gesture.commit()
    click(window, CORNERS[0])
    for _ in range(2):
        QTest.keyClick(canvas, KEY.Key_Z, CTRL)
    assert not map_of(session).human.any()
    QTest.keyClick(canvas, KEY.Key_Y, CTRL)
    assert map_of(session).human.any()
    assert points(window) == ()
    QTest.keyClick(canvas, KEY.Key_Y, CTRL)
    assert len(points(window)) == 1


def test_undo_takes_corners_back_before_it_takes_corrections_back(window: MainWindow, qtbot: QtBot) -> None:
    undo = window.actions_by_id[Act.UNDO]
    assert not undo.isEnabled()
    click(window, *CORNERS)
    assert undo.isEnabled()  # though nothing was painted yet
    QTest.keyClick(window.canvas, KEY.Key_Z, CTRL)
    assert corners(window) == 2
    click(window, CORNERS[2])
    QTest.keyClick(window.canvas, KEY.Key_Return)
    settle(window, qtbot)
    assert steps(window) == 1
    painted = map_of(window.session).human.copy()
    assert (painted == TREE).any()
    click(window, *CORNERS[:2])
    for left in (1, 0):
        QTest.keyClick(window.canvas, KEY.Key_Z, CTRL)
        assert corners(window) == left
        assert np.array_equal(map_of(window.session).human, painted)
    QTest.keyClick(window.canvas, KEY.Key_Z, CTRL)
    assert not map_of(window.session).human.any()
    assert not undo.isEnabled()


def test_buttons_of_the_row_accept_and_cancel(window: MainWindow, qtbot: QtBot) -> None:
    row = window.tool_options
    assert not row.accept_button.isVisible()
    click(window, *CORNERS)
    QTest.mouseClick(row.cancel_button, LEFT)
    assert corners(window) == 0
    assert not row.accept_button.isVisible()
    click(window, *CORNERS)
    QTest.mouseClick(row.accept_button, LEFT)
    settle(window, qtbot)
    assert (map_of(window.session).human == TREE).any()
    assert not row.accept_button.isVisible()


def test_escape_cancels_one_thing_after_the_other(window: MainWindow) -> None:
    window.session.set_overlay(solo=frozenset({3}))
    click(window, *CORNERS)
    QTest.keyClick(window.canvas, KEY.Key_Escape)
    assert corners(window) == 0
    assert window.session.overlay.solo == {3}
    QTest.keyClick(window.canvas, KEY.Key_Escape)
    assert window.session.overlay.solo == frozenset()


def test_escape_puts_the_size_of_the_brush_back(window: MainWindow) -> None:
    QTest.keyClick(window.canvas, KEY.Key_B)
    window.session.set_brush_size(40)
    at = spot(window.canvas, 60, 40)
    drag_holding(window.canvas, [at, at + QPoint(50, 0)], CTRL, release=False)
    assert window.tool_options.size_number.value() == window.session.brush_size > 40
    QTest.keyClick(window.canvas, KEY.Key_Escape)
    assert window.tool_options.size_number.value() == window.session.brush_size == 40
    QTest.mouseRelease(window.canvas, LEFT, CTRL, at)
    assert not map_of(window.session).human.any()


def test_brackets_change_what_the_tool_has_most_use_for(window: MainWindow) -> None:
    QTest.keyClick(window.canvas, KEY.Key_B)
    window.session.set_brush_size(40)
    QTest.keyClick(window.canvas, KEY.Key_BracketRight)
    assert window.session.brush_size == 50
    QTest.keyClick(window.canvas, KEY.Key_BracketLeft)
    assert window.session.brush_size == 40
    QTest.keyClick(window.canvas, KEY.Key_W)
    assert window.canvas.tool is not None
    before = window.canvas.tool.value("tolerance")
    QTest.keyClick(window.canvas, KEY.Key_BracketRight)
    assert window.canvas.tool.value("tolerance") > before
    assert window.session.brush_size == 40


def test_shift_r_goes_through_where_paint_may_go(window: MainWindow) -> None:
    seen = []
    for _ in range(3):
        QTest.keyClick(window.canvas, KEY.Key_R, Qt.KeyboardModifier.ShiftModifier)
        rule = window.session.rule
        seen.append(rule.where)
        assert window.status.text() == f"Paint may go {rule.text()}."
        assert rule.text() in window.tool_options.rule.accessibleName()
    assert seen == [Where.UNLABELLED, Where.CLASS, Where.ANYWHERE]


# --- while an edit is worked out ------------------------------------------------------------------------------------


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate((WHOLE, None, TREE))
    yield gate
    gate.opened.set()


def test_escape_stops_an_edit_that_is_under_way(window: MainWindow, gate: Gate, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.desk.busy_changed, check_params_cb=lambda text: text == "Fill with tree…"):
        window.session.edit("Fill with tree", gate)
    assert gate.entered.wait(10)
    QTest.keyClick(window.canvas, KEY.Key_B)
    click(window, (60, 40))
    assert window.status.text() == "Fill with tree is under way; Esc stops it."
    with qtbot.waitSignal(window.desk.busy_changed, check_params_cb=lambda text: text == ""):
        QTest.keyClick(window.canvas, KEY.Key_Escape)
    assert window.status.text() == "Fill with tree: cancelled."
    gate.opened.set()
    click(window, (60, 40))
    assert steps(window) == 1
    settle(window, qtbot)
    assert np.count_nonzero(map_of(window.session).human) < WHOLE.area


def test_the_sign_of_an_edit_is_over_its_own_picture_only(window: MainWindow, gate: Gate, qtbot: QtBot) -> None:
    said: list[str] = []
    window.desk.busy_changed.connect(said.append)
    first = map_of(window.session)
    window.session.edit("Fill with tree", gate)
    qtbot.waitUntil(lambda: bool(said) and said[-1] == "Fill with tree…")
    other = Path("/photos/other.jpg")
    window.desk.show(other)
    assert "Fill with tree…" not in said[-1]
    window.desk.show(PATH)
    qtbot.waitUntil(lambda: said[-1] == "Fill with tree…")
    gate.opened.set()
    qtbot.waitUntil(lambda: said[-1] != "Fill with tree…")
    assert (first.human == TREE).all()


def test_ctrl_z_takes_a_stroke_back_that_still_waits_for_its_superpixels(window: MainWindow, qtbot: QtBot) -> None:
    """There is no step yet that could be undone: it goes as by Escape, and nothing of it comes later."""
    session, canvas = window.session, window.canvas
    session.runner = later = Later()
    window.use_tool("superpixels")
    click(window, (30, 20))
    assert later.jobs
    assert session.history is not None
    assert session.history.stack.count() == 0
    assert window.actions_by_id[Act.UNDO].isEnabled()
    QTest.keyClick(canvas, KEY.Key_Z, CTRL)
    later.finish()
    assert not map_of(session).human.any()
    assert session.history.stack.count() == 0
    assert not window.actions_by_id[Act.UNDO].isEnabled()
    click(window, (30, 20))
    later.finish()
    assert session.history.stack.count() == 1, "the next stroke is as ever"


def test_ctrl_z_stops_what_another_tool_left_to_be_computed(window: MainWindow) -> None:
    session = window.session
    session.runner = later = Later()
    window.use_tool("superpixels")
    click(window, (30, 20))
    window.use_tool("brush")
    assert window.actions_by_id[Act.UNDO].isEnabled()
    QTest.keyClick(window.canvas, KEY.Key_Z, CTRL)
    later.finish()
    assert not map_of(session).human.any()
    assert not window.actions_by_id[Act.UNDO].isEnabled()


def test_a_polygon_waits_while_another_tool_is_in_hand_and_is_spoken_of_when_it_is_left(
    qtbot: QtBot, window: MainWindow
) -> None:
    said: list[str] = []
    window.session.said.connect(said.append)
    window.use_tool("polygon")
    polygon = window.canvas.tool
    assert polygon is not None
    for x, y in ((10, 10), (60, 10), (60, 50)):
        QTest.mouseClick(window.canvas, LEFT, NONE, spot(window.canvas, x + 0.5, y + 0.5))
    window.use_tool("pick")
    QTest.mouseClick(window.canvas, LEFT, NONE, spot(window.canvas, 80.5, 20.5))
    assert window.session.current_class == 13
    assert not map_of(window.session).human.any()
    window.use_tool("polygon")
    assert window.canvas.tool is polygon
    sketch = polygon.sketch()
    assert sketch is not None
    assert len(sketch.points) == 3
    window.use_tool("pan")
    window.session.show(Path("/photos/another.jpg"))
    assert "A polygon of 3 corners was left unfinished." in said
    window.use_tool("polygon")
    assert window.canvas.tool is not polygon
