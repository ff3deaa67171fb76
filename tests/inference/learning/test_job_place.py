"""A job takes its folder when it is whole, and takes it from nobody: an older job, one that runs, a stranger."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from inference.learning.job import Job, JobError, JobState
from inference.learning.pictures import LearnPicture
from inference.models import ModelCard
from tests.inference.learning.jobs import create, finished_pictures, small_job


def test_an_older_job_is_replaced_once_the_new_one_is_whole(tmp_path: Path, parent: ModelCard) -> None:
    older = create(tmp_path / "job", parent, finished_pictures())
    older.checkpoint.write_bytes(b"learned")

    def interrupted() -> Iterator[LearnPicture]:
        yield from finished_pictures(4)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        create(tmp_path / "job", parent, interrupted())
    assert Job.open(tmp_path / "job") == older
    assert older.state is JobState.UNFINISHED
    newer = create(tmp_path / "job", parent, finished_pictures(6))
    assert Job.open(tmp_path / "job") == newer
    assert newer.state is JobState.NEW
    assert sorted(path.name for path in tmp_path.iterdir()) == ["job", "tiny.json", "tiny.safetensors"]


def test_an_older_job_is_there_again_where_the_new_one_cannot_be_put_in_its_place(
    tmp_path: Path, parent: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A virus scanner looks at the files that were just written, and no folder with such files can be renamed."""
    older = create(tmp_path / "job", parent, finished_pictures())
    older.checkpoint.write_bytes(b"learned")
    rename = Path.rename

    def held(path: Path, target: Path) -> Path:
        if path.name == ".job.new":
            raise PermissionError(errno.EACCES, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", held)
    with pytest.raises(JobError, match=r"cannot be written to .*: Permission denied\."):
        create(tmp_path / "job", parent, finished_pictures(6))
    assert Job.open(tmp_path / "job") == older
    assert older.checkpoint.read_bytes() == b"learned"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["job", "tiny.json", "tiny.safetensors"]


def test_a_job_that_runs_is_not_replaced(tmp_path: Path, parent: ModelCard) -> None:
    job = create(tmp_path / "job", parent, finished_pictures())
    with FileLock(job.folder / "running.lock"), pytest.raises(JobError, match="running already"):
        create(tmp_path / "job", parent, finished_pictures(6))
    assert Job.open(tmp_path / "job") == job


def test_one_process_at_a_time_works_on_a_job(tmp_path: Path) -> None:
    """Another one waits a while for its end: a job that was stopped just now can be gone on with at once."""
    job = small_job(tmp_path)
    with job.alone(seconds=0), pytest.raises(JobError, match="running already"), job.alone(seconds=0):
        pass
    lock = FileLock(job.folder / "running.lock", thread_local=False)
    lock.acquire()
    end = threading.Timer(0.1, lock.release)
    end.start()
    with job.alone(seconds=60):
        assert not lock.is_locked
    end.join()


def test_a_job_that_another_process_is_making_is_left_alone(tmp_path: Path, parent: ModelCard) -> None:
    def meanwhile() -> Iterator[LearnPicture]:
        yield from finished_pictures(2)
        with pytest.raises(JobError, match="running already"):
            create(tmp_path / "job", parent, finished_pictures())
        yield from finished_pictures(5)

    made = create(tmp_path / "job", parent, meanwhile())
    assert len(made.pictures) == 7
    assert Job.open(tmp_path / "job") == made


def test_what_a_process_left_that_was_ended_while_it_made_a_job_is_no_part_of_the_next(
    tmp_path: Path, parent: ModelCard
) -> None:
    """Nor is what it left while it put the job in the place of an older one."""
    create(tmp_path / "job", parent, finished_pictures())
    left = [tmp_path / name / "pictures" / "0009.photo.png" for name in (".job.new", ".job.old")]
    for file in left:
        file.parent.mkdir(parents=True)
        file.write_bytes(b"half a")
    job = create(tmp_path / "job", parent, finished_pictures())
    assert not (job.folder / "pictures" / "0009.photo.png").exists()
    assert not any(file.parents[1].exists() for file in left)


def test_a_folder_that_is_empty_is_taken(tmp_path: Path, parent: ModelCard) -> None:
    (tmp_path / "job").mkdir()
    job = create(tmp_path / "job", parent, finished_pictures())
    assert Job.open(tmp_path / "job") == job


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path, parent: ModelCard) -> None:
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "letter.txt").write_text("dear")
    with pytest.raises(JobError, match="something other than a job"):
        create(tmp_path / "job", parent, finished_pictures())
    assert (tmp_path / "job" / "letter.txt").read_text() == "dear"


def test_a_full_disk_is_one_sentence(tmp_path: Path, parent: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("inference.learning.job.write_picture", full)
    with pytest.raises(JobError, match=r"cannot be written to .*: No space left on device\."):
        create(tmp_path / "job", parent, finished_pictures())
    assert not list(tmp_path.glob(".job*"))
