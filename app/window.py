"""Starts Qt, the window and the crash hook, and takes a picture of the window for the documentation."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtWidgets import QApplication

from app.chrome.display import display_problem
from app.crash import CrashHook
from app.interpreter import attentive
from app.main_window import MainWindow
from app.panels.icons import icon
from app.panels.style import apply_style
from app.settings import load_settings
from app.workers.lane import end_without_those_left

NO_RESULT = 3  # the exit code of the command line's contract
SCREENSHOT_SIZE = (1440, 900)  # device-independent pixels
SCREENSHOT_PATIENCE = 120_000  # ms until a picture is taken of whatever there is


def make_application(arguments: Sequence[str] = ()) -> QApplication:
    """The QApplication with name, icon and style."""
    application = QApplication.instance() or QApplication([sys.argv[0], *arguments])
    assert isinstance(application, QApplication)
    # A quick stroke is as round as the hand drew it: no position of the pointer is left out while the window is busy.
    # X11 turns this on when the application is made, so it is turned off afterwards.
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, False)
    application.setApplicationName("ade-mask-studio")
    application.setApplicationDisplayName("ADE Mask Studio")
    application.setDesktopFileName("ade-mask-studio")
    apply_style(application)
    application.setWindowIcon(icon("app-icon"))
    return application


def run_window(paths: Sequence[Path], *, screenshot: Path | None = None) -> int:
    """Show the window on `paths` until it is closed; the exit code for the shell, 3 when no window can be shown."""
    problem = display_problem()
    if problem is not None:
        print(problem, file=sys.stderr)  # noqa: T201 - there is no window that could say it
        return NO_RESULT
    application = make_application()
    settings, sentence = load_settings()
    window = MainWindow(settings)
    hook = CrashHook(window)
    sys.excepthook = hook
    # Python handles Ctrl+C only while its own code runs, so a timer gives it a chance twice a second.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    alive = QTimer()
    alive.timeout.connect(lambda: None)
    alive.start(500)
    if screenshot is not None:
        window.resize(*SCREENSHOT_SIZE)
        take_screenshot(window, screenshot)
    # Its least size is known before it is on a screen: told afterwards, where there is none, Qt complains of it.
    window.ensurePolished()
    if (layout := window.layout()) is not None:
        layout.activate()
    window.show()
    if sentence is not None:
        window.say(sentence)
    with attentive(lambda: window.desk.idle, window):
        window.opening.open(paths)
        code = application.exec()
    end_without_those_left(code)
    return code


def take_screenshot(window: MainWindow, file: Path) -> None:
    """Save a picture of the window once the first photo has its masks and every thumbnail is there, then close it."""
    tick = QTimer(window)
    waited = calm = 0

    def look() -> None:
        nonlocal waited, calm
        waited += tick.interval()
        document = window.session.document
        predicted = document is not None and document.layer_mode is not None
        calm = calm + 1 if predicted and window.desk.idle else 0
        if calm > 2 or waited > SCREENSHOT_PATIENCE:  # a few rounds more, until everything is laid out
            tick.stop()
            file.parent.mkdir(parents=True, exist_ok=True)
            saved = window.grab().save(str(file))
            window.close()
            if not saved or not predicted:
                QApplication.exit(NO_RESULT)

    tick.timeout.connect(look)
    tick.start(100)
