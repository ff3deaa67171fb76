"""Files that change, go, come back and get other names: work is where its photo is."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.core.errors import ProjectError
from app.core.pictures import PictureStatus
from app.core.project.places import FILE_NAME
from app.core.project.records import FileIdentity, identify
from app.core.project.store import ProjectStore
from tests.core.project.projects import (
    PLENTY,
    Painter,
    check_history,
    identity,
    layer_of,
    loaded,
    opened,
    some_prediction,
)


def test_files_that_changed_are_told_and_not_paired_with_old_work(store: ProjectStore) -> None:
    files = [(f"{letter}.jpg", identity(ord(letter))) for letter in "abcd"]
    assert store.add_files(files) == []
    assert store.add_files(files) == []
    Painter(store, "a.jpg").paint()
    store.keep_prediction("b.jpg", some_prediction(), model="starter", identity=files[1][1])
    store.set_status("c.jpg", PictureStatus.UNREADABLE, "It is half there.")
    other = [(name, FileIdentity(kept.size, kept.mtime_ns + 1)) for name, kept in files]
    assert store.add_files(other) == ["a.jpg", "b.jpg"]
    rows = {row.name: row for row in store.rows()}
    assert rows["a.jpg"].mtime_ns == files[0][1].mtime_ns
    assert rows["d.jpg"].mtime_ns == files[3][1].mtime_ns + 1
    assert (rows["c.jpg"].status, rows["c.jpg"].reason) == (PictureStatus.NEW, "")
    store.set_identity("a.jpg", other[0][1])
    assert store.add_files(other) == ["b.jpg"]


def test_a_file_that_was_gone_comes_back_with_its_work(store: ProjectStore) -> None:
    painter = Painter(store, "a.jpg")
    painter.paint(2)
    store.add_files([("a.jpg", identity()), ("b.jpg", identity())])
    store.gone(["a.jpg", "never seen.jpg"])
    assert [row.name for row in store.rows()] == ["b.jpg"]
    store.add_files([("a.jpg", identity())])
    check_history(loaded(store, "a.jpg"), painter.layers)
    assert len(store.rows()) == 2


def test_a_photo_takes_its_work_along_to_another_name(store: ProjectStore) -> None:
    painter = Painter(store, "old.jpg")
    painter.paint(2)
    store.gone(["old.jpg"])
    store.add_files([("new.jpg", identity())])
    store.rename("old.jpg", "new.jpg")
    check_history(loaded(store, "new.jpg"), painter.layers)
    assert [row.name for row in store.rows()] == ["new.jpg"]
    Painter(store, "other.jpg", first=10).paint()
    with pytest.raises(ProjectError, match="there is work under that name"):
        store.rename("new.jpg", "other.jpg")


def test_the_identity_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x" * 40_000)
    known = identify(path)
    assert known.size == 40_000
    assert len(known.header) == 16
    os.utime(path, ns=(5, 5))
    assert known.is_same(identify(path))
    assert not known.is_same(replace(identify(path), header=b""))  # nobody looked: another time is another file
    assert known.is_same(replace(known, header=b""))
    path.write_bytes(b"y" + b"x" * 39_999)
    os.utime(path, ns=(known.mtime_ns, known.mtime_ns))
    assert not known.is_same(identify(path))
    path.write_bytes(b"x" * 39_999)
    assert not known.is_same(identify(path))


def test_a_moved_folder_keeps_its_project(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    with closing(opened(tmp_path / "old")) as store:
        painter = Painter(store, "sub/a.jpg")
        painter.paint(3)
    shutil.move(tmp_path / "old", tmp_path / "Neuer Ort")
    with closing(opened(tmp_path / "Neuer Ort")) as store:
        kept = loaded(store, "sub/a.jpg")
        check_history(kept, painter.layers)
        assert store.path_of("sub/a.jpg") == tmp_path / "Neuer Ort" / "sub" / "a.jpg"
        assert np.array_equal(layer_of(kept.corrections), painter.layer)
        assert store.file == tmp_path / "Neuer Ort" / FILE_NAME


def a_photo(folder: Path, name: str, content: bytes) -> FileIdentity:
    (folder / name).write_bytes(content)
    return identify(folder / name)


def test_work_follows_photos_that_change_their_names_in_a_circle(tmp_path: Path) -> None:
    contents = {"a.jpg": b"one", "b.jpg": b"two", "c.jpg": b"three"}
    with closing(opened(tmp_path)) as store:
        painters = {}
        for number, (name, content) in enumerate(contents.items()):
            painters[name] = Painter(store, name, first=1 + 10 * number)
            painters[name].paint(number + 1)
            store.set_identity(name, a_photo(tmp_path, name, content))
        now = {"a.jpg": "b.jpg", "b.jpg": "c.jpg", "c.jpg": "a.jpg"}  # whose photo each of them is by now
        for name, before in now.items():
            a_photo(tmp_path, name, contents[before])
        for name in now:
            store.follow(name, identify(tmp_path / name))
        for name, before in now.items():
            kept = loaded(store, name)
            assert kept.revision == painters[before].revision
            assert kept.identity is not None
            assert kept.identity.is_same(identify(tmp_path / name))
            check_history(kept, painters[before].layers)


def test_work_stays_where_its_photo_is(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        painter = Painter(store, "a.jpg")
        painter.paint(2)
        store.set_identity("a.jpg", a_photo(tmp_path, "a.jpg", b"one"))
        copy = a_photo(tmp_path, "copy.jpg", b"one")
        assert store.follow("copy.jpg", copy) == ""  # a copy begins anew
        assert store.follow("a.jpg", copy) == ""
        (tmp_path / "a.jpg").unlink()
        store.keep_prediction("copy.jpg", some_prediction(), model="starter", identity=copy)
        assert store.follow("copy.jpg", copy) == "a.jpg"
        check_history(loaded(store, "copy.jpg"), painter.layers)
        assert store.load("a.jpg", most_bytes=PLENTY) is None
        assert store.follow("other.jpg", a_photo(tmp_path, "other.jpg", b"six")) == ""
