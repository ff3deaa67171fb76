"""A view of cells that all have one size, below or beside each other: where each is follows from its number.

Qt's own list view visits every row to lay them out, which takes seconds for a hundred thousand.
"""

from __future__ import annotations

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyleOptionViewItem, QWidget

from app.panels.rows import Index, make_quiet

_Action = QAbstractItemView.CursorAction


class EvenView(QAbstractItemView):
    """Rows as wide as the view, or with `set_grid` cells that share its width evenly."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = False
        make_quiet(self)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)

    # --- where things are ------------------------------------------------------------------------------------------

    def set_grid(self, *, on: bool) -> None:
        """Cells beside each other, or rows below each other; what was at the top stays in view."""
        if on is not self._grid:
            first = self.places_seen().start
            self._grid = on
            self.updateGeometries()
            self.scroll_to_place(first)
            self.viewport().update()

    def is_grid(self) -> bool:
        """Whether cells are beside each other."""
        return self._grid

    def columns(self) -> int:
        """How many cells are beside each other."""
        return max(1, self.viewport().width() // max(1, self._hint().width())) if self._grid else 1

    def cell_height(self) -> int:
        """In device-independent pixels; one more than asked for a grid never matters, so it is that of the hint."""
        return max(1, self._hint().height())

    def places_seen(self) -> range:
        """The rows of the model that can be seen, those that are cut off included."""
        height, columns, top = self.cell_height(), self.columns(), self.verticalOffset()
        first = top // height * columns
        last = (top + max(0, self.viewport().height() - 1)) // height * columns + columns
        return range(min(first, self._count()), min(last, self._count()))

    def scroll_to_place(self, place: int) -> None:
        """Bring a row of the model to the top."""
        self.verticalScrollBar().setValue(place // self.columns() * self.cell_height())

    def visualRect(self, index: Index) -> QRect:  # noqa: N802 - Qt's names, here and below
        if not index.isValid():
            return QRect()
        line, column = divmod(index.row(), self.columns())
        width, columns, height = self.viewport().width(), self.columns(), self.cell_height()
        left, right = width * column // columns, width * (column + 1) // columns
        return QRect(left, line * height - self.verticalOffset(), right - left, height)

    def indexAt(self, point: QPoint) -> QModelIndex:  # noqa: N802
        width, columns = max(1, self.viewport().width()), self.columns()
        if not 0 <= point.x() < width or point.y() + self.verticalOffset() < 0:
            return QModelIndex()
        column = min(columns - 1, point.x() * columns // width)
        place = (point.y() + self.verticalOffset()) // self.cell_height() * columns + column
        return self.model().index(place, 0) if place < self._count() else QModelIndex()

    def scrollTo(  # noqa: N802
        self, index: Index, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        rect, bar, height = self.visualRect(index), self.verticalScrollBar(), self.viewport().height()
        if not index.isValid():
            return
        if hint is QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue(bar.value() + rect.center().y() - height // 2)
        elif rect.top() < 0 or hint is QAbstractItemView.ScrollHint.PositionAtTop:
            bar.setValue(bar.value() + rect.top())
        elif rect.bottom() >= height:
            bar.setValue(bar.value() + min(rect.top(), rect.bottom() + 1 - height))

    def horizontalOffset(self) -> int:  # noqa: N802
        return 0

    def verticalOffset(self) -> int:  # noqa: N802
        return self.verticalScrollBar().value()

    def isIndexHidden(self, _index: Index) -> bool:  # noqa: N802
        return False

    def updateGeometries(self) -> None:  # noqa: N802
        lines = -(-self._count() // self.columns())
        bar, height = self.verticalScrollBar(), self.viewport().height()
        bar.setPageStep(height)
        bar.setSingleStep(max(1, self.cell_height() // 2))
        bar.setRange(0, max(0, lines * self.cell_height() - height))
        super().updateGeometries()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.updateGeometries()

    # --- keys and selection ----------------------------------------------------------------------------------------

    def moveCursor(self, action: _Action, _modifiers: Qt.KeyboardModifier) -> QModelIndex:  # noqa: N802
        count, columns = self._count(), self.columns()
        if not count:
            return QModelIndex()
        page = max(1, self.viewport().height() // self.cell_height()) * columns
        steps = {
            _Action.MoveUp: -columns, _Action.MoveDown: columns,
            _Action.MoveLeft: -1, _Action.MovePrevious: -1, _Action.MoveRight: 1, _Action.MoveNext: 1,
            _Action.MovePageUp: -page, _Action.MovePageDown: page,
            _Action.MoveHome: -count, _Action.MoveEnd: count,
        }  # fmt: skip
        current = self.currentIndex().row()
        if current < 0:
            return self.model().index(count - 1 if action is _Action.MoveEnd else 0, 0)
        wanted = current + steps[action]
        if abs(steps[action]) == columns > 1 and not 0 <= wanted < count:
            wanted = current  # no line above the first one; a column of its own below the last
        return self.model().index(min(max(0, wanted), count - 1), 0)

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:  # noqa: N802
        """What a drag has passed: from the cell it began in to the one it is over, as text is selected."""
        ends = [self._place_near(rect.topLeft()), self._place_near(rect.bottomRight())]
        selection = QItemSelection()
        if self._count():
            selection.select(self.model().index(min(ends), 0), self.model().index(max(ends), 0))
        self.selectionModel().select(selection, command)

    def visualRegionForSelection(self, _selection: QItemSelection) -> QRegion:  # noqa: N802
        """All that is seen: cheaper than to ask about a hundred thousand cells."""
        return QRegion(self.viewport().rect())

    def keyboardSearch(self, _text: str) -> None:  # noqa: N802
        """Letters are shortcuts of the window; names are found with the search field."""

    def _place_near(self, point: QPoint) -> int:
        width, columns = max(1, self.viewport().width()), self.columns()
        column = min(columns - 1, max(0, point.x() * columns // width))
        place = (point.y() + self.verticalOffset()) // self.cell_height() * columns + column
        return min(max(0, place), self._count() - 1)

    # --- painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        idle, hovered = option.state, self.indexAt(self.viewport().mapFromGlobal(self.cursor().pos()))
        selection, under = self.selectionModel(), self.viewport().underMouse()
        for place in self.places_seen():
            index = self.model().index(place, 0)
            option.rect = self.visualRect(index)
            if not option.rect.intersects(event.rect()):
                continue
            option.state = idle | self.cell_state(index)
            if selection.isSelected(index):
                option.state |= QStyle.StateFlag.State_Selected
            if under and index == hovered:
                option.state |= QStyle.StateFlag.State_MouseOver
            if index == self.currentIndex() and self.hasFocus():
                option.state |= QStyle.StateFlag.State_HasFocus
            self.itemDelegateForIndex(index).paint(painter, option, index)
        painter.end()

    def cell_state(self, _index: QModelIndex) -> QStyle.StateFlag:
        """What else the delegate is to know of a cell."""
        return QStyle.StateFlag.State_None

    def _hint(self) -> QSize:
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        return self.itemDelegate().sizeHint(option, QModelIndex())

    def _count(self) -> int:
        return 0 if self.model() is None else self.model().rowCount()
