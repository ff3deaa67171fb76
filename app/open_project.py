"""One open project: its store, the lock where this window writes it, and what a window has to know of it."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.core.errors import ProjectError
from app.core.project.store import ProjectStore
from app.project_lock import ProjectLock

_IN_USE = "in use"
"""Under this key a project knows that a window has it open; where it stays behind, that window did not close."""


@dataclass(frozen=True)
class ProjectInfo:
    """What the window has to know of a project."""

    root: Path
    file: Path
    last_revision: int
    refusal: str = ""  # why nothing may be changed, a sentence; empty where it may be written
    is_held: bool = False  # by another window, which may be gone
    said: str = ""  # what was recovered or rescued, a sentence
    values: dict[str, Any] = field(default_factory=dict)  # what was kept with `set_value` under "view"
    choices: dict[str, Any] = field(default_factory=dict)  # and under "choices": what the person wants of this folder


class OpenProject:
    """The project of the folder `root`, in `file`. ProjectError where it cannot be opened."""

    def __init__(self, root: Path, file: Path, *, writable: bool) -> None:
        self.lock = ProjectLock(file)
        refusal, is_held = "", False
        if not writable:
            refusal = f"The project in {root} may only be read: nothing can be changed here."
        elif not self.lock.take():
            holder = self.lock.holder()
            refusal = f"{holder.text()} has this project open: it can be looked at here, not changed."
            refusal, is_held = refusal[:1].upper() + refusal[1:], True
        try:
            self.store = ProjectStore.open(root, file, read_only=bool(refusal))
            self._place = _place(file)
            self.info = ProjectInfo(
                root=root,
                file=file,
                last_revision=self.store.last_revision,
                refusal=refusal,
                is_held=is_held,
                said=self.store.rescued or self._mark_in_use(),
                values=self.store.value("view", {}),
                choices=self.store.value("choices", {}),
            )
        except ProjectError:
            self.lock.release()
            raise

    def _mark_in_use(self) -> str:
        """What to say of a window that did not close."""
        if self.store.read_only:
            return ""
        last, newest = self.store.value(_IN_USE), self.store.last_revision
        with suppress(ProjectError):  # where there is no room for that, there is still a lot to look at
            self.store.set_value(_IN_USE, {"process": os.getpid(), "revision": newest})
        return _recovered(self.store.steps_since(int(last["revision"]))) if isinstance(last, dict) else ""

    @property
    def is_replaced(self) -> bool:
        """Whether another file lies in its place, or none although the folder is there: somebody has deleted it."""
        place = _place(self.info.file)
        return place != self._place if place else self.is_there

    @property
    def is_there(self) -> bool:
        """Whether its folder is there: a disk may have been taken out."""
        return self.info.root.is_dir()

    def mend(self) -> None:
        """Rescue what can be read of its file, which turned out to be damaged. ProjectError, and it is closed, where
        that is not possible."""
        root, file = self.info.root, self.info.file
        self.store.close()
        self.store = ProjectStore.rescue(root, file)
        self._place = _place(file)
        self.info = replace(self.info, said=self.store.rescued, last_revision=self.store.last_revision)
        self._mark_in_use()

    def renew(self) -> None:
        """Have its file in its place again, with all that was in the one that was deleted or replaced. ProjectError,
        and it goes on reading that one, where this is not possible for now."""
        if not self.lock.holds():  # the folder may be another one by now
            self.lock.release()
            if not self.lock.take():
                raise ProjectError(f"{self.lock.holder().text().capitalize()} has this project open.", may_pass=True)
        self.store = self.store.renewed()
        self._place = _place(self.info.file)
        newest = max(self.info.last_revision, self.store.last_revision)
        self.info = replace(self.info, said=self.store.rescued, last_revision=newest)
        self._mark_in_use()

    def close(self) -> None:
        if not self.store.read_only and self.is_replaced:
            with suppress(ProjectError):
                self.renew()
        if not self.store.read_only:
            with suppress(ProjectError):
                self.store.set_value(_IN_USE, None)
        self.store.close()
        self.lock.release()


def _place(file: Path) -> tuple[int, int] | None:
    """Which file it is on the disk; None where there is none."""
    try:
        stat = file.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _recovered(pictures: list[tuple[str, int]]) -> str:
    """What a window has done that did not close."""
    if not pictures:
        return ""
    steps = sum(count for _, count in pictures)
    where = pictures[0][0] if len(pictures) == 1 else f"{len(pictures)} pictures, {pictures[0][0]} the last of them"
    kept = "1 step was kept" if steps == 1 else f"all {steps} steps were kept"
    return f"The last session ended unexpectedly; {kept}: in {where}."
