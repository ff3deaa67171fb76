"""Buttons that show a class: the current one with its name, and the recent ones with their digits."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QToolButton, QWidget

from app.panels.class_texts import class_label, class_name, class_tip
from app.panels.icons import paint_swatch
from app.panels.rows import LEFT
from app.panels.style import HALF, ICON, RADIUS, UNIT, accent, muted, small, tint

WIDEST = "150 chest of drawers"  # longer names are elided; the tooltip has them whole
NARROWEST = "150 chest"
CHEVRON = 8


class _FlatButton(QToolButton):
    """Nothing but its content, until the mouse or the keyboard is on it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.class_id = 0

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text = self.palette().color(QPalette.ColorRole.ButtonText)
        strength = 0.14 if self.isDown() else 0.07 if self.underMouse() else self.resting()
        painter.setPen(QPen(accent(self.palette()), 1.5) if self.hasFocus() else Qt.PenStyle.NoPen)
        painter.setBrush(tint(text, strength))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.75, 0.75, -0.75, -0.75), RADIUS, RADIUS)
        self.paint_content(painter)
        painter.end()

    def resting(self) -> float:
        """How strong the back is while nothing happens, 0..1."""
        return 0.0

    def paint_content(self, painter: QPainter) -> None:
        """What the button shows."""
        raise AssertionError("each button paints its own content")


class CurrentClassButton(_FlatButton):
    """Swatch, number and name of the class to paint with, and the sign that there are others."""

    _narrow = False

    def show_class(self, class_id: int) -> None:
        """Show this class, 0..150."""
        self.class_id = class_id
        self.setAccessibleName(f"Current class: {class_label(class_id)}")
        self.setToolTip(f"Current class: {class_tip(class_id)}\nClick to choose another (C)")
        self.update()

    def set_narrow(self, *, narrow: bool) -> None:
        """Room for the beginning of the name only."""
        if narrow is not self._narrow:
            self._narrow = narrow
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        text = metrics.horizontalAdvance(NARROWEST if self._narrow else WIDEST)
        return QSize(ICON + text + 5 * UNIT, metrics.height() + UNIT + HALF)

    def resting(self) -> float:
        return 0.05

    def paint_content(self, painter: QPainter) -> None:
        palette, metrics, height = self.palette(), self.fontMetrics(), self.height()
        paint_swatch(painter, QRectF(UNIT, (height - ICON) / 2, ICON, ICON), self.class_id)
        left, number = UNIT + ICON + UNIT, str(self.class_id)
        end = self.width() - 2 * UNIT - CHEVRON
        painter.setPen(muted(palette))
        painter.drawText(QRect(left, 0, end - left, height), LEFT, number)
        left += metrics.horizontalAdvance(number) + UNIT - 2
        painter.setPen(palette.color(QPalette.ColorRole.ButtonText))
        name = metrics.elidedText(class_name(self.class_id), Qt.TextElideMode.ElideRight, end - left)
        painter.drawText(QRect(left, 0, end - left, height), LEFT, name)
        x, y = self.width() - UNIT - CHEVRON, height / 2
        pen = QPen(muted(palette), 1.5)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        middle = QPointF(x + CHEVRON / 2, y + 2)
        painter.drawPolyline([QPointF(x, y - 2), middle, QPointF(x + CHEVRON, y - 2)])


class RecentClassButton(_FlatButton):
    """A digit and the swatch of the class it picks; the class in hand has a ring."""

    def __init__(self, digit: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.digit = digit
        self._in_hand = False

    def show_class(self, class_id: int, *, in_hand: bool) -> None:
        """Show this class, 0..150; `in_hand` when it is the current one."""
        self.class_id, self._in_hand = class_id, in_hand
        self.setToolTip(f"{class_label(class_id)} ({self.digit})")
        self.setAccessibleName(f"Recent class {self.digit}: {class_label(class_id)}")
        self.update()

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance("8") + ICON + 2 * UNIT, metrics.height() + UNIT + HALF)

    def paint_content(self, painter: QPainter) -> None:
        height = self.height()
        square = QRectF(self.width() - HALF - 2 - ICON, (height - ICON) / 2, ICON, ICON)
        painter.setFont(small(self.font()))
        painter.setPen(muted(self.palette()))
        painter.drawText(QRectF(HALF, 0, square.left() - HALF, height), LEFT, str(self.digit))
        if self._in_hand:
            painter.setPen(QPen(accent(self.palette()), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(square.adjusted(-0.5, -0.5, 0.5, 0.5), RADIUS + 1, RADIUS + 1)
            square = square.adjusted(2, 2, -2, -2)
        else:
            square = square.adjusted(1, 1, -1, -1)
        paint_swatch(painter, square, self.class_id)
