"""Boxes to tick and rings to choose from that can be seen: Fusion's have hardly an edge on dark."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QCheckBox,
    QRadioButton,
    QStyle,
    QStyleOptionButton,
)

from app.panels.style import tint

_CORNER = 2.0
_EDGE = 0.5  # opacity: a contrast of 3 against the window on light and dark
_EDGE_DISABLED = 0.2


class TickBox(QCheckBox):
    """A check box with an edge."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        place = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)
        _paint_edge(self, QRectF(place), corner=_CORNER)


class RingButton(QRadioButton):
    """A radio button with an edge."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        place = self.style().subElementRect(QStyle.SubElement.SE_RadioButtonIndicator, option, self)
        _paint_edge(self, QRectF(place), corner=place.width() / 2)


def _paint_edge(button: QAbstractButton, place: QRectF, *, corner: float) -> None:
    painter = QPainter(button)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colour = button.palette().color(QPalette.ColorGroup.Active, QPalette.ColorRole.WindowText)
    painter.setPen(QPen(tint(colour, _EDGE if button.isEnabled() else _EDGE_DISABLED), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), corner, corner)
    painter.end()
