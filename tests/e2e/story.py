"""A script of waits and real events, played in the event loop of the real `main()`."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Generator, Sequence
from time import monotonic
from typing import TypeVar

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QPushButton, QWidget

from app.__main__ import main
from app.main_window import MainWindow

Wait = Callable[[], object]
Script = Generator[Wait, None, None]
D = TypeVar("D", bound=QDialog)
PATIENCE = 15.0  # seconds for one wait


class Story:
    """Plays one script. Each `yield condition` waits until the condition holds; a failure ends the application."""

    def __init__(self, script: Callable[[MainWindow], Script]) -> None:
        self._make_script = script
        self._script: Script | None = None
        self._wait: Wait = lambda: True
        self._deadline = 0.0
        self._stepping = False
        self.failure: BaseException | None = None

    def run(self, arguments: Sequence[str]) -> int:
        """Start `main(arguments)`, play the script, and return main's exit code; the script's failure is raised."""
        timer = QTimer()
        timer.timeout.connect(self._tick)
        timer.start(15)
        hook = sys.excepthook
        try:
            code = main(list(arguments))
        finally:
            timer.stop()
            sys.excepthook = hook
        if self.failure is not None:
            raise self.failure
        return code

    def _tick(self) -> None:
        if self._stepping or self.failure is not None:
            return
        try:
            if self._script is None:
                window = find_window()
                if window is None:
                    return
                self._script = self._make_script(window)
                self._deadline = monotonic() + PATIENCE
            if self._wait():
                # While a step runs a modal dialog, this timer goes on ticking inside the dialog's loop, so the script
                # posts what opens a dialog instead of calling it.
                self._stepping = True
                self._wait = next(self._script)
                self._deadline = monotonic() + PATIENCE
            elif monotonic() > self._deadline:
                raise AssertionError(f"waited {PATIENCE:.0f} s for line {self._line()} of the story")
        except StopIteration:
            self._end()
        except BaseException as error:  # noqa: BLE001 - kept and raised by run()
            traceback.print_exc()
            self.failure = error
            self._end()
        finally:
            self._stepping = False

    def _line(self) -> int:
        return 0 if self._script is None or self._script.gi_frame is None else self._script.gi_frame.f_lineno

    def _end(self) -> None:
        self._wait = lambda: False
        self._deadline = float("inf")
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QDialog):
                widget.reject()
        window = find_window()
        if window is not None:
            window.session.close_all()
            window.close()


def find_window() -> MainWindow | None:
    """The visible main window."""
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, MainWindow) and widget.isVisible():
            return widget
    return None


def post(action: Callable[[], object]) -> Wait:
    """Do `action` from the event loop, as a click would, so that it may open a modal dialog."""
    QTimer.singleShot(0, action)
    return lambda: True


def dialog_of(kind: type[D]) -> D | None:
    """The open dialog of this kind."""
    active = QApplication.activeModalWidget()
    if isinstance(active, kind):
        return active
    return next((w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()), None)


def opened(kind: type[D]) -> Generator[Wait, None, D]:
    """Wait for a dialog of this kind, and have it."""
    yield lambda: dialog_of(kind)
    dialog = dialog_of(kind)
    assert dialog is not None
    return dialog


def click_button(dialog: QWidget, text: str) -> None:
    """Click the button of a dialog by its text, with a real click."""
    buttons = [button for button in dialog.findChildren(QPushButton) if button.text().replace("&", "") == text]
    assert buttons, f"no button {text!r} among {[b.text() for b in dialog.findChildren(QPushButton)]}"
    QTest.mouseClick(buttons[0], Qt.MouseButton.LeftButton)


def drag(widget: QWidget, points: Sequence[QPoint], button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
    """Press at the first point, move through the others, release at the last."""
    QTest.mousePress(widget, button, Qt.KeyboardModifier.NoModifier, points[0])
    for point in points[1:]:
        QTest.mouseMove(widget, point)
    QTest.mouseRelease(widget, button, Qt.KeyboardModifier.NoModifier, points[-1])
