"""How the loss of a training falls: every step as a thin line, the course of it as a thick one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.panels.style import HALF, UNIT, accent, muted, small, tint

_COURSE_SHARE = 0.03  # of all steps: how far back the smoothed line looks
_LEAST_COURSE = 4.0  # steps
_LABELS_DOWN, _LABELS_ALONG = 4, 5
_LEAST_SPAN = 0.05  # of the largest value: how far the axis of the losses reaches at least
_QUIET = 0.05  # of the losses, on either end, that may lie outside of what is drawn
_BY_KEYS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)
_NOTHING_YET = "The curve begins with the first step."
_TITLE, _ALONG = "Loss: how far the answers are from what they should be", "by step"


@dataclass(frozen=True)
class _Axis:
    """From `low` at 0 to `high` at 1, with a few round values to label."""

    low: float
    high: float
    labels: tuple[float, ...]

    def share(self, value: float) -> float:
        return (value - self.low) / (self.high - self.low)

    @classmethod
    def over(cls, low: float, high: float, *, most: int, whole: bool = False, grow: bool = False) -> _Axis:
        """`grow`: reach to the next round values."""
        span = max(high - low, 1.0 if whole else 1e-9 + max(abs(low), abs(high)) * _LEAST_SPAN)
        step = _round_step(span / most)
        step = max(step, 1.0) if whole else step
        if grow:
            low, high = math.floor(low / step) * step, math.ceil((low + span) / step) * step
        else:
            high = low + span
        first = math.ceil(low / step - 1e-9)
        last = math.floor(high / step + 1e-9)
        return cls(low, high, tuple(number * step for number in range(first, last + 1)))


def _round_step(least: float) -> float:
    """The next of 1, 2 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


