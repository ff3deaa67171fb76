"""The pictures of the folder: filter, order, list or grid with marks, and the way to the next and the previous one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QPalette
from PySide6.QtWidgets import QApplication, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from app.core.arrays import Intp
from app.core.catalogue import Filter, Sort
from app.listing.folder import Folder
from app.listing.rows import FolderRows
from app.panels.elided_label import ElidedLabel
from app.panels.empty_card import EmptyCard
from app.panels.filter_popup import FilterButton, FilterPopup, conditions
from app.panels.icons import icon
from app.panels.picture_model import PictureModel, PictureRole
from app.panels.picture_texts import count_text, none_matches
from app.panels.picture_view import PictureView
from app.panels.search_field import SearchField
from app.panels.sort_button import SortButton
from app.panels.style import HALF, ICON, UNIT, small

__all__ = ["ImageList", "PictureModel"]

NOTHING_OPEN = "No pictures yet.\nOpen photos, or drop them here."
LOOKING = "Looking for photos…"


class ImageList(QWidget):
    """Shows what is on the desk; it asks for pictures and thumbnails and opens nothing itself."""

    activated = Signal(Path)  # the user went to this picture
    thumbnail_wanted = Signal(Path)  # it came into view; answer with `set_thumbnail`, or tell the folder why not
    grid_changed = Signal(bool)  # by the button
    selection_changed = Signal()
    reasons_asked = Signal(object)  # the sentences that `show_not_listed` told

    def __init__(self, folder: Folder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.folder = folder
        self._current: Path | None = None
        self._brings = True  # whether the current picture is scrolled to when others are shown
        self.model = PictureModel(folder, self)
        self.filter = SearchField("Filter by name", self)
        self.filter_button = FilterButton(self)
        self.popup = FilterPopup(folder, self)
        self.sort_button = SortButton(self)
        self.grid_button = self._button("grid", "Pictures as a grid")
        self.grid_button.setCheckable(True)
        self._not_listed: Sequence[str] = ()
        self.not_listed = self._button("warning", "Not in the list")
        self.not_listed.hide()
        self.view = PictureView(self.model, self)
        self.empty = EmptyCard(self.view)
        self.count, self.place = self._label(), self._label()
        self.place.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.previous = self._button("previous", "Previous picture (Page Up)")
        self.next = self._button("next", "Next picture (Page Down)")
        self._build()
        self._wire()
        self._rearranged()

    def _label(self) -> ElidedLabel:
        label = ElidedLabel("", self)
        label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        label.setFont(small(label.font()))
        return label

    def _button(self, name: str, tip: str) -> QToolButton:
        button = QToolButton(self, autoRaise=True)
        button.setIcon(icon(name))
        button.setIconSize(QSize(ICON, ICON))
        button.setToolTip(tip)
        button.setAccessibleName(tip.partition(" (")[0])
        return button

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(_line((UNIT, UNIT, UNIT, 0), self.filter, self.filter_button, wide=self.filter))
        column.addLayout(
            _line(
                (UNIT + HALF, HALF, UNIT, HALF),
                *(self.count, self.not_listed, self.sort_button, self.grid_button),
                wide=self.count,
            )
        )
        column.addWidget(self.view, 1)
        column.addLayout(_line((HALF, HALF, HALF, HALF), self.previous, self.place, self.next, wide=self.place))
        tools = (self.filter, self.filter_button, self.not_listed, self.sort_button, self.grid_button)
        for before, after in pairwise((*tools, self.view)):
            self.setTabOrder(before, after)
        self.setMinimumWidth(24 * UNIT)

    def _wire(self) -> None:
        folder, view = self.folder, self.view
        folder.relisted.connect(self._relisted)
        folder.rearranged.connect(self._rearranged)
        folder.changed.connect(lambda _rows: self._say_steps())
        view.chosen.connect(self._chosen)
        view.thumbnail_wanted.connect(self.thumbnail_wanted)
        view.selectionModel().selectionChanged.connect(self._selected)
        self.filter.textChanged.connect(self._filter_by_name)
        self.filter.moved.connect(self._into_list)
        self.filter.accepted.connect(self._take_first)
        self.filter_button.clicked.connect(lambda: self.popup.open_at(self.filter_button))
        self.popup.changed.connect(self._arrange)
        self.sort_button.chosen.connect(lambda sort: self._arrange(sort=sort))
        self.grid_button.clicked.connect(self._grid_clicked)
        self.not_listed.clicked.connect(lambda: self.reasons_asked.emit(self._not_listed))
        self.empty.reset.clicked.connect(self.reset_filter)
        self.previous.clicked.connect(lambda: self._go(self.previous_path()))
        self.next.clicked.connect(lambda: self._go(self.next_path()))

    # --- told by the window ----------------------------------------------------------------------------------------

    def set_thumbnail(self, path: Path, thumbnail: NDArray[np.uint8]) -> None:
        """The thumbnail that was wanted, (h, w, 3) uint8 RGB."""
        self.model.set_thumbnail(path, thumbnail)
        self.view.arrived(path)

    def select(self, path: Path | None) -> None:
        """Mark the picture on screen and scroll to it; reports nothing."""
        self._current = path
        self.view.show_on_screen(path)
        self.view.select_place(self._place())
        self._say_count()

    def set_grid(self, *, on: bool) -> None:
        """Larger thumbnails beside each other, or a line for each picture."""
        self.view.set_grid(on=on)
        self.grid_button.setChecked(on)

    def show_not_listed(self, reasons: Sequence[str]) -> None:
        """What lies in the folder and cannot be looked at, a sentence each; a button stays while there is any."""
        self._not_listed, count = reasons, len(reasons)
        self.not_listed.setVisible(count > 0)
        what = reasons[0] if count == 1 else f"{count:,} entries of the folder cannot be looked at."
        self.not_listed.setToolTip(f"{what} Click to read why." if count > 1 else what)

    def set_menu(self, actions: Sequence[QAction]) -> None:
        """What can be done with the pictures that are selected."""
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.view.addActions(list(actions))

    # --- asked by the window ---------------------------------------------------------------------------------------

    def current_path(self) -> Path | None:
        """The picture that is marked."""
        return self._current

    def shown(self) -> list[Path]:
        """The pictures in the list as it is filtered, in their order."""
        return self.folder.shown()

    def selected_rows(self) -> Intp:
        """The rows of the catalogue that are selected, in the order shown."""
        return self.model.rows[self.view.selected_rows()].astype(np.intp)

    def selected(self) -> Sequence[Path]:
        """The pictures that are selected, in the order shown; their paths are made when they are wanted."""
        return FolderRows.of(self.folder, self.selected_rows())

    def next_path(self) -> Path | None:
        """The picture after the marked one in the list as filtered; unreadable ones are skipped. None at the end."""
        return self.folder.next(self._current)

    def previous_path(self) -> Path | None:
        """The picture before the marked one; unreadable ones are skipped. None at the beginning."""
        return self.folder.next(self._current, -1)

    def _place(self) -> int:
        return -1 if self._current is None else self.model.place(self._current)

    # --- what the user does ----------------------------------------------------------------------------------------

    def _go(self, path: Path | None) -> None:
        if path is not None:
            self.select(path)
            self.activated.emit(path)

    def _chosen(self, index: QModelIndex) -> None:
        path = index.data(PictureRole.PATH)
        if path != self._current:
            self._current = path
            self.view.show_on_screen(path)
            self._say_count()
            self.activated.emit(path)

    def _filter_by_name(self, text: str) -> None:
        self._arrange(replace(self.folder.filter, text=text.strip()))

    def reset_filter(self) -> None:
        """Show all pictures."""
        self.filter.blockSignals(True)
        self.filter.clear()
        self.filter.blockSignals(False)
        self._arrange(Filter())
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def _arrange(self, wanted: Filter | None = None, *, sort: Sort | None = None) -> None:
        """What is shown next begins with the picture on screen, or else at the top."""
        self._brings = True
        self.folder.arrange(filter=wanted, sort=sort)
        self._show_order()

    def _take_first(self) -> None:
        if self.model.rowCount():
            self._go(self.model.path(0))

    def _into_list(self, event: QKeyEvent) -> None:
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        QApplication.sendEvent(self.view, QKeyEvent(event.type(), event.key(), event.modifiers()))

    def _grid_clicked(self, on: bool) -> None:  # noqa: FBT001 - Qt's signal
        self.set_grid(on=on)
        self.grid_changed.emit(on)

    # --- following the folder --------------------------------------------------------------------------------------

    def _relisted(self) -> None:
        if self._current is not None and self._current not in self.folder:
            self._current = None
            self.view.show_on_screen(None)
        self._brings = True
        self.view.forget_requests()
        self._rearranged()

    def _rearranged(self) -> None:
        """Others are shown: whoever asked for that sees the picture on screen or the top, whoever scrolls stays."""
        place, brings = self._place(), self._brings
        self._brings = False
        self.view.follow(place, scroll=brings)
        if brings and place < 0:
            self.view.scrollToTop()
        self._show_order()
        self._say_count()

    def _show_order(self) -> None:
        wanted = self.folder.filter
        if self.filter.text().strip() != wanted.text:
            self.filter.blockSignals(True)
            self.filter.setText(wanted.text)
            self.filter.blockSignals(False)
        self.filter_button.show_filter(wanted)
        self.sort_button.show_sort(self.folder.sort)

    def _selected(self) -> None:
        self._say_count()
        self.selection_changed.emit()

    def _say_count(self) -> None:
        shown, total, selected = self.model.rowCount(), len(self.folder), self.view.selected_count()
        text = count_text(shown, total)
        self.count.setText(f"{selected:,} selected of {shown:,}" if selected > 1 else text)
        place = self._place()
        self.place.setText(f"{place + 1:,} of {shown:,}" if place >= 0 else "")
        wanted = self.folder.filter
        filtered = bool(total) and (bool(wanted.text) or conditions(wanted) > 0)
        self.empty.show_text(none_matches(wanted) if filtered and not shown else "")
        nothing = NOTHING_OPEN if self.folder.complete else LOOKING
        self.view.set_empty_text("" if total else nothing)
        self._say_steps()

    def _say_steps(self) -> None:
        self.previous.setEnabled(self.previous_path() is not None)
        self.next.setEnabled(self.next_path() is not None)


def _line(margins: tuple[int, int, int, int], *parts: QWidget, wide: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(*margins)
    row.setSpacing(HALF)
    for part in parts:
        row.addWidget(part, 1 if part is wide else 0)
    return row
