"""The answers a tool lets one go through, on a card over the corner of the picture: class and probability of each."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QWidget

from app.panels.class_texts import class_name
from app.panels.icons import paint_swatch
from app.panels.style import HALF, RADIUS, UNIT, muted, tint
from app.tools.base import Choices

SWATCH = 14
_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight


class ChoicesCard(QWidget):
    """Shows itself while there are answers; a click on one goes there, and none reaches the picture behind."""

    picked = Signal(int)  # how many answers further the one is that was clicked; negative for back

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._choices: Choices | None = None
        self._hovered = -1
        self.setMouseTracking(True)
        self.setAccessibleName("Answers to go through")
        self.hide()

    @property
    def choices(self) -> Choices | None:
        """What is shown."""
        return self._choices

    def show_choices(self, choices: Choices | None) -> None:
        """Show these answers; None takes the card away."""
        if choices == self._choices:
            return
        self._choices = choices
        self.setVisible(choices is not None)
        if choices is not None:
            self.setAccessibleDescription(self._words(choices))
            self.resize(self.sizeHint())
            self.move(UNIT, UNIT)
            self.raise_()
            self.update()

    def row_at(self, y: float) -> int:
        """The row at a height of the card; -1 where there is none."""
        row = int((y - HALF) // self._line()) - 1
        return row if self._choices is not None and 0 <= row < len(self._choices.rows) else -1

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self.row_at(event.position().y())
        if self._choices is not None and row >= 0 and event.button() is Qt.MouseButton.LeftButton:
            self.picked.emit(row - self._choices.active)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.row_at(event.position().y()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)
        super().leaveEvent(event)

    def _hover(self, row: int) -> None:
        if row != self._hovered:
            self._hovered = row
            hand = Qt.CursorShape.PointingHandCursor if row >= 0 else Qt.CursorShape.ArrowCursor
            self.setCursor(hand)
            self.update()

    def sizeHint(self) -> QSize:
        if self._choices is None:
            return QSize(0, 0)
        metrics = self.fontMetrics()
        rows = [self._texts(row) for row in self._choices.rows]
        names = max((metrics.horizontalAdvance(name) for name, _ in rows), default=0)
        shares = max((metrics.horizontalAdvance(share) for _, share in rows), default=0)
        wide = max(SWATCH + UNIT + names + 2 * UNIT + shares, metrics.horizontalAdvance(self._choices.title))
        return QSize(wide + 2 * UNIT, self._line() * (len(rows) + 1) + UNIT)

    def _words(self, choices: Choices) -> str:
        answers = ", ".join(" ".join(self._texts(row)) for row in choices.rows)
        chosen = choices.rows[choices.active : choices.active + 1]
        return f"{answers}; chosen: {self._texts(chosen[0])[0]}" if chosen else answers

    def _line(self) -> int:
        return self.fontMetrics().height() + HALF

    @staticmethod
    def _texts(row: tuple[int, float]) -> tuple[str, str]:
        return class_name(row[0]), f"{row[1]:.2f}"

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self._choices is None:
            return
        painter, palette, line = QPainter(self), self.palette(), self._line()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tint(palette.color(QPalette.ColorRole.Text), 0.2), 1))
        painter.setBrush(tint(palette.color(QPalette.ColorRole.Base), 0.94))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        rows = QRectF(self.rect()).adjusted(UNIT, HALF, -UNIT, -HALF)
        painter.setPen(muted(palette))
        painter.drawText(QRectF(rows.left(), rows.top(), rows.width(), line), _LEFT, self._choices.title)
        for index, answer in enumerate(self._choices.rows):
            row = QRectF(rows.left(), rows.top() + (index + 1) * line, rows.width(), line)
            if index in (self._choices.active, self._hovered):
                painter.setPen(Qt.PenStyle.NoPen)
                active = index == self._choices.active
                role = QPalette.ColorRole.Accent if active else QPalette.ColorRole.Text
                painter.setBrush(tint(palette.color(role), 0.22 if active else 0.07))
                painter.drawRoundedRect(row.adjusted(-HALF, 0, HALF, 0), RADIUS, RADIUS)
            paint_swatch(painter, QRectF(row.left(), row.center().y() - SWATCH / 2, SWATCH, SWATCH), answer[0])
            painter.setPen(palette.color(QPalette.ColorRole.Text))
            name, share = self._texts(answer)
            painter.drawText(row.adjusted(SWATCH + UNIT, 0, 0, 0), _LEFT, name)
            painter.drawText(row, _RIGHT, share)
