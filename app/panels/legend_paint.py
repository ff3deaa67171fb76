"""How the legend looks: its cells, the marks in them, and the column heads."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QPainter, QPalette, QPolygonF
from PySide6.QtWidgets import QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTreeView

from app.panels.class_texts import class_name, is_weak, published_iou
from app.panels.icons import paint_icon, paint_swatch
from app.panels.legend_model import SORTS, Column, LegendModel
from app.panels.rows import LEFT, RIGHT, Index, paint_row_back
from app.panels.style import HALF, ICON, UNIT, accent, muted, small, tint, warning

SWATCH = 14
MARK = 11  # a star or a threshold behind a name
ARROW = 6  # of the column that the rows are sorted by


class LegendDelegate(QStyledItemDelegate):
    """Paints one cell; rows that the overlay does not show are faint, absent classes grey."""

    def __init__(self, view: QTreeView, model: LegendModel) -> None:
        super().__init__(view)
        self._view = view
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(0, option.fontMetrics.height() + UNIT + 2)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        if painter.hasClipping() and not painter.clipBoundingRect().intersects(option.rect):
            return  # only the numbers of this row are wanted
        class_id = self._model.class_at(index)
        painter.save()
        painter.setFont(option.font)
        paint_row_back(painter, option)
        if index.row() == self._model.last_favourite_row():
            line = QRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1)
            painter.fillRect(line, tint(option.palette.color(QPalette.ColorRole.Text), 0.14))
        faint = not self._model.is_drawn(class_id) or not self._model.is_present(class_id)
        colour = muted(option.palette) if faint else option.palette.color(QPalette.ColorRole.Text)
        column = Column(index.column())
        if column is Column.CLASS:
            self._paint_class(painter, option, class_id)
        elif column is Column.EYE:
            hidden = self._model.is_hidden(class_id)
            self._paint_button(painter, option, "eye-off" if hidden else "eye", on=hidden)
        elif column is Column.LOCK:
            locked = self._model.is_locked(class_id)
            if locked or option.state & (QStyle.StateFlag.State_MouseOver | QStyle.StateFlag.State_Selected):
                self._paint_button(painter, option, "lock" if locked else "unlock", on=locked)
        else:
            if column is Column.IOU and is_weak(class_id, self._model.published):
                colour = warning(option.palette)
            painter.setPen(colour)
            cell = option.rect.adjusted(0, 0, -HALF, 0)
            painter.drawText(cell, RIGHT, str(index.data()))
            limit = self._model.own_threshold(class_id)
            if column is Column.IOU:
                self._paint_bar(painter, option, class_id)
            elif column is Column.SCORE and limit is not None:
                self._paint_limit(painter, _track(option.rect), option.palette, limit)
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
        metrics, limit = option.fontMetrics, self._model.own_threshold(class_id)
        limited = limit is not None and self._view.isColumnHidden(Column.SCORE)
        room_beside = rect.width() - metrics.horizontalAdvance(class_name(class_id)) - (MARK + HALF) * limited
        marked = self._model.is_favourite(class_id) and room_beside >= MARK + HALF  # else the hairline says it alone
        marks = (MARK + HALF) * (marked + limited)
        text = metrics.elidedText(class_name(class_id), Qt.TextElideMode.ElideRight, rect.width() - marks)
        painter.drawText(rect, LEFT, text)
        mark = QRectF(rect.left() + metrics.horizontalAdvance(text) + HALF, 0, MARK, MARK)
        mark.moveTop(rect.center().y() - MARK / 2 + 0.5)
        if marked:
            paint_icon(painter, mark, "star-filled", muted(option.palette))
            mark.translate(MARK + HALF, 0)
        if limited and limit is not None:
            self._paint_limit(painter, QRectF(mark.left(), mark.center().y(), MARK, 2), option.palette, limit)
        matched = self._model.matched(class_id)
        room = rect.adjusted(metrics.horizontalAdvance(f"{text} ") + marks, 0, 0, 0)
        if matched and room.width() > 3 * UNIT:
            painter.setPen(muted(option.palette))
            painter.drawText(room, LEFT, metrics.elidedText(f"· {matched}", Qt.TextElideMode.ElideRight, room.width()))

    def _paint_bar(self, painter: QPainter, option: QStyleOptionViewItem, class_id: int) -> None:
        iou = published_iou(class_id, self._model.published)
        if iou is None:
            return
        track = _track(option.rect)
        text = option.palette.color(QPalette.ColorRole.Text)
        painter.fillRect(track, tint(text, 0.10))
        colour = warning(option.palette) if is_weak(class_id, self._model.published) else tint(text, 0.38)
        painter.fillRect(QRectF(track.left(), track.top(), track.width() * iou / 100, track.height()), colour)

    def _paint_limit(self, painter: QPainter, track: QRectF, palette: QPalette, limit: float) -> None:
        """The threshold slider in small: what lies over the class's own threshold counts."""
        painter.fillRect(track, tint(palette.color(QPalette.ColorRole.Text), 0.10))
        at = track.left() + track.width() * limit
        painter.fillRect(QRectF(at, track.top(), track.right() - at, track.height()), accent(palette))
        tick = min(at, track.right() - 1.5)
        painter.fillRect(QRectF(tick, track.top() - 2, 1.5, track.height() + 3), accent(palette))

    def _paint_button(self, painter: QPainter, option: QStyleOptionViewItem, name: str, *, on: bool) -> None:
        square = QRect(0, 0, ICON, ICON)
        square.moveCenter(option.rect.center())
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        colour = option.palette.color(QPalette.ColorRole.Text)
        paint_icon(painter, QRectF(square), name, tint(colour, 0.9 if on or hovered else 0.45))


