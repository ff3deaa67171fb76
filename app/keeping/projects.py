"""The projects that are open: which of them a picture belongs to, and what may be done there.

Everything here happens on the thread of the project lane: it owns the files.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from app.core.errors import DamagedProjectError, ProjectError
from app.core.files import reason
from app.core.human_layer import HumanLayer
from app.core.patches import Patch
from app.core.project.places import Place, project_file
from app.core.project.records import CHANGED, FileIdentity, RawStep, StoredPicture, StoredPrediction, identify
from app.core.project.store import ProjectStore
from app.keeping.open_project import OpenProject, ProjectInfo
from inference.errors import PhotoError
from inference.prediction import Prediction

STEP_BYTES = 64 * 2**20
"""Undo steps of one picture that come back, in bytes of memory: the newest."""
STEPS_AT_ONCE = 12
"""Of these, those that come with the picture, done and undone each: large ones take a hundredth of a second each."""
TORN = "Steps of {name} are damaged: undo and redo go no further than they are. All that it shows is as it was left."
FOLD_BYTES = 64 * 2**20
"""And of those that a project keeps, in bytes of its file: older ones become what the picture began with."""


@dataclass(frozen=True)
class Loaded:
    """What is known of one picture. `info` is None where its project could not be opened."""

    info: ProjectInfo | None
    stored: StoredPicture | None = None
    prediction: Prediction | None = None  # that counts for the file as it is; `stored` says which model gave it
    identity: FileIdentity | None = None  # of the file as it is now, None where it cannot be read
    problem: str = ""  # why there is no project, or no record
    is_hidden: bool = False  # there is a project, with work perhaps, but it cannot be opened for now
    may_pass: bool = False  # the problem may be over later
    said: str = ""  # what was found out about the picture, a sentence

    @property
    def changed(self) -> bool:
        """Whether the file holds another photo than the one the record is of."""
        known = None if self.stored is None else self.stored.identity
        return known is not None and self.identity is not None and not known.is_same(self.identity)


@dataclass(frozen=True)
class Known:
    """What a run of the network over a folder has to know of a picture."""

    identity: FileIdentity
    corrections: Patch | None
    predicted: bool  # whether there is an answer that counts for the file as it is


@dataclass(frozen=True)
class Standing:
    """Where a picture stands in its project: what a change to it without opening it has to know."""

    info: ProjectInfo
    identity: FileIdentity  # of the file as it is now
    revision: int
    corrections: Patch | None


@dataclass(frozen=True)
class Countable:
    """What there is on a picture, as its project keeps it."""

    prediction: Prediction | None  # the last answer, whichever model gave it
    corrections: HumanLayer | None
    threshold: float | None  # its own


class Projects:
    """Opens projects as pictures of them are needed, and again where their files were damaged or replaced."""

    def __init__(
        self,
        renewed: Callable[[ProjectInfo], None] = lambda _info: None,
        moved: Callable[[ProjectInfo], None] = lambda _info: None,
    ) -> None:
        """`renewed`: called with a project that was opened anew, whose file may not know all that was written to it;
        `moved`: with one whose folder got another name while it was open."""
        self._renewed, self._moved = renewed, moved
        self._by_folder: dict[Path, OpenProject] = {}
        self._by_file: dict[Path, OpenProject] = {}
        self._known: set[Path] = set()  # files of projects that were open before

    def open(self, folder: Path) -> ProjectInfo:
        """The project of the pictures in `folder`. ProjectError where it can be neither opened nor made."""
        return self._project(folder).info

    def begin(self, picture: Path, *, model: str) -> Loaded:
        """`look_up` for a window that opens a picture: with its steps, after its work was looked for under other names
        and its history brought to a size that can be kept."""
        said = ""
        with suppress(OSError, ProjectError):
            project = self._project(picture.parent)
            store, name = project.store, project.name_of(picture)
            if not store.read_only:
                if before := store.follow(name, identify(picture)):
                    said = f"{name} was {before} before: what was done with it came with it."
                if name not in project.folded:  # a window may go back to every step that it has seen
                    project.folded.add(name)
                    store.fold(name, FOLD_BYTES)
        loaded = self.look_up(picture, model=model, most_bytes=STEP_BYTES)
        torn = loaded.stored is not None and loaded.stored.damaged_steps > 0
        return replace(loaded, said=f"{said} {TORN.format(name=picture.name)}".strip() if torn else said)

    def more_steps(self, picture: Path, *, until: int, after: int) -> list[RawStep]:
        """Steps of a long history that `begin` left for later: up to the revision `until`, and after `after`."""
        project = self._project(picture.parent)
        name = project.name_of(picture)
        return project.store.raw_steps(name, until=until, after=after, most_bytes=STEP_BYTES)

    def look_up(self, picture: Path, *, model: str, most_bytes: int = 0) -> Loaded:
        """What is known of a picture, with the nearest steps, of `most_bytes`; of predictions only one that counts
        where `model` is in use, for the photo as it is."""
        identity = self.identity(picture)
        try:
            project = self._project(picture.parent)
        except DamagedProjectError:
            raise
        except ProjectError as error:
            hidden = project_file(picture.parent).file.exists()
            return Loaded(None, identity=identity, problem=str(error), is_hidden=hidden, may_pass=error.may_pass)
        store, name = project.store, project.name_of(picture)
        try:
            stored = store.load(name, most_bytes=most_bytes, most_steps=STEPS_AT_ONCE)
        except DamagedProjectError:
            raise
        except ProjectError as error:
            return Loaded(project.info, identity=identity, problem=str(error))
        answer = None if stored is None else _answer(store, name, model, identity)
        return Loaded(project.info, stored, None if answer is None else answer.prediction, identity)

    def identity(self, picture: Path) -> FileIdentity | None:
        """Of the file of a picture as it is now; None where it cannot be read."""
        try:
            return identify(picture)
        except OSError:
            return None

    def look(self, folders: Collection[Path] | None = None) -> None:
        """Notice where the files of projects were deleted or replaced, those of `folders` or all that are open.

        ProjectError where one cannot be opened again.
        """
        for folder in list(self._by_folder) if folders is None else folders:
            project = self._project(folder)
            if not project.is_there:
                self._follow(project)

    def prediction(self, picture: Path, *, model: str | None) -> StoredPrediction | None:
        """The answer that counts for a picture as its file is now, see `ProjectStore.predicted_identity`. ProjectError
        where that cannot be read."""
        project = self._project(picture.parent)
        return _answer(project.store, project.name_of(picture), model, self.identity(picture))

    def known(self, picture: Path, *, model: str) -> Known:
        """What is known of a picture, without its history. ProjectError, also for a project that may only be read;
        PhotoError for a file that cannot be read."""
        store, name = self.store_of(picture)
        identity = _identified(picture)
        answered = store.predicted_identity(name, model=model)
        stored = store.load(name, most_bytes=0)
        is_same = stored is None or stored.identity is None or stored.identity.is_same(identity)
        corrections = stored.corrections if stored is not None and is_same else None
        return Known(identity, corrections, predicted=answered is not None and answered.is_same(identity))

    def countable(self, picture: Path) -> Countable | None:
        """What there is to count on a picture; None where there is nothing. ProjectError where it cannot be read, or
        what comes of it not be kept."""
        store, name = self.store_of(picture)
        stored, answer = store.load(name, most_bytes=0), store.prediction(name)
        if stored is None or (answer is None and stored.corrections is None):
            return None
        is_same = stored.identity is None or answer is None or answer.identity.is_same(stored.identity)
        prediction = None if answer is None or not is_same else answer.prediction
        corrections = None if stored.corrections is None else HumanLayer.of_patch(stored.corrections)
        return Countable(prediction, corrections, stored.threshold)

    def standing(self, picture: Path) -> Standing:
        """Where a picture stands. ProjectError, also where nothing may be changed or its file holds another photo now;
        PhotoError for a file that cannot be read."""
        store, name = self.store_of(picture)
        identity = _identified(picture)
        stored = store.load(name, most_bytes=0)
        info = self._project(picture.parent).info
        if stored is None:
            return Standing(info, identity, 0, None)
        if stored.identity is not None and not stored.identity.is_same(identity) and stored.revision:
            raise ProjectError(CHANGED.format(name=picture.name))
        return Standing(info, identity, stored.revision, stored.corrections)

    def store_of(self, picture: Path) -> tuple[ProjectStore, str]:
        """The store of a picture, and its name there. ProjectError where there is none that can be written."""
        project = self._project(picture.parent)
        if not project.is_there and not self._follow(project):
            raise ProjectError(f"The folder {project.info.root} is not there.", may_pass=True)
        if project.info.refusal:
            raise ProjectError(project.info.refusal)
        return project.store, project.name_of(picture)

    def store(self, folder: Path) -> ProjectStore:
        """The store of the pictures in a folder, perhaps for reading only. ProjectError where there is none."""
        return self._project(folder).store

    def take_over(self, folder: Path) -> ProjectInfo:
        """Write a project whose holder is gone. ProjectError where it is not, or cannot be opened."""
        project = self._project(folder)
        holder = project.lock.holder()
        if not project.lock.take() and (holder.here or not project.lock.take_over()):
            raise ProjectError(f"{holder.text()} still has this project open.".capitalize())
        project.lock.release()
        self._forget(project)
        self._known.discard(project.info.file)  # this window has written nothing yet
        return self.open(folder)

    def mend(self, file: Path) -> None:
        """Rescue what can be read of a project that turned out to be damaged. ProjectError where that is not possible
        for now: it is tried again when the project is needed."""
        project = self._by_file.get(file)
        if project is None:
            return
        try:
            project.mend()
        except ProjectError as error:
            self._drop(project)
            project.let_go()
            raise ProjectError(str(error), may_pass=True) from error
        self._renewed(project.info)

    def close(self) -> None:
        """Close them all, properly."""
        for project in list(self._by_file.values()):
            self._forget(project)

    def _forget(self, project: OpenProject) -> None:
        self._drop(project)
        project.close()

    def _drop(self, project: OpenProject) -> None:
        self._by_folder = {folder: known for folder, known in self._by_folder.items() if known is not project}
        self._by_file = {file: known for file, known in self._by_file.items() if known is not project}

    def _project(self, folder: Path) -> OpenProject:
        project = self._by_folder.get(folder)
        if project is not None and project.is_replaced:
            if project.store.read_only:
                self._forget(project)
                project = None
            else:
                self._renew(project)
        if project is None:
            place = project_file(folder)
            project = self._by_file.get(place.file) or self._renamed(place)
            if project is None:
                project = self._opened(place)
            self._by_folder[folder] = project
        return project

    def _renew(self, project: OpenProject) -> None:
        try:
            project.renew()
        except ProjectError as error:  # whatever lies in its place: somebody put it there, and may take it away
            raise ProjectError(str(error), may_pass=True) from error
        self._renewed(project.info)

    def _follow(self, project: OpenProject) -> bool:
        """Whether the folder of a project is only called otherwise by now."""
        before = project.info.file
        if not project.follow():
            return False
        self._by_file[project.info.file] = self._by_file.pop(before)
        self._known.add(project.info.file)
        self._moved(project.info)
        return True

    def _renamed(self, place: Place) -> OpenProject | None:
        """The open project that is in this place by now, if one is."""
        for before, project in self._by_file.items():
            if project.is_at(place.file) and not before.exists():
                project.move(place.root, place.file)
                self._by_file[place.file] = self._by_file.pop(before)
                self._known.add(place.file)
                return project
        return None

    def _opened(self, place: Place) -> OpenProject:
        try:
            project = self._by_file[place.file] = OpenProject(place.root, place.file, writable=place.writable)
        except DamagedProjectError:
            raise
        except ProjectError as error:
            if place.file not in self._known:
                raise
            raise ProjectError(str(error), may_pass=True) from error  # it could be before: what is to be written waits
        if place.file in self._known:
            self._renewed(project.info)
        self._known.add(place.file)
        return project


def _identified(picture: Path) -> FileIdentity:
    try:
        return identify(picture)
    except OSError as error:
        raise PhotoError(f"{picture.name} cannot be read: {reason(error)}.") from None


def _answer(
    store: ProjectStore, name: str, model: str | None, identity: FileIdentity | None
) -> StoredPrediction | None:
    answered = store.predicted_identity(name, model=model)
    if answered is None or identity is None or not answered.is_same(identity):
        return None
    return store.prediction(name)
