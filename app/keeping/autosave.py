"""Settings are written while one works, not only at the end: whatever ends the application, they are remembered."""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from app.settings import Settings, save_settings
from inference.errors import ExpectedError

log = logging.getLogger(__name__)

EVERY_MS = 500


class Autosave(QObject):
    """Writes the settings soon after a change: when they have not changed again for a moment, so never while a slider
    is drawn, because the disk may be slow."""

    def __init__(self, current: Callable[[], Settings], parent: QObject) -> None:
        """`current`: the settings as they are now, those of the file at this moment."""
        super().__init__(parent)
        self._current = current
        self._written = self._seen = current()
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def _look(self) -> None:
        settings = self._current()
        settled, self._seen = settings == self._seen, settings
        if settled:
            self._write(settings)

    def save(self) -> None:
        """Write them if they differ. What cannot be written is logged, and tried again when they change."""
        self._write(self._current())

    def _write(self, settings: Settings) -> None:
        if settings == self._written:
            return
        self._written = settings
        try:
            save_settings(settings)
        except (ExpectedError, OSError) as error:
            log.warning("the settings could not be saved: %s", error)
