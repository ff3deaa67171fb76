"""What a list says while a filter leaves nothing of it, and the way out."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QAbstractItemView, QLabel, QPushButton, QVBoxLayout, QWidget

from app.panels.style import UNIT


class EmptyCard(QWidget):
    """Lies over the view, a sentence and a button that takes the filter away."""

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view.viewport())
        self._viewport = view.viewport()
        self._viewport.installEventFilter(self)
        self.label = QLabel(self)
        self.label.setWordWrap(True)
        self.label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.reset = QPushButton("Reset", self)
        self.reset.setToolTip("Show all pictures")
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * UNIT, 3 * UNIT, 2 * UNIT, UNIT)
        column.setSpacing(UNIT + UNIT // 2)
        column.addWidget(self.label)
        column.addWidget(self.reset, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.hide()

    def show_text(self, text: str) -> None:
        """Say `text`; nothing and no button where it is empty."""
        self.label.setText(text)
        self.setGeometry(self._viewport.rect())
        self.setVisible(bool(text))

    def text(self) -> str:
        """What it says."""
        return self.label.text()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize:
            self.setGeometry(self._viewport.rect())
        return super().eventFilter(watched, event)
