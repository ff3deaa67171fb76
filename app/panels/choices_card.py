"""The answers a tool lets one go through, on a card over the corner of the picture: class and figures of each."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from app.panels.class_texts import class_name
from app.panels.icons import paint_swatch
from app.panels.style import HALF, RADIUS, UNIT, muted, small, tint
from app.tools.base import Choices

SWATCH = 14
MOST = 7  # answers at a time; the others are gone through or scrolled to
_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
_NOTCH = 120  # of a wheel


class ChoicesCard(QWidget):
    """Shows itself while there are answers; a click on one goes there, and none reaches the picture behind.

    Of many it shows those around the chosen one, and says how many there are before and after them.
    """

    picked = Signal(int)  # how many answers further the one is that was clicked; negative for back

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._choices: Choices | None = None
        self._hovered = -1
        self._turned = 0  # what the wheel was turned by and did not make a notch yet
        self.setMouseTracking(True)
        self.setAccessibleName("Answers to go through")
        self.hide()

    @property
    def choices(self) -> Choices | None:
        """What is gone through."""
        return self._choices

    def show_choices(self, choices: Choices | None) -> None:
        """Show these answers; None takes the card away."""
        if choices == self._choices:
            return
        self._choices = choices
        self.setVisible(choices is not None)
        if choices is not None:
            self.setAccessibleDescription(self._words(choices))
            self.setToolTip(choices.tip)
            self.resize(self.sizeHint())
            self.move(UNIT, UNIT)
            self.raise_()
            self.update()

    def shown(self) -> range:
        """The answers that can be seen: the chosen one in the middle of them, unless it is near an end."""
        if self._choices is None:
            return range(0)
        count, most = len(self._choices.rows), self._most()
        first = min(max(0, self._choices.active - most // 2), max(0, count - most))
        return range(first, min(count, first + most))

    def row_at(self, y: float) -> int:
        """The answer at a height of the card; -1 where there is none."""
        row, shown = int((y - HALF) // self._line()) - 1, self.shown()
        return shown[row] if 0 <= row < len(shown) else -1

    def more(self) -> str:
        """How many answers there are that cannot be seen; empty where all are."""
        if self._choices is None:
            return ""
        shown, count = self.shown(), len(self._choices.rows)
        before, after = shown.start, count - shown.stop
        parts = [f"{before} more above"] if before else []
        parts += [f"{after} more below"] if after else []
        return " · ".join(parts)

    # --- mouse -----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = self.row_at(event.position().y())
        if self._choices is not None and row >= 0 and event.button() is Qt.MouseButton.LeftButton:
            self.picked.emit(row - self._choices.active)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel goes through the answers here; towards the hand is down the list."""
        event.accept()
        self._turned += event.angleDelta().y()
        notches = int(self._turned / _NOTCH)
        self._turned -= notches * _NOTCH
        if notches:
            self.picked.emit(-notches)

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

    # --- size ------------------------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """As wide as the widest of all answers, so that going through them moves nothing."""
        choices = self._choices
        if choices is None:
            return QSize(0, 0)
        metrics = self.fontMetrics()
        names = max((metrics.horizontalAdvance(class_name(row[0])) for row in choices.rows), default=0)
        figures = self._figure_width() * len(choices.heads)
        wide = max(SWATCH + UNIT + names + UNIT, metrics.horizontalAdvance(choices.title) + UNIT) + figures
        lines = 1 + len(self.shown()) + (len(choices.rows) > len(self.shown()))
        return QSize(wide + 2 * UNIT, self._line() * lines + UNIT)

    def _most(self) -> int:
        """How many answers there is room for, two lines of words beside them."""
        parent = self.parentWidget()
        room = parent.height() - 3 * UNIT if parent is not None else 0
        return max(1, min(MOST, room // self._line() - 2))

    def _figure_width(self) -> int:
        heads = () if self._choices is None else self._choices.heads
        return UNIT + max(self.fontMetrics().horizontalAdvance(text) for text in ("0.00", *heads))

    def _line(self) -> int:
        return self.fontMetrics().height() + HALF

    def _words(self, choices: Choices) -> str:
        shown = self.shown()
        answers = ", ".join(self._said(choices.rows[row]) for row in shown)
        chosen = [choices.rows[choices.active]] if choices.active >= 0 else []
        more = [self.more()] if self.more() else []
        return "; ".join([answers, *more, *(f"chosen: {class_name(row[0])}" for row in chosen)])

    @staticmethod
    def _said(row: tuple[int, *tuple[float, ...]]) -> str:
        return " ".join([class_name(row[0]), *(f"{figure:.2f}" for figure in row[1:])])

    # --- drawing ---------------------------------------------------------------------------------------------------

    def paintEvent(self, _event: QPaintEvent) -> None:
        choices = self._choices
        if choices is None:
            return
        painter, palette, line = QPainter(self), self.palette(), self._line()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tint(palette.color(QPalette.ColorRole.Text), 0.2), 1))
        painter.setBrush(tint(palette.color(QPalette.ColorRole.Base), 0.94))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        place = QRectF(UNIT, HALF, self.width() - 2 * UNIT, line)
        painter.setPen(muted(palette))
        painter.drawText(place, _LEFT, choices.title)
        self._paint_figures(painter, place, choices.heads)
        for row in self.shown():
            place.translate(0, line)
            self._paint_answer(painter, place, row)
        if self.more():
            place.translate(0, line)
            painter.setPen(muted(palette))
            painter.setFont(small(self.font()))
            painter.drawText(place.adjusted(SWATCH + UNIT, 0, 0, 0), _LEFT, self.more())

    def _paint_answer(self, painter: QPainter, place: QRectF, row: int) -> None:
        choices, palette = self._choices, self.palette()
        if choices is None:
            return
        if row in (choices.active, self._hovered):
            painter.setPen(Qt.PenStyle.NoPen)
            active = row == choices.active
            role = QPalette.ColorRole.Accent if active else QPalette.ColorRole.Text
            painter.setBrush(tint(palette.color(role), 0.22 if active else 0.07))
            painter.drawRoundedRect(place.adjusted(-HALF, 0, HALF, 0), RADIUS, RADIUS)
        class_id, *figures = choices.rows[row]
        paint_swatch(painter, QRectF(place.left(), place.center().y() - SWATCH / 2, SWATCH, SWATCH), class_id)
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        painter.drawText(place.adjusted(SWATCH + UNIT, 0, 0, 0), _LEFT, class_name(class_id))
        self._paint_figures(painter, place, tuple(f"{figure:.2f}" for figure in figures))

    def _paint_figures(self, painter: QPainter, place: QRectF, texts: tuple[str, ...]) -> None:
        """From the right, each in its column."""
        for column, text in enumerate(reversed(texts)):
            painter.drawText(place.adjusted(0, 0, -column * self._figure_width(), 0), _RIGHT, text)
