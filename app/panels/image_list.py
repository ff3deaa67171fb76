"""The list of pictures: filter, thumbnails with status, and the way to the next and the previous one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPalette
from PySide6.QtWidgets import QApplication, QHBoxLayout, QToolButton, QWidget

from app.core.pictures import PictureStatus
from app.panels.elided_label import ElidedLabel
from app.panels.icons import icon
from app.panels.list_column import fill_column
from app.panels.picture_model import PictureModel, PictureRole
from app.panels.picture_view import PictureView
from app.panels.search_field import SearchField
from app.panels.style import HALF, UNIT

__all__ = ["ImageList", "PictureModel"]

NOTHING_OPEN = "No pictures yet.\nOpen photos, or drop them here."


class ImageList(QWidget):
    """Shows what is on the desk; it asks for pictures and thumbnails and opens nothing itself."""

    activated = Signal(Path)  # the user went to this picture
    thumbnail_wanted = Signal(Path)  # it came into view; answer with `set_thumbnail`, or with a status and reason

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._current: Path | None = None
        self.model = PictureModel(self)
        self.proxy = QSortFilterProxyModel(self)
        self.proxy.setSourceModel(self.model)
        self.proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.proxy.setDynamicSortFilter(False)  # a name never changes; status and thumbnails need no second look
        self.filter = SearchField("Filter by name", self)
        self.view = PictureView(self.model, self.proxy, self)
        self.count = ElidedLabel("", self)
        self.count.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.count.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.previous = self._button("previous", "Previous picture (Page Up)")
        self.next = self._button("next", "Next picture (Page Down)")
        self._build()
        self.view.chosen.connect(self._chosen)
        self.view.thumbnail_wanted.connect(self.thumbnail_wanted)
        self.filter.textChanged.connect(self._filter)
        self.filter.moved.connect(self._into_list)
        self.filter.accepted.connect(self._take_first)
        self.previous.clicked.connect(lambda: self._go(self.previous_path()))
        self.next.clicked.connect(lambda: self._go(self.next_path()))
        self._say_count()

    def _button(self, name: str, tip: str) -> QToolButton:
        button = QToolButton(self, autoRaise=True)
        button.setIcon(icon(name))
        button.setToolTip(tip)
        button.setAccessibleName(tip.partition(" (")[0])
        return button

    def _build(self) -> None:
        foot = QWidget(self)
        row = QHBoxLayout(foot)
        row.setContentsMargins(HALF, HALF, HALF, HALF)
        row.setSpacing(HALF)
        row.addWidget(self.previous)
        row.addWidget(self.count, 1)
        row.addWidget(self.next)
        fill_column(self, search=self.filter, view=self.view, foot=foot)
        self.setTabOrder(self.filter, self.view)
        self.setMinimumWidth(24 * UNIT)

    # --- told by the desk ------------------------------------------------------------------------------------------

    def set_paths(self, paths: Sequence[Path]) -> None:
        """Show these pictures, in this order."""
        self.filter.clear()
        self.model.set_paths(paths)
        self.view.forget_requests()
        if self._current is not None and self.model.row_of(self._current) < 0:
            self._current = None
        self._show_current()

    def set_status(self, path: Path, status: PictureStatus, reason: str = "") -> None:
        """What became of a picture; `reason` is one sentence for one that cannot be read."""
        self.model.set_status(path, status, reason)
        self._say_count()

    def set_thumbnail(self, path: Path, thumbnail: NDArray[np.uint8]) -> None:
        """The thumbnail that was wanted, (h, w, 3) uint8 RGB."""
        self.model.set_thumbnail(path, thumbnail)
        self.view.arrived(path)

    def select(self, path: Path | None) -> None:
        """Mark the picture on screen and scroll to it; reports nothing."""
        self._current = path
        self._show_current()

    # --- asked by the window ---------------------------------------------------------------------------------------

    def current_path(self) -> Path | None:
        """The picture that is marked."""
        return self._current

    def next_path(self) -> Path | None:
        """The picture after the marked one in the list as filtered; unreadable ones are skipped. None at the end."""
        return self._neighbour(+1)

    def previous_path(self) -> Path | None:
        """The picture before the marked one; unreadable ones are skipped. None at the beginning."""
        return self._neighbour(-1)

    def selected(self) -> list[Path]:
        """The pictures that are selected, in their order."""
        rows = sorted(index.row() for index in self.view.selectionModel().selectedIndexes())
        return [self.proxy.index(row, 0).data(PictureRole.PATH) for row in rows]

    def _neighbour(self, step: int) -> Path | None:
        row = self._proxy_row()
        row = row + step if row >= 0 else (0 if step > 0 else -1)
        while 0 <= row < self.proxy.rowCount():
            index = self.proxy.index(row, 0)
            if index.data(PictureRole.STATUS) is not PictureStatus.UNREADABLE:
                path: Path = index.data(PictureRole.PATH)
                return path
            row += step
        return None

    def _proxy_row(self) -> int:
        row = -1 if self._current is None else self.model.row_of(self._current)
        return self.proxy.mapFromSource(self.model.index(row, 0)).row() if row >= 0 else -1

    # --- what the user does ----------------------------------------------------------------------------------------

    def _go(self, path: Path | None) -> None:
        if path is not None:
            self.select(path)
            self.activated.emit(path)

    def _chosen(self, index: QModelIndex) -> None:
        path = index.data(PictureRole.PATH)
        if path != self._current:
            self._current = path
            self._say_count()
            self.activated.emit(path)

    def _filter(self, text: str) -> None:
        self.proxy.setFilterFixedString(text.strip())
        self._show_current()
        if self._proxy_row() < 0:
            self.view.scrollToTop()

    def _take_first(self) -> None:
        if self.proxy.rowCount():
            self._go(self.proxy.index(0, 0).data(PictureRole.PATH))

    def _into_list(self, event: QKeyEvent) -> None:
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        QApplication.sendEvent(self.view, QKeyEvent(event.type(), event.key(), event.modifiers()))

    def _show_current(self) -> None:
        self.view.select_row(self._proxy_row())
        self._say_count()

    def _say_count(self) -> None:
        total, shown, row = self.model.rowCount(), self.proxy.rowCount(), self._proxy_row()
        pictures = "picture" if total == 1 else "pictures"
        filtered = bool(self.filter.text().strip())
        if filtered:
            text = f"{shown} found of {total}"
        else:
            text = f"{row + 1} of {total} {pictures}" if row >= 0 else f"{total} {pictures}" if total else ""
        self.count.setText(text)
        self.previous.setEnabled(self.previous_path() is not None)
        self.next.setEnabled(self.next_path() is not None)
        query = self.filter.text().strip()
        self.view.set_empty_text(f"No name contains “{query}”." if filtered and total else NOTHING_OPEN)
