"""Keys that work wherever the focus is: held ones, and those that give the keyboard back to the picture."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QLineEdit, QWidget

from app.canvas.canvas import Canvas
from app.canvas.comparing import Comparison
from app.chrome.actions import ACTIONS, Act
from app.chrome.leaving import Leaving

_COMPARISONS = {Act.BARE: Comparison.BARE, Act.NETWORK_ONLY: Comparison.NETWORK}
_HELD = {Qt.Key[f"Key_{ACTIONS[act].keys[0]}"]: what for act, what in _COMPARISONS.items()}
_LEAVE = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)


class WindowKeys(QObject):
    """Watches the application's keys for one window.

    What is held to compare (the bare photo, the network's own result) and Space, which pans, last as long as their key,
    also when a list has the focus. Return and Escape in a field of the window finish it: the next key is a shortcut
    again, not text. A control that goes out of use hands the keyboard to the picture, not to the field beside it. The
    key that quits is heard in dialogs that want an answer, too.
    """

    def __init__(self, window: QWidget, canvas: Canvas) -> None:
        super().__init__(window)
        self._window = window
        self._canvas = canvas
        self._leaving = Leaving(window.close, self)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._focus_moved)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.WindowDeactivate and watched is self._window:
            self._canvas.comparing.end()
            self._canvas.hold_space(held=False)
        elif kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease) and isinstance(event, QKeyEvent):
            return self._key(event, pressed=kind == QEvent.Type.KeyPress)
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent, *, pressed: bool) -> bool:
        if event.isAutoRepeat() or QApplication.activePopupWidget() is not None:
            return False
        if pressed and self._leaving.takes(event):
            return True
        if not self._window.isActiveWindow():
            return False
        focus = QApplication.focusWidget()
        typing = isinstance(focus, QLineEdit | QAbstractSpinBox)
        if typing and focus and pressed and event.key() in _LEAVE and self._window.isAncestorOf(focus):
            QTimer.singleShot(0, self._leave_field)
        what = _HELD.get(Qt.Key(event.key()))
        if what is not None:
            # A release counts whatever else is held by now, and wherever the focus has gone.
            if not pressed:
                self._canvas.compare(what, held=False)
            elif not typing and not event.modifiers():
                self._canvas.compare(what, held=True)
                return True
        return event.key() == Qt.Key.Key_Space and self._space(
            pressed=pressed, ours=focus is not self._canvas and not typing
        )

    def _space(self, *, pressed: bool, ours: bool) -> bool:
        """`ours`: the key would go elsewhere, so it counts here while the pointer is over a picture."""
        if not pressed:
            self._canvas.hold_space(held=False)
            return False
        if not ours or self._canvas.viewport is None or self._canvas.mouse.position is None:
            return False
        self._canvas.hold_space(held=True)
        return True

    def _leave_field(self) -> None:
        """After the field has dealt with the key: Escape that only cleared a search leaves the cursor there."""
        focus = QApplication.focusWidget()
        if isinstance(focus, QLineEdit) and focus.property("cleared"):
            focus.setProperty("cleared", False)
        elif isinstance(focus, QLineEdit | QAbstractSpinBox):
            self._canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def _focus_moved(self, before: QWidget | None, now: QWidget | None) -> None:
        """Qt moves the focus on from a control that is disabled or hidden: the next key would be text in a search."""
        if before is None or now is None or not (self._window.isAncestorOf(before) and self._window.isAncestorOf(now)):
            return
        if not (before.isEnabled() and before.isVisible()):
            self._canvas.setFocus(Qt.FocusReason.OtherFocusReason)
