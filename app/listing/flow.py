"""How pictures get onto the desk: the first photo at once, then the list, then what is known of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.core.arrays import Intp
from app.core.catalogue import Catalogue, Filter, Sort
from app.core.pictures import first_picture, list_folder
from app.core.project.places import FILE_NAME
from app.editing.session import Session
from app.keeping.choices import ProjectChoices
from app.keeping.keeper import Keeper
from app.keeping.open_project import ProjectInfo
from app.listing.facts import FolderFacts
from app.listing.folder import Arrangement, Folder
from app.listing.reading import project_folders
from app.listing.watch import FolderWatch
from app.workers.lane import CancelToken, Lane
from app.workers.tasks import list_readable
from inference.errors import PhotoError

_BELOW = "sub-folders"  # the choice in a project: the folders that were opened with those below them


_AT_ONCE = 1_000  # photos named one by one that are listed without another thread's help


@dataclass(frozen=True)
class _Found:
    """What the paths that were asked for hold."""

    root: Path
    first: Path | None  # the first photo; None where there is none
    names: tuple[str, ...] | None = None  # of photos named one by one; None for a folder, which is listed later
    refused: tuple[str, ...] = ()
    has_folders: bool = False  # where there is no photo: there are sub-folders


@dataclass(frozen=True, eq=False)
class _Listed:
    """A list that is ready to be taken on."""

    catalogue: Catalogue
    shown: Arrangement
    wanted: tuple[Filter, Sort]  # that it was made with
    folders: list[Path]  # that pictures lie in
    projects: list[Path]  # of which these have projects
    before: Intp  # (N,) rows that its pictures had in the list before, -1 for new ones
    same: bool  # whether it is the list that was there before
    gone: list[str]  # pictures that the list before had and this one has not
    stayed: tuple[str, ...] = ()  # pictures that are elsewhere, with corrections that nobody keeps
    refused: tuple[str, ...] = ()


class ListingFlow(QObject):
    """Opens files and folders, and follows what becomes of them on the disk."""

    beginning = Signal()  # what is on the desk makes way
    first_found = Signal(object)  # Path to show
    opened = Signal(object)  # the paths that were asked for and had photos
    not_opened = Signal(object)  # the paths that were asked for and had none
    changed = Signal()  # `looking` is another
    said = Signal(str)
    complained = Signal(str)  # what cannot be listed, beside all else
    not_listed = Signal(object)  # tuple of sentences, one for each entry that the list is without; may be empty

    def __init__(self, folder: Folder, session: Session, keeper: Keeper, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder, self._session, self._keeper = folder, session, keeper
        self.lane = Lane("list", self)
        self.choices = ProjectChoices(keeper, self)
        self.facts = FolderFacts(folder, session, keeper, self.lane, self)
        self.facts.said.connect(self.said)
        self.watch = FolderWatch(self)
        self.watch.changed.connect(self._list_again)
        self._below = False
        self._whole = False  # all of a folder is listed, not photos named one by one
        self._numbers = 0
        self._touched = np.zeros(1, np.bool_)  # rows of which more is known since the list was asked for; the last: -1
        folder.changed.connect(self._note_touched)
        folder.compute = self._compute
        folder.refusal = self._refusal
        keeper.moved.connect(self._go_on_at)

    @property
    def looking(self) -> bool:
        """Whether the first photo is being looked for."""
        return self.lane.has("find")

    @property
    def idle(self) -> bool:
        return self.lane.is_idle() and not self.facts.waiting and not self.watch.noticed

    def cancel(self) -> bool:
        """Look no further for what was asked for; False when nothing is looked for."""
        return self.lane.cancel("find")

    def close(self) -> None:
        self.facts.stop()
        self.lane.close()

    def _compute(self, work: Callable[[], object], done: Callable[[object], None]) -> None:
        self.lane.submit(lambda _token: work(), key="arrange", done=done, failed=self.said.emit, priority=1)

    def _refusal(self, path: Path) -> str:
        info = self.choices.info(path)
        return "" if info is None else info.refusal

    # --- the first photo -------------------------------------------------------------------------------------------

    def open(self, paths: Sequence[Path], *, below: bool | None = None) -> None:
        """List files and folders; nothing on the desk changes when they hold no photo.

        `below`: whether one folder is listed with those below it; None: as it was opened last.
        """
        self.said.emit("")
        self._open(list(paths), below=below)

    def _open(self, paths: Sequence[Path], *, below: bool | None) -> None:
        def found(answer: _Found) -> None:
            if answer.first is None:
                self._say_nothing(paths, answer.refused, unasked=answer.has_folders and not below)
            else:
                self.opened.emit(tuple(paths))
                self._open_project(paths, answer, answer.first, below=below)
                if answer.refused:
                    self.complained.emit(answer.refused[0])
            self.changed.emit()

        self._submit("find", lambda _token: _find(paths, below=below), found)
        self.changed.emit()

    def _submit(self, key: str, work: Callable[[CancelToken], object], done: Callable[..., None]) -> None:
        def failed(reason: str) -> None:
            self.said.emit(reason)
            self.changed.emit()

        self.lane.submit(work, key=key, done=done, failed=failed)

    def _say_nothing(self, paths: Sequence[Path], refused: Sequence[str], *, unasked: bool = False) -> None:
        """`unasked`: there are sub-folders, which nobody asked for."""
        names = ", ".join(path.name or str(path) for path in paths)
        self.not_opened.emit(tuple(paths))
        nothing = f"There is no photo in {names} (JPEG, PNG, WebP, TIFF or BMP)."
        if unasked:
            nothing = f"There is no photo in {names} itself. Ctrl+Alt+O opens a folder with its sub-folders."
        self.said.emit([*refused, nothing][0])

    def _open_project(self, paths: Sequence[Path], found: _Found, first: Path, *, below: bool | None) -> None:
        """Show the picture that was asked for by name, else the one on which work was left."""
        named = found.names is not None

        def opened(info: ProjectInfo | None) -> None:
            if info is not None:
                self.choices.meet(info)
            left = None if info is None else info.root / str(info.values.get("current", ""))
            current = self.folder.current
            if current is not None and current.is_relative_to(found.root):
                left = current  # what is in hand, where its folder is opened once more
            if named:
                self._begin(found, _first_of(found, paths, left, first), below=False)
                return
            with_below = self._with_below(found.root, below=below)
            self._submit(
                "find",
                lambda _token: _taken_up(found.root, left, first, below=with_below),
                lambda chosen: self._begin_folder(paths, found, chosen, below=with_below),
            )

        self._keeper.open(first.parent if named else found.root, opened)

    def _with_below(self, root: Path, *, below: bool | None) -> bool:
        known = self.choices.get(root, _BELOW)
        opened = set(known) if isinstance(known, list) else set()
        if below is None:
            return self._folder_name(root) in opened
        changed = opened | {self._folder_name(root)} if below else opened - {self._folder_name(root)}
        self.choices.set(root, _BELOW, sorted(changed))
        return below

    def _folder_name(self, root: Path) -> str:
        info = self.choices.info(root)
        return "." if info is None else root.relative_to(info.root).as_posix()

    def _begin_folder(self, paths: Sequence[Path], found: _Found, first: Path | None, *, below: bool) -> None:
        if first is None:
            self._say_nothing(paths, found.refused)
        else:
            self._begin(found, first, below=below)
        self.changed.emit()

    # --- the list --------------------------------------------------------------------------------------------------

    def _begin(self, found: _Found, first: Path, *, below: bool) -> None:
        """The first photo is on the desk, alone until the list is there."""
        self.beginning.emit()
        self.facts.stop()
        self.watch.look_at([])
        self.lane.cancel("list")
        self._below, self._whole = below, found.names is None
        folder, stayed = self.folder, self._unkept()
        folder.filter = Filter()
        folder.root = found.root
        listed = found.names if found.names is not None and len(found.names) <= _AT_ONCE else (folder.name(first),)
        alone = Catalogue(list(dict.fromkeys([*listed, *map(folder.name, stayed)])))
        folder.hold(None)
        folder.take(found.root, alone, Arrangement.of(alone, folder.filter, folder.sort), complete=False)
        self.first_found.emit(first)
        self._list(found.root, found.names, [folder.name(path) for path in stayed], then=self._begun)

    def _unkept(self) -> list[Path]:
        """Pictures with corrections that no project keeps and no export has written."""
        return [path for path in self._session.unexported() if not self._keeper.keeps(path)]

    def _list(
        self, root: Path, names: Sequence[str] | None, stayed: Sequence[str], *, then: Callable[[_Listed], None]
    ) -> None:
        folder, below = self.folder, self._below
        before, wanted = folder.catalogue.copy(), (folder.filter, folder.sort)
        self._touched = np.zeros(len(before) + 1, np.bool_)

        def work(token: CancelToken) -> _Listed:
            return _list(root, names, stayed, before, wanted, below=below, check=token.check)

        def listed(answer: _Listed) -> None:
            if folder.root == root:
                then(answer)
                self.not_listed.emit(answer.refused)
            self.changed.emit()

        self._submit("list", work, listed)

    def _note_touched(self, rows: Intp) -> None:
        if self.lane.has("list"):
            self._touched[rows] = True

    def _begun(self, listed: _Listed) -> None:
        self._take(listed)
        self.facts.begin(listed.projects, below=self._below)
        if listed.stayed:
            count = len(listed.stayed)
            which = f"{count} pictures" if count > 1 else Path(listed.stayed[0]).name
            self.said.emit(f"{which} with corrections not yet exported stayed in the list.")
        self._say_refused(listed.refused)

    def _take(self, listed: _Listed) -> None:
        """Swap in another list, with what became known of pictures while it was made."""
        folder, new = self.folder, listed.catalogue
        new.adopt(folder.catalogue, np.where(self._touched[listed.before], listed.before, -1))
        _, reasons, notes = folder.state()
        folder.take(folder.root, new, listed.shown, reasons=reasons, notes=notes)
        if (folder.filter, folder.sort) != listed.wanted or folder.filter.of_class is not None:
            folder.arrange()
        if self._whole:
            self.watch.look_at(listed.folders)

    def _say_refused(self, refused: Sequence[str]) -> None:
        if refused:
            more = f" {len(refused) - 1} more cannot be looked at either." if len(refused) > 1 else ""
            self.complained.emit(f"{refused[0]}{more}")

    def _go_on_at(self, info: ProjectInfo) -> None:
        """The folder of a project got another name: what is listed of it is listed by the new one."""
        former = info.former[-1]
        if self._whole and self.folder.root.is_relative_to(former):
            self._open([info.root / self.folder.root.relative_to(former)], below=None)  # what was said of it stays

    # --- what becomes of it ----------------------------------------------------------------------------------------

    def _list_again(self) -> None:
        """Something changed on the disk: what is chosen, filtered and in hand stays."""
        folder = self.folder
        if not self._whole or not folder.complete:
            return
        stayed = [folder.name(path) for path in self._unkept() if path in folder]

        def listed(answer: _Listed) -> None:
            before = answer.catalogue.copy()
            if not answer.same:
                self._take(answer)
            self.facts.look_again(before, answer.gone)

        self._list(folder.root, None, stayed, then=listed)


def _find(paths: Sequence[Path], *, below: bool | None) -> _Found:
    if len(paths) == 1 and paths[0].is_dir():
        root = paths[0]
        try:
            first = first_picture(root, recursive=bool(below))
            if first is None and below is None and (root / FILE_NAME).is_file():  # it may be known by its sub-folders
                first = first_picture(root, recursive=True)
        except PhotoError as error:
            return _Found(root, None, refused=(str(error),))
        return _Found(root, first, has_folders=first is None and _has_folders(root))
    pictures, refused = list_readable(paths)
    if not pictures:
        return _Found(Path(), None, refused=tuple(refused))
    root = Path(os.path.commonpath([path.parent for path in pictures]))
    names = tuple(path.relative_to(root).as_posix() for path in pictures)
    return _Found(root, pictures[0], names, tuple(refused))


def _has_folders(root: Path) -> bool:
    """Whether there is any folder in one that can be read; a link in a circle is none."""
    with os.scandir(root) as entries:
        return any(not entry.name.startswith(".") and os.path.isdir(entry.path) for entry in entries)  # noqa: PTH112


def _first_of(found: _Found, paths: Sequence[Path], left: Path | None, first: Path) -> Path:
    """Of photos named one by one: the first of them, or where they are a folder's the one on which work was left."""
    listed = set(found.names or ())
    for path in [*paths, *([] if left is None else [left])]:
        if path.is_relative_to(found.root) and path.relative_to(found.root).as_posix() in listed:
            return path
    return first


