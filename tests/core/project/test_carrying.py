"""A project's file that is deleted, moved or replaced while it is open: everything in it is in the new one."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from app.core.document import ViewMode
from app.core.errors import ProjectError
from app.core.pictures import PictureStatus
from app.core.project import carrying
from app.core.project.places import FILE_NAME
from app.core.project.records import ExportedState
from app.core.project.store import CARRIED, MERGED, ProjectStore
from app.core.project.timeline import base_of
from tests.core.project.projects import Painter, check_history, identity, loaded, opened, some_prediction

EXPORTED = ExportedState(2, ViewMode.SEGMENTS, 0.5)


def work(store: ProjectStore) -> dict[str, Painter]:
    """Something of everything."""
    painters = {}
    for number, name in enumerate(("a.jpg", "folder/b.jpg", "c.jpg")):
        store.add_files([(name, identity(number))])
        painter = painters[name] = Painter(store, name, first=1 + 100 * number)
        painter.paint(4)
        store.keep_prediction(name, some_prediction(number), model="starter", identity=identity(number))
    painters["a.jpg"].stand_at(2)
    store.fold("c.jpg", 0)
    store.set_status("a.jpg", PictureStatus.DONE)
    store.set_note("a.jpg", "look at the roof")
    store.set_threshold("folder/b.jpg", 0.7)
    store.set_exported("folder/b.jpg", EXPORTED)
    store.keep_areas("a.jpg", np.arange(256), some_prediction().segment_table())
    store.set_value("choices", {"to": "labels"})
    return painters


def everything(store: ProjectStore) -> list[list[tuple[object, ...]]]:
    """Every row of every table, whatever its number is."""
    picture = "(SELECT name FROM picture WHERE picture.id = picture)"
    columns = "name, size, mtime_ns, header, height, width, status, reason, note, threshold, model, revision, last"
    queries = [f"SELECT {columns}, exported, exported_revision, exported_threshold, repredicted, gone FROM picture"]
    queries += ["SELECT * FROM meta"]
    for table, of in (
        ("step", "revision, previous, text, patch"),
        ("base", "revision, corrections"),
        ("snapshot", "revision, corrections"),
        ("prediction", "size, mtime_ns, header, data"),
        ("areas", "segments"),
    ):
        queries.append(f"SELECT {picture}, {of} FROM {table}")
    return [sorted(store._connection.execute(query), key=repr) for query in queries]


def delete(folder: Path) -> None:
    (folder / FILE_NAME).unlink()


def delete_all(folder: Path) -> None:
    for path in folder.glob(f"{FILE_NAME}*"):
        path.unlink()


def move_away(folder: Path) -> None:
    (folder / FILE_NAME).rename(folder / "elsewhere.sqlite")


def make_folder_anew(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def move_folder(folder: Path) -> None:
    folder.rename(folder.with_name("moved"))
    folder.mkdir()


@pytest.mark.parametrize("happens", [delete, delete_all, move_away, make_folder_anew, move_folder])
def test_what_only_the_file_held_is_in_the_new_one(tmp_path: Path, happens: Callable[[Path], None]) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    store = opened(folder)
    painters = work(store)
    before = everything(store)
    happens(folder)
    store.renew()
    with closing(store):
        assert store.rescued == CARRIED
        assert everything(store) == before
        painters["a.jpg"].store = store
        painters["a.jpg"].paint()
    with closing(opened(folder)) as store:
        for name, painter in painters.items():
            kept = loaded(store, name)
            check_history(kept, painter.layers)
    left = {path.name for path in folder.iterdir()} - {FILE_NAME, "elsewhere.sqlite"}
    assert not {name for name in left if name.endswith(".part")}


@pytest.mark.parametrize("garbage", [b"", b"no database at all" * 999])
def test_what_was_put_in_its_place_may_be_anything(tmp_path: Path, garbage: bytes) -> None:
    store = opened(tmp_path)
    work(store)
    before = everything(store)
    delete_all(tmp_path)
    (tmp_path / FILE_NAME).write_bytes(garbage)
    store.renew()
    with closing(store):
        assert everything(store) == before
        assert store.rescued.endswith(MERGED)


def test_an_older_copy_that_was_put_back_gets_what_came_since(tmp_path: Path) -> None:
    store = opened(tmp_path)
    painters = work(store)
    store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(tmp_path / FILE_NAME, tmp_path / "copy")
    painters["c.jpg"].paint(3)
    painters["a.jpg"].stand_at(4)
    new = painters["new.jpg"] = Painter(store, "new.jpg", first=900)
    new.paint(2)
    store.set_status("new.jpg", PictureStatus.SKIPPED)
    store.set_note("c.jpg", "again")
    before = everything(store)
    delete_all(tmp_path)
    (tmp_path / "copy").rename(tmp_path / FILE_NAME)
    store.renew()
    with closing(store):
        assert everything(store) == before
        assert store.rescued == MERGED
    assert not list(tmp_path.glob("*.replaced-*"))


def test_another_project_that_was_put_there_keeps_what_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with closing(opened(tmp_path / "other")) as other:
        theirs = {"x.jpg": Painter(other, "x.jpg", first=500), "a.jpg": Painter(other, "a.jpg", first=600)}
        for painter in theirs.values():
            painter.paint(3)
        other.set_status("x.jpg", PictureStatus.DONE)
        other.set_note("a.jpg", "the door")
        other.set_threshold("folder/b.jpg", 0.1)
    store = opened(tmp_path)
    mine = work(store)
    delete_all(tmp_path)
    shutil.copy(tmp_path / "other" / FILE_NAME, tmp_path / FILE_NAME)
    store.renew()
    with closing(store):
        for name, painter in (mine | theirs).items():  # of a.jpg theirs is newer
            kept = loaded(store, name)
            check_history(kept, painter.layers)
        rows = {row.name: row for row in store.rows()}
        assert rows["x.jpg"].status is PictureStatus.DONE
        assert rows["a.jpg"].status is PictureStatus.IN_WORK, "it was worked on since it was said to be done"
        assert store.notes() == {"a.jpg": "look at the roof / the door"}
        assert rows["folder/b.jpg"].threshold == 0.7
        assert rows["folder/b.jpg"].exported_revision == 2
        for name in mine:
            assert store.prediction(name) is not None
        assert " as they were before, both are kept as " in store.rescued
    kept_aside = sorted(path for path in tmp_path.glob("*.replaced-*") if path.suffix not in ("-wal", "-shm"))
    assert len(kept_aside) == 2
    found = []
    for path in kept_aside:
        with closing(ProjectStore.open(tmp_path, path)) as copy:
            kept = loaded(copy, "a.jpg")
            check_history(kept, (mine if kept.revision < 500 else theirs)["a.jpg"].layers)
            found.append(kept.revision)
    assert sorted(found) == [2, 602]


def test_without_room_for_a_copy_the_old_file_goes_on_being_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(tmp_path)
    work(store)
    before = everything(store)
    delete_all(tmp_path)

    def small(path: Path) -> sqlite3.Connection:
        connection = real(path)
        connection.execute("PRAGMA max_page_count = 3")
        return connection

    real = sqlite3.connect
    with monkeypatch.context() as patch:
        patch.setattr(carrying.sqlite3, "connect", small)
        with pytest.raises(ProjectError, match=r"cannot be written: the disk is full\.$") as caught:
            store.renew()
    assert caught.value.may_pass
    assert not list(tmp_path.iterdir())
    assert everything(store) == before
    store.renew()
    with closing(store):
        assert everything(store) == before


def test_a_file_of_a_newer_program_is_left_as_it_is(tmp_path: Path) -> None:
    store = opened(tmp_path)
    work(store)
    before = everything(store)
    delete_all(tmp_path)
    with closing(opened(tmp_path)) as other:
        other._connection.execute("PRAGMA user_version = 99")
    data = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(ProjectError, match="newer version"):
        store.renew()
    assert (tmp_path / FILE_NAME).read_bytes() == data
    assert everything(store) == before
    delete_all(tmp_path)
    store.renew()
    with closing(store):
        assert everything(store) == before
        assert base_of(store._connection, 3).revision == 204


def test_whoever_holds_the_store_goes_on_with_the_new_file(tmp_path: Path) -> None:
    store = opened(tmp_path)
    painters = work(store)
    rows = store.rows()
    delete_all(tmp_path)
    store.renew()
    assert store.rows() == rows
    painters["a.jpg"].paint()
    store.close()
    with closing(opened(tmp_path)) as again:
        check_history(loaded(again, "a.jpg"), painters["a.jpg"].layers)
