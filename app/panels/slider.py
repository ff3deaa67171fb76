"""The slider of the application: Qt's own, painted calmly, and going to where it is clicked."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSlider, QWidget

from app.panels.style import HALF, UNIT, accent, muted, tint

HANDLE = 14.0
GROOVE = 4.0


class Slider(QSlider):
    """A horizontal slider that jumps to a click instead of stepping towards it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:
        return QSize(16 * UNIT, 3 * UNIT)

    def minimumSizeHint(self) -> QSize:
        return QSize(6 * UNIT, 3 * UNIT)

    def x_of(self, value: float) -> float:
        """Where `value` lies, in widget coordinates."""
        span = max(1, self.maximum() - self.minimum())
        return self._inset() + (value - self.minimum()) / span * (self.width() - 2 * self._inset())

    def value_at(self, x: float) -> int:
        """The value at widget coordinate `x`, within the range."""
        room = max(1.0, self.width() - 2 * self._inset())
        value = self.minimum() + (x - self._inset()) / room * (self.maximum() - self.minimum())
        return max(self.minimum(), min(self.maximum(), round(value)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self.setSliderDown(True)
        self.setSliderPosition(self.value_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self.setSliderPosition(self.value_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self.setSliderDown(False)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint_groove(painter, self.height() / 2)
        painter.end()

    def paint_groove(self, painter: QPainter, y: float) -> None:
        """The groove, filled up to the handle, and the handle, around height `y`."""
        palette = self.palette()
        left, right, at = self.x_of(self.minimum()), self.x_of(self.maximum()), self.x_of(self.sliderPosition())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tint(palette.color(QPalette.ColorRole.WindowText), 0.16))
        painter.drawRoundedRect(QRectF(left, y - GROOVE / 2, right - left, GROOVE), GROOVE / 2, GROOVE / 2)
        painter.setBrush(self.fill_colour())
        painter.drawRoundedRect(self.filled(left, at, right, y), GROOVE / 2, GROOVE / 2)
        if self.hasFocus():
            painter.setBrush(tint(accent(palette), 0.28))
            painter.drawEllipse(QPointF(at, y), HANDLE / 2 + HALF - 1, HANDLE / 2 + HALF - 1)
        strong = self.isEnabled() and (self.hasFocus() or self.underMouse() or self.isSliderDown())
        rim = accent(palette) if strong else muted(palette)
        painter.setPen(QPen(rim if self.isEnabled() else tint(rim, 0.4), 1.5))
        painter.setBrush(palette.color(QPalette.ColorRole.Base))
        painter.drawEllipse(QPointF(at, y), HANDLE / 2 - 1, HANDLE / 2 - 1)

    def fill_colour(self) -> QColor:
        """The colour of the part that counts."""
        return accent(self.palette())

    def filled(self, left: float, at: float, _right: float, y: float) -> QRectF:
        """The part of the groove that counts: here, what lies before the handle."""
        return QRectF(left, y - GROOVE / 2, at - left, GROOVE)

    def _inset(self) -> float:
        return HANDLE / 2 + HALF - 1  # room for the ring that shows the keyboard
