"""A popup to find one of the 150 classes by name, synonym or number and make it the current one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QCursor, QKeyEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.panels.class_texts import class_label, class_name, class_tip, find_classes, matching_synonym
from app.panels.icons import paint_swatch
from app.panels.rows import LEFT, RIGHT, ROOT, Index, make_quiet, paint_empty, paint_row_back
from app.panels.search_field import SearchField
from app.panels.style import HALF, UNIT, muted, paint_edge, tint

WIDTH, HEIGHT = 320, 400
SWATCH = 14


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One offer: a class, the digit that also picks it (0 = none), and the synonym that the search found."""

    class_id: int
    digit: int = 0
    matched: str = ""


class ClassModel(QAbstractListModel):
    """The recent classes with their digits and then all classes, or what a search found."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[ClassRow] = []
        self._recent: Sequence[int] = ()
        self._query = ""

    def set_recent(self, recent: Sequence[int]) -> None:
        """The recent classes in the order of their digits 1..9."""
        self._recent = tuple(recent)
        self._fill()

    def set_query(self, query: str) -> None:
        """What was typed."""
        self._query = query.strip()
        self._fill()

    def row(self, index: Index) -> ClassRow:
        """The offer at `index`."""
        return self._rows[index.row()]

    def rows(self) -> Sequence[ClassRow]:
        """Every offer, in order."""
        return tuple(self._rows)

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return class_name(row.class_id)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return class_label(row.class_id) + (f", key {row.digit}" if row.digit else "")
        return class_tip(row.class_id) if role == Qt.ItemDataRole.ToolTipRole else None

    def _fill(self) -> None:
        digits = {class_id: digit for digit, class_id in enumerate(self._recent, start=1)}
        self.beginResetModel()
        if self._query:
            self._rows = [
                ClassRow(class_id, digits.get(class_id, 0), matching_synonym(class_id, self._query))
                for class_id in find_classes(self._query)
            ]
        else:
            rest = [class_id for class_id in range(151) if class_id not in digits]
            self._rows = [ClassRow(class_id, digits.get(class_id, 0)) for class_id in [*self._recent, *rest]]
        self.endResetModel()

    def last_recent_row(self) -> int:
        """The row that ends the recent classes, or -1."""
        return -1 if self._query else len(self._recent) - 1


class _ClassDelegate(QStyledItemDelegate):
    def __init__(self, model: ClassModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(0, option.fontMetrics.height() + UNIT + 2)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row, rect, metrics, palette = self._model.row(index), option.rect, option.fontMetrics, option.palette
        painter.save()
        painter.setFont(option.font)
        text = palette.color(QPalette.ColorRole.Text)
        paint_row_back(painter, option)
        if index.row() == self._model.last_recent_row():
            painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), tint(text, 0.14))
        left = rect.left() + UNIT
        paint_swatch(painter, QRectF(left, rect.top() + (rect.height() - SWATCH) / 2, SWATCH, SWATCH), row.class_id)
        left += SWATCH + UNIT - 2
        width = metrics.horizontalAdvance("150")
        painter.setPen(muted(palette))
        painter.drawText(QRect(left, rect.top(), width, rect.height()), RIGHT, str(row.class_id))
        left += width + UNIT - 2
        end = rect.right() - UNIT
        if row.digit:
            digit = QRect(end - width, rect.top(), width, rect.height())
            painter.drawText(digit, RIGHT, str(row.digit))
            end = digit.left() - HALF
        name = metrics.elidedText(class_name(row.class_id), Qt.TextElideMode.ElideRight, end - left)
        if row.matched:
            start = left + metrics.horizontalAdvance(f"{name} ")
            matched = metrics.elidedText(f"· {row.matched}", Qt.TextElideMode.ElideRight, max(0, end - start))
            painter.drawText(QRect(start, rect.top(), max(0, end - start), rect.height()), LEFT, matched)
        painter.setPen(text)
        painter.drawText(QRect(left, rect.top(), end - left, rect.height()), LEFT, name)
        painter.restore()


class _ClassList(QListView):
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        paint_empty(self, "No class matches. Try another word, or a number from 1 to 150.")


class ClassPicker(QFrame):
    """Opens, takes one class, closes. Escape or a click elsewhere closes it without a choice."""

    picked = Signal(int)  # 0 = unlabelled, 1..150

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAccessibleName("Choose a class")
        self.setBackgroundRole(QPalette.ColorRole.Base)
        self.setAutoFillBackground(True)
        self.search = SearchField("Search by name, synonym or number", self, escape_clears=False)
        self.model = ClassModel(self)
        self.view = _ClassList(self)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # keys stay in the search field
        self.view.setUniformItemSizes(True)
        make_quiet(self.view)
        self.view.setAccessibleName("Classes")
        self.view.setModel(self.model)
        self.view.setItemDelegate(_ClassDelegate(self.model, self.view))
        column = QVBoxLayout(self)
        column.setContentsMargins(UNIT, UNIT, UNIT, UNIT)
        column.setSpacing(UNIT)
        column.addWidget(self.search)
        column.addWidget(self.view, 1)
        self.setFocusProxy(self.search)
        self.search.textChanged.connect(self._search)
        self.search.accepted.connect(self._pick_current)
        self.search.moved.connect(self._move)
        self.search.escaped.connect(self.close)
        self.view.clicked.connect(lambda _index: self._pick_current())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        paint_edge(self)

    def open_at(self, anchor: QWidget, *, recent: Sequence[int] = ()) -> None:
        """Open under `anchor` when it is a button, or at the cursor when that is over it; else in its middle.

        `recent`: the recent classes in the order of their digits 1..9; they are offered first.
        """
        place = QCursor.pos()
        inside = anchor.rect().contains(anchor.mapFromGlobal(place))
        if anchor.height() < HEIGHT // 2:
            place = anchor.mapToGlobal(QPoint(0, anchor.height() + 2))
        elif not inside:
            place = anchor.mapToGlobal(anchor.rect().center()) - QPoint(WIDTH // 2, HEIGHT // 2)
        self.model.set_recent(recent)
        self.search.clear()
        self._search("")
        self._place(place, anchor)
        self.show()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)

    def _place(self, place: QPoint, anchor: QWidget) -> None:
        room = anchor.screen().availableGeometry()
        width = max(WIDTH, 28 * self.fontMetrics().averageCharWidth())
        size = QSize(min(width, room.width()), min(HEIGHT, room.height()))
        x = max(room.left(), min(place.x(), room.right() - size.width()))
        y = max(room.top(), min(place.y(), room.bottom() - size.height()))
        self.setGeometry(QRect(QPoint(x, y), size))

    def _search(self, query: str) -> None:
        self.model.set_query(query)
        if self.model.rowCount():
            self.view.setCurrentIndex(self.model.index(0))
            self.view.scrollToTop()

    def _move(self, event: QKeyEvent) -> None:
        QApplication.sendEvent(self.view, QKeyEvent(event.type(), event.key(), event.modifiers()))

    def _pick_current(self) -> None:
        index = self.view.currentIndex()
        if index.isValid():
            class_id = self.model.row(index).class_id
            self.close()
            self.picked.emit(class_id)
