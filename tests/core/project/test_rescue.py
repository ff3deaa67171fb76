"""Files that are damaged: set aside, never overwritten, and what can be read of them is in the new one."""

from __future__ import annotations

import random
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import DamagedProjectError, ProjectError
from app.core.pictures import PictureStatus
from app.core.project import database
from app.core.project.places import FILE_NAME
from app.core.project.store import ProjectStore
from tests.core.project.projects import (
    PLENTY,
    Painter,
    check_history,
    identity,
    layer_of,
    loaded,
    opened,
    snapshot_of,
    some_prediction,
)

PAGE = 4096


def a_project(folder: Path, *, pictures: int = 30, steps: int = 6) -> dict[str, Painter]:
    """A project with work in it, closed properly."""
    folder.mkdir(exist_ok=True)
    painters = {}
    with closing(opened(folder)) as store:
        store.set_value("view", {"zoom": 2})
        for number in range(pictures):
            name = f"photo {number:04}.jpg"
            store.add_files([(name, identity(number))])
            painter = painters[name] = Painter(store, name)
            painter.paint(steps)
            if number % 3 == 0:
                store.keep_snapshot(name, painter.revision, snapshot_of(painter.layer))
            if number % 4 == 0:
                painter.stand_at(2)
            if number % 5 == 0:
                store.fold(name, 0)
            store.keep_prediction(
                name, some_prediction(number, grid=(6, 6)), model="starter", identity=identity(number)
            )
    return painters


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Painter]]:
    folder = tmp_path_factory.mktemp("project")
    return folder / FILE_NAME, a_project(folder)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("small")
    a_project(folder, pictures=6, steps=3)
    return (folder / FILE_NAME).read_bytes()


def damaged_copy(file: Path, folder: Path, change: bytes | None = None, *, at: int = 0) -> bytes:
    """The project in another folder with some bytes changed; what its file is then."""
    data = bytearray(file.read_bytes())
    if change is not None:
        data[at : at + len(change)] = change
    (folder / FILE_NAME).write_bytes(data)
    return bytes(data)


def whole(store: ProjectStore, painters: dict[str, Painter]) -> tuple[set[str], set[str]]:
    """Pictures that show a moment of their history as it was, and those of which all that followed came over as well.

    Where the row of a picture is lost nobody knows which moment it stood at: that is the newest then.
    """
    same, with_history = set(), set()
    for name, painter in painters.items():
        kept = store.load(name, most_bytes=PLENTY)
        if kept is None or not np.array_equal(layer_of(kept.corrections), painter.layers[kept.revision]):
            continue
        same.add(name)
        assert kept.revision in (painter.revision, max(painter.layers))
        check_history(kept, painter.layers)
        if kept.steps and kept.steps[-1].revision == max(painter.layers):
            with_history.add(name)
    return same, with_history


def set_aside(folder: Path) -> Path:
    (aside,) = (
        path for path in folder.iterdir() if ".damaged-" in path.name and path.name[-4:] not in ("-wal", "-shm")
    )
    return aside


def test_a_page_overwritten_in_the_middle(sound: tuple[Path, dict[str, Painter]], tmp_path: Path) -> None:
    """Wherever it is, nearly everything else comes over, and nothing that does is wrong.

    Without the root of the steps there are none: then it is the snapshots that come over.
    """
    file, painters = sound
    with closing(sqlite3.connect(file)) as connection:
        (roots,) = connection.execute("SELECT max(rootpage) FROM sqlite_schema").fetchone()
    pages = file.stat().st_size // PAGE
    chosen = sorted({*range(roots), *random.Random(4).sample(range(pages), 6)})
    for page in chosen:
        folder = tmp_path / str(page)
        folder.mkdir()
        before = damaged_copy(file, folder, random.Random(page).randbytes(PAGE), at=page * PAGE)
        with closing(opened(folder)) as store:
            if store.rescued:
                assert set_aside(folder).read_bytes() == before
            else:  # a part of a patch or of a prediction, which SQLite does not look into
                store.close()
                store = ProjectStore.rescue(folder, folder / FILE_NAME)
            same, _ = whole(store, painters)
            lost = "are lost" in store.rescued or "nothing" in store.rescued
            assert lost or same == set(painters), page
            assert {row.name for row in store.rows()} == set(painters), page
            assert page < roots or len(same) >= len(painters) - 5, page
            assert store._connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            store.close()


def test_the_first_page_is_the_least_of_it(sound: tuple[Path, dict[str, Painter]], tmp_path: Path) -> None:
    file, painters = sound
    before = damaged_copy(file, tmp_path, bytes(PAGE))
    with closing(opened(tmp_path)) as store:
        same, with_history = whole(store, painters)
        assert same == set(painters)
        assert len(with_history) >= len(painters) * 2 // 3
        assert store.rescued.startswith(
            f"The project of this folder was damaged and is kept as {set_aside(tmp_path).name};"
        )
        assert "what was known of 30 pictures was rescued, the corrections of 30 among them" in store.rescued
        assert "lost" not in store.rescued
        assert store.value("view") == {"zoom": 2}
        assert sum(store.prediction(name) is not None for name in painters) == len(painters)
        rows = {row.name: row for row in store.rows()}
        assert all(rows[name].status is PictureStatus.IN_WORK for name in painters)
        assert rows["photo 0003.jpg"].size == identity(3).size
    assert set_aside(tmp_path).read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [FILE_NAME, set_aside(tmp_path).name]


