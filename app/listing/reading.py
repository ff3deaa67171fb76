"""What projects keep of the pictures of a list, gathered part by part, and what the disk says against it.

Everything here happens away from the GUI thread; parts are small, so that a stroke never waits long for its file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.core.arrays import I64, Bool, Intp
from app.core.catalogue import STATUSES, Catalogue, ClassShare
from app.core.document import ViewMode
from app.core.errors import ProjectError
from app.core.pictures import PictureStatus
from app.core.project.areas import FolderAreas
from app.core.project.places import FILE_NAME
from app.core.project.records import FileIdentity, PictureRow
from app.core.project.store import ProjectStore
from app.core.tables import Thresholds
from app.editing.session import Session
from app.keeping.projects import Projects

READ_AT_ONCE, WRITTEN_AT_ONCE = 5_000, 1_000  # pictures: some 30 ms each
MOST_PROJECTS = 50  # that photos named one by one may belong to before the list asks no more of them
_COLUMNS = ("status", "exported", "noted", "unlabelled", "uncertainty")  # what only a project knows


@dataclass(frozen=True)
class Counted:
    """What counts as labelled in all pictures."""

    thresholds: Thresholds | None  # None in the semantic view, where everything counts
    own: bool  # whether pictures that were given a threshold of their own have it

    @classmethod
    def of(cls, session: Session) -> Counted:
        if session.mode is ViewMode.SEMANTIC:
            return cls(None, own=False)
        return cls(Thresholds(session.threshold, dict(session.class_thresholds)), own=not session.threshold_for_all)

    @property
    def base(self) -> float | None:
        return None if self.thresholds is None else self.thresholds.base

    def areas(self, areas: FolderAreas) -> FolderAreas:
        return areas if self.own else replace(areas, thresholds=np.full_like(areas.thresholds, np.nan))

    def facts(self, areas: FolderAreas) -> dict[str, Any]:
        """What a list shows of the areas of one picture."""
        shares = self.areas(areas)
        unlabelled, uncertainty = shares.unlabelled_shares(threshold=self.thresholds), shares.uncertainties()
        return {"unlabelled": float(unlabelled[0]), "uncertainty": float(uncertainty[0])}


@dataclass
class Gathered:
    """What is known of the pictures of a list so far."""

    root: Path
    catalogue: Catalogue  # a copy: its rows are those of the list
    counted: Counted
    found: Bool = field(init=False)  # (N,) of which pictures anything is
    reasons: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)  # pictures that projects know and the list does not
    projects: dict[Path, Path] = field(default_factory=dict)  # roots and files of those that know pictures
    uncounted: list[str] = field(default_factory=list)  # with an answer or corrections, of which no areas are known

    def __post_init__(self) -> None:
        self.found = np.zeros(len(self.catalogue), np.bool_)

    def take(self, rows: Sequence[PictureRow], areas: FolderAreas, *, named: Callable[[str], str] | None) -> None:
        """Add what one project says; `named` makes names of the list of the project's."""
        if named is not None:
            rows = [row._replace(name=named(row.name)) for row in rows]
            areas = replace(areas, names=tuple(map(named, areas.names)))
        if not self.counted.own:  # few are exported
            rows = [row if row.threshold is None else row._replace(threshold=None) for row in rows]
        here = self.catalogue.rows([row.name for row in rows])
        self.found[here[here >= 0]] = True
        self.missing += [row.name for row, index in zip(rows, here.tolist(), strict=True) if index < 0]
        self.reasons |= self.listed({row.name: row.reason for row in rows if row.reason})
        self.catalogue.fill(rows, threshold=self.counted.base)
        self.catalogue.fill_shares(self.counted.areas(areas), threshold=self.counted.thresholds)

    def listed(self, texts: Mapping[str, str]) -> dict[str, str]:
        """Those of pictures of the list."""
        return {name: text for name, text in texts.items() if self.catalogue.row(name) >= 0}

    def here(self, names: Iterable[str]) -> list[str]:
        """Those of pictures of the list."""
        return [name for name in names if self.catalogue.row(name) >= 0]

    def columns(self, rows: Intp) -> dict[str, Any]:
        """What the projects know of these rows, by the names of the catalogue's columns."""
        return {name: getattr(self.catalogue, name)[rows] for name in _COLUMNS}


