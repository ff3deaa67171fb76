"""The key that closes the window, pressed in a dialog that wants an answer: no action of the window hears it there."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QThread, QTimer
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from app.chrome.actions import ACTIONS, Act

_KEYS = [QKeySequence(key) for key in ACTIONS[Act.QUIT].keys]


class Leaving(QObject):
    """Gives the dialog the answer that changes nothing, as Escape would, and those below it; then the window closes as
    always, with the questions that this may raise. A dialog that stays up has a reason to: then so does the window."""

    def __init__(self, close: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._close = close
        self._level = 0  # of event loops: there are fewer once the dialog's asker has its answer
        self._before: list[QWidget] = []  # that were there when a dialog was cancelled
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._go_on)

    def takes(self, event: QKeyEvent) -> bool:
        """Whether the key was pressed where a dialog keeps it from the window; it is followed then."""
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, QDialog) or QKeySequence(event.keyCombination()) not in _KEYS:
            return False
        self._cancel(dialog)
        return True

    def _cancel(self, dialog: QDialog) -> None:
        # One that was opened with `exec` has somebody below it who waits in a loop of events of the dialog's own.
        waited_for = dialog.windowModality() == Qt.WindowModality.ApplicationModal
        self._level = QThread.currentThread().loopLevel() + (0 if waited_for else 1)
        self._before = QApplication.topLevelWidgets()
        dialog.reject()
        if not dialog.isVisible():
            self._soon.start()

    def _go_on(self) -> None:
        dialog = QApplication.activeModalWidget()
        comes_of_it = isinstance(dialog, QDialog) and dialog not in self._before
        if QThread.currentThread().loopLevel() >= self._level and not comes_of_it:
            self._soon.start()
        elif isinstance(dialog, QDialog):
            self._cancel(dialog)
        else:
            self._before = []
            self._close()
