"""The bar with the class in hand, the recent ones and the brush size."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.panels.tool_options import LARGEST, SIZES, SMALLEST, ToolOptions, size_of, step_of
from app.session import Session
from app.tools import TOOLS, make_tool

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


@pytest.fixture
def options(qtbot: QtBot, session: Session) -> ToolOptions:
    bar = ToolOptions(session)
    qtbot.addWidget(bar)
    bar.resize(1200, bar.sizeHint().height())
    with qtbot.waitExposed(bar):
        bar.show()
    return bar


def test_the_class_in_hand_is_named_and_opens_the_picker(qtbot: QtBot, options: ToolOptions, session: Session) -> None:
    assert options.current.accessibleName() == "Current class: 3 sky"
    qtbot.mouseClick(options.current, Qt.MouseButton.LeftButton)
    assert options.picker.isVisible()
    options.picker.search.setText("boat")
    qtbot.keyClick(options.picker.search, Qt.Key.Key_Return)
    assert session.current_class == 77
    assert options.current.class_id == 77


def test_recent_classes_are_one_click_away(qtbot: QtBot, options: ToolOptions, session: Session) -> None:
    assert [button.class_id for button in options.recent if button.isVisible()] == [3, 5]
    qtbot.mouseClick(options.recent[1], Qt.MouseButton.LeftButton)
    assert session.current_class == 5
    session.set_current_class(150)
    visible = [button for button in options.recent if button.isVisible()]
    assert [button.class_id for button in visible] == list(session.recent_classes)
    assert visible[-1].toolTip() == f"150 flag ({len(visible)})"


def test_the_recent_class_in_hand_has_a_ring(options: ToolOptions, session: Session) -> None:
    options.current.setFocus()
    without = options.recent[1].grab().toImage()
    session.set_current_class(5)
    assert options.recent[1].grab().toImage() != without


def test_the_size_is_only_there_for_tools_that_have_one(options: ToolOptions, session: Session) -> None:
    height = options.sizeHint().height()
    for name, tool in TOOLS.items():
        options.set_tool(make_tool(name, session))
        assert options.size_slider.isVisible() is tool.sized
        assert options.size_number.isVisible() is tool.sized
        assert options.hint.text() == tool.hint
        assert options.height() >= height - 1  # the bar does not jump


def test_slider_and_number_set_the_brush(qtbot: QtBot, options: ToolOptions, session: Session) -> None:
    options.set_tool(make_tool("brush", session))
    options.size_slider.setValue(len(SIZES) - 1)
    assert session.brush_size == LARGEST
    assert options.size_number.value() == LARGEST
    options.size_slider.setValue(0)
    assert session.brush_size == SMALLEST
    options.size_number.selectAll()
    qtbot.keyClicks(options.size_number, "137")
    qtbot.keyClick(options.size_number, Qt.Key.Key_Return)
    assert session.brush_size == 137
    session.set_brush_size(500)
    assert options.size_number.value() == 500
    assert options.size_slider.value() == step_of(500)
    assert session.brush_size == 500  # following the session does not round its size to a step


def test_every_key_on_the_slider_changes_the_size(qtbot: QtBot, options: ToolOptions, session: Session) -> None:
    options.set_tool(make_tool("brush", session))
    session.set_brush_size(1)
    options.size_slider.setFocus()
    sizes = [session.brush_size]
    for _ in range(6):
        qtbot.keyClick(options.size_slider, Qt.Key.Key_Right)
        sizes.append(session.brush_size)
    assert sizes == sorted(set(sizes)), "a key press that changes nothing feels broken"


def test_steps_grow_evenly_from_one_pixel_to_the_largest() -> None:
    assert (SIZES[0], SIZES[-1]) == (1, 2000)
    assert SIZES[:5] == (1, 2, 3, 4, 5)
    for smaller, larger in itertools.pairwise(SIZES):
        assert larger - smaller <= max(1, 0.06 * larger)
    for step, size in enumerate(SIZES):
        assert size_of(step) == size
        assert step_of(size) == step
    assert SIZES[step_of(1234)] == pytest.approx(1234, rel=0.02)


def test_every_control_has_a_name_and_a_tip(options: ToolOptions, session: Session) -> None:
    options.set_tool(make_tool("brush", session))
    for control in (options.current, *options.recent[:2], options.size_slider, options.size_number):
        assert control.accessibleName()
        assert control.toolTip()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_a_narrow_bar_elides_the_hint_only(options: ToolOptions, session: Session) -> None:
    options.set_tool(make_tool("brush", session))
    options.resize(options.minimumSizeHint().width(), options.height())
    assert options.hint.is_elided()
    assert options.hint.toolTip() == TOOLS["brush"].hint
    assert options.current.width() >= options.current.sizeHint().width()
