"""What the pages of learning are put together from."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QSpinBox, QWidget

from app.panels.number import SelectAll
from app.panels.style import UNIT

INDENT = 3 * UNIT


class Column(QScrollArea):
    """Goes up and down only, so it is never narrower than what it shows."""

    def __init__(self, body: QWidget) -> None:
        super().__init__(widgetResizable=True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(body)
        self._body = body

    def minimumSizeHint(self) -> QSize:
        width = self._body.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(width, super().minimumSizeHint().height())


def percent(low: int, high: int, name: str) -> QSpinBox:
    """A share to be chosen; `name` is what a screen reader says."""
    field = QSpinBox(minimum=low, maximum=high, singleStep=5, suffix=" %")
    field.setAccessibleName(name)
    SelectAll(field)
    return field


def line_of(*widgets: QWidget) -> QHBoxLayout:
    """Beside each other, at the left."""
    row = QHBoxLayout()
    row.setSpacing(UNIT)
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch(1)
    return row


def plain(text: str) -> QLabel:
    """Text as it is, in as many lines as it takes."""
    label = QLabel(text, wordWrap=True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def muted(text: str) -> QLabel:
    """What need not be read every time."""
    label = plain(text)
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
    return label


def below(text: str) -> QLabel:
    """What a choice means, under it."""
    label = muted(text)
    label.setContentsMargins(INDENT, 0, 0, 0)
    return label
