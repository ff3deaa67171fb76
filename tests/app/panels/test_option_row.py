"""The controls of a tool follow its options, and the options follow the controls, by mouse and by keys."""

from __future__ import annotations

import itertools
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLabel, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from app.editing.session import Session
from app.panels.option_row import OptionRow, step_of, stops, value_at
from app.panels.slider import Slider
from app.tools.base import Pointer, Tool
from app.tools.options import Choice, Flag, Number, Option

KEY = Qt.Key
LEVEL = Number("level", "Level", 0, 1, 0.5, decimals=2)
RADIUS = Number("radius", "Radius", 1, 10, 4, suffix=" px")
SIZE = Number("size", "under", 2, 100_000, 200, suffix=" px", geometric=True, tip="Regions with fewer pixels")


class Example(Tool):
    """One option of every kind."""

    id: ClassVar[str] = "example"
    hint: ClassVar[str] = "An example"
    options: ClassVar[tuple[Option, ...]] = (
        Choice("what", "Clean up", (("gaps", "Fill gaps"), ("specks", "Remove specks")), tip="What is done"),
        SIZE,
        LEVEL,
        RADIUS,
        Flag("own", "Its own class", tip="Keep the class of the query"),
        Number("late", "Late", 1, 9, 3, only=("what", frozenset({"specks"}))),
    )

    def press(self, pointer: Pointer) -> None:
        return


@pytest.fixture
def tool(session: Session) -> Example:
    return Example(session)


@pytest.fixture
def row(tool: Example, session: Session, qtbot: QtBot) -> OptionRow:
    row = OptionRow(tool)
    session.tool_value_changed.connect(lambda _name: row.follow())
    qtbot.addWidget(row)
    with qtbot.waitExposed(row):
        row.show()
    return row


def box(row: OptionRow, key: str) -> QComboBox:
    control = row.control(key)
    assert isinstance(control, QComboBox)
    return control


def number(row: OptionRow, key: str) -> QSpinBox | QDoubleSpinBox:
    control = row.control(key)
    assert isinstance(control, QSpinBox | QDoubleSpinBox)
    return control


def flag(row: OptionRow, key: str) -> QCheckBox:
    control = row.control(key)
    assert isinstance(control, QCheckBox)
    return control


def test_the_controls_begin_with_the_options_as_they_are(row: OptionRow) -> None:
    assert box(row, "what").currentText() == "Fill gaps"
    assert number(row, "size").text() == "200 px"
    assert number(row, "level").value() == 0.5
    assert not flag(row, "own").isChecked()


def test_a_box_of_choices_by_keys(row: OptionRow, tool: Example) -> None:
    control = box(row, "what")
    control.setFocus()
    QTest.keyClick(control, KEY.Key_Down)
    assert tool.value("what") == "specks"
    QTest.keyClick(control, KEY.Key_Up)
    assert tool.value("what") == "gaps"


