"""Who may write a project: one process at a time, told by a lock file beside the database."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QLockFile, QSysInfo

_WRITING_MS = 500  # how long somebody may take to write a lock


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds a project."""

    process: int  # 0 where the lock file does not say
    host: str
    here: bool  # whether it runs on this computer

    def text(self) -> str:
        """Who that is, in the middle of a sentence."""
        if not self.process:
            return "another window"
        if self.process == os.getpid():
            return "another window of this program"
        place = "on this computer" if self.here else f"on {self.host}"
        return f"another window {place} (process {self.process})"


class ProjectLock:
    """Held by the one window that writes a project.

    A process that died on this computer holds nothing: the next one that asks gets the lock. Whether one on another
    computer lives cannot be told from here, so its lock stays until somebody says otherwise.
    """

    def __init__(self, database: Path) -> None:
        """`database`: the project's file; the lock lies beside it."""
        self._file = database.with_name(database.name + ".lock")
        self._lock = QLockFile(str(self._file))
        self._lock.setStaleLockTime(0)  # a window that is open for a week is no dead one

    @property
    def held(self) -> bool:
        return self._lock.isLocked()

    def holds(self) -> bool:
        """Whether its file still says that this process does: it may have been deleted with its folder."""
        holder = self.holder()
        return self.held and holder.here and holder.process == os.getpid()

    def take(self) -> bool:
        """Hold the project, if nobody does; also where a lock cannot be written, as then nobody else can either.

        The folder is made where it is not there yet: the first project outside the folder of its photos has none.
        """
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
        if self._try():
            return True
        if self._says_nothing():  # somebody is writing it at this moment, or died while doing so
            self._lock.tryLock(_WRITING_MS)
            if not self._lock.isLocked() and self._says_nothing():
                self._file.unlink(missing_ok=True)
                return self._try()
        return self._lock.isLocked()

    def _try(self) -> bool:
        return self._lock.tryLock(0) or self._lock.error() is QLockFile.LockError.PermissionError

    def _says_nothing(self) -> bool:
        return self._file.exists() and not self.holder().process

    def holder(self) -> Holder:
        """Who holds it now."""
        info: Any = self._lock.getLockInfo()  # the stubs say bool; it is the process, the host and the program's name
        process, host = (info[0], info[1]) if isinstance(info, tuple) else (0, "")
        return Holder(process, host, here=host == QSysInfo.machineHostName())

    def take_over(self) -> bool:
        """Hold the project although another computer's process seems to: for when its window is gone for good."""
        self._lock.removeStaleLockFile()
        self._file.unlink(missing_ok=True)
        return self.take()

    def move(self, database: Path) -> None:
        """The project this holds has another path now, and the lock's file has come along with it."""
        moved = ProjectLock(database)
        if (holder := moved.holder()).here and holder.process == os.getpid():
            moved._file.unlink(missing_ok=True)
        self._lock.unlock()
        self._file, self._lock = moved._file, moved._lock
        self.take()

    def release(self) -> None:
        self._lock.unlock()
