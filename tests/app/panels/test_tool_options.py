"""The bar with the class in hand, the recent ones and the brush size."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from app.core.rules import Where
from app.editing.session import Session
from app.panels.elided_label import ElidedLabel
from app.panels.option_row import OptionRow
from app.panels.tool_options import LARGEST, SIZES, SMALLEST, ToolOptions, size_of, step_of
from app.tools import TOOLS, make_tool
from app.tools.base import Pointer, Tool
from app.tools.options import Choice, Number
from tests.app.panels.stripes import PICTURE

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


def test_what_nobody_has_set_follows_the_picture(options: ToolOptions, session: Session) -> None:
    options.set_tool(make_tool("superpixels", session))
    control = options.rows["superpixels"].control("size")
    assert isinstance(control, QSpinBox)
    assert control.value() == 32
    large = Path("/photos/large.jpg")
    session.show(large)
    session.attach_photo(large, (np.broadcast_to(np.uint8(0), (4000, 6000, 3)),))
    assert control.value() == 100
    control.setValue(50)
    session.show(PICTURE)
    assert control.value() == 50


def test_every_control_has_a_name_and_a_tip(options: ToolOptions, session: Session) -> None:
    options.set_tool(make_tool("brush", session))
    for control in (options.current, *options.recent[:2], options.size_slider, options.size_number):
        assert control.accessibleName()
        assert control.toolTip()
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus


@pytest.fixture
def placed(qtbot: QtBot, session: Session) -> Iterator[ToolOptions]:
    """The bar as a part of a window, so that the window decides how wide it is."""
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(2000, 60)
    bar = ToolOptions(session, window)
    with qtbot.waitExposed(window):
        window.show()
    yield bar
    window.hide()


def fit(bar: ToolOptions, width: int) -> None:
    bar.resize(width, bar.minimumHeight())
    QApplication.processEvents()
    assert bar.width() == width


@pytest.mark.parametrize("width", [700, 1000, 1280, 1920])
@pytest.mark.parametrize("name", sorted(TOOLS))
def test_nothing_is_clipped_or_lies_over_another(
    placed: ToolOptions, session: Session, qtbot: QtBot, name: str, width: int
) -> None:
    for class_id in (5, 13, 150, 36, 77, 21, 9):
        session.set_current_class(class_id)
    session.set_rule(where=Where.CLASS, class_id=150, keep_person=True, locked=frozenset({3, 5}))
    for option in TOOLS[name].options:
        if isinstance(option, Choice):
            session.set_tool_value(f"{name}.{option.key}", option.choices[1][0])  # the options with most controls
    placed.set_tool(make_tool(name, session))
    fit(placed, width)
    shown = [
        child
        for child in placed.findChildren(QWidget)
        if child.isVisible() and not isinstance(child, OptionRow | QLineEdit) and not child.isWindow()
    ]
    places = sorted((child.mapTo(placed, QPoint()).x(), child.width(), child) for child in shown)
    for x, wide, child in places:
        assert x >= 0
        assert x + wide <= width
        assert wide >= child.minimumSizeHint().width()
    for (x, wide, _), (following, _, _) in itertools.pairwise(places):
        assert x + wide <= following
    assert placed.current in shown
    assert placed.rule in shown


class Waiting(Tool):
    """Something waits to be accepted, and there is much to say of it."""

    id = "waiting"
    hint = "Press somewhere"
    options = (Number("level", "Level", 0, 100, 50),)
    words = ""
    found = True

    def press(self, pointer: Pointer) -> None:
        return

    def pending(self) -> bool:
        return bool(self.words)

    def acceptable(self) -> bool:
        return self.pending() and self.found

    def note(self) -> str:
        return self.words


def test_what_waits_can_be_accepted_and_left_in_any_width(placed: ToolOptions, session: Session, qtbot: QtBot) -> None:
    tool = Waiting(session)
    placed.set_tool(tool)
    assert not placed.accept_button.isVisible()
    assert not placed.cancel_button.isVisible()
    tool.words = "Changes 12 345 pixels inside the line"
    for width in (1000, 1280, 1920):
        fit(placed, width)
        tool.show()
        QApplication.processEvents()
        assert placed.accept_button.isVisible()
        assert not placed.hint.is_elided()
        assert placed.hint.text() == tool.words
    with qtbot.waitSignal(placed.accepted, timeout=1000):
        qtbot.mouseClick(placed.accept_button, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(placed.cancelled, timeout=1000):
        qtbot.mouseClick(placed.cancel_button, Qt.MouseButton.LeftButton)
    tool.words = ""
    tool.show()
    assert not placed.accept_button.isVisible()
    assert placed.hint.text() == tool.hint


def test_nothing_can_be_accepted_where_there_is_nothing(placed: ToolOptions, session: Session, qtbot: QtBot) -> None:
    tool = Waiting(session)
    placed.set_tool(tool)
    tool.words, tool.found = "Looking…", False
    tool.show()
    assert not placed.accept_button.isEnabled()
    assert placed.cancel_button.isEnabled()
    with qtbot.assertNotEmitted(placed.accepted):
        qtbot.mouseClick(placed.accept_button, Qt.MouseButton.LeftButton)
    tool.found = True  # the words may stay as they are
    tool.show()
    with qtbot.waitSignal(placed.accepted, timeout=1000):
        qtbot.mouseClick(placed.accept_button, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("width", [1000, 1280])
@pytest.mark.parametrize("name", ["ask", "cleanup", "copy", "polygon", "refine"])
def test_where_paint_may_go_is_said_in_words_while_something_waits(
    placed: ToolOptions, session: Session, name: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for class_id in (5, 13, 150, 36, 77, 21, 9):
        session.set_current_class(class_id)
    session.set_rule(where=Where.UNLABELLED, keep_person=True)
    tool = make_tool(name, session)
    monkeypatch.setattr(tool, "pending", lambda: True)
    monkeypatch.setattr(tool, "note", lambda: "Changes 12 345 678 pixels · and there is more that could be said of it")
    placed.set_tool(tool)
    fit(placed, width)
    assert placed.cancel_button.isVisible()
    assert placed.rule.toolButtonStyle() is Qt.ToolButtonStyle.ToolButtonTextBesideIcon
    assert placed.rule.text().startswith("Only unlabelled · not over yours")
    assert placed.rule.width() >= placed.rule.sizeHint().width()


def test_where_a_hint_has_no_room_there_is_nothing_instead_of_dots(options: ToolOptions, session: Session) -> None:
    options.set_tool(make_tool("brush", session))
    label = options.hint
    options.layout().removeWidget(label)
    label.resize(30, label.height())
    empty = ElidedLabel("", options)
    empty.resize(label.size())
    assert label.grab().toImage() == empty.grab().toImage()
    assert label.toolTip() == TOOLS["brush"].hint
    label.resize(120, label.height())
    empty.resize(label.size())
    assert label.grab().toImage() != empty.grab().toImage()


def test_a_narrow_bar_elides_the_hint_only(options: ToolOptions, session: Session) -> None:
    options.set_tool(make_tool("brush", session))
    options.resize(options.minimumSizeHint().width(), options.height())
    assert options.hint.is_elided()
    assert options.hint.toolTip() == TOOLS["brush"].hint
    assert options.current.width() >= options.current.sizeHint().width()


def test_the_size_of_specks_follows_the_class(placed: ToolOptions, session: Session, qtbot: QtBot) -> None:
    tool = make_tool("cleanup", session)
    tool.set_value("what", "specks")
    tool.set_value("classes", "current")
    session.set_current_class(5)
    placed.set_tool(tool)
    size = placed.rows["cleanup"].control("size")
    assert isinstance(size, QSpinBox)
    common = size.value()
    size.setFocus()
    size.selectAll()
    qtbot.keyClicks(size, "77")
    qtbot.keyClick(size, Qt.Key.Key_Return)
    session.set_current_class(3)
    assert size.value() == common
    session.set_current_class(5)
    assert size.value() == 77


def test_the_rule_keeps_its_words_beside_specks_that_wait(placed: ToolOptions, session: Session) -> None:
    session.set_rule(locked=frozenset({2}))
    tool = make_tool("cleanup", session)
    tool.set_value("what", "specks")
    placed.set_tool(tool)
    fit(placed, 992)
    tool.pending = lambda: True  # type: ignore[method-assign]
    tool.note = lambda: "Changes 385 pixels in the whole picture"  # type: ignore[method-assign]
    tool.show()  # what the row needs without captions counts at once
    assert placed.cancel_button.isVisible()
    assert placed.rule.text().startswith("Paint anywhere · 1 locked")


@pytest.mark.parametrize("what", ["gaps", "specks", "holes", "smooth"])
def test_the_count_of_what_would_change_is_readable_in_a_narrow_window(
    placed: ToolOptions, session: Session, what: str
) -> None:
    tool = make_tool("cleanup", session)
    tool.set_value("what", what)
    placed.set_tool(tool)
    fit(placed, 992)
    tool.pending = lambda: True  # type: ignore[method-assign]
    tool.note = lambda: "Changes 43 096 pixels in the whole picture"  # type: ignore[method-assign]
    tool.show()
    QApplication.processEvents()
    assert not placed.hint.is_elided()
