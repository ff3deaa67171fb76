"""How a picture is drawn in the list and in the grid: its thumbnail, its name, and the marks of its state."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPainterPath, QPalette, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.core.catalogue import Exported, PictureFacts
from app.core.pictures import PictureStatus
from app.panels.icons import paint_icon
from app.panels.picture_model import PictureRole
from app.panels.rows import LEFT, Index, paint_row_back
from app.panels.style import HALF, RADIUS, UNIT, accent, muted, small, tint, warning

THUMBNAIL = QSize(72, 54)
CELL = QSize(108, 76)  # least width of a cell of the grid, and height of the thumbnail in it
MARK = 12
BAR = 3  # width of the sign of the picture on screen


class PictureDelegate(QStyledItemDelegate):
    """Thumbnail, name, and one line with the marks."""

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(0, max(THUMBNAIL.height(), 2 * option.fontMetrics.height() + UNIT) + UNIT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect, facts = option.rect, index.data(PictureRole.FACTS)
        paint_row_back(painter, option)
        place = QRect(rect.left() + UNIT, rect.center().y() - THUMBNAIL.height() // 2 + 1, *THUMBNAIL.toTuple())
        paint_thumbnail(painter, option.palette, place, index.data(PictureRole.THUMBNAIL), facts.status)
        self._paint_texts(painter, option, index, place.right() + UNIT + 1)
        if option.state & QStyle.StateFlag.State_On:
            painter.fillRect(QRect(rect.left(), rect.top(), BAR, rect.height()), accent(option.palette))
        painter.restore()

    def _paint_texts(self, painter: QPainter, option: QStyleOptionViewItem, index: Index, left: int) -> None:
        rect, facts = option.rect, index.data(PictureRole.FACTS)
        height = option.fontMetrics.height()
        top, end = rect.center().y() - height - 1, rect.right() - UNIT
        paint_name(painter, option, QRect(left, top, max(0, end - left), height), index)
        line = QRect(left, top + height + 3, max(0, end - left), height)
        marks = QPointF(line.right() + 1, line.top() + (height - MARK) / 2)
        paint_marks(painter, option.palette, marks, facts)
        paint_state(painter, option, line.adjusted(0, 0, -marks_width(facts), 0), index, facts)


class CellDelegate(QStyledItemDelegate):
    """A larger thumbnail with the name and the marks below it."""

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(CELL.width(), CELL.height() + 2 * option.fontMetrics.height() + 2 * UNIT + HALF)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect, facts, height = option.rect, index.data(PictureRole.FACTS), option.fontMetrics.height()
        cell = rect.adjusted(2, 2, -2, -2)
        self._paint_back(painter, option, QRectF(cell))
        place = QRect(cell.left() + HALF, cell.top() + HALF, cell.width() - UNIT, CELL.height())
        paint_thumbnail(painter, option.palette, place, index.data(PictureRole.THUMBNAIL), facts.status)
        self._paint_marks(painter, option.palette, place, facts)
        name = QRect(place.left() + 2, place.bottom() + HALF, place.width() - HALF, height)
        paint_name(painter, option, name, index)
        paint_state(painter, option, name.translated(0, height), index, facts)
        if option.state & QStyle.StateFlag.State_On:
            painter.setPen(QPen(accent(option.palette), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(cell).adjusted(1, 1, -1, -1), RADIUS + 1, RADIUS + 1)
        painter.restore()

    def _paint_marks(self, painter: QPainter, palette: QPalette, place: QRect, facts: PictureFacts) -> None:
        """On a plate in the corner of the thumbnail: the words below have little room as it is."""
        room = marks_width(facts)
        if room:
            plate = QRectF(place.right() - room - HALF - 1, place.top() + HALF, room + HALF, MARK + HALF + 1)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tint(palette.color(QPalette.ColorRole.Base), 0.86))
            painter.drawRoundedRect(plate, RADIUS, RADIUS)
            paint_marks(painter, palette, QPointF(plate.right() - HALF, plate.top() + HALF / 2 + 0.5), facts)

    def _paint_back(self, painter: QPainter, option: QStyleOptionViewItem, cell: QRectF) -> None:
        path = QPainterPath()
        path.addRoundedRect(cell, RADIUS + 2, RADIUS + 2)
        painter.save()
        painter.setClipPath(path)
        paint_row_back(painter, option)
        painter.restore()


def paint_name(painter: QPainter, option: QStyleOptionViewItem, rect: QRect, index: Index) -> None:
    """The name, its middle left out where it is long: names that are alike differ at their ends."""
    unreadable = index.data(PictureRole.FACTS).status is PictureStatus.UNREADABLE
    painter.setFont(option.font)
    painter.setPen(muted(option.palette) if unreadable else option.palette.color(QPalette.ColorRole.Text))
    name = option.fontMetrics.elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, rect.width())
    painter.drawText(rect, LEFT, name)


def paint_state(
    painter: QPainter, option: QStyleOptionViewItem, rect: QRect, index: Index, facts: PictureFacts
) -> None:
    """The mark of the status and the words beside it."""
    palette = option.palette
    paint_status(
        painter, QRectF(rect.left(), rect.top() + (rect.height() - MARK) / 2, MARK, MARK), facts.status, palette
    )
    painter.setFont(small(option.font))
    painter.setPen(warning(palette) if facts.status is PictureStatus.UNREADABLE else muted(palette))
    words = rect.adjusted(MARK + HALF, 0, 0, 0)
    text = str(index.data(PictureRole.LINE))
    line = QFontMetrics(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, max(0, words.width()))
    painter.drawText(words, LEFT, line)


def marks_width(facts: PictureFacts) -> int:
    """The room that the signs of a note and of an export take, with the gap before each."""
    return (MARK + HALF) * (facts.noted + (facts.exported is not Exported.NEVER))


def paint_marks(painter: QPainter, palette: QPalette, end: QPointF, facts: PictureFacts) -> None:
    """Signs of a note and of an export, from `end`, their top right corner, to the left."""
    place = QRectF(end.x() - MARK, end.y(), MARK, MARK)
    if facts.noted:
        paint_icon(painter, place, "note", muted(palette))
        place.translate(-MARK - HALF, 0)
    if facts.exported is Exported.CHANGED:
        paint_icon(painter, place, "export-again", warning(palette))
    elif facts.exported is Exported.CURRENT:
        paint_icon(painter, place, "export", muted(palette))


def paint_status(painter: QPainter, rect: QRectF, status: PictureStatus, palette: QPalette) -> None:
    """The mark of a status: a ring, a dot, a dot in the accent, a tick, a bar in a ring, a warning sign."""
    quiet = muted(palette)
    dot = rect.adjusted(2.5, 2.5, -2.5, -2.5)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if status is PictureStatus.DONE:
        paint_icon(painter, rect, "check", accent(palette))
    elif status is PictureStatus.UNREADABLE:
        paint_icon(painter, rect, "warning", warning(palette))
    elif status is PictureStatus.SKIPPED:
        middle = rect.center()
        painter.setPen(QPen(quiet, 1.6, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(dot.left(), middle.y()), QPointF(dot.right(), middle.y()))
    elif status is PictureStatus.NEW:
        painter.setPen(QPen(quiet, 1.2))
        painter.drawEllipse(dot)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(accent(palette) if status is PictureStatus.IN_WORK else quiet)
        painter.drawEllipse(dot)
    painter.restore()


def paint_thumbnail(
    painter: QPainter, palette: QPalette, place: QRect, pixmap: QPixmap | None, status: PictureStatus
) -> None:
    """The middle of the picture, filling `place`: rows line up whatever the shape of the photo."""
    text = palette.color(QPalette.ColorRole.Text)
    frame = QPainterPath()
    frame.addRoundedRect(QRectF(place), RADIUS, RADIUS)
    if pixmap is None:
        painter.fillPath(frame, tint(text, 0.07))
        side = QRectF(0, 0, 20, 20)
        side.moveCenter(QRectF(place).center())
        paint_icon(painter, side, "warning" if status is PictureStatus.UNREADABLE else "picture", tint(text, 0.35))
        return
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
