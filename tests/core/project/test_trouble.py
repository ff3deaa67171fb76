"""Disks that are full, folders that may only be read, others at the same file, and the power going."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from app.core.errors import DamagedProjectError, ProjectError
from app.core.pictures import PictureStatus
from app.core.project.places import FILE_NAME
from app.core.project.store import ProjectStore
from tests.core.project.projects import PLENTY, Painter, check_history, identity, loaded, opened, some_prediction

NOBODY = 65534


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without the rights of an administrator, whom no permission stops."""
    if os.geteuid() != 0:
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that everybody may look into."""
    with tempfile.TemporaryDirectory(prefix="ade-mask-studio-project-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_on_a_full_disk_nothing_changes_and_work_goes_on_once_there_is_room(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        painter = Painter(store, "a.jpg")
        painter.paint(3)
        (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
        store._connection.execute(f"PRAGMA max_page_count = {pages}")
        large = some_prediction(grid=(40, 40))
        for attempt in (
            lambda: store.keep_prediction("a.jpg", large, model="starter", identity=identity()),
            lambda: store.keep_prediction("b.jpg", large, model="starter", identity=identity()),
            lambda: store.add_files((f"{number}.jpg", identity()) for number in range(10_000)),
        ):
            with pytest.raises(ProjectError, match=r"cannot be written: the disk is full\.$"):
                attempt()
        kept = loaded(store, "a.jpg")
        check_history(kept, painter.layers)
        assert [row.name for row in store.rows()] == ["a.jpg"]
        assert store.prediction("a.jpg") is None
        store._connection.execute(f"PRAGMA max_page_count = {2**30}")
        painter.paint(3)
        store.keep_prediction("a.jpg", large, model="starter", identity=identity())
    with closing(opened(tmp_path)) as store:
        kept = loaded(store, "a.jpg")
        check_history(kept, painter.layers)
        assert store.prediction("a.jpg") is not None


def test_a_stroke_that_found_the_disk_full_can_be_written_later(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        painter = Painter(store, "a.jpg")
        painter.paint(2)
        (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
        store._connection.execute(f"PRAGMA max_page_count = {pages}")
        kept = store.load("a.jpg", most_bytes=PLENTY)
        with pytest.raises(ProjectError, match="full"):
            painter.paint(200)
        store._connection.execute(f"PRAGMA max_page_count = {2**30}")
        kept = loaded(store, "a.jpg")
        check_history(kept, painter.layers)
        last = painter.revision
        painter.paint()
        assert painter.revision > last


def test_a_folder_that_may_only_be_read(shared_folder: Path) -> None:
    with closing(opened(shared_folder)) as store:
        painter = Painter(store, "a.jpg")
        painter.paint(3)
    shared_folder.chmod(0o555)
    (shared_folder / FILE_NAME).chmod(0o444)
    with as_nobody():
        with pytest.raises(ProjectError, match=r"cannot be (opened|written): "):
            opened(shared_folder)
        with closing(opened(shared_folder, read_only=True)) as store:
            kept = loaded(store, "a.jpg")
            check_history(kept, painter.layers)
            with pytest.raises(ProjectError, match="for reading only"):
                Painter(store, "a.jpg", first=10).paint()
    shared_folder.chmod(0o755)
    assert sorted(path.name for path in shared_folder.iterdir()) == [FILE_NAME]


def test_a_project_cannot_be_made_where_nothing_may_be_written(shared_folder: Path) -> None:
    shared_folder.chmod(0o555)
    with as_nobody():
        for read_only in (False, True):
            with pytest.raises(ProjectError, match="its file cannot be opened"):
                opened(shared_folder, read_only=read_only)
        with pytest.raises(ProjectError, match=r"projects cannot be made: there is no permission\.$"):
            ProjectStore.open(shared_folder, shared_folder / "projects" / "1.sqlite")
    shared_folder.chmod(0o755)


def test_a_folder_of_that_name_is_no_project(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(ProjectError, match="cannot be opened") as caught:
        opened(tmp_path)
    assert not isinstance(caught.value, DamagedProjectError)


def test_one_writes_while_another_reads(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as writer, closing(opened(tmp_path, read_only=True)) as reader:
        painter = Painter(writer, "a.jpg")
        for _ in range(5):
            painter.paint()
            kept = loaded(reader, "a.jpg")
            check_history(kept, painter.layers)
        with pytest.raises(ProjectError, match="for reading only"):
            reader.set_status("a.jpg", PictureStatus.DONE)
        assert reader.rows() == writer.rows()
    with closing(opened(tmp_path, read_only=True)) as reader:  # the writer has closed, and left nothing behind
        assert len(reader.rows()) == 1


def test_a_reader_sees_one_moment_while_writing_goes_on(tmp_path: Path) -> None:
    """Whatever a reader loads holds together: where it stands, its steps and its corrections."""
    wrong: list[BaseException] = []
    with closing(opened(tmp_path)) as writer, closing(opened(tmp_path, read_only=True)) as reader:
        painter = Painter(writer, "a.jpg")
        painter.paint()
        over = threading.Event()

        def read() -> None:
            try:
                while not over.is_set():
                    kept = loaded(reader, "a.jpg")
                    check_history(kept, dict(painter.layers) | {kept.revision: painter.layers[kept.revision]})
            except BaseException as error:  # noqa: BLE001 - told in the test's own thread
                wrong.append(error)

        thread = threading.Thread(target=read)
        thread.start()
        for number in range(30):
            painter.paint()
            if number % 4 == 3:
                painter.stand_at(painter.revision - 1)
        over.set()
        thread.join()
    assert not wrong


def test_a_file_that_another_process_is_writing_is_said_to_be_in_use(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store, closing(sqlite3.connect(tmp_path / FILE_NAME)) as other:
        store._connection.execute("PRAGMA busy_timeout = 10")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ProjectError, match=r"cannot be written: another program is using it\.$"):
            store.set_status("a.jpg", PictureStatus.DONE)
        other.rollback()
        store.set_status("a.jpg", PictureStatus.DONE)
        assert store.rows()[0].status is PictureStatus.DONE


def test_what_was_written_is_there_after_a_crash(tmp_path: Path) -> None:
    """The files as they are at any moment, without the end of the program: each is a project with all of it."""
    (tmp_path / "now").mkdir()
    with closing(opened(tmp_path / "now")) as store:
        painter = Painter(store, "a.jpg")
        for number in range(6):
            painter.paint(2)
            painter.stand_at(painter.revision - number % 2)
            shutil.copytree(tmp_path / "now", tmp_path / "crashed")
            with closing(opened(tmp_path / "crashed")) as crashed:
                assert not crashed.rescued
                kept = loaded(crashed, "a.jpg")
                assert kept.revision == painter.revision
                check_history(kept, painter.layers)
            shutil.rmtree(tmp_path / "crashed")


def test_half_a_transaction_at_the_end_of_the_log_is_no_damage(tmp_path: Path) -> None:
    """The power went while the log was written: what was committed before is there, the rest never was."""
    (tmp_path / "now").mkdir()
    with closing(opened(tmp_path / "now")) as store:
        painter = Painter(store, "a.jpg")
        painter.paint(2)
        log = tmp_path / "now" / f"{FILE_NAME}-wal"
        before = log.stat().st_size
        painter.paint()
        whole = log.read_bytes()
        for length in (before, before + 24, before + 1000, len(whole) - 1):
            crashed = tmp_path / str(length)
            shutil.copytree(tmp_path / "now", crashed)
            (crashed / f"{FILE_NAME}-wal").write_bytes(whole[:length])
            (crashed / f"{FILE_NAME}-shm").unlink()
            with closing(opened(crashed)) as after:
                kept = loaded(after, "a.jpg")
                assert (kept.revision, after.rescued) == (2, "")
                check_history(kept, painter.layers)


def test_a_project_that_several_make_at_the_same_moment(tmp_path: Path) -> None:
    wrong: list[BaseException] = []
    for number in range(10):
        folder = tmp_path / str(number)
        folder.mkdir()
        start = threading.Barrier(3)

        def make(folder: Path = folder, start: threading.Barrier = start) -> None:
            start.wait()
            try:
                opened(folder).close()
            except BaseException as error:  # noqa: BLE001 - told in the test's own thread
                wrong.append(error)

        threads = [threading.Thread(target=make) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with closing(opened(folder)) as store:
            assert store.rows() == []
    assert not wrong
