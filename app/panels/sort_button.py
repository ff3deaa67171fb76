"""The button that says by what the pictures are sorted, and its menu."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from app.core.catalogue import Sort, SortBy
from app.panels.icons import icon
from app.panels.picture_texts import SORT_TEXTS, direction_texts
from app.panels.style import ICON


class SortButton(QToolButton):
    """It is on while the order is another than that of names."""

    chosen = Signal(object)  # Sort

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, autoRaise=True)
        self._sort = Sort()
        self.setIcon(icon("sort"))
        self.setIconSize(QSize(ICON, ICON))
        self.setCheckable(True)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.setAccessibleName("Sort pictures")
        menu = QMenu(self)
        group = QActionGroup(self)
        self.keys = {by: self._add(menu, group, SORT_TEXTS[by]) for by in SortBy}
        menu.addSeparator()
        group = QActionGroup(self)
        self.ways = {descending: self._add(menu, group, "") for descending in (False, True)}
        for by, action in self.keys.items():
            action.triggered.connect(lambda _on=False, by=by: self._choose(Sort(by, first_way(by))))
        for descending, action in self.ways.items():
            action.triggered.connect(lambda _on=False, way=descending: self._choose(Sort(self._sort.by, way)))
        self.setMenu(menu)
        self.show_sort(self._sort)

    def nextCheckState(self) -> None:  # noqa: N802 - Qt's name
        """It shows the order, whatever is clicked."""

    def show_sort(self, sort: Sort) -> None:
        """Tick this order without reporting it."""
        self._sort = sort
        self.keys[sort.by].setChecked(True)
        for descending, action in self.ways.items():
            action.setText(direction_texts(sort.by)[descending])
            action.setChecked(descending is sort.descending)
        self.setChecked(sort != Sort())
        way = direction_texts(sort.by)[sort.descending]
        self.setToolTip(f"Sorted by {SORT_TEXTS[sort.by].lower()}, {way if sort.by is SortBy.NAME else way.lower()}")

    def _choose(self, sort: Sort) -> None:
        if sort != self._sort:
            self.show_sort(sort)
            self.chosen.emit(sort)

    @staticmethod
    def _add(menu: QMenu, group: QActionGroup, text: str) -> QAction:
        action = menu.addAction(text)
        action.setCheckable(True)
        group.addAction(action)
        return action


def first_way(by: SortBy) -> bool:
    """Whether one wants the largest first: what is least sure or has most left to do comes first."""
    return by in (SortBy.UNCERTAINTY, SortBy.UNLABELLED)
