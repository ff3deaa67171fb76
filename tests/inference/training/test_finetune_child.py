"""A job in its process: told, paused, stopped, killed, and never left running."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from inference.errors import WeightsError
from inference.learning.errors import JobError
from inference.learning.events import (
    Event,
    Finished,
    Paused,
    Refused,
    Resumed,
    Stage,
    StageTold,
    StepTold,
    Stopped,
)
from inference.learning.job import Job, JobState
from inference.learning.process import LearnProcess, measure_pace, why_ended
from inference.learning.settings import LearnSettings
from inference.training import finetune_child
from inference.training.finetune_child import Child
from tests.inference.learning.jobs import small_job

LONG = LearnSettings(steps=100_000, learning_rate=1e-3, device="cpu")


@pytest.fixture(autouse=True)
def one_thread_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the child as in these tests."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


class Watched:
    """A process and what it tells, in order."""

    def __init__(self, job: Job) -> None:
        self._events: queue.Queue[Event] = queue.Queue()
        self.process = LearnProcess(job, told=self._events.put)

    def until(self, kind: type[Event], *, stage: Stage | None = None) -> Event:
        while True:
            event = self._events.get(timeout=120)
            if isinstance(event, kind) and (stage is None or getattr(event, "stage", None) is stage):
                return event
            assert not isinstance(event, Refused | Stopped | Finished), event

    @property
    def is_silent(self) -> bool:
        return self._events.empty()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return small_job(tmp_path, settings=LONG)


def test_pause_resume_stop_and_a_kill_leave_a_job_that_goes_on(job: Job) -> None:
    first = Watched(job)
    first.process.start()
    with pytest.raises(JobError, match="started once"):
        first.process.start()
    first.until(StepTold)
    first.process.pause()
    first.until(Paused)
    assert first.is_silent
    first.process.resume()
    first.until(Resumed)
    step = first.until(StepTold)
    began = time.monotonic()
    first.process.stop()
    first.until(Stopped)
    assert time.monotonic() - began < 5  # half a second, and what a busy machine adds
    assert first.process.wait(60)
    assert first.is_silent
    assert Job.open(job.folder).state is JobState.UNFINISHED

    second = Watched(Job.open(job.folder))
    second.process.start()
    told = second.until(StageTold, stage=Stage.TRAINING)
    assert isinstance(told, StageTold)
    assert isinstance(step, StepTold)
    assert told.done >= step.step
    assert second.process.pid is not None
    os.kill(second.process.pid, signal.SIGKILL)
    refused = second.until(Refused)
    assert isinstance(refused, Refused)
    assert "perhaps for want of memory; what was learned so far is kept" in refused.reason
    assert second.process.wait(60)
    assert Job.open(job.folder).state is JobState.UNFINISHED


PARENT = """
import sys
from pathlib import Path
from inference.learning.events import StepTold
from inference.learning.job import Job
from inference.learning.process import LearnProcess

def tell(event):
    if isinstance(event, StepTold):
        print("step", flush=True)

process = LearnProcess(Job.open(Path(sys.argv[1])), told=tell)
process.start()
process.wait()
"""


def test_the_child_ends_with_whoever_started_it(job: Job) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(job.folder)],
        stdout=subprocess.PIPE,
        cwd=Path(finetune_child.__file__).parents[2],
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"step\n"
        parent.kill()
    with FileLock(job.folder / "running.lock", timeout=30):  # the child has let go of it
        assert job.state is JobState.UNFINISHED


def test_a_job_that_runs_elsewhere_is_refused(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.training.finetune.PATIENCE", 0.1)
    with FileLock(job.folder / "running.lock"):
        assert last(job) == Refused("This job is running already.")


def last(job: Job) -> Event:
    """What a child tells last, without a process."""
    told: list[Event] = []
    Child(job.folder, tell=told.append, end=lambda _: None).work(check=lambda: None)
    return told[-1]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (WeightsError("The weights are gone."), "The weights are gone."),
        (OSError(28, "No space left on device"), "No space left on device"),
        (MemoryError(), "not enough memory"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "not enough memory"),
        (RuntimeError("CUDNN_STATUS_EXECUTION_FAILED"), "PyTorch failed: CUDNN_STATUS_EXECUTION_FAILED."),
    ],
)
def test_expected_errors_are_sentences(job: Job, error: Exception, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr("inference.training.finetune.Run.finish", fail)
    event = last(job)
    assert isinstance(event, Refused)
    assert said in event.reason
    assert event.reason.endswith(".")


def test_an_end_comes_once(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the work ends or somebody ends it: what comes second tells nothing."""
    told, ended = list[Event](), list[int]()
    child = Child(job.folder, tell=told.append, end=ended.append)
    monkeypatch.setattr("inference.training.finetune.Run.finish", lambda _: child.stop())
    child.work(check=lambda: None)
    assert (told, ended) == ([Stopped()], [0])


def test_what_cannot_be_kept_at_a_stop_is_told(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    told: list[Event] = []
    child = Child(job.folder, tell=told.append, end=lambda _: None)
    monkeypatch.setattr("inference.training.finetune.Run.keep", full)
    monkeypatch.setattr("inference.training.finetune.Run.finish", lambda _: child.stop())
    child.work(check=lambda: None)
    assert told == [Refused("The folder of the job cannot be used: No space left on device.")]


def test_a_process_that_has_not_begun_is_not_waited_for(job: Job) -> None:
    """While it loads its libraries there is nothing to keep, and nobody who hears."""
    watched = Watched(job)
    watched.process.start()
    watched.process.stop()
    watched.until(Stopped)
    assert job.state is JobState.NEW
    assert not job.features.exists()


def test_the_pace_comes_from_a_process_of_its_own(job: Job) -> None:
    told = measure_pace(job)
    assert told.head is not None
    assert told.head > 0
    assert job.parent.file is not None
    job.parent.file.unlink()
    with pytest.raises(JobError, match="does not exist"):
        measure_pace(job)


def test_how_a_process_ended_is_told(tmp_path: Path) -> None:
    (tmp_path / "said").write_text("first\nSegmentation fault\n")
    assert "(SIGSEGV, Segmentation fault)" in why_ended(-signal.SIGSEGV, tmp_path / "said")
    assert "(exit code 3)" in why_ended(3, tmp_path / "nothing")
    assert "want of memory" in why_ended(-signal.SIGKILL, tmp_path / "said")


def test_of_an_error_that_nobody_expected_the_last_line_is_told(tmp_path: Path) -> None:
    """Although commands are still being read, in another thread."""
    script = "from inference.training import finetune_child as it; it.Job = None; it.main(['nowhere'])"
    said = tmp_path / "said"
    with (
        said.open("wb") as file,
        subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stderr=file) as child,
    ):
        status = child.wait(60)
    error = "AttributeError: 'NoneType' object has no attribute 'open'"
    assert why_ended(status, said).startswith(f"The training ended unexpectedly (exit code 1, {error})")
