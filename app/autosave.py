"""Settings are written while one works, not only at the end: whatever ends the application, they are remembered."""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from app.settings import Settings, save_settings
from inference.errors import ExpectedError

log = logging.getLogger(__name__)

EVERY_MS = 5_000


class Autosave(QObject):
    """Writes the settings now and then, if they are others than last time."""

    def __init__(self, current: Callable[[], Settings], parent: QObject) -> None:
        """`current`: the settings as they are now, those of the file at this moment."""
        super().__init__(parent)
        self._current = current
        self._written = current()
        self._timer = QTimer(self, interval=EVERY_MS)
        self._timer.timeout.connect(self.save)
        self._timer.start()

    def save(self) -> None:
        """Write them if they differ. What cannot be written is logged, and tried again when they change."""
        settings = self._current()
        if settings == self._written:
            return
        self._written = settings
        try:
            save_settings(settings)
        except (ExpectedError, OSError) as error:
            log.warning("the settings could not be saved: %s", error)