def test_a_tick_by_mouse_and_key(row: OptionRow, tool: Example) -> None:
    control = flag(row, "own")
    QTest.mouseClick(control, Qt.MouseButton.LeftButton, pos=QPoint(8, control.height() // 2))
    assert tool.value("own") is True
    QTest.keyClick(control, KEY.Key_Space)
    assert tool.value("own") is False


def test_a_typed_number_counts_when_it_is_finished(row: OptionRow, tool: Example) -> None:
    control = number(row, "size")
    control.setFocus()
    control.selectAll()
    QTest.keyClicks(control, "5000")
    assert tool.value("size") == 200
    QTest.keyClick(control, KEY.Key_Return)
    assert tool.value("size") == 5000
    assert row.slider("size").value() == step_of(SIZE, 5000)


def test_a_number_with_decimals(row: OptionRow, tool: Example) -> None:
    control = number(row, "level")
    control.setFocus()
    QTest.keyClick(control, KEY.Key_Up)
    assert tool.value("level") == 0.51
    control.selectAll()
    QTest.keyClicks(control, control.locale().toString(0.25, "f", 2))
    QTest.keyClick(control, KEY.Key_Return)
    assert tool.value("level") == 0.25


@pytest.mark.parametrize("key", ["size", "level", "radius"])
def test_a_slider_by_keys_and_mouse_reaches_both_ends(row: OptionRow, tool: Example, key: str) -> None:
    slider, option = row.slider(key), next(option for option in tool.options if option.key == key)
    assert isinstance(option, Number)
    slider.setFocus()
    QTest.keyClick(slider, KEY.Key_End)
    assert tool.value(key) == option.high
    QTest.keyClick(slider, KEY.Key_Home)
    assert tool.value(key) == option.low
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, slider.height() // 2))
    assert slider.isSliderDown()
    QTest.mouseMove(slider, QPoint(slider.width() + 50, slider.height() // 2))
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() + 50, slider.height() // 2))
    assert tool.value(key) == option.high
    assert number(row, key).value() == option.high


@pytest.mark.parametrize("key", ["size", "level", "radius"])
def test_every_key_stroke_on_a_slider_changes_the_number(row: OptionRow, tool: Example, key: str) -> None:
    slider = row.slider(key)
    slider.setFocus()
    for stroke, sign in ((KEY.Key_Right, 1), (KEY.Key_Left, -1)):
        for _ in range(4):
            before = tool.value(key)
            QTest.keyClick(slider, stroke)
            assert (tool.value(key) - before) * sign > 0
            assert number(row, key).value() == tool.value(key)


def test_the_controls_follow_the_tool(row: OptionRow, tool: Example, session: Session) -> None:
    tool.set_value("what", "specks")
    tool.set_value("size", 3000)
    session.set_tool_value("example.own", True)
    assert box(row, "what").currentText() == "Remove specks"
    assert number(row, "size").value() == 3000
    assert flag(row, "own").isChecked()


def test_following_does_not_pull_at_a_handle_in_hand(row: OptionRow, tool: Example) -> None:
    slider = row.slider("radius")
    slider.setSliderDown(True)
    held = slider.value()
    tool.set_value("radius", 9)
    assert slider.value() == held
    slider.setSliderDown(False)
    row.follow()
    assert slider.value() == step_of(RADIUS, 9)


def test_an_option_shows_only_where_it_means_something(row: OptionRow, tool: Example) -> None:
    def shown(key: str) -> bool:
        label = next(label for label in row.findChildren(QLabel) if label.text() == "Late")
        visible = {row.control(key).isVisible(), row.slider(key).isVisible(), label.isVisible()}
        assert len(visible) == 1
        return visible.pop()

    assert not shown("late")
    tool.set_value("what", "specks")
    assert shown("late")
    tool.set_value("what", "gaps")
    assert not shown("late")


def test_a_row_without_sliders_keeps_its_numbers(row: OptionRow, tool: Example) -> None:
    wide = row.sizeHint().width()
    row.show_sliders(shown=False)
    assert not any(slider.isVisible() for slider in row.findChildren(Slider))
    assert number(row, "size").isVisible()
    tool.set_value("size", 77)
    assert not row.slider("size").isVisible()
    assert row.sizeHint().width() < wide
    row.show_sliders(shown=True)
    assert row.slider("size").isVisible()
    assert not row.slider("late").isVisible()


def test_every_control_has_a_name_a_tip_and_a_place_in_the_tab_order(row: OptionRow, tool: Example) -> None:
    for option in tool.options:
        controls: list[QWidget] = [row.control(option.key)]
        if isinstance(option, Number):
            controls.append(row.slider(option.key))
        for control in controls:
            assert control.accessibleName() == option.label
            assert control.toolTip() == (option.tip or option.label)
            assert control.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_the_same_tool_taken_again_uses_the_same_controls(row: OptionRow, session: Session) -> None:
    again = Example(session)
    again.set_value("size", 12)
    row.use(again)
    number(row, "size").stepUp()
    assert again.value("size") == 13


@given(number=st.sampled_from([LEVEL, RADIUS, SIZE, Number("t", "Tolerance", 0, 255, 24)]), data=st.data())
def test_a_slider_gets_as_near_to_a_number_as_its_steps_allow(number: Number, data: st.DataObject) -> None:
    value = data.draw(st.floats(number.low, number.high))
    step = step_of(number, value)
    reached = value_at(number, step)
    assert number.accepts(reached)
    assert step_of(number, reached) == step
    for other in stops(number):
        assert abs(other - value) >= abs(reached - value)


def test_the_steps_of_a_slider_grow_evenly_or_by_a_factor() -> None:
    assert stops(RADIUS) == tuple(range(1, 11))
    assert stops(LEVEL) == tuple(step / 100 for step in range(101))
    small, large = stops(SIZE)[:10], stops(SIZE)[-10:]
    assert small == tuple(range(2, 12))
    assert all(1.03 < after / before < 1.06 for before, after in itertools.pairwise(large))
