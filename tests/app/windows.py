"""The real window on screen, as the tests of the whole program want it."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.settings import Settings


def shown_window(qtbot: QtBot, settings: Settings, *, width: int = 1280, height: int = 800) -> MainWindow:
    """A window that has the keyboard. At the end of the test it goes without asking about what was not saved."""
    window = MainWindow(settings)
    qtbot.addWidget(window, before_close_func=lambda closing: closing.session.close_all())
    window.resize(width, height)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    return window
