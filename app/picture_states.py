"""How far the work on each picture has come, and why some pictures cannot be used."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.core.pictures import PictureStatus
from app.session import Session


class PictureStates(QObject):
    """Follows the session; what cannot be read is reported to it by whoever tried."""

    changed = Signal(object, object, str)  # Path, PictureStatus, reason

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._status: dict[Path, PictureStatus] = {}
        self._problems: dict[Path, str] = {}
        session.corrected.connect(self.refresh)
        session.under_way_changed.connect(self.refresh)
        session.tables_changed.connect(self._refresh_current)

    def status(self, path: Path) -> PictureStatus:
        return self._status.get(path, PictureStatus.NEW)

    def problem(self, path: Path) -> str:
        """Why a picture cannot be used, or an empty string."""
        return self._problems.get(path, "")

    def unreadable(self, path: Path, reason: str) -> None:
        """Its photo could not be had."""
        self._problems[path] = reason
        self._set(path, PictureStatus.UNREADABLE)

    def readable(self, path: Path) -> None:
        """Its photo is here after all."""
        if self._problems.pop(path, ""):
            self.refresh(path)

    def keep_only(self, listed: Collection[Path]) -> None:
        """Another list of pictures: what could not be read before may be whole now."""
        self._problems.clear()
        self._status = {
            path: status
            for path, status in self._status.items()
            if path in listed and status is not PictureStatus.UNREADABLE
        }

    def refresh(self, path: Path) -> None:
        """Look at the session afresh."""
        if path in self._problems:
            return
        document = self._session.find(path)
        if self._session.is_unexported(path) or (document is not None and document.has_corrections):
            status = PictureStatus.IN_WORK
        elif document is not None and document.prediction is not None:
            status = PictureStatus.PREDICTED
        else:
            status = PictureStatus.NEW
        self._set(path, status)

    def refresh_all(self) -> None:
        for path in list(self._status):
            self.refresh(path)

    def _refresh_current(self) -> None:
        """Another threshold or view: what was exported is not what is on screen any more, or is so again."""
        if self._session.document is not None:
            self.refresh(self._session.document.path)

    def _set(self, path: Path, status: PictureStatus) -> None:
        if self.status(path) is not status or path in self._problems:
            self._status[path] = status
            self.changed.emit(path, status, self.problem(path))