def _taken_up(root: Path, left: Path | None, first: Path, *, below: bool) -> Path | None:
    """The picture on which work was left, if the list will hold it, else the first; None: the list will be empty."""
    inside = left is not None and left.is_relative_to(root) and (below or left.parent == root)
    if left is not None and inside and left.is_file():
        return left
    return first if below or first.parent == root else None


def _list(
    root: Path,
    names: Sequence[str] | None,
    stayed: Sequence[str],
    before: Catalogue,
    wanted: tuple[Filter, Sort],
    *,
    below: bool,
    check: Callable[[], object],
) -> _Listed:
    """In the lane: the list and all that is worked out from it."""
    refused: tuple[str, ...] = ()
    whole = names is None
    if names is None:
        listing = list_folder(root, recursive=below, check=check)
        names, refused = listing.names, tuple(reason for _, reason in listing.refused)
    known = set(names)
    added = [name for name in stayed if name not in known]
    catalogue = Catalogue([*names, *added])
    rows = before.rows(catalogue.names)
    catalogue.adopt(before, rows)
    catalogue.prepare()
    gone = np.ones(len(before) + 1, np.bool_)
    gone[rows] = False
    check()
    projects = project_folders(root, catalogue.names, listed=whole)
    return _Listed(
        catalogue=catalogue,
        shown=Arrangement.of(catalogue, replace(wanted[0], of_class=None), wanted[1]),
        wanted=wanted,
        folders=list(dict.fromkeys([root, *(root / name.rpartition("/")[0] for name in names if "/" in name)])),
        projects=projects,
        before=rows,
        same=np.array_equal(rows, np.arange(len(before))),
        gone=sorted(before.names[row] for row in np.flatnonzero(gone[:-1]).tolist()),
        stayed=tuple(added),
        refused=refused,
    )