@pytest.mark.parametrize("share", [0.95, 0.6, 0.3])
def test_a_truncated_file(sound: tuple[Path, dict[str, Painter]], tmp_path: Path, share: float) -> None:
    file, painters = sound
    length = int(file.stat().st_size * share)
    before = file.read_bytes()[:length]
    (tmp_path / FILE_NAME).write_bytes(before)
    with closing(opened(tmp_path)) as store:
        assert store.rescued
        same, _ = whole(store, painters)
        assert len(same) >= len(painters) * (share - 0.25)
        assert len(store.rows()) >= len(same)
    assert set_aside(tmp_path).read_bytes() == before


@pytest.mark.parametrize("size", [1, 99, 5000, 200_000])
def test_a_file_that_is_no_database(tmp_path: Path, size: int) -> None:
    data = random.Random(size).randbytes(size)
    (tmp_path / FILE_NAME).write_bytes(data)
    with closing(opened(tmp_path)) as store:
        assert store.rescued.endswith("nothing in it could be read.")
        assert store.rows() == []
        Painter(store, "a.jpg").paint()
    assert set_aside(tmp_path).read_bytes() == data
    with closing(opened(tmp_path)) as store:
        assert not store.rescued
        assert len(store.rows()) == 1


def test_what_is_only_read_is_never_touched(sound: tuple[Path, dict[str, Painter]], tmp_path: Path) -> None:
    before = damaged_copy(sound[0], tmp_path, bytes(PAGE))
    with pytest.raises(DamagedProjectError, match="damaged"):
        opened(tmp_path, read_only=True)
    assert (tmp_path / FILE_NAME).read_bytes() == before
    assert list(tmp_path.iterdir()) == [tmp_path / FILE_NAME]


def test_damaged_files_of_one_second_do_not_overwrite_each_other(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / FILE_NAME).write_bytes(bytes([number]) * 200)
        opened(tmp_path).close()
    kept = {path.read_bytes() for path in tmp_path.iterdir() if ".damaged-" in path.name}
    assert kept == {bytes([number]) * 200 for number in range(4)}


def test_a_log_that_was_left_is_read_as_well(tmp_path: Path) -> None:
    """The program was killed, and then the file was damaged: what only the log holds is not lost."""
    now = tmp_path / "now"
    a_project(now, pictures=3)
    with closing(opened(now)) as store:
        painter = Painter(store, "late.jpg")
        painter.paint(4)
        crashed = tmp_path / "crashed"
        shutil.copytree(now, crashed)
    file = crashed / FILE_NAME
    data = bytearray(file.read_bytes())
    data[:16] = bytes(16)
    file.write_bytes(data)
    log = (crashed / f"{FILE_NAME}-wal").read_bytes()
    assert len(log) > PAGE
    with closing(opened(crashed)) as store:
        assert store.rescued
        kept = loaded(store, "late.jpg")
        check_history(kept, painter.layers)
        assert len(store.rows()) == 4
    aside = set_aside(crashed)
    assert aside.read_bytes() == bytes(data)
    assert aside.with_name(f"{aside.name}-wal").read_bytes() == log


