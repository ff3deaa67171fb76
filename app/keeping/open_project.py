"""One open project: its store, the lock where this window writes it, and what a window has to know of it."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.core.errors import ProjectError
from app.core.project.store import ProjectStore
from app.keeping.lock import ProjectLock

_IN_USE = "in use"
"""Under this key a project knows that a window has it open; where it stays behind, that window did not close."""
_HANDLES = Path("/proc/self/fd")  # of Linux: what every handle of this process is called now


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
    former: tuple[Path, ...] = ()  # where the folder was before it got another name, while this was open

    def name_of(self, picture: Path) -> str:
        """What a picture is called in the project, whatever the folder was called when its path was right. ValueError
        for one elsewhere."""
        roots = (root for root in (self.root, *self.former) if picture.is_relative_to(root))
        return picture.relative_to(next(roots, self.root)).as_posix()

    def is_former(self, path: Path) -> bool:
        """Whether a path in the folder was right only until that got another name."""
        return not path.is_relative_to(self.root) and any(path.is_relative_to(root) for root in self.former)


class OpenProject:
    """The project of the folder `root`, in `file`. ProjectError where it cannot be opened."""

    def __init__(self, root: Path, file: Path, *, writable: bool) -> None:
        self.lock = ProjectLock(file)
        self.folded: set[str] = set()  # pictures of whose history the oldest steps were merged, once
        refusal, is_held = "", False
        if not writable:
            refusal = f"The project in {root} may only be read: nothing can be changed here."
        elif not self.lock.take():
            holder = self.lock.holder()
            refusal = f"{holder.text()} has this project open: it can be looked at here, not changed."
            refusal, is_held = refusal[:1].upper() + refusal[1:], True
        with ExitStack() as opened:  # whatever stays open where this is not possible would be opened again and again
            opened.callback(self.lock.release)
            self.store = ProjectStore.open(root, file, read_only=bool(refusal))
            opened.callback(self.store.close)
            self._place, self._folder = _place(file), FolderHandle(root)
            opened.callback(self._folder.close)
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
            opened.pop_all()

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

    def name_of(self, picture: Path) -> str:
        """The name of a picture, also by a path that was right before the folder got another name. ValueError."""
        return self.info.name_of(Path(os.path.abspath(picture)))  # noqa: PTH100 - links stay links

    def is_at(self, file: Path) -> bool:
        """Whether it is in `file`, whatever that was called when it was opened."""
        return self._place is not None and self._place == _place(file)

    def follow(self) -> bool:
        """Go on where the folder is now, if it got another name; False where it did not, or nobody can tell."""
        root, info = self._folder.path(), self.info
        if root is None or root == info.root or info.file.parent != info.root or not self.is_at(root / info.file.name):
            return False
        self.move(root, root / info.file.name)
        return True

    def move(self, root: Path, file: Path) -> None:
        """The folder is called `root` now, and its project `file`. ProjectError, and nothing changed, where it cannot
        be opened there."""
        store = ProjectStore.open(root, file, read_only=self.store.read_only)
        self.store.adopt(store)
        if not store.read_only:
            self.lock.move(file)
        former = (*self.info.former, self.info.root)
        self.info = replace(self.info, root=root, file=file, former=former, said="")

    def mend(self) -> None:
        """Rescue what can be read of its file, which turned out to be damaged. ProjectError where that is not possible:
        then it can only be let go."""
        root, file = self.info.root, self.info.file
        self.store.close()
        self.store.adopt(ProjectStore.rescue(root, file))
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
        self.store.renew()
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
        self.let_go()

    def let_go(self) -> None:
        """Close it as it is: nothing can be written to it any more."""
        self.store.close()
        self._folder.close()
        self.lock.release()


class FolderHandle:
    """Knows a folder by what it is, not by its name, where the system can do that."""

    def __init__(self, folder: Path) -> None:
        self._handle: int | None = None
        if _HANDLES.is_dir():
            with suppress(OSError):
                self._handle = os.open(folder, os.O_PATH | os.O_DIRECTORY)

    def path(self) -> Path | None:
        """What it is called now; None where it was deleted, or nobody can tell."""
        if self._handle is None:
            return None
        try:
            path, opened = Path(os.readlink(_HANDLES / str(self._handle))), os.fstat(self._handle)  # noqa: PTH115
            found = path.stat()
        except OSError:
            return None
        return path if (found.st_dev, found.st_ino) == (opened.st_dev, opened.st_ino) else None

    def close(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


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