class LossCurve(QWidget):
    """The loss over the steps of one training, those to come included. The arrow keys and the pointer read values."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._total = 1
        self._steps: list[int] = []
        self._losses: list[float] = []
        self._course: list[float] = []
        self._mark: int | None = None  # index of the step that is read
        self._framed = False  # the keyboard came here on purpose
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(24 * UNIT, 14 * UNIT)
        self.setAccessibleName("Loss")
        self._describe()

    def sizeHint(self) -> QSize:
        return QSize(56 * UNIT, 26 * UNIT)

    # --- what is shown ---------------------------------------------------------------------------------------------

    def begin(self, total: int, told: Iterable[tuple[int, float]] = ()) -> None:
        """A training of `total` steps, of which these (step, loss) are known."""
        self._total, self._mark = max(1, total), None
        self._steps, self._losses, self._course = [], [], []
        for step, loss in told:
            self._append(step, loss)
        self._describe()
        self.update()

    def add(self, step: int, loss: float, *, total: int) -> None:
        """One step more. One that is known already begins the curve anew from there: it was gone back to."""
        self._total = max(1, total)
        while self._steps and self._steps[-1] >= step:
            for values in (self._steps, self._losses, self._course):
                values.pop()
        if self._mark is not None and self._mark >= len(self._steps):
            self._mark = None
        self._append(step, loss)
        self._describe()
        self.update()

    def _append(self, step: int, loss: float) -> None:
        if not math.isfinite(loss):
            return
        before = self._course[-1] if self._course else loss
        weight = 1 / min(max(_LEAST_COURSE, self._total * _COURSE_SHARE), len(self._steps) + 1)
        self._steps.append(step)
        self._losses.append(loss)
        self._course.append(before + weight * (loss - before))

    @property
    def course(self) -> Sequence[float]:
        """The smoothed loss after each step that is known."""
        return tuple(self._course)

    @property
    def last_step(self) -> tuple[int, int] | None:
        """The last step that is known, and how many there will be; None before the first."""
        return (self._steps[-1], self._total) if self._steps else None

    def value_text(self, index: int) -> str:
        """What a step says, in words."""
        return f"Step {self._steps[index]:,}: loss {self._losses[index]:.3g}, smoothed {self._course[index]:.3g}"

    @property
    def marked(self) -> str:
        """What the step says that is read at the moment; empty when none is."""
        return "" if self._mark is None else self.value_text(self._mark)

    def _describe(self) -> None:
        if not self._steps:
            self.setAccessibleDescription(_NOTHING_YET)
            return
        self.setAccessibleDescription(
            f"After {self._steps[-1]:,} of {self._total:,} steps the smoothed loss is {self._course[-1]:.3g}; "
            f"it was {self._course[min(len(self._course), 8) - 1]:.3g} at the beginning."
        )

    # --- reading values --------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._read_at(event.position())
        if self._mark is not None:
            QToolTip.showText(event.globalPosition().toPoint(), self.value_text(self._mark), self)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if not self.hasFocus():
            self._read(None)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self._read_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.marked or self.accessibleDescription(), self)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = len(self._steps) - 1
        at = last if self._mark is None else self._mark
        page = max(1, len(self._steps) // 10)
        places = {
            Qt.Key.Key_Left: at - 1,
            Qt.Key.Key_Right: at + 1,
            Qt.Key.Key_PageUp: at - page,
            Qt.Key.Key_PageDown: at + page,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        place = places.get(Qt.Key(event.key()))
        if place is None or last < 0:
            super().keyPressEvent(event)
            return
        self._read(min(max(place, 0), last))
        QToolTip.showText(self.mapToGlobal(self._place(self._mark or 0).toPoint()), self.marked, self)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._framed = event.reason() in _BY_KEYS

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._framed = False
        self._read(None)

    def _read_at(self, position: QPointF) -> None:
        if not self._steps:
            return
        room, along = self._room(), self._along()
        wanted = along.low + (position.x() - room.left()) / max(1.0, room.width()) * (along.high - along.low)
        self._read(min(range(len(self._steps)), key=lambda index: abs(self._steps[index] - wanted)))

    def _read(self, index: int | None) -> None:
        if index != self._mark:
            self._mark = index
            self.update()

    # --- drawing ---------------------------------------------------------------------------------------------------

    def _along(self) -> _Axis:
        return _Axis.over(0, self._total, most=_LABELS_ALONG, whole=True)

    def _down(self) -> _Axis:
        if not self._losses:
            return _Axis(0, 1, ())
        ranked = sorted(self._losses)
        skipped = int(len(ranked) * _QUIET)
        low = min(ranked[skipped], min(self._course))
        high = max(ranked[len(ranked) - 1 - skipped], max(self._course))
        return _Axis.over(low, high, most=_LABELS_DOWN, grow=True)

    def _room(self) -> QRectF:
        """Where the lines are: the widget without what the labels need."""
        metrics = QFontMetricsF(small(self.font()))
        widest = max((metrics.horizontalAdvance(_text(value)) for value in self._down().labels), default=0.0)
        line = metrics.height()
        return QRectF(self.rect()).adjusted(widest + UNIT + HALF, line + UNIT, -UNIT - HALF, -line - UNIT)

    def _place(self, index: int) -> QPointF:
        return self._point(self._room(), self._along(), self._down(), index, self._course[index])

    def _point(self, room: QRectF, along: _Axis, down: _Axis, index: int, value: float) -> QPointF:
        across = room.left() + room.width() * along.share(self._steps[index])
        return QPointF(across, room.bottom() - room.height() * down.share(value))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(small(self.font()))
        room, along, down = self._room(), self._along(), self._down()
        if self._steps:
            self._paint_axes(painter, room, along, down)
            self._paint_lines(painter, room, along, down)
        else:
            painter.setPen(muted(self.palette()))
            painter.drawText(QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter, _NOTHING_YET)
        if self._framed:
            painter.setPen(QPen(tint(accent(self.palette()), 0.6), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), HALF, HALF)
        painter.end()

    def _paint_axes(self, painter: QPainter, room: QRectF, along: _Axis, down: _Axis) -> None:
        line = QPen(tint(self.palette().color(QPalette.ColorRole.Text), 0.12), 1)
        words = QPen(muted(self.palette()))
        height = painter.fontMetrics().height()
        for value in down.labels:
            y = math.floor(room.bottom() - room.height() * down.share(value)) + 0.5
            painter.setPen(line)
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            painter.setPen(words)
            place = QRectF(HALF, y - height / 2, room.left() - UNIT, height)
            painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, _text(value))
        free = -math.inf
        for value in along.labels:
            text, x = f"{value:,.0f}", room.left() + room.width() * along.share(value)
            width = painter.fontMetrics().horizontalAdvance(text) + 2.0
            left = min(max(x - width / 2, room.left() - width / 2), self.width() - width - HALF)
            if left > free:
                painter.drawText(QRectF(left, room.bottom() + HALF, width, height), Qt.AlignmentFlag.AlignCenter, text)
                free = left + width + UNIT
        title = QRectF(room.left(), HALF / 2, room.width(), height)
        painter.drawText(title, Qt.AlignmentFlag.AlignLeft, _TITLE)
        if painter.fontMetrics().horizontalAdvance(f"{_TITLE}  {_ALONG}") < room.width():
            painter.drawText(title, Qt.AlignmentFlag.AlignRight, _ALONG)

    def _paint_lines(self, painter: QPainter, room: QRectF, along: _Axis, down: _Axis) -> None:
        colour, drawn = accent(self.palette()), self._drawn(room)
        painter.save()
        painter.setClipRect(room.adjusted(-HALF, -HALF, HALF, HALF))
        for values, pen in (
            (self._losses, QPen(tint(colour, 0.35), 1)),
            (self._course, QPen(colour, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)),
        ):
            painter.setPen(pen)
            painter.drawPolyline(QPolygonF([self._point(room, along, down, index, values[index]) for index in drawn]))
        if self._mark is not None:
            at = self._point(room, along, down, self._mark, self._course[self._mark])
            painter.setPen(QPen(tint(self.palette().color(QPalette.ColorRole.Text), 0.4), 1))
            x = math.floor(at.x()) + 0.5
            painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
        head = self._point(room, along, down, *self._head())
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Window), 1.5))
        painter.setBrush(colour)
        painter.drawEllipse(head, HALF, HALF)
        painter.restore()

    def _head(self) -> tuple[int, float]:
        index = len(self._steps) - 1 if self._mark is None else self._mark
        return index, self._course[index]

    def _drawn(self, room: QRectF) -> list[int]:
        """The steps that are drawn: of very many, the smallest and largest loss of each pixel."""
        count, columns = len(self._steps), max(1, int(room.width()))
        if count <= 4 * columns:
            return list(range(count))
        chosen: set[int] = {0, count - 1}
        for column in range(columns):
            part = range(column * count // columns, (column + 1) * count // columns)
            chosen |= {min(part, key=self._losses.__getitem__), max(part, key=self._losses.__getitem__)}
        return sorted(chosen)


def _text(value: float) -> str:
    return f"{value:.4g}"
