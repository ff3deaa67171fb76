"""The controls of one tool, built from its options: a box of choices, a slider with its number, or a tick."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import assert_never

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QWidget,
)

from app.panels.number import SelectAll
from app.panels.slider import Slider
from app.panels.style import UNIT
from app.panels.ticks import TickBox
from app.tools.base import Tool
from app.tools.options import Choice, Flag, Number, Option

_STEPS = 240  # of a slider, at most


class OptionRow(QWidget):
    """One tool's options side by side; they follow the tool when its wheel or keys change them."""

    def __init__(self, tool: Tool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tool = tool
        self._controls: dict[str, QWidget] = {}
        self._sliders: dict[str, Slider] = {}
        self._sliding = True
        self._captioned = True
        self._widgets: dict[str, list[QWidget]] = {}  # of each option, its label included
        row = self._row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(UNIT)
        for option in tool.options:
            widgets = self._make(option)
            for widget in widgets:
                widget.setAccessibleName(option.label)
                widget.setToolTip(option.tip or option.label)
            if not isinstance(option, Flag):
                label = QLabel(option.label, self)
                label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
                widgets.insert(0, label)
            for widget in widgets:
                row.addWidget(widget)
            self._widgets[option.key] = widgets
        self.follow()

    def use(self, tool: Tool) -> None:
        """The same kind of tool was taken in hand again."""
        self._tool = tool
        self.follow()

    def control(self, key: str) -> QWidget:
        """The control of an option: a box, a number field or a tick."""
        return self._controls[key]

    def slider(self, key: str) -> Slider:
        """The slider of a number."""
        return self._sliders[key]

    def follow(self) -> None:
        """Show the options as they are set."""
        for option in self._tool.options:
            value, control = self._tool.value(option.key), self._controls[option.key]
            with QSignalBlocker(control):
                if isinstance(control, QComboBox):
                    control.setCurrentIndex(control.findData(value))
                elif isinstance(control, QCheckBox):
                    control.setChecked(value)
                elif isinstance(control, QSpinBox | QDoubleSpinBox):
                    control.setValue(value)
            if isinstance(option, Number):
                slider = self._sliders[option.key]
                with QSignalBlocker(slider):
                    if not slider.isSliderDown():  # else rounding would pull at the handle
                        slider.setValue(step_of(option, value))
            for widget in self._widgets[option.key]:
                spared = isinstance(widget, Slider) and not self._sliding
                spared |= isinstance(widget, QLabel) and not self._captioned
                widget.setVisible(self._means(option) and not spared)
        self._row.invalidate()
        self.updateGeometry()  # how much room it needs counts at once, before Qt lays the window out

    def show_sliders(self, *, shown: bool) -> None:
        """Without the sliders the row needs less room; the numbers stay."""
        if shown is not self._sliding:
            self._sliding = shown
            self.follow()

    def show_captions(self, *, shown: bool) -> None:
        """Without the captions it needs less still; the tooltips say the same."""
        if shown is not self._captioned:
            self._captioned = shown
            self.follow()

    def _means(self, option: Option) -> bool:
        return option.only is None or self._tool.value(option.only[0]) in option.only[1]

    def _make(self, option: Option) -> list[QWidget]:
        match option:
            case Choice():
                return [self._make_choice(option)]
            case Number():
                return self._make_number(option)
            case Flag():
                return [self._make_flag(option)]
            case unexpected:
                assert_never(unexpected)

    def _make_choice(self, option: Choice) -> QWidget:
        box = QComboBox(self)
        for value, text in option.choices:
            box.addItem(text, value)
        box.currentIndexChanged.connect(lambda index: self._tool.set_value(option.key, box.itemData(index)))
        self._controls[option.key] = box
        return box

    def _make_number(self, option: Number) -> list[QWidget]:
        slider = Slider(self)
        slider.setRange(0, len(stops(option)) - 1)
        slider.setPageStep(max(1, slider.maximum() // 10))
        slider.setFixedWidth(12 * UNIT)
        slider.valueChanged.connect(lambda step: self._tool.set_value(option.key, value_at(option, step)))
        field: QSpinBox | QDoubleSpinBox
        if option.decimals:
            field = QDoubleSpinBox(self, decimals=option.decimals, singleStep=10.0**-option.decimals)
            field.setRange(option.low, option.high)
        else:
            field = QSpinBox(self)
            field.setRange(round(option.low), round(option.high))
        field.setSuffix(option.suffix)
        field.setKeyboardTracking(False)
        SelectAll(field)
        field.valueChanged.connect(lambda value: self._tool.set_value(option.key, value))
        self._controls[option.key], self._sliders[option.key] = field, slider
        return [slider, field]

    def _make_flag(self, option: Flag) -> QWidget:
        box = TickBox(option.label, self)
        box.toggled.connect(lambda on: self._tool.set_value(option.key, on))
        self._controls[option.key] = box
        return box


@lru_cache
def stops(option: Number) -> tuple[float, ...]:
    """The numbers that its slider goes through: every step of it is another number, also where there are few."""
    span, ratio = option.high - option.low, option.high / option.low if option.geometric else 1.0
    parts = [step / _STEPS for step in range(_STEPS + 1)]
    exact = [option.low * math.pow(ratio, part) if option.geometric else option.low + span * part for part in parts]
    return tuple(sorted({round(number, option.decimals) for number in exact}))


def value_at(option: Number, step: int) -> float:
    """The number at a step of its slider."""
    return stops(option)[step]


def step_of(option: Number, value: float) -> int:
    """The step of the slider that is nearest to a number."""
    numbers = stops(option)
    return min(range(len(numbers)), key=lambda step: abs(numbers[step] - value))