def test_a_lost_step_in_the_middle_costs_only_what_it_alone_painted(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        painter = Painter(store, "a.jpg")
        painter.paint(6)
        other = Painter(store, "b.jpg")
        other.paint(3)
        store._connection.execute("DELETE FROM step WHERE picture = 1 AND revision = 3")
    with closing(ProjectStore.rescue(tmp_path, tmp_path / FILE_NAME)) as store:
        assert "of 1 picture some corrections are lost" in store.rescued
        kept, untouched = (store.load(name, most_bytes=PLENTY) for name in ("a.jpg", "b.jpg"))
        assert kept is not None
        assert untouched is not None
        check_history(untouched, other.layers)
        assert (kept.revision, kept.steps) == (6, ())
        changed = layer_of(kept.corrections) != painter.layer
        assert not changed[painter.layers[3] == painter.layers[2]].any()
        painter.store, painter.layers[6] = store, layer_of(kept.corrections)
        painter.paint(2)  # work goes on where it was
        kept = loaded(store, "a.jpg")
        check_history(kept, painter.layers)


def test_steps_before_a_snapshot_may_be_lost_without_a_pixel(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        painter = Painter(store, "a.jpg")
        painter.paint(6)
        store.keep_snapshot("a.jpg", 5, snapshot_of(painter.layers[5]))
        store._connection.execute("DELETE FROM step WHERE revision = 2")
    with closing(ProjectStore.rescue(tmp_path, tmp_path / FILE_NAME)) as store:
        assert "lost" not in store.rescued
        kept = loaded(store, "a.jpg")
        assert [kept.base_revision, *(step.revision for step in kept.steps)] == [2, 3, 4, 5, 6]
        check_history(kept, painter.layers)


def test_a_picture_whose_row_is_lost_keeps_its_name_and_its_corrections(tmp_path: Path) -> None:
    painters = a_project(tmp_path, pictures=4)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'picture'").fetchone()
    data = bytearray((tmp_path / FILE_NAME).read_bytes())
    data[(root - 1) * PAGE : root * PAGE] = bytes(PAGE)
    (tmp_path / FILE_NAME).write_bytes(data)
    with closing(opened(tmp_path)) as store:
        assert {row.name for row in store.rows()} == set(painters)
        assert all(row.status is PictureStatus.IN_WORK for row in store.rows())
        for name, painter in painters.items():
            kept = loaded(store, name)
            assert np.array_equal(layer_of(kept.corrections), painter.layers[kept.revision])


def test_damage_that_shows_in_use_says_so(sound: tuple[Path, dict[str, Painter]], tmp_path: Path) -> None:
    """A large file is not read to its end when it is opened: the error says what to do later."""
    file, painters = sound
    with closing(sqlite3.connect(file)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'areas'").fetchone()
        (prediction,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'prediction'").fetchone()
    assert root > prediction
    damaged_copy(file, tmp_path, b"\xff" * PAGE, at=(prediction - 1) * PAGE)
    store = opened(tmp_path)
    with closing(store), pytest.raises(DamagedProjectError, match="is damaged"):
        store.prediction("photo 0001.jpg")
    with closing(ProjectStore.rescue(tmp_path, tmp_path / FILE_NAME)) as store:
        assert whole(store, painters)[0] == set(painters)
        assert {row.model for row in store.rows()} == {None}


def test_a_file_too_large_to_be_looked_through_opens_all_the_same(
    sound: tuple[Path, dict[str, Painter]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, painters = sound
    with closing(sqlite3.connect(file)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'step'").fetchone()
    damaged_copy(file, tmp_path, bytes(PAGE), at=(root - 1) * PAGE)
    monkeypatch.setattr(database, "_CHECK_SECONDS", -1)
    monkeypatch.setattr(database, "_CHECK_EVERY", 1)
    with closing(opened(tmp_path)) as store:
        assert not store.rescued
        assert {row.name for row in store.rows()} == set(painters)
        with pytest.raises(DamagedProjectError):
            store.load("photo 0001.jpg", most_bytes=PLENTY)


def test_a_disk_that_knows_no_links(
    sound: tuple[Path, dict[str, Painter]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = damaged_copy(sound[0], tmp_path, bytes(PAGE))

    def no_links(_file: Path, _name: Path) -> None:
        raise OSError("Operation not supported")

    monkeypatch.setattr("app.core.project.rescue.os.link", no_links)
    with closing(opened(tmp_path)) as store:
        assert whole(store, sound[1])[0] == set(sound[1])
    assert set_aside(tmp_path).read_bytes() == before


def test_nothing_is_touched_when_there_is_no_room_for_a_new_one(
    sound: tuple[Path, dict[str, Painter]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = damaged_copy(sound[0], tmp_path, bytes(PAGE))
    connect = database._connect

    def cramped(file: Path, *, read_only: bool) -> sqlite3.Connection:
        connection = connect(file, read_only=read_only)
        connection.execute("PRAGMA max_page_count = 20")
        return connection

    monkeypatch.setattr(database, "_connect", cramped)
    with pytest.raises(ProjectError, match="the disk is full"):
        opened(tmp_path)
    monkeypatch.undo()
    assert (tmp_path / FILE_NAME).read_bytes() == before
    assert list(tmp_path.iterdir()) == [tmp_path / FILE_NAME]


@given(
    places=st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=6),
    length=st.one_of(st.just(1.0), st.floats(0, 1)),
)
@settings(max_examples=25)
def test_no_damage_of_any_kind_stops_the_work(small: bytes, places: list[float], length: float) -> None:
    """Random bytes at random places: the project opens, what it says is true, and it can be painted in."""
    content = bytearray(small)
    for place in places:
        at = int(place * len(small))
        content[at : at + 64] = random.Random(at).randbytes(64)
    del content[int(length * len(content)) :]
    with tempfile.TemporaryDirectory(prefix="ade-mask-studio-project-") as folder:
        (Path(folder) / FILE_NAME).write_bytes(content)
        problem: ProjectError | None = None
        try:
            opened(Path(folder)).close()
        except ProjectError as error:  # the damage made another program's or a newer version's file of it
            problem = error
        if problem is not None:
            assert not isinstance(problem, DamagedProjectError)
            assert (Path(folder) / FILE_NAME).read_bytes() == content
            return
        with closing(ProjectStore.rescue(Path(folder), Path(folder) / FILE_NAME)) as store:
            assert store._connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            for row in store.rows():
                kept = loaded(store, row.name)
                assert kept.damaged_steps == 0
            Painter(store, "new.jpg", first=store.last_revision + 1).paint(2)
