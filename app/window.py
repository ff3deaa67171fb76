"""Starts Qt, the window and the crash hook, and takes a picture of the window for the documentation."""

from __future__ import annotations

import logging
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import platformdirs
from PySide6.QtCore import QTimer, qVersion
from PySide6.QtWidgets import QApplication

from app.main_window import MainWindow
from app.panels.icons import icon
from app.panels.style import apply_style
from app.settings import load_settings

log = logging.getLogger(__name__)

SCREENSHOT_SIZE = (1440, 900)  # device-independent pixels
SCREENSHOT_PATIENCE = 120_000  # ms until a picture is taken of whatever there is


def make_application(arguments: Sequence[str] = ()) -> QApplication:
    """The QApplication with name, icon and style."""
    application = QApplication.instance() or QApplication([sys.argv[0], *arguments])
    assert isinstance(application, QApplication)
    application.setApplicationName("ade-mask-studio")
    application.setApplicationDisplayName("ADE Mask Studio")
    application.setDesktopFileName("ade-mask-studio")
    apply_style(application)
    application.setWindowIcon(icon("app-icon"))
    return application


def run_window(paths: Sequence[Path], *, screenshot: Path | None = None) -> int:
    """Show the window on `paths` until it is closed; the exit code for the shell."""
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
    window.show()
    if sentence is not None:
        window.say(sentence)
    window.opening.open(paths)
    return application.exec()


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
            window.grab().save(str(file))
            window.close()

    tick.timeout.connect(look)
    tick.start(100)


class CrashHook:
    """Where unexpected errors end: they are written to a file and said in the window, which stays open.

    The corrections are in memory, so going on is what saves them: the user can still export everything.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._file = Path(platformdirs.user_log_dir("ade-mask-studio", appauthor=False)) / "errors.log"

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._window.close()
            return
        text = "".join(traceback.format_exception(kind, error, trace))
        sys.__stderr__.write(text) if sys.__stderr__ is not None else None
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as stream:
                stream.write(f"Qt {qVersion()}, process {os.getpid()}\n{text}\n")
        except OSError:
            log.warning("the error log %s cannot be written", self._file)
        self._window.session.end_gesture()
        self._window.say(f"Something unexpected went wrong; your corrections are kept. Details are in {self._file}.")
