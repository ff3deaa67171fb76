"""The projects that are open: which of them a picture belongs to, and what may be done there.

Everything here happens on the thread of the project lane: it owns the files.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.core.errors import ProjectError
from app.core.files import reason
from app.core.patches import Patch
from app.core.project.places import project_file
from app.core.project.records import FileIdentity, StoredPicture, identify
from app.core.project.store import ProjectStore
from app.project_lock import ProjectLock
from inference.errors import PhotoError
from inference.prediction import Prediction

STEP_BYTES = 64 * 2**20
"""Undo steps of one picture that come back, in bytes of memory: the newest."""
CHANGED = "{name} has changed on disk since it was worked on."
_IN_USE = "in use"
"""Under this key a project knows that a window has it open; where it stays behind, that window did not close."""


@dataclass(frozen=True)
class ProjectInfo:
    """What the window has to know of a project."""

    root: Path
    file: Path
    last_revision: int
    refusal: str = ""  # why nothing may be changed, a sentence; empty where it may be written
    may_take_over: bool = False  # the one who holds it may be gone
    said: str = ""  # what was recovered or rescued, a sentence
    values: dict[str, Any] = field(default_factory=dict)  # what was kept with `set_value` under "view"
    choices: dict[str, Any] = field(default_factory=dict)  # and under "choices": what the person wants of this folder


@dataclass(frozen=True)
class Loaded:
    """What is known of one picture. `info` is None where its project could not be opened."""

    info: ProjectInfo | None
    stored: StoredPicture | None = None
    prediction: Prediction | None = None  # of the model in use for the file as it is
    identity: FileIdentity | None = None  # of the file as it is now, None where it cannot be read
    problem: str = ""  # why there is no project, or no record

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
    predicted: bool  # whether the model has answered for the file as it is


@dataclass(frozen=True)
class Standing:
    """Where a picture stands in its project: what a change to it without opening it has to know."""

    info: ProjectInfo
    identity: FileIdentity  # of the file as it is now
    revision: int
    corrections: Patch | None


class _Project:
    """One open project: its store, and the lock where this window writes it."""

    def __init__(self, root: Path, file: Path, *, writable: bool) -> None:
        self.lock = ProjectLock(file)
        refusal, self._recovered = "", ""
        may_take_over = False
        if not writable:
            refusal = f"The project in {root} may only be read: nothing can be changed here."
        elif not self.lock.take():
            holder = self.lock.holder()
            refusal = f"{holder.text()} has this project open: it can be looked at here, not changed."
            refusal, may_take_over = refusal[:1].upper() + refusal[1:], not holder.here
        try:
            self.store = ProjectStore.open(root, file, read_only=bool(refusal))
        except ProjectError:
            self.lock.release()
            raise
        self.info = ProjectInfo(
            root=root,
            file=file,
            last_revision=self.store.last_revision,
            refusal=refusal,
            may_take_over=may_take_over,
            said=self.store.rescued or self._mark_in_use(),
            values=self.store.value("view", {}),
            choices=self.store.value("choices", {}),
        )

    def _mark_in_use(self) -> str:
        """What to say of a window that did not close."""
        if self.store.read_only:
            return ""
        last = self.store.value(_IN_USE)
        self.store.set_value(_IN_USE, os.getpid())
        if last is None or not self.store.last_revision:
            return ""
        return "The last session ended unexpectedly; every finished correction is here, with its history."

    def close(self) -> None:
        if not self.store.read_only:
            self.store.set_value(_IN_USE, None)
        self.store.close()
        self.lock.release()


class Projects:
    """Opens projects as pictures of them are needed."""

    def __init__(self) -> None:
        self._by_folder: dict[Path, _Project] = {}
        self._by_file: dict[Path, _Project] = {}

    def open(self, folder: Path) -> ProjectInfo:
        """The project of the pictures in `folder`. ProjectError where it can be neither opened nor made."""
        return self._project(folder).info

    def load(self, picture: Path, *, model: str, most_bytes: int = STEP_BYTES) -> Loaded:
        """What is known of a picture, with steps of `most_bytes`; of predictions only that of `model` for the photo as
        it is."""
        try:
            identity = identify(picture)
        except OSError:
            identity = None
        try:
            project = self._project(picture.parent)
        except ProjectError as error:
            return Loaded(None, identity=identity, problem=str(error))
        store, name = project.store, project.store.name_of(picture)
        try:
            stored = store.load(name, most_bytes=most_bytes)
        except ProjectError as error:
            return Loaded(project.info, identity=identity, problem=str(error))
        prediction = None if stored is None else _answer(store, name, model, identity)
        return Loaded(project.info, stored, prediction, identity)

    def prediction(self, picture: Path, *, model: str) -> Prediction | None:
        """What `model` has answered for a picture as its file is now. ProjectError where that cannot be read."""
        project = self._project(picture.parent)
        try:
            identity = identify(picture)
        except OSError:
            return None
        return _answer(project.store, project.store.name_of(picture), model, identity)

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
        if project.info.refusal:
            raise ProjectError(project.info.refusal)
        return project.store, project.store.name_of(picture)

    def store(self, folder: Path) -> ProjectStore:
        """The store of the pictures in a folder, perhaps open for reading only. ProjectError where there is none."""
        return self._project(folder).store

    def take_over(self, folder: Path) -> ProjectInfo:
        """Write a project whose holder is gone. ProjectError where it is not, or cannot be opened."""
        project = self._project(folder)
        holder = project.lock.holder()
        if not project.lock.take() and (holder.here or not project.lock.take_over()):
            raise ProjectError(f"{holder.text()} still has this project open.".capitalize())
        project.lock.release()
        self._forget(project)
        return self.open(folder)

    def close(self) -> None:
        """Close them all, properly."""
        for project in list(self._by_file.values()):
            self._forget(project)

    def _forget(self, project: _Project) -> None:
        self._by_folder = {folder: known for folder, known in self._by_folder.items() if known is not project}
        self._by_file = {file: known for file, known in self._by_file.items() if known is not project}
        project.close()

    def _project(self, folder: Path) -> _Project:
        project = self._by_folder.get(folder)
        if project is None:
            place = project_file(folder)
            project = self._by_file.get(place.file)
            if project is None:
                project = _Project(place.root, place.file, writable=place.writable)
                self._by_file[place.file] = project
            self._by_folder[folder] = project
        return project


def _identified(picture: Path) -> FileIdentity:
    try:
        return identify(picture)
    except OSError as error:
        raise PhotoError(f"{picture.name} cannot be read: {reason(error)}.") from None


def _answer(store: ProjectStore, name: str, model: str, identity: FileIdentity | None) -> Prediction | None:
    answered = store.predicted_identity(name, model=model)
    if answered is None or identity is None or not answered.is_same(identity):
        return None
    stored = store.prediction(name)
    return None if stored is None else stored.prediction
