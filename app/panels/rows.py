"""What the lists of the panels share: the back of a row, and what an empty list says."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QAbstractItemView, QFrame, QStyle, QStyleOptionViewItem

from app.panels.style import UNIT, accent, muted, tint

Index = QModelIndex | QPersistentModelIndex
ROOT = QModelIndex()
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

# Grey with an alpha stands on light and dark alike, so the sheet needs no second version.
_SCROLL_BAR = """
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; border: none; }
QScrollBar::handle:vertical { background: rgba(128, 128, 128, 110); border-radius: 3px; margin: 2px; min-height: 24px; }
QScrollBar::handle:vertical:hover { background: rgba(128, 128, 128, 190); }
QScrollBar::add-line:vertical, QScrollBar::sub-line:vertical { height: 0; }
QScrollBar::add-page:vertical, QScrollBar::sub-page:vertical { background: none; }
"""


class SaysWhenEmpty:
    """For item views: what they say while they have no rows."""

    empty_text = ""

    def set_empty_text(self, text: str) -> None:
        """Say something else from now on."""
        if text != self.empty_text:
            self.empty_text = text
            self.viewport().update()  # type: ignore[attr-defined]


def make_quiet(view: QAbstractItemView) -> None:
    """No frame, no editing, smooth scrolling, rows that know the mouse."""
    view.setFrameShape(QFrame.Shape.NoFrame)
    view.setMouseTracking(True)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
    view.verticalScrollBar().setStyleSheet(_SCROLL_BAR)


def paint_row_back(painter: QPainter, option: QStyleOptionViewItem) -> None:
    """Nothing, faint under the mouse, a tint of the accent where the list stands; stronger with the keyboard."""
    if option.state & QStyle.StateFlag.State_Selected:
        focused = option.widget.hasFocus()
        painter.fillRect(option.rect, tint(accent(option.palette), 0.26 if focused else 0.16))
    elif option.state & QStyle.StateFlag.State_MouseOver:
        painter.fillRect(option.rect, tint(option.palette.color(QPalette.ColorRole.Text), 0.06))


def paint_empty(view: QAbstractItemView, text: str) -> None:
    """Say `text` in the view's area while it has no row; to be called after the view has painted itself."""
    if view.model().rowCount() or not text:
        return
    painter = QPainter(view.viewport())
    painter.setPen(muted(view.palette()))
    area = view.viewport().rect().adjusted(2 * UNIT, UNIT, -2 * UNIT, -UNIT)
    flags = int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
    needed = painter.boundingRect(area, flags, text).height()
    area.setTop(area.top() + max(0, min(2 * UNIT, area.height() - needed)))  # a low list has no room to waste
    painter.drawText(area, flags, text)
    painter.end()
