"""The table of the legend: how its rows are painted, and what mouse and keys do in it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPersistentModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QHelpEvent,
    QHoverEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyleOptionViewItem,
    QToolTip,
    QTreeView,
    QWidget,
)

from app.panels.icons import class_styles
from app.panels.legend_model import FIGURES, Column, LegendModel
from app.panels.legend_paint import SWATCH, LegendDelegate, QuietHeader, brush_rect
from app.panels.row_images import RowImages
from app.panels.rows import Index, SaysWhenEmpty, make_quiet, paint_empty
from app.panels.style import HALF, ICON, UNIT, small

_BUTTONS = (Column.LOCK, Column.EYE)
_RETURN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_LETTERS = (Qt.Key.Key_L, Qt.Key.Key_S, Qt.Key.Key_T)  # without modifiers
_MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End)
_PLAIN = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)


class LegendView(SaysWhenEmpty, QTreeView):
    """Rows one can click, hide, lock, solo and choose; the panel decides what that means for the session."""

    eye_clicked = Signal(int)
    lock_clicked = Signal(int)
    star_wanted = Signal(int)
    threshold_wanted = Signal(int)
    solo_clicked = Signal(int, bool)  # class, whether it is added to the others
    solo_undone = Signal()  # the click before turned out to be the first half of a double-click
    picked = Signal(int)
    menu_wanted = Signal(int, QPoint)  # class, global position

    def __init__(self, model: LegendModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._widths: dict[Column, int] = {}
        self._pressed = QModelIndex()
        self._over = QPersistentModelIndex()  # the row under the pointer, as the view knows it
        self._rows = RowImages()
        self.setModel(model)
        self.legend = model
        model.dataChanged.connect(self._rows_changed)
        self.setItemDelegate(LegendDelegate(self, model))
        self.heads = QuietHeader(self, model)
        self.setHeader(self.heads)
        self.heads.sectionResized.connect(self._rows.clear)
        self.heads.setSectionsClickable(True)  # only now: a tree that does not sort by itself switches it off
        self.setAccessibleName("Classes in this picture")
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setUniformRowHeights(True)
        self.setIndentation(0)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        make_quiet(self)
        self._fit_columns()

    def _fit_columns(self) -> None:
        header, metrics = self.heads, self.fontMetrics()
        header.setMinimumSectionSize(2 * UNIT)
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(Column.CLASS, QHeaderView.ResizeMode.Stretch)
        widest = {Column.AREA: "88.8 %", Column.SCORE: "0.00", Column.IOU: "100"}
        for column, text in widest.items():
            self._widths[column] = max(metrics.horizontalAdvance(text) + UNIT, header.width_of(column) + HALF)
            header.resizeSection(column, self._widths[column])
        header.resizeSection(Column.LOCK, ICON + HALF)
        header.resizeSection(Column.EYE, ICON + UNIT)
        self._drop_columns()

    def _drop_columns(self) -> None:
        """Where large text leaves no room for names, first the score and then the accuracy move to the tooltip."""
        named = SWATCH + self.fontMetrics().horizontalAdvance("150 street la") + 2 * UNIT
        room = self.viewport().width() - (2 * ICON + UNIT + HALF) - named
        for column in (Column.AREA, Column.IOU, Column.SCORE):
            room -= self._widths.get(column, 0)
            self.setColumnHidden(column, column is not Column.AREA and room < 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._drop_columns()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        self._rows.clear()
        if event.type() is QEvent.Type.FontChange and self._widths:
            self.heads.setFont(small(self.font()))
            self._fit_columns()

    def selectionCommand(  # noqa: N802 - Qt's name
        self, _index: Index, _event: QEvent | None = None
    ) -> QItemSelectionModel.SelectionFlag:
        # Ctrl adds to the solo classes; it must not take the selection away.
        return QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows

    # --- mouse -----------------------------------------------------------------------------------------------------

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() is not Qt.MouseButton.LeftButton or not index.isValid() or index != self._pressed:
            return
        class_id = self.legend.class_at(index)
        if index.column() == Column.EYE:
            self.eye_clicked.emit(class_id)
        elif index.column() == Column.LOCK:
            self.lock_clicked.emit(class_id)
        elif self._on_brush(event.position().toPoint(), index):
            self.picked.emit(class_id)
        else:
            self.solo_clicked.emit(class_id, bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = self.indexAt(event.position().toPoint())
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if event.button() is not Qt.MouseButton.LeftButton or not index.isValid():
            return
        if index.column() in _BUTTONS or self._on_brush(event.position().toPoint(), index):
            self._pressed = index  # two quick clicks on a button are two clicks
            return
        self._pressed = QModelIndex()
        self.solo_undone.emit()
        self.picked.emit(self.legend.class_at(index))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        if index.isValid():
            place = self.visualRect(index).bottomLeft() if by_key else event.pos()
            self.menu_wanted.emit(self.legend.class_at(index), self.viewport().mapToGlobal(place))

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            index = self.indexAt(event.pos())
            if index.isValid() and self._on_brush(event.pos(), index):
                QToolTip.showText(event.globalPos(), "Paint with this class (Shift+Return)", self.viewport())
                return True
        if event.type() in (QEvent.Type.HoverLeave, QEvent.Type.Leave):
            self._over = QPersistentModelIndex()
        elif isinstance(event, QHoverEvent):
            self._over = QPersistentModelIndex(self.indexAt(event.position().toPoint()))
        return super().viewportEvent(event)

    def _on_brush(self, pos: QPoint, index: Index) -> bool:
        if index.column() != Column.CLASS:
            return False
        return brush_rect(self.visualRect(index)).adjusted(-2, -HALF, 2, HALF).contains(pos)

    # --- keys ------------------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_own(event):
            event.accept()  # else the window's keys of the same name would come first
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index, key = self.currentIndex(), event.key()
        if not _is_own(event) or key in _MOVES or not index.isValid():
            super().keyPressEvent(event)
            return
        class_id = self.legend.class_at(index)
        if key == Qt.Key.Key_Space:
            self.eye_clicked.emit(class_id)
        elif key == Qt.Key.Key_L:
            self.lock_clicked.emit(class_id)
        elif key == Qt.Key.Key_S:
            self.star_wanted.emit(class_id)
        elif key == Qt.Key.Key_T:
            self.threshold_wanted.emit(class_id)
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.picked.emit(class_id)
        else:
            self.solo_clicked.emit(class_id, bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))

    def keyboardSearch(self, search: str) -> None:  # noqa: N802 - Qt's name
        """Letters belong to the tools; the search field above finds classes."""

    # --- drawing ---------------------------------------------------------------------------------------------------

    def drawRow(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:  # noqa: N802 - Qt's name
        """All but the rows that the hand is at come from images: the table is drawn with every step of a threshold."""

        def paint(painter: QPainter) -> None:
            super(LegendView, self).drawRow(painter, option, index)

        row = index.row()
        if row in (self._over.row(), self.currentIndex().row()):
            paint(painter)
            return
        back = self.viewport().palette().color(self.viewport().backgroundRole())
        state = (option.state, row == self.legend.last_favourite_row(), class_styles())
        key, part = self.legend.class_at(index), self._figures_of(option.rect)
        self._rows.draw(painter, option.rect, key=key, state=state, back=back, paint=paint, part=part)

    def _figures_of(self, row: QRect) -> QRect:
        """The cells of a row whose numbers change with every stroke."""
        shown = [column for column in FIGURES if not self.isColumnHidden(column)]
        left = self.heads.sectionViewportPosition(shown[0])
        right = self.heads.sectionViewportPosition(shown[-1]) + self.heads.sectionSize(shown[-1])
        return QRect(left, row.top(), right - left, row.height())

    def _rows_changed(self, first: QModelIndex, last: QModelIndex) -> None:
        change = self._rows.drop if first.column() < FIGURES[0] else self._rows.renew
        for class_id in self.legend.ids()[first.row() : last.row() + 1]:
            change(class_id)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        paint_empty(self, self.empty_text)


def _is_own(event: QKeyEvent) -> bool:
    """Whether the key means something in the legend, whatever the window uses it for."""
    key = event.key()
    if key in _LETTERS or key in _MOVES:
        return event.modifiers() in _PLAIN
    return key == Qt.Key.Key_Space or key in _RETURN