def namer(root: Path, project: Path) -> Callable[[str], str] | None:
    """Makes of a picture's name in a project its name in a list of the folder `root`; None where they are the same."""
    if project == root:
        return None
    if project.is_relative_to(root):
        below = f"{project.relative_to(root).as_posix()}/"
        return lambda name: below + name
    if root.is_relative_to(project):
        above = f"{root.relative_to(project).as_posix()}/"
        return lambda name: name[len(above) :] if name.startswith(above) else (project / name).as_posix()
    return lambda name: (project / name).as_posix()


def project_folders(root: Path, names: Sequence[str], *, listed: bool) -> list[Path]:
    """The folders whose projects the pictures belong to. `listed`: all of one folder, with or without those below."""
    folders = dict.fromkeys(name.rpartition("/")[0] for name in names)
    if not listed:
        return [root / folder for folder in folders][:MOST_PROJECTS]
    below = {above for folder in folders for above in _above(folder)}
    return [root, *(root / folder for folder in sorted(below) if (root / folder / FILE_NAME).is_file())]


def _above(folder: str) -> Iterator[str]:
    """A folder and those above it, all relative to the root and none of them the root."""
    while folder and not folder.startswith("/"):
        yield folder
        folder = folder.rpartition("/")[0]


def stores(projects: Projects, folders: Sequence[Path]) -> list[tuple[ProjectStore, range]]:
    """The projects of these folders, each once, with the numbers of their rows in parts; those that open."""
    found: dict[Path, ProjectStore] = {}
    for folder in folders:
        try:
            store = projects.store(folder)
        except ProjectError:  # it is said when a picture of it is opened
            continue
        found[store.file] = store
    return [
        (store, range(start, start + READ_AT_ONCE))
        for store in found.values()
        for start in range(1, store.last_row() + 1, READ_AT_ONCE)
    ]


def gather(gathered: Gathered, store: ProjectStore, part: range) -> None:
    """Read one part of one project."""
    named = namer(gathered.root, store.root)
    rows, areas = store.rows(part=part), store.areas(part=part)
    gathered.take(rows, areas, named=named)
    gathered.projects[store.root] = store.file
    if not store.read_only:  # as earlier versions left them
        counted = set(areas.names)
        lacking = [row.name for row in rows if (row.model is not None or row.revision) and row.name not in counted]
        gathered.uncounted += gathered.here(lacking if named is None else map(named, lacking))
    if part.start == 1:
        notes = store.notes()
        gathered.notes |= gathered.listed(notes if named is None else {named(name): notes[name] for name in notes})


def gather_some(projects: Projects, gathered: Gathered, names: Sequence[str]) -> None:
    """Read what the projects say of a few pictures of the list."""
    for store, mine in _by_project(projects, gathered.root, names):
        gathered.take(store.rows(mine), store.areas(mine), named=namer(gathered.root, store.root))


def _by_project(projects: Projects, root: Path, names: Iterable[str]) -> Iterator[tuple[ProjectStore, dict[str, str]]]:
    """Each project of these pictures of the list, with what it calls them, and the list does."""
    places: dict[str, tuple[dict[str, str], str] | None] = {}  # by folder: what is found, and how names begin there
    found: dict[Path, tuple[ProjectStore, dict[str, str]]] = {}
    for name in names:
        folder, _, last = name.rpartition("/")
        if folder not in places:
            places[folder] = _place(projects, root / folder, found)
        place = places[folder]
        if place is not None:
            place[0][place[1] + last] = name
    yield from found.values()


def _place(
    projects: Projects, folder: Path, found: dict[Path, tuple[ProjectStore, dict[str, str]]]
) -> tuple[dict[str, str], str] | None:
    try:
        store = projects.store(folder)
    except ProjectError:  # it is said when a picture of it is opened
        return None
    return found.setdefault(store.file, (store, {}))[1], store.name_of(folder / "x").removesuffix("x")


