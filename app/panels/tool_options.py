"""The options of the tool in hand, the current class and the recent ones: one row above the canvas."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Signal
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QSpinBox, QWidget

from app.panels.class_button import CurrentClassButton, RecentClassButton
from app.panels.class_picker import ClassPicker
from app.panels.hint_label import HintLabel
from app.panels.number import SelectAll
from app.panels.option_row import OptionRow
from app.panels.rule_button import RuleButton
from app.panels.slider import Slider
from app.panels.style import HALF, UNIT
from app.tools.base import Tool

if TYPE_CHECKING:
    from app.editing.session import Session

RECENT = 9
LEAST = 60 * UNIT  # the row can do with this
HINT, NOTE = 34 * UNIT, 50 * UNIT  # room for a hint and for a note at most, while there are recent classes to spare
SMALLEST, LARGEST = 1, 2000  # brush diameters in image pixels
# Each step is about 3 % larger and at least one pixel, so that every step changes the brush and small sizes have room.
SIZES: tuple[int, ...] = tuple(sorted({round(math.pow(LARGEST, step / 240)) for step in range(241)}))


def size_of(step: int) -> int:
    """The brush diameter at a step of the slider."""
    return SIZES[step]


def step_of(size: int) -> int:
    """The step of the slider that is nearest to a diameter."""
    return min(range(len(SIZES)), key=lambda step: abs(SIZES[step] - size))


class ToolOptions(QWidget):
    """Current class and recent ones, brush size and options of the tool in hand, what it says, and the rule."""

    accepted = Signal()
    cancelled = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.picker = ClassPicker(self)
        self.current = CurrentClassButton(self)
        self.recent = [RecentClassButton(digit, self) for digit in range(1, RECENT + 1)]
        self.size_label = QLabel("Size", self)
        self.size_slider = Slider(self)
        self.size_number = QSpinBox(self, minimum=SMALLEST, maximum=LARGEST, suffix=" px")
        self.hint = HintLabel("", self)
        self.hint.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.hint.setAccessibleName("What the tool does")
        self.rule = RuleButton(session, self)
        self.accept_button = QPushButton("Accept", self)
        self.accept_button.setToolTip("Make this a correction (Return)")
        self.cancel_button = QPushButton("Cancel", self)
        self.cancel_button.setToolTip("Leave the picture as it is (Esc)")
        self._tool: Tool | None = None
        self.rows: dict[str, OptionRow] = {}
        self._room = 0  # what hint or note should have, and what it must have
        self._least = 0
        self._build()
        self._connect()
        self._show_class()
        self._show_size(session.brush_size)
        self._follow_tool()

    def set_tool(self, tool: Tool) -> None:
        """Show the options and the hint of this tool."""
        self._tool = tool
        if tool.id not in self.rows:
            row = self.rows[tool.id] = OptionRow(tool, self)
            self._options.addWidget(row)
        for tool_id, row in self.rows.items():
            row.setVisible(tool_id == tool.id)
        self.rows[tool.id].use(tool)
        for widget in (self.size_label, self.size_slider, self.size_number):
            widget.setVisible(tool.sized)
        self._line.setVisible(tool.sized or bool(tool.options))
        self._follow_tool()
        self._fit()

    def _follow_tool(self) -> None:
        """What the tool says of its state, and whether there is something to accept."""
        tool = self._tool
        waiting, note = tool is not None and tool.pending(), "" if tool is None else tool.note()
        text = note or ("" if tool is None else tool.hint)
        self.accept_button.setEnabled(tool is not None and tool.acceptable())
        if text == self.hint.text() and waiting == self.cancel_button.isVisibleTo(self):
            return
        self.hint.setText(text)
        # What a tool says of its state matters more than what it always says.
        short = min(self.hint.width_on_two_lines(), HINT)
        self._room, self._least = (self._width(text), short) if note else (short, 0)
        self.accept_button.setVisible(waiting)
        self.cancel_button.setVisible(waiting)
        self._fit()

    def _width(self, text: str) -> int:
        """The room that a note should have."""
        return min(self.hint.fontMetrics().horizontalAdvance(f"{text} "), NOTE)

    def _value_changed(self, name: str) -> None:
        self._follow_options(name.partition(".")[0])

    def _follow_options(self, tool_id: str) -> None:
        row = self.rows.get(tool_id)
        if row is not None:
            row.follow()
            self._fit()

    def _document_changed(self) -> None:
        """What nobody has set goes by the picture."""
        if self._tool is not None:
            self._follow_options(self._tool.id)

    def _build(self) -> None:
        self.size_label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.size_slider.setRange(0, len(SIZES) - 1)
        self.size_slider.setPageStep(len(SIZES) // 10)
        self.size_slider.setFixedWidth(17 * UNIT)
        for control in (self.size_slider, self.size_number):
            control.setAccessibleName("Brush size")
            control.setToolTip("Brush diameter in picture pixels ([ and ], Ctrl+wheel)")
        self.size_number.setKeyboardTracking(False)
        SelectAll(self.size_number)
        self._line = QFrame(self, frameShape=QFrame.Shape.VLine, frameShadow=QFrame.Shadow.Plain)
        self._line.setForegroundRole(QPalette.ColorRole.Mid)
        row = QHBoxLayout(self)
        row.setContentsMargins(UNIT, HALF, UNIT, HALF)
        row.setSpacing(UNIT)
        row.addWidget(self.current)
        self._recent_row = QHBoxLayout()
        self._recent_row.setSpacing(0)
        for button in self.recent:
            self._recent_row.addWidget(button)
        row.addLayout(self._recent_row)
        row.addSpacing(UNIT)
        for widget in (self.size_label, self.size_slider, self.size_number):
            row.addWidget(widget)
        self._options = QHBoxLayout()
        row.addLayout(self._options)
        row.addWidget(self.accept_button)
        row.addWidget(self.cancel_button)
        row.addWidget(self._line)
        row.addWidget(self.hint, 1)
        row.addWidget(self.rule)
        self._row = row
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumHeight(self.sizeHint().height())  # the row keeps its height when the size controls hide

    def _connect(self) -> None:
        session = self._session
        session.current_class_changed.connect(self._show_class)
        session.brush_size_changed.connect(self._show_size)
        session.tool_changed.connect(self._follow_tool)
        session.tool_value_changed.connect(self._value_changed)
        session.rule_changed.connect(self._fit)
        session.document_changed.connect(self._document_changed)
        self.accept_button.clicked.connect(self.accepted)
        self.cancel_button.clicked.connect(self.cancelled)
        self.current.clicked.connect(self.choose_class)
        for button in self.recent:
            button.clicked.connect(lambda _checked=False, digit=button.digit: self._use_recent(digit))
        self.picker.picked.connect(session.set_current_class)
        self.size_slider.valueChanged.connect(lambda step: session.set_brush_size(size_of(step)))
        self.size_number.valueChanged.connect(session.set_brush_size)

    def choose_class(self) -> None:
        """Open the class picker under the button of the current class."""
        self.picker.open_at(self.current, recent=self._session.recent_classes)

    def _use_recent(self, digit: int) -> None:
        recent = self._session.recent_classes
        if digit <= len(recent):
            self._session.set_current_class(recent[digit - 1])

    def _show_class(self) -> None:
        class_id, recent = self._session.current_class, self._session.recent_classes
        self.current.show_class(class_id)
        for button in self.recent[: len(recent)]:
            recent_id = recent[button.digit - 1]
            button.show_class(recent_id, in_hand=recent_id == class_id)
        if self._tool is not None and self._tool.id in self.rows:
            self.rows[self._tool.id].follow()  # an option may be remembered by class
        self._fit()

    # --- room ------------------------------------------------------------------------------------------------------

    def minimumSizeHint(self) -> QSize:
        return QSize(LEAST, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """A narrow window takes away what can be had otherwise, one after the other: recent classes, which keep their
        digits, the sliders beside their numbers, the class's name, the captions, and last the words of the rule: they
        are nowhere else in the window, and what they leave of a note is told by its tooltip."""
        recent = len(self._session.recent_classes)
        for button in self.recent:
            button.setVisible(button.digit <= recent)
        self.rule.set_compact(compact=False)
        self.current.set_narrow(narrow=False)
        self._show_sliders(shown=True)
        self._show_captions(shown=True)
        for button in reversed(self.recent[:recent]):
            if self._needed() + self._room <= self.width():
                return
            button.hide()
        steps: tuple[tuple[int, Callable[[], None]], ...] = (
            (self._least, lambda: self._show_sliders(shown=False)),
            (self._least, lambda: self.current.set_narrow(narrow=True)),
            (self._least, lambda: self._show_captions(shown=False)),
            (0, lambda: self.rule.set_compact(compact=True)),
        )
        for least, step in steps:
            if self._needed() + least <= self.width():
                return
            step()

    def _needed(self) -> int:
        for layout in (self._recent_row, self._options, self._row):
            layout.invalidate()  # what was hidden or shown just now counts at once
        return self._row.minimumSize().width()

    def _show_sliders(self, *, shown: bool) -> None:
        self.size_slider.setVisible(shown and self._tool is not None and self._tool.sized)
        if self._tool is not None:
            self.rows[self._tool.id].show_sliders(shown=shown)

    def _show_captions(self, *, shown: bool) -> None:
        self.size_label.setVisible(shown and self._tool is not None and self._tool.sized)
        if self._tool is not None:
            self.rows[self._tool.id].show_captions(shown=shown)

    def _show_size(self, size: int) -> None:
        with QSignalBlocker(self.size_slider), QSignalBlocker(self.size_number):
            if size_of(self.size_slider.value()) != size:  # else a size between two steps would pull the handle
                self.size_slider.setValue(step_of(size))
            self.size_number.setValue(size)
