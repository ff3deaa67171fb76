"""The history: every step of the picture on screen, and the way back to any of them."""

from __future__ import annotations

from typing import assert_never

from PySide6.QtCore import QModelIndex, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPalette, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.editing.session import Session
from app.panels.history_model import HistoryModel, StepRole, StepState
from app.panels.rows import LEFT, RIGHT, Index, SaysWhenEmpty, make_quiet, paint_empty, paint_row_back
from app.panels.style import HALF, UNIT, accent, muted, small, tint

NOTHING_OPEN = "No picture yet."
RAIL = 2 * UNIT  # where the line of dots runs
DOT, HERE = 2.5, 4.0  # radius of a step, and of the one where the picture stands
AROUND = 2  # steps before and after the one where the picture stands
LEAST_ROWS = 7
_RETURN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class StepDelegate(QStyledItemDelegate):
    """A dot on a line, the text, and how much of the picture the step changed."""

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(0, option.fontMetrics.height() + UNIT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_row_back(painter, option)
        state: StepState = index.data(StepRole.STATE)
        self._paint_rail(painter, option, index, state)
        rect, palette = option.rect, option.palette
        quiet = muted(palette)
        share = str(index.data(StepRole.SHARE))
        painter.setFont(small(option.font))
        painter.setPen(tint(quiet, 0.7) if state is StepState.UNDONE else quiet)
        painter.drawText(rect.adjusted(0, 0, -UNIT, 0), RIGHT, share)
        taken = painter.fontMetrics().horizontalAdvance(share) + UNIT if share else 0
        words = QRect(rect.left() + RAIL + UNIT + HALF, rect.top(), 0, rect.height())
        words.setRight(rect.right() - UNIT - taken)
        painter.setFont(option.font)
        painter.setPen(quiet if state is StepState.UNDONE else palette.color(QPalette.ColorRole.Text))
        text = option.fontMetrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, max(0, words.width()))
        painter.drawText(words, LEFT, text)
        painter.restore()

    def _paint_rail(self, painter: QPainter, option: QStyleOptionViewItem, index: Index, state: StepState) -> None:
        rect, palette = option.rect, option.palette
        middle = QPointF(rect.left() + RAIL, rect.top() + rect.height() / 2)
        radius = HERE if state is StepState.CURRENT else DOT
        line = QPen(tint(muted(palette), 0.5), 1)
        painter.setPen(line)
        if index.row():
            painter.drawLine(QPointF(middle.x(), rect.top()), middle - QPointF(0, radius))
        if index.row() < index.model().rowCount() - 1:
            painter.drawLine(middle + QPointF(0, radius), QPointF(middle.x(), rect.top() + rect.height()))
        match state:
            case StepState.CURRENT:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(accent(palette))
            case StepState.DONE:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(muted(palette))
            case StepState.UNDONE:
                painter.setPen(QPen(tint(muted(palette), 0.7), 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
            case unexpected:
                assert_never(unexpected)
        painter.drawEllipse(middle, radius, radius)


class HistoryView(SaysWhenEmpty, QListView):
    """The list; its cursor rests on the step where the picture stands and moves with the arrow keys."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.steps = HistoryModel(session, self)
        self.setModel(self.steps)
        self.setItemDelegate(StepDelegate(self))
        self.setUniformItemSizes(True)
        self.setAccessibleName("History")
        self.set_empty_text(NOTHING_OPEN)
        make_quiet(self)
        self.clicked.connect(self._go)
        self.steps.modelReset.connect(self._stand)
        self.steps.dataChanged.connect(self._stand)
        self._stand()

    def _go(self, index: QModelIndex) -> None:
        self._session.go_to_step(index.row())
        self._stand()  # a running edit, or a picture on its way, may have refused

    def _stand(self) -> None:
        """The cursor rests where the picture stands; the steps around it are seen as well."""
        row = self.steps.current_row
        self.setCurrentIndex(self.steps.index(row, 0))
        for near in (row - AROUND, row + AROUND, row):
            self.scrollTo(self.steps.index(min(max(near, 0), self.steps.rowCount() - 1), 0))

    def sizeHint(self) -> QSize:
        return QSize(29 * UNIT, 30 * UNIT)

    def minimumSizeHint(self) -> QSize:
        return QSize(24 * UNIT, LEAST_ROWS * (self.fontMetrics().height() + UNIT))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._stand()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._stand()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _RETURN and self.currentIndex().isValid():
            self._go(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._stand()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        paint_empty(self, self.empty_text)