@dataclass(frozen=True, eq=False)
class Differences:
    """What of the files on the disk is not as it was known."""

    sizes: I64  # (N,) of each picture of the list now, -1 where it is gone
    times: I64
    news: Intp  # rows that have to be told to their projects: new, or other files than before
    others: Intp  # of them those that were known as other files
    gone: tuple[str, ...]  # names of pictures that are not there any more

    @classmethod
    def of(cls, before: Catalogue, sizes: I64, times: I64, gone: Sequence[str]) -> Differences:
        there, known = sizes >= 0, before.size >= 0
        differs = there & ((before.size != sizes) | (before.mtime_ns != times))
        return cls(sizes, times, np.flatnonzero(differs), np.flatnonzero(differs & known), tuple(gone))

    def files(self, names: Sequence[str], rows: Intp) -> dict[str, FileIdentity]:
        """What is known of the files of these rows now, by their names."""
        sizes, times = self.sizes[rows].tolist(), self.times[rows].tolist()
        return {
            names[row]: FileIdentity(size, time) for row, size, time in zip(rows.tolist(), sizes, times, strict=True)
        }


def really_gone(root: Path, names: Sequence[str], *, below: bool) -> list[str]:
    """Which pictures that are known and not listed are not there any more: some are only not listed this time."""
    return [name for name in names if (below or "/" not in name) and not (root / name).exists()]


def tell_files(projects: Projects, root: Path, files: Mapping[str, FileIdentity]) -> list[Path]:
    """Pictures of the list are there, as these files. Those of which work is kept that was done on another file."""
    others = []
    for store, mine in _by_project(projects, root, files):
        if not store.read_only:
            names = store.add_files((name, files[listed]) for name, listed in mine.items())
            others += [root / mine[name] for name in names]
    return others


def tell_gone(projects: Projects, root: Path, names: Sequence[str]) -> None:
    """These pictures of the list are not there any more."""
    for store, mine in _by_project(projects, root, names):
        if not store.read_only:
            store.gone(mine)


def tell_status(projects: Projects, root: Path, names: Sequence[str], status: PictureStatus, reason: str) -> None:
    """One status for these pictures of the list, in one transaction for each project. ProjectError where one of them
    cannot be written; whoever tells it again changes nothing of what was written before."""
    below: dict[str, list[str]] = {}
    for name in names:
        folder, _, last = name.rpartition("/")
        below.setdefault(folder, []).append(last)
    found: dict[Path, tuple[ProjectStore, list[str]]] = {}
    for folder, lasts in below.items():
        store, example = projects.store_of(root / folder / "x")
        start = example.removesuffix("x")
        found.setdefault(store.file, (store, []))[1].extend(start + last for last in lasts)
    for store, mine in found.values():
        store.set_statuses(mine, status, reason)


class KnownAreas:
    """What was read of the areas of pictures, part by part, for as long as it is true."""

    def __init__(self) -> None:
        self._known: dict[ProjectStore, dict[int, FolderAreas]] = {}

    def of(self, store: ProjectStore, part: range) -> FolderAreas:
        """The areas of one part of a project as they are now."""
        known, touched = self._known.setdefault(store, {}), store.touched()
        if touched is None:
            known.clear()
        else:
            for row in touched:
                known.pop((row - 1) // READ_AT_ONCE * READ_AT_ONCE + 1, None)
        if part.start not in known:
            known[part.start] = store.areas(part=part)
        return known[part.start]


def class_names(root: Path, store: ProjectStore, areas: FolderAreas, wanted: ClassShare, counted: Counted) -> set[str]:
    """Which of these pictures of a project show enough of a class, as the list calls them."""
    named = namer(root, store.root)
    names = counted.areas(areas).with_class(wanted.class_id, threshold=counted.thresholds, share=wanted.share)
    return names if named is None else {named(name) for name in names}


UNREADABLE = STATUSES.index(PictureStatus.UNREADABLE)
NEW = STATUSES.index(PictureStatus.NEW)
