"""A small popup to write something about a picture."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QPaintEvent, QPalette, QTextCursor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from app.panels.elided_label import ElidedLabel
from app.panels.style import UNIT, paint_edge, small

SIZE = QSize(320, 176)
_RETURN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class NoteEditor(QFrame):
    """Ctrl+Return or a click elsewhere keeps what was written, Escape leaves the note as it was."""

    written = Signal(Path, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._path: Path | None = None
        self._before = ""
        self.setAccessibleName("Note")
        self.setBackgroundRole(QPalette.ColorRole.Window)
        self.setAutoFillBackground(True)
        self.title = ElidedLabel("", self)
        self.text = QPlainTextEdit(self)
        self.text.setAccessibleName("Note")
        self.text.setPlaceholderText("What is to be known about this picture")
        self.text.setTabChangesFocus(True)
        self.text.installEventFilter(self)
        hint = QLabel("Esc leaves it as it was", self)
        hint.setFont(small(hint.font()))
        hint.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.keep = QPushButton("Keep", self)
        key = QKeySequence("Ctrl+Return").toString(QKeySequence.SequenceFormat.NativeText)
        self.keep.setToolTip(f"Keep the note ({key})")
        self.keep.clicked.connect(self.close)
        foot = QHBoxLayout()
        foot.addWidget(hint, 1)
        foot.addWidget(self.keep)
        column = QVBoxLayout(self)
        column.setContentsMargins(UNIT + UNIT // 2, UNIT, UNIT + UNIT // 2, UNIT)
        column.setSpacing(UNIT)
        column.addWidget(self.title)
        column.addWidget(self.text, 1)
        column.addLayout(foot)
        self.setFocusProxy(self.text)

    def open_for(self, path: Path, note: str, *, beside: QWidget) -> None:
        """Show the note of a picture, to be changed, at the right edge of `beside`."""
        self._path, self._before = path, note
        self.title.setText(f"Note on {path.name}")
        self.text.setPlainText(note)
        self.text.moveCursor(QTextCursor.MoveOperation.End)
        room = beside.screen().availableGeometry()
        size = SIZE.boundedTo(room.size())
        place = beside.mapToGlobal(QPoint(beside.width() + UNIT, 8 * UNIT))
        self.setFixedSize(size)
        self.move(
            max(room.left(), min(place.x(), room.right() - size.width())),
            max(room.top(), min(place.y(), room.bottom() - size.height())),
        )
        self.show()
        self.text.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            held = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            ends = event.key() == Qt.Key.Key_Escape or (held and event.key() in _RETURN)
            if event.type() is QEvent.Type.ShortcutOverride:
                event.accept()  # whatever is typed here is no shortcut of the window
                return True
            if ends:
                if event.key() == Qt.Key.Key_Escape:
                    self._path = None
                self.close()
                return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """With the button reached by Tab, Return presses it and Escape leaves the note as it was here too."""
        if event.key() in (*_RETURN, Qt.Key.Key_Escape):
            if event.key() == Qt.Key.Key_Escape:
                self._path = None
            self.close()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        path, self._path = self._path, None
        text = self.text.toPlainText().strip()
        if path is not None and text != self._before.strip():
            self.written.emit(path, text)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        paint_edge(self)
