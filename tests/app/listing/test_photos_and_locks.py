"""Photos that wait for their records, and the lock that says who may write: both where a person goes on at once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from app.core.document import ViewMode
from app.core.errors import ProjectError
from app.core.export import Rest
from app.core.project import moves
from app.core.project.places import FILE_NAME
from app.core.project.records import ExportedState, FileIdentity, identify
from app.core.project.store import ProjectStore
from app.editing.session import Session
from app.keeping.lock import ProjectLock
from app.keeping.open_project import OpenProject
from app.listing.photos import Photos
from app.settings import Settings

A, B = Path("/photos/a.jpg"), Path("/photos/b.jpg")


class Records(QObject):
    """Stands in for the keeper: a test says when a record is there, or that a person has to decide about it."""

    loaded = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.known: set[Path] = set()
        self.undecided: set[Path] = set()

    def load(self, _path: Path) -> None:
        """The test does."""

    def is_loaded(self, path: Path) -> bool:
        return path in self.known

    def is_undecided(self, path: Path) -> bool:
        return path in self.undecided

    def arrives(self, path: Path) -> None:
        self.known.add(path)
        self.loaded.emit(path)


class Decoder:
    """Stands in for the lane of files: photos are decoded when a test says so."""

    def __init__(self) -> None:
        self.jobs: dict[Hashable, Callable[[Any], None]] = {}

    def submit(self, _work: object, *, key: Hashable, done: Callable[[Any], None], **_: object) -> None:
        self.jobs[key] = done

    def has(self, key: Hashable) -> bool:
        return key in self.jobs

    def cancel(self, key: Hashable) -> bool:
        return self.jobs.pop(key, None) is not None

    def cancel_where(self, wanted: Callable[[Hashable], bool]) -> None:
        self.jobs = {key: done for key, done in self.jobs.items() if not wanted(key)}

    def decode(self, path: Path) -> None:
        self.jobs.pop(("photo", path))((path,))


@pytest.fixture
def records(qtbot: QtBot) -> Records:
    return Records()


def photos_of(records: Records, decoder: Decoder) -> tuple[Photos, list[Path]]:
    photos, shown = Photos(decoder, records, records), []  # type: ignore[arg-type]
    photos.ready.connect(lambda path, _pyramid: shown.append(path))
    return photos, shown


def test_a_photo_waits_for_its_record_and_only_the_one_that_is_still_wanted_comes(records: Records) -> None:
    decoder = Decoder()
    photos, shown = photos_of(records, decoder)
    for path in (A, B):
        photos.load(path, priority=0)
        decoder.decode(path)
    assert shown == []
    assert photos.is_loading(A)
    photos.keep_only(B)
    assert not photos.is_loading(A)
    records.arrives(A)
    records.arrives(B)
    assert shown == [B]
    assert not photos.is_loading(B)


def test_a_photo_is_not_read_while_a_person_has_to_decide_about_its_record(records: Records) -> None:
    decoder = Decoder()
    photos, shown = photos_of(records, decoder)
    records.undecided.add(A)
    photos.load(A, priority=0)
    assert not photos.is_loading(A)
    records.undecided.clear()
    records.arrives(A)
    photos.load(A, priority=0)
    decoder.decode(A)
    assert shown == [A]


def test_a_window_that_is_open_for_weeks_still_holds_its_project(tmp_path: Path) -> None:
    """Also on a disk where only the lock file says so, as on some networks: its age means nothing."""
    file = tmp_path / f"{FILE_NAME}.lock"
    first, second = ProjectLock(tmp_path / FILE_NAME), ProjectLock(tmp_path / FILE_NAME)
    assert first.take()
    text = file.read_bytes()
    first.release()
    file.write_bytes(text)
    weeks_ago = time.time() - 30 * 24 * 3600
    os.utime(file, (weeks_ago, weeks_ago))
    assert not second.take()
    assert second.holder().process == os.getpid()


def test_a_project_that_was_rescued_still_knows_that_a_window_has_it_open(tmp_path: Path, qtbot: QtBot) -> None:
    """What it knew of that may be among what could not be read: a crash after that is told all the same."""
    project = OpenProject(tmp_path, tmp_path / FILE_NAME, writable=True)
    project.store.set_value("in use", None)
    project.mend()
    assert project.store.value("in use") == {"process": os.getpid(), "revision": 0}
    project.close()


def test_a_project_that_cannot_be_opened_leaves_nothing_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again every few seconds, for as long as that takes."""
    tried: list[ProjectStore] = []

    def fails(store: ProjectStore, *_: object) -> None:
        tried.append(store)
        raise ProjectError("The disk reports an error.")

    with monkeypatch.context() as patched:
        patched.setattr(ProjectStore, "value", fails)
        for _ in range(3):
            before = sorted(Path("/proc/self/fd").iterdir())
            with pytest.raises(ProjectError):
                OpenProject(tmp_path, tmp_path / FILE_NAME, writable=True)
            assert sorted(Path("/proc/self/fd").iterdir()) == before
    assert len(tried) == 3
    project = OpenProject(tmp_path, tmp_path / FILE_NAME, writable=True)
    assert not project.info.refusal
    project.close()


def test_work_stays_with_a_photo_that_cannot_be_read_for_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a disk that has an error nobody can tell whether a photo was renamed or copied."""
    (tmp_path / "copy.png").write_bytes(b"a photo")
    store = ProjectStore.open(tmp_path, tmp_path / FILE_NAME)
    identity = identify(tmp_path / "copy.png")
    store.set_identity("old.png", identity)
    store.set_note("old.png", "mine")

    def fail(_path: Path) -> FileIdentity:
        raise PermissionError

    with monkeypatch.context() as patch:
        patch.setattr(moves, "identify", fail)
        assert store.follow("copy.png", identity) == ""
    assert store.notes() == {"old.png": "mine"}
    assert store.follow("copy.png", identity) == "old.png"
    assert store.notes() == {"copy.png": "mine"}
    store.close()


def test_all_that_an_export_depended_on_comes_back() -> None:
    for state in (
        ExportedState(7, ViewMode.SEMANTIC),
        ExportedState(9, ViewMode.SEGMENTS, 0.4, ((3, 0.1), (17, 0.25), (150, 1.0)), Rest.SEMANTIC),
    ):
        assert ExportedState.from_json(state.to_json()) == state


def test_a_picture_that_is_closed_leaves_no_threshold_to_the_one_that_comes_back(qtbot: QtBot) -> None:
    session = Session(Settings())
    session.show(A)
    session.set_threshold_scope(for_all=False)
    session.set_threshold(0.9)
    assert session.own_threshold(A) == 0.9
    session.close([A])
    assert session.own_threshold(A) is None
    session.show(A)
    assert session.own_threshold(A) is None
    session.close_all()
