"""The table of the legend: how its rows are painted, and what mouse and keys do in it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QTreeView,
    QWidget,
)

from app.panels.class_texts import class_name, is_weak, published_iou
from app.panels.icons import paint_icon, paint_swatch
from app.panels.legend_model import HEADS, Column, LegendModel
from app.panels.rows import LEFT, RIGHT, Index, SaysWhenEmpty, make_quiet, paint_empty, paint_row_back
from app.panels.style import HALF, ICON, UNIT, accent, muted, small, tint, warning

SWATCH = 14
_OWN_KEYS = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)


class LegendDelegate(QStyledItemDelegate):
    """Paints one cell; rows that the overlay does not show are faint, absent classes grey."""

    def __init__(self, view: LegendView, model: LegendModel) -> None:
        super().__init__(view)
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(0, option.fontMetrics.height() + UNIT + 2)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        class_id = self._model.class_at(index)
        painter.save()
        painter.setFont(option.font)
        paint_row_back(painter, option)
        faint = not self._model.is_drawn(class_id) or not self._model.is_present(class_id)
        colour = muted(option.palette) if faint else option.palette.color(QPalette.ColorRole.Text)
        column = Column(index.column())
        if column is Column.CLASS:
            self._paint_class(painter, option, class_id)
        elif column is Column.EYE:
            self._paint_eye(painter, option, class_id)
        else:
            if column is Column.IOU and is_weak(class_id, self._model.published):
                colour = warning(option.palette)
            painter.setPen(colour)
            cell = option.rect.adjusted(0, 0, -HALF, 0)
            painter.drawText(cell, RIGHT, str(index.data()))
            if column is Column.IOU:
                self._paint_bar(painter, option, class_id)
        painter.restore()

    def _paint_class(self, painter: QPainter, option: QStyleOptionViewItem, class_id: int) -> None:
        rect, metrics, palette = option.rect, option.fontMetrics, option.palette
        if self._model.is_solo(class_id):
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), accent(palette))
        left = rect.left() + UNIT
        drawn, present = self._model.is_drawn(class_id), self._model.is_present(class_id)
        painter.setOpacity(1.0 if drawn else 0.35)
        top = rect.top() + (rect.height() - SWATCH) / 2
        paint_swatch(painter, QRectF(left, top, SWATCH, SWATCH), class_id)
        painter.setOpacity(1.0)
        left += SWATCH + UNIT - 2
        width = metrics.horizontalAdvance("150")
        number = QRect(left, rect.top(), width, rect.height())
        painter.setPen(muted(palette))
        painter.drawText(number, RIGHT, str(class_id))
        left += width + UNIT - 2
        brush = brush_rect(rect)
        marked = self._model.is_current(class_id)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        right = brush.left() - 2 if marked or hovered else rect.right()
        name = QRect(left, rect.top(), max(0, right - left), rect.height())
        painter.setPen(palette.color(QPalette.ColorRole.Text) if drawn and present else muted(palette))
        self._paint_name(painter, option, name, class_id)
        if marked or hovered:
            paint_icon(painter, QRectF(brush), "brush", accent(palette) if marked else muted(palette))

    def _paint_name(self, painter: QPainter, option: QStyleOptionViewItem, rect: QRect, class_id: int) -> None:
        metrics = option.fontMetrics
        text = metrics.elidedText(class_name(class_id), Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, LEFT, text)
        matched = self._model.matched(class_id)
        room = rect.adjusted(metrics.horizontalAdvance(f"{text} "), 0, 0, 0)
        if matched and room.width() > 3 * UNIT:
            painter.setPen(muted(option.palette))
            painter.drawText(room, LEFT, metrics.elidedText(f"· {matched}", Qt.TextElideMode.ElideRight, room.width()))

    def _paint_bar(self, painter: QPainter, option: QStyleOptionViewItem, class_id: int) -> None:
        iou = published_iou(class_id, self._model.published)
        if iou is None:
            return
        rect = option.rect
        track = QRectF(rect.left() + UNIT, rect.bottom() - 3, rect.width() - UNIT - HALF, 2)
        text = option.palette.color(QPalette.ColorRole.Text)
        painter.fillRect(track, tint(text, 0.10))
        colour = warning(option.palette) if is_weak(class_id, self._model.published) else tint(text, 0.38)
        painter.fillRect(QRectF(track.left(), track.top(), track.width() * iou / 100, track.height()), colour)

    def _paint_eye(self, painter: QPainter, option: QStyleOptionViewItem, class_id: int) -> None:
        square = QRect(0, 0, ICON, ICON)
        square.moveCenter(option.rect.center())
        hidden = self._model.is_hidden(class_id)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        colour = option.palette.color(QPalette.ColorRole.Text)
        strength = 0.9 if hidden or hovered else 0.45
        paint_icon(painter, QRectF(square), "eye-off" if hidden else "eye", tint(colour, strength))


def brush_rect(cell: QRect) -> QRect:
    """Where the brush button of a class cell lies."""
    return QRect(cell.right() - ICON - 1, cell.center().y() - ICON // 2 + 1, ICON, ICON)


class QuietHeader(QHeaderView):
    """Column heads as plain small text over a hairline."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(False)
        self.setHighlightSections(False)
        self.setFont(small(parent.font()))

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.fontMetrics().height() + UNIT)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:  # noqa: N802 - Qt's name
        model = self.model()
        text = str(model.headerData(section, Qt.Orientation.Horizontal) or "")
        painter.save()
        painter.fillRect(rect, self.palette().color(QPalette.ColorRole.Base))
        line = tint(self.palette().color(QPalette.ColorRole.Text), 0.12)
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), line)
        painter.setPen(muted(self.palette()))
        left = section == Column.CLASS
        side = Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight
        cell = rect.adjusted(UNIT if left else 0, 0, -HALF, 0)
        painter.drawText(cell, side | Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()


class LegendView(SaysWhenEmpty, QTreeView):
    """Rows one can click, hide, solo and choose; the panel decides what that means for the session."""

    eye_clicked = Signal(int)
    solo_clicked = Signal(int, bool)  # class, whether it is added to the others
    solo_undone = Signal()  # the click before turned out to be the first half of a double-click
    picked = Signal(int)
    menu_wanted = Signal(int, QPoint)  # class, global position

    def __init__(self, model: LegendModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._widths: dict[Column, int] = {}
        self._pressed = QModelIndex()
        self.setModel(model)
        self.legend = model
        self.setItemDelegate(LegendDelegate(self, model))
        self.setHeader(QuietHeader(self))
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
        header, metrics = self.header(), self.fontMetrics()
        header.setMinimumSectionSize(2 * UNIT)
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(Column.CLASS, QHeaderView.ResizeMode.Stretch)
        widest = {Column.AREA: "88.8 %", Column.SCORE: "0.00", Column.IOU: "100"}
        for column, text in widest.items():
            head = header.fontMetrics().horizontalAdvance(HEADS[column][0])
            self._widths[column] = max(metrics.horizontalAdvance(text), head) + UNIT
            header.resizeSection(column, self._widths[column])
        header.resizeSection(Column.EYE, ICON + UNIT)
        self._drop_columns()

    def _drop_columns(self) -> None:
        """Where large text leaves no room for names, first the score and then the accuracy move to the tooltip."""
        named = SWATCH + self.fontMetrics().horizontalAdvance("150 street la") + 2 * UNIT
        room = self.viewport().width() - (ICON + UNIT) - named
        for column in (Column.AREA, Column.IOU, Column.SCORE):
            room -= self._widths.get(column, 0)
            self.setColumnHidden(column, column is not Column.AREA and room < 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._drop_columns()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() is QEvent.Type.FontChange and isinstance(self.header(), QuietHeader):
            self.header().setFont(small(self.font()))
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
        if index.column() == Column.EYE or self._on_brush(event.position().toPoint(), index):
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
        return super().viewportEvent(event)

    def _on_brush(self, pos: QPoint, index: Index) -> bool:
        if index.column() != Column.CLASS:
            return False
        return brush_rect(self.visualRect(index)).adjusted(-2, -HALF, 2, HALF).contains(pos)

    # --- keys ------------------------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in _OWN_KEYS:
            event.accept()  # else the window's keys of the same name would come first
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        index = self.currentIndex()
        if event.key() not in _OWN_KEYS or not index.isValid():
            super().keyPressEvent(event)
            return
        class_id = self.legend.class_at(index)
        if event.key() == Qt.Key.Key_Space:
            self.eye_clicked.emit(class_id)
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.picked.emit(class_id)
        else:
            self.solo_clicked.emit(class_id, bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))

    # --- empty -----------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        paint_empty(self, self._empty_text)
