"""How the picture list draws its rows, and which thumbnails it needs."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QModelIndex, QRect, QRectF, QSize, QSortFilterProxyModel, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPalette, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.core.pictures import PictureStatus
from app.panels.icons import paint_icon
from app.panels.picture_model import PictureModel, PictureRole
from app.panels.rows import LEFT, Index, SaysWhenEmpty, make_quiet, paint_empty, paint_row_back
from app.panels.style import HALF, RADIUS, UNIT, accent, muted, small, tint, warning

THUMBNAIL = QSize(72, 54)
MARK = 12


class PictureDelegate(QStyledItemDelegate):
    """Thumbnail, name, and one line with the status mark."""

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(0, max(THUMBNAIL.height(), 2 * option.fontMetrics.height() + UNIT) + UNIT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = option.rect
        paint_row_back(painter, option)
        place = QRect(rect.left() + UNIT, rect.center().y() - THUMBNAIL.height() // 2 + 1, *THUMBNAIL.toTuple())
        status = index.data(PictureRole.STATUS)
        self._paint_thumbnail(painter, option, place, index.data(PictureRole.THUMBNAIL), status)
        self._paint_texts(painter, option, index, place.right() + UNIT + 1)
        painter.restore()

    def _paint_texts(self, painter: QPainter, option: QStyleOptionViewItem, index: Index, left: int) -> None:
        rect, palette = option.rect, option.palette
        status = index.data(PictureRole.STATUS)
        unreadable = status is PictureStatus.UNREADABLE
        height = option.fontMetrics.height()
        top = rect.center().y() - height - 1
        width = max(0, rect.right() - UNIT - left)
        painter.setFont(option.font)
        painter.setPen(muted(palette) if unreadable else palette.color(QPalette.ColorRole.Text))
        name = option.fontMetrics.elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, width)
        painter.drawText(QRect(left, top, width, height), LEFT, name)
        top += height + 3
        mark = QRectF(left, top + (height - MARK) / 2, MARK, MARK)
        paint_status(painter, mark, status, option.palette)
        painter.setFont(small(option.font))
        painter.setPen(warning(palette) if unreadable else muted(palette))
        words = QRect(left + MARK + HALF, top, max(0, width - MARK - HALF), height)
        line = painter.fontMetrics().elidedText(
            str(index.data(PictureRole.LINE)), Qt.TextElideMode.ElideRight, words.width()
        )
        painter.drawText(words, LEFT, line)

    def _paint_thumbnail(
        self, painter: QPainter, option: QStyleOptionViewItem, place: QRect, pixmap: QPixmap | None, status: object
    ) -> None:
        text = option.palette.color(QPalette.ColorRole.Text)
        frame = QPainterPath()
        frame.addRoundedRect(QRectF(place), RADIUS, RADIUS)
        if pixmap is None:
            painter.fillPath(frame, tint(text, 0.07))
            side = QRectF(0, 0, 20, 20)
            side.moveCenter(QRectF(place).center())
            paint_icon(painter, side, "warning" if status is PictureStatus.UNREADABLE else "picture", tint(text, 0.35))
            return
        # The middle of the picture, filling the frame: rows line up whatever the shape of the photo.
        scale = max(place.width() / pixmap.width(), place.height() / pixmap.height())
        source = QRectF(0, 0, place.width() / scale, place.height() / scale)
        source.moveCenter(QRectF(pixmap.rect()).center())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setClipPath(frame)
        painter.drawPixmap(QRectF(place), pixmap, source)
        painter.restore()
        painter.setPen(QPen(tint(text, 0.18), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(place).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)


def paint_status(painter: QPainter, rect: QRectF, status: PictureStatus, palette: QPalette) -> None:
    """The mark of a status: a ring, a dot, a dot in the accent, a tick, a warning sign."""
    quiet = muted(palette)
    dot = rect.adjusted(2.5, 2.5, -2.5, -2.5)
    if status is PictureStatus.DONE:
        paint_icon(painter, rect, "check", accent(palette))
    elif status is PictureStatus.UNREADABLE:
        paint_icon(painter, rect, "warning", warning(palette))
    elif status is PictureStatus.NEW:
        painter.setPen(QPen(quiet, 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(dot)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent(palette) if status is PictureStatus.IN_WORK else quiet)
        painter.drawEllipse(dot)


class PictureView(SaysWhenEmpty, QListView):
    """A list that says which thumbnails it needs: those of the rows one can see, once each."""

    thumbnail_wanted = Signal(Path)
    chosen = Signal(QModelIndex)  # by mouse or key, not by `select_row`

    def __init__(self, pictures: PictureModel, proxy: QSortFilterProxyModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._pictures, self._proxy = pictures, proxy
        self._asked: set[Path] = set()
        self._quiet = False
        self.setModel(proxy)
        self.setItemDelegate(PictureDelegate(self))
        self.setAccessibleName("Pictures")
        self.setUniformItemSizes(True)
        self.clicked.connect(self.chosen)  # also where the window does not have the focus when it is clicked
        make_quiet(self)
        self._ask = QTimer(self, singleShot=True, interval=0)
        self._ask.timeout.connect(self._ask_for_visible)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._ask.start())
        for changed in (proxy.modelReset, proxy.layoutChanged, proxy.rowsInserted, proxy.rowsRemoved):
            changed.connect(lambda *_args: self._ask.start())

    def forget_requests(self) -> None:
        """Another list: everything may be asked for again."""
        self._asked.clear()
        self._ask.start()

    def arrived(self, path: Path) -> None:
        """A thumbnail came; should it be dropped later, it may be asked for again."""
        self._asked.discard(path)

    def select_row(self, row: int) -> None:
        """Make a row the current one without reporting it."""
        self._quiet = True
        self.setCurrentIndex(self._proxy.index(row, 0))
        self._quiet = False

    def currentChanged(self, current: Index, previous: Index) -> None:  # noqa: N802 - Qt's name
        super().currentChanged(current, previous)
        if current.isValid() and not self._quiet and self.hasFocus():
            self.chosen.emit(current)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A panel that opens below takes room away: the current picture does not go with it."""
        current = self.currentIndex()
        in_view = QRect(self.viewport().rect().topLeft(), event.oldSize()).intersects(self.visualRect(current))
        super().resizeEvent(event)
        if in_view:
            self.scrollTo(current)
        self._ask.start()

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Show:
            self._ask.start()
        return super().event(event)

    def _ask_for_visible(self) -> None:
        if not self.isVisible() or not self._proxy.rowCount():
            return
        first = self.indexAt(self.viewport().rect().topLeft()).row()
        last = self.indexAt(self.viewport().rect().bottomLeft()).row()
        last = last if last >= 0 else self._proxy.rowCount() - 1
        for row in range(max(0, first), last + 1):
            source = self._proxy.mapToSource(self._proxy.index(row, 0))
            path = source.data(PictureRole.PATH)
            if path not in self._asked and self._pictures.lacks_thumbnail(source.row()):
                self._asked.add(path)
                self.thumbnail_wanted.emit(path)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        paint_empty(self, self._empty_text)
