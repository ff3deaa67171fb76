"""How the lists at the sides of the window are laid out: a search field, the list, and a line that sums it up."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.panels.style import UNIT


def with_foot(panel: QWidget, foot: QWidget) -> QWidget:
    """A list, and below it what comes and goes."""
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    layout.addWidget(panel, 1)
    layout.addWidget(foot)
    return column


def fill_column(panel: QWidget, *, search: QWidget, view: QWidget, foot: QWidget) -> None:
    """Give `panel` these three, from top to bottom; the list takes all the room there is."""
    top = QHBoxLayout()
    top.setContentsMargins(UNIT, UNIT, UNIT, UNIT)
    top.addWidget(search)
    column = QVBoxLayout(panel)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addLayout(top)
    column.addWidget(view, 1)
    column.addWidget(foot)
