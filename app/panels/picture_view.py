"""The list and the grid of pictures: which one is gone to, which are selected, and which thumbnails are needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QItemSelection, QItemSelectionModel, QModelIndex, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QStyle, QWidget

from app.core.arrays import I32
from app.panels.even_view import EvenView
from app.panels.picture_model import PictureModel, PictureRole
from app.panels.picture_paint import CellDelegate, PictureDelegate
from app.panels.rows import Index, SaysWhenEmpty, paint_empty

MOST_RUNS = 1000  # of selected rows beside each other that are selected again in another order
ASK_MS = 30  # while one scrolls on, thumbnails of what has passed already are not asked for
_SELECTING = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
_RETURN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class PictureView(SaysWhenEmpty, EvenView):
    """Clicks and arrow keys go to a picture; with Ctrl or Shift they select several and stay where they are.

    It says which thumbnails it needs: those that can be seen, once each, and again when they come back into view.
    """

    thumbnail_wanted = Signal(Path)
    chosen = Signal(QModelIndex)  # by mouse or key, not by `select_place`
    ratio_changed = Signal(float)  # device pixels per point, which decides how large thumbnails have to be
    focus_changed = Signal()

    def __init__(self, pictures: PictureModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._pictures = pictures
        self._asked: set[Path] = set()
        self._ratio = 1.0
        self._goes = False  # whether a move of the current row goes there
        self._on_screen: Path | None = None
        self._kept: I32 = np.zeros(0, np.int32)  # rows of the catalogue that were selected before other ones are shown
        self._kept_of: object = None  # the catalogue
        self._rows, self._cells = PictureDelegate(self), CellDelegate(self)
        self.setModel(pictures)
        self.setItemDelegate(self._rows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setAccessibleName("Pictures")
        self._ask = QTimer(self, singleShot=True, interval=ASK_MS)
        self._ask.timeout.connect(self._ask_for_visible)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self._ask_soon())
        pictures.modelAboutToBeReset.connect(self._keep_selected)
        pictures.modelReset.connect(self._ask_soon)
        pictures.folder.files_changed.connect(self.forget_requests)

    def set_grid(self, *, on: bool) -> None:
        if on is not self.is_grid():
            self.setItemDelegate(self._cells if on else self._rows)
            super().set_grid(on=on)
            self._keep_in_view(self.currentIndex())
            self._ask_soon()

    # --- which picture ---------------------------------------------------------------------------------------------

    def select_place(self, place: int) -> None:
        """Make a row the current one without reporting it, and the only selected one; -1 for none."""
        index = self._pictures.index(place, 0)
        if index.isValid():
            self.setCurrentIndex(index)  # from there Shift selects on
        command = QItemSelectionModel.SelectionFlag.ClearAndSelect  # whatever keys are held
        self.selectionModel().setCurrentIndex(index, command)

    def follow(self, place: int, *, scroll: bool) -> None:
        """Other rows are shown: `place` is the current one, and what was selected still is."""
        self.setAutoScroll(scroll)
        self.select_place(place)
        self.setAutoScroll(True)
        if len(self._kept) > 1 and self._kept_of is self._pictures.folder.catalogue:
            self._select_again(self._kept)

    def _keep_selected(self) -> None:
        """Before other rows are shown: which pictures are selected."""
        self._kept, self._kept_of = self._pictures.rows[self.selected_rows()], self._pictures.catalogue

    def _select_again(self, rows: I32) -> None:
        places = np.flatnonzero(np.isin(self._pictures.rows, rows))
        runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
        if places.size < 2 or len(runs) > MOST_RUNS:
            return
        selection = QItemSelection()
        for run in runs:
            selection.select(self._pictures.index(int(run[0])), self._pictures.index(int(run[-1])))
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def show_on_screen(self, path: Path | None) -> None:
        """Which picture has the sign that it is the one on screen."""
        self._on_screen = path
        self.viewport().update()

    def selected_rows(self) -> I32:
        """The places of the selected rows, in order."""
        selected = np.zeros(self._pictures.rowCount(), np.bool_)
        for part in self.selectionModel().selection().toList():
            selected[part.top() : part.bottom() + 1] = True
        return np.flatnonzero(selected).astype(np.int32)

    def selected_count(self) -> int:
        """How many rows are selected."""
        return sum(part.height() for part in self.selectionModel().selection().toList())

    def currentChanged(self, current: Index, previous: Index) -> None:  # noqa: N802 - Qt's name
        super().currentChanged(current, previous)
        if current.isValid() and self._goes:
            self.chosen.emit(current)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _RETURN and not event.modifiers() & _SELECTING and self.currentIndex().isValid():
            self.setCurrentIndex(self.currentIndex())  # which ends a selection of several
            self.chosen.emit(self.currentIndex())
            return
        self._goes = not event.modifiers() & _SELECTING
        super().keyPressEvent(event)
        self._goes = False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() is Qt.MouseButton.LeftButton and not event.modifiers() & _SELECTING and index.isValid():
            self.chosen.emit(index)

    # --- thumbnails ------------------------------------------------------------------------------------------------

    def forget_requests(self) -> None:
        """Another list: everything may be asked for again."""
        self._asked.clear()
        self._ask_soon()

    def arrived(self, path: Path) -> None:
        """A thumbnail came; should it be dropped later, it may be asked for again."""
        self._asked.discard(path)

    def _follow_ratio(self) -> None:
        """The window is on another screen, perhaps."""
        ratio = self.devicePixelRatioF()
        if ratio != self._ratio:
            self._ratio = ratio
            self._pictures.want_other_size()
            self.ratio_changed.emit(ratio)
            self.forget_requests()

    def _ask_soon(self) -> None:
        if not self._ask.isActive():
            self._ask.start()

    def _ask_for_visible(self) -> None:
        if not self.isVisible():
            return
        seen = [place for place in self.places_seen() if self._pictures.lacks_thumbnail(place)]
        needed = [self._pictures.path(place) for place in seen]
        new = [path for path in needed if path not in self._asked]
        self._asked = set(needed)
        for path in new:
            self.thumbnail_wanted.emit(path)

    # --- the view --------------------------------------------------------------------------------------------------

    def cell_state(self, index: QModelIndex) -> QStyle.StateFlag:
        on_screen = self._on_screen is not None and index.data(PictureRole.PATH) == self._on_screen
        return QStyle.StateFlag.State_On if on_screen else QStyle.StateFlag.State_None

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A panel that opens below takes room away: the current picture does not go with it."""
        current = self.currentIndex()
        in_view = QRect(self.viewport().rect().topLeft(), event.oldSize()).intersects(self.visualRect(current))
        super().resizeEvent(event)
        if in_view:
            self._keep_in_view(current)
        self._ask_soon()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focus_changed.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focus_changed.emit()

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Show, QEvent.Type.DevicePixelRatioChange):
            self._follow_ratio()
            self._ask_soon()
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        paint_empty(self, self.empty_text)

    def _keep_in_view(self, index: Index) -> None:
        if index.isValid():
            self.scrollTo(index)
