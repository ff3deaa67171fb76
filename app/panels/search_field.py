"""A search field above a list: Return takes the first, the arrow keys go into the list, Escape clears."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from app.panels.icons import icon

_INTO_LIST = (Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp)


class SearchField(QLineEdit):
    """`accepted`: Return. `moved`: a key for the list below. `escaped`: Escape with nothing left to clear."""

    accepted = Signal()
    moved = Signal(QKeyEvent)
    escaped = Signal()

    def __init__(self, name: str, parent: QWidget | None = None, *, escape_clears: bool = True) -> None:
        super().__init__(parent)
        self._escape_clears = escape_clears
        self.setPlaceholderText(name)
        self.setAccessibleName(name)
        self.setClearButtonEnabled(True)
        self.addAction(icon("search"), QLineEdit.ActionPosition.LeadingPosition)

    def event(self, event: QEvent) -> bool:
        # Keys used here must not reach the window's shortcuts of the same name first.
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._is_ours(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accepted.emit()
        elif event.key() in _INTO_LIST:
            self.moved.emit(event)
        elif event.key() == Qt.Key.Key_Escape:
            if self.text() and self._escape_clears:
                self.clear()
                self.setProperty("cleared", True)  # a second Escape leaves the field
            else:
                self.escaped.emit()
                event.ignore()
        else:
            super().keyPressEvent(event)

    def _is_ours(self, event: QKeyEvent) -> bool:
        if event.key() == Qt.Key.Key_Escape:
            return bool(self.text()) and self._escape_clears
        return event.key() in (*_INTO_LIST, Qt.Key.Key_Return, Qt.Key.Key_Enter)