def _track(cell: QRect) -> QRectF:
    """The thin bar at the foot of a number's cell."""
    return QRectF(cell.left() + UNIT, cell.bottom() - 3, cell.width() - UNIT - HALF, 2)


def brush_rect(cell: QRect) -> QRect:
    """Where the brush button of a class cell lies."""
    return QRect(cell.right() - ICON - 1, cell.center().y() - ICON // 2 + 1, ICON, ICON)


class QuietHeader(QHeaderView):
    """Column heads as plain small text over a hairline; a click sorts, the arrow says by what."""

    sort_clicked = Signal(Column)
    menu_wanted = Signal(QPoint)  # global position

    def __init__(self, view: QTreeView, model: LegendModel) -> None:
        super().__init__(Qt.Orientation.Horizontal, view)
        self._legend = model
        self._over = -1
        self.setHighlightSections(False)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setMouseTracking(True)
        self.setFont(small(view.font()))
        self.setAccessibleName("Columns of the legend")
        self.sectionClicked.connect(self._clicked)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.fontMetrics().height() + UNIT)

    def width_of(self, column: Column) -> int:
        """What the head of a column needs, the arrow included."""
        text = str(self._legend.headerData(column, Qt.Orientation.Horizontal))
        return self.fontMetrics().horizontalAdvance(text) + (ARROW + HALF if column in SORTS else 0)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:  # noqa: N802 - Qt's name
        column, palette = Column(section), self.palette()
        text = str(self._legend.headerData(section, Qt.Orientation.Horizontal))
        painter.save()
        painter.fillRect(rect, palette.color(QPalette.ColorRole.Base))
        line = tint(palette.color(QPalette.ColorRole.Text), 0.12)
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), line)
        sorted_by = SORTS.get(column) is self._legend.order.key
        strong = column in SORTS and (sorted_by or section == self._over)
        colour = palette.color(QPalette.ColorRole.Text) if strong else muted(palette)
        painter.setPen(colour)
        left = column is Column.CLASS
        cell = rect.adjusted(UNIT if left else 0, 0, -HALF, 0)
        if column is Column.LOCK:
            square = QRectF(0, 0, MARK, MARK)
            square.moveCenter(QRectF(rect).center())
            paint_icon(painter, square, "lock", muted(palette))
        painter.drawText(cell, LEFT if left else RIGHT, text)
        if sorted_by:
            width = self.fontMetrics().horizontalAdvance(text)
            x = cell.left() + width + HALF + ARROW / 2 if left else cell.right() - width - 2 - ARROW / 2
            self._paint_arrow(painter, QPointF(x, rect.center().y() + 1), down=self._legend.order.descending)
        painter.restore()

    def _paint_arrow(self, painter: QPainter, middle: QPointF, *, down: bool) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(painter.pen().color())
        painter.setPen(Qt.PenStyle.NoPen)
        side, tip = ARROW / 2, 2.0 if down else -2.0
        base = QPointF(0, -tip)
        painter.drawPolygon(
            QPolygonF([middle + base - QPointF(side, 0), middle + base + QPointF(side, 0), middle + QPointF(0, tip)])
        )

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self.logicalIndexAt(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(event.globalPos())

    def _hover(self, section: int) -> None:
        if section != self._over:
            self._over = section
            self.viewport().update()

    def _clicked(self, section: int) -> None:
        if Column(section) in SORTS:
            self.sort_clicked.emit(Column(section))
