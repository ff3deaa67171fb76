"""A row of two or three choices, one of them on: radio buttons in the shape of a segmented control."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QHBoxLayout, QRadioButton, QSizePolicy, QWidget

from app.panels.style import HALF, RADIUS, UNIT, accent, is_dark, tint


class Choice(NamedTuple):
    """One of the choices; `value` is what the bar reports."""

    value: object
    text: str
    tip: str


class ChoiceBar(QWidget):
    """Shows the choices side by side; arrow keys move between them as in any group of radio buttons."""

    chosen = Signal(object)

    def __init__(self, name: str, choices: Sequence[Choice], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(2)
        self._buttons: dict[object, _Segment] = {}
        for choice in choices:
            button = _Segment(choice.text, self)
            button.setToolTip(choice.tip)
            button.setAccessibleName(choice.text)
            button.setAccessibleDescription(choice.tip)
            button.toggled.connect(lambda on, value=choice.value: self.chosen.emit(value) if on else None)
            row.addWidget(button)
            self._buttons[choice.value] = button

    def set_choice(self, value: object) -> None:
        """Turn `value` on without reporting it."""
        for button in self._buttons.values():
            button.blockSignals(True)
        self._buttons[value].setChecked(True)
        for button in self._buttons.values():
            button.blockSignals(False)

    def choice(self) -> object | None:
        """The value that is on."""
        return next((value for value, button in self._buttons.items() if button.isChecked()), None)

    def button(self, value: object) -> QRadioButton:
        """The button of `value`."""
        return self._buttons[value]

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tint(self.palette().color(QPalette.ColorRole.WindowText), 0.08))
        painter.drawRoundedRect(QRectF(self.rect()), RADIUS + 1, RADIUS + 1)


class _Segment(QRadioButton):
    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self.text()) + 2 * UNIT, metrics.height() + UNIT)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def hitButton(self, pos: QPoint) -> bool:  # noqa: N802 - Qt's name
        return self.rect().contains(pos)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        text = palette.color(QPalette.ColorRole.ButtonText)
        if self.isChecked():
            painter.setPen(QPen(tint(palette.color(QPalette.ColorRole.WindowText), 0.12), 1))
            raised = QPalette.ColorRole.Light if is_dark(palette) else QPalette.ColorRole.Base
            painter.setBrush(palette.color(raised))
            painter.drawRoundedRect(rect, RADIUS, RADIUS)
        elif self.isEnabled():
            text = tint(text, 0.9 if self.underMouse() else 0.72)
        if self.hasFocus():
            painter.setPen(QPen(accent(palette), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        painter.setPen(text)
        inner = self.rect().adjusted(HALF, 0, -HALF, 0)
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, Qt.AlignmentFlag.AlignCenter, shown)
