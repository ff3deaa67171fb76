"""Keeps the facts of a folder up: from the projects, from the disk, and as the network runs over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.core.arrays import Intp
from app.core.catalogue import Catalogue, ClassShare, SortBy
from app.core.pictures import Listing, PictureStatus, file_facts
from app.core.project.areas import FolderAreas
from app.core.project.store import ProjectStore
from app.editing.session import Session
from app.keeping.keeper import Keeper
from app.keeping.projects import Projects
from app.listing.folder import Folder
from app.listing.reading import (
    NEW,
    UNREADABLE,
    WRITTEN_AT_ONCE,
    Counted,
    Differences,
    Gathered,
    KnownAreas,
    class_names,
    gather,
    gather_some,
    really_gone,
    stores,
    tell_files,
    tell_gone,
)
from app.workers.lane import CancelToken, Lane

SOON_MS = 500  # while pictures come in from a run over the folder
STALE_MS = 1_000  # after the threshold was moved
FEW = 500  # pictures that are looked up one by one


class FolderFacts(QObject):
    """Reads what the projects keep, looks at the files, and tells each of the other, all in small parts."""

    said = Signal(str)
    read_projects = Signal(object)  # dict: the roots of the projects that know pictures of the list, with their files

    def __init__(
        self, folder: Folder, session: Session, keeper: Keeper, lane: Lane, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._folder, self._session, self._keeper, self._lane = folder, session, keeper, lane
        self._ticket = object()  # of the list that is being asked about
        self._folders: list[Path] = []
        self._areas = KnownAreas()  # for who filters by class; used in the project lane
        self._learning = False
        self._touched = np.zeros(0, np.bool_)  # rows of which more is known since the projects were asked
        self._late: dict[Path, None] = {}  # pictures of which the projects know more by now
        self._soon = self._timer(SOON_MS, self._look_up)
        self._stale = self._timer(STALE_MS, self.read)
        folder.changed.connect(self._note_touched)
        folder.find_class = self._find_class
        keeper.answer_kept.connect(self._answered)
        keeper.counting.counted.connect(self._counted)
        session.tables_changed.connect(self._recount)
        session.mode_changed.connect(self._recount)

    def _timer(self, milliseconds: int, act: Callable[[], None]) -> QTimer:
        timer = QTimer(self, singleShot=True, interval=milliseconds)
        timer.timeout.connect(act)
        return timer

    @property
    def waiting(self) -> bool:
        """Whether something is about to be read."""
        return self._soon.isActive() or self._stale.isActive()

    def stop(self) -> None:
        """Another list comes: what is being read is of the old one."""
        self._ticket = object()
        self._areas = KnownAreas()
        self._keeper.counting.stop()
        self._soon.stop()
        self._stale.stop()
        self._late.clear()

    # --- what the projects keep ------------------------------------------------------------------------------------

    def begin(self, folders: Sequence[Path], *, below: bool) -> None:
        """A list was taken on whose pictures belong to the projects of `folders`: ask them, then look at the files."""
        self.stop()
        self._folders = list(folders)
        ticket = self._ticket

        def read(gathered: Gathered) -> None:
            if ticket is self._ticket:
                self.read_projects.emit(gathered.projects)
                self._keeper.counting.fill_in(gathered.root, gathered.uncounted)
                self._look_at_files(gathered.catalogue, gathered.missing, below=below)

        self.read(then=read)

    def read(self, *, then: Callable[[Gathered], None] = lambda _gathered: None) -> None:
        """Take over what the projects keep of all pictures."""
        ticket, folders = self._ticket, self._folders
        self._touched = np.zeros(len(self._folder), np.bool_)
        gathered = Gathered(self._folder.root, self._folder.catalogue.copy(), Counted.of(self._session))

        def found(parts: list[tuple[ProjectStore, range]]) -> None:
            if ticket is not self._ticket:
                return
            if parts:
                store, part = parts[0]
                self._ask(lambda _projects: gather(gathered, store, part), lambda _none: found(parts[1:]))
            elif gathered.catalogue.names is not self._folder.catalogue.names:
                self.read(then=then)  # files came or went meanwhile
            else:
                self._learn(gathered)
                then(gathered)

        self._ask(lambda projects: stores(projects, folders), found)

    def _ask(self, work: Callable[[Projects], Any], done: Callable[[Any], None]) -> None:
        self._keeper.read(work, done)

    def _learn(self, gathered: Gathered) -> None:
        """What the projects know; of pictures that were worked on while they were asked, it is asked again."""
        names, touched = gathered.catalogue.names, np.flatnonzero(self._touched).tolist()
        for row in touched:
            gathered.reasons.pop(names[row], None)
            gathered.notes.pop(names[row], None)
        rows = np.flatnonzero(gathered.found & ~self._touched)
        self._learning = True
        self._folder.learn_columns(rows, reasons=gathered.reasons, notes=gathered.notes, **gathered.columns(rows))
        self._learning = False
        if len(touched) > FEW:
            self._stale.start()  # all are read again
        else:
            for row in touched:
                self.look_up_soon(self._folder.path(row))

    def _note_touched(self, rows: Intp) -> None:
        if not self._learning and len(self._touched) == len(self._folder):  # else another list is there, which is read
            self._touched[rows] = True

    def _find_class(self, wanted: ClassShare, done: Callable[[frozenset[str]], None]) -> None:
        """Which pictures show more than so much of a class, as the projects have it."""
        ticket, folder, folders, counted = self._ticket, self._folder, self._folders, Counted.of(self._session)
        root, found, known = folder.root, set[str](), self._areas

        def ask(parts: list[tuple[ProjectStore, range]]) -> None:
            if ticket is not self._ticket or folder.filter.of_class != wanted:
                return
            if parts:
                self._ask(lambda _projects: look(*parts[0]), lambda _none: ask(parts[1:]))
            else:
                done(frozenset(found))

        def look(store: ProjectStore, part: range) -> None:
            found.update(class_names(root, store, known.of(store, part), wanted, counted))

        self._ask(lambda projects: stores(projects, folders), ask)

    # --- what changes as one works ---------------------------------------------------------------------------------

    def _recount(self) -> None:
        """Another threshold: other shares are unlabelled, and what was exported may not be what would be."""
        if np.isfinite(self._folder.catalogue.unlabelled).any() or self._folder.catalogue.exported.any():
            self._stale.start()

    def _answered(self, path: Path) -> None:
        if self._folder.status(path) in (PictureStatus.NEW, PictureStatus.UNREADABLE):
            self._folder.learn(path, status=PictureStatus.PREDICTED, reason="")
        self.look_up_soon(path)

    def _counted(self, path: Path, areas: FolderAreas) -> None:
        self._folder.learn(path, **Counted.of(self._session).facts(areas))
        self._folder.look_for_class()

    def look_up_soon(self, path: Path) -> None:
        """The project of a picture knows more of it, or will when it has come to it."""
        self._late[path] = None
        if not self._soon.isActive():
            self._soon.start()

    def _look_up(self) -> None:
        ticket, paths = self._ticket, [path for path in self._late if path in self._folder]
        self._late.clear()
        rows = np.array([self._folder.row(path) for path in paths], np.intp)
        before = self._folder.catalogue
        few = Catalogue([before.names[row] for row in rows])
        gathered = Gathered(self._folder.root, few, Counted.of(self._session))

        def learnt(_none: object) -> None:
            if ticket is self._ticket and self._folder.catalogue is before:
                here = np.flatnonzero(gathered.found)
                self._folder.learn_columns(rows[here], reasons=gathered.reasons, **gathered.columns(here))

        if paths:
            self._ask(lambda projects: gather_some(projects, gathered, few.names), learnt)

    # --- what the disk says ----------------------------------------------------------------------------------------

    def _look_at_files(self, before: Catalogue, missing: Sequence[str], *, below: bool) -> None:
        """`before`: the files as they were known; `missing`: pictures that were known and are not in the list."""
        ticket, folder = self._ticket, self._folder
        listing = Listing(folder.root, folder.catalogue.names)

        def look(token: CancelToken) -> Differences:
            sizes, times = file_facts(listing, check=token.check)
            return Differences.of(before, sizes, times, really_gone(listing.folder, missing, below=below))

        def looked(found: Differences) -> None:
            if ticket is self._ticket and folder.catalogue.names is listing.names:
                self._take_files(found)

        self._lane.submit(look, key="look", done=looked, failed=self.said.emit, priority=2)

    def look_again(self, before: Catalogue, gone: Sequence[str]) -> None:
        """The list was read anew; `before`: what was known of its pictures, `gone`: those that it had before."""
        self._look_at_files(before, gone, below=True)

    def _take_files(self, found: Differences) -> None:
        folder, every = self._folder, np.arange(len(self._folder), dtype=np.intp)
        folder.learn_columns(every, size=found.sizes, mtime_ns=found.times)
        if folder.sort.by in (SortBy.TIME, SortBy.SIZE):
            folder.arrange()
        again = found.others[folder.catalogue.status[found.others] == UNREADABLE]
        if again.size:  # another file may be whole
            folder.learn_columns(again, status=np.full(len(again), NEW, np.uint8), reasons={})
        if found.others.size:
            folder.files_changed.emit(found.others)
        root = folder.root
        if found.gone:
            self._keeper.write(lambda projects: tell_gone(projects, root, found.gone))
        self._tell(found, 0, [])

    def _tell(self, found: Differences, start: int, others: list[Path]) -> None:
        """Tell the projects of files, some at a time; then the person of those that have changed since."""
        ticket, root, names = self._ticket, self._folder.root, self._folder.catalogue.names
        rows = found.news[start : start + WRITTEN_AT_ONCE]
        if not rows.size:
            self._say_changed(others)
            return

        def told(changed: list[Path]) -> None:
            if ticket is not self._ticket:
                return
            if len(found.news) <= FEW:  # what is known of those that came back
                for row in rows.tolist():
                    self.look_up_soon(root / names[row])
            self._tell(found, start + WRITTEN_AT_ONCE, [*others, *changed])

        self._keeper.write(lambda projects: tell_files(projects, root, found.files(names, rows)), done=told)

    def _say_changed(self, others: Sequence[Path]) -> None:
        if len(others) == 1:
            self.said.emit(f"{others[0].name} has changed on disk since it was worked on.")
        elif others:
            self.said.emit(f"{len(others)} pictures have changed on disk since they were worked on.")
