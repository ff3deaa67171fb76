"""A job that was stopped, killed, or that a full disk ended goes on as if nothing had been."""

from __future__ import annotations

import json
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from inference.learning.errors import JobError
from inference.learning.events import Event, Finished, Refused, Stage, StageTold, StepTold
from inference.learning.job import Job, JobState
from inference.learning.pictures import LearnPicture
from inference.learning.report import MIXES
from inference.learning.settings import Scope
from inference.network.bisenetformer import BiSeNetFormer
from inference.training import finetune
from inference.training.finetune import Run
from inference.training.finetune_child import sentence_for_errors
from inference.training.finetune_head import HeadTrainer
from inference.training.finetune_measure import Tally
from tests.inference.learning.jobs import small_job
from tests.inference.training.small_runs import STEPS, Finish, nothing, settings, two_held_back

pytestmark = pytest.mark.usefixtures("narrow")


class EndedError(Exception):
    """In place of the end of the process."""


def run_until(job: Job, *, calls: int) -> None:
    """Run the job to its so-manieth look at whether it may go on; there it is stopped."""
    left = iter(range(calls))

    def check() -> None:
        if next(left, None) is None:
            run.keep()
            raise EndedError

    run = Run(job, tell=lambda _: None, check=check)
    with pytest.raises(EndedError):
        run.finish()


def run_killed(job: Job, *, stage: Stage) -> None:
    """Run the job until something of this stage is done; there it ends without warning."""

    def tell(told: Event) -> None:
        done = told.done if isinstance(told, StageTold) and told.stage is stage else 0
        if done > 0 or (stage is Stage.TRAINING and isinstance(told, StepTold)):
            raise EndedError

    with pytest.raises(EndedError):
        Run(job, tell=tell, check=nothing).finish()


def assert_ends_as(job: Job, unbroken: Finish) -> None:
    """Go on with the job: to the bit it ends as the other one."""
    found = Run(Job.open(job.folder), tell=lambda _: None, check=nothing).finish()
    assert job.result.read_bytes() == unbroken.job.result.read_bytes()
    assert replace(found, seconds=0.0) == replace(unbroken.report, seconds=0.0)
    assert job.progress()[-1].step == STEPS
    assert not list(job.folder.rglob(".*-*"))


@pytest.mark.parametrize("calls", [2, 8, 10, 12, 15, 18])
def test_a_job_that_was_stopped_ends_as_one_that_was_not(tmp_path: Path, unbroken: Finish, calls: int) -> None:
    """In the features, after one and all of the steps, between two pictures held back and two mixes, at the end."""
    job = small_job(tmp_path, settings=settings(), pictures=two_held_back())
    run_until(job, calls=calls)
    assert_ends_as(job, unbroken)


@pytest.mark.parametrize("stage", Stage)
def test_an_end_without_warning_costs_what_came_after_the_last_checkpoint(
    tmp_path: Path, unbroken: Finish, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finetune, "SAVED_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(finetune, "TOLD_SECONDS", 0.0)
    job = small_job(tmp_path, settings=settings(), pictures=two_held_back())
    run_killed(job, stage=stage)
    assert (job.state is JobState.FINISHED) is (stage is Stage.WRITING)
    if stage is not Stage.WRITING:
        (job.features / ".0001-halfway").write_bytes(b"half of")
    assert_ends_as(job, unbroken)


@pytest.mark.parametrize("calls", [6, 11, 15])
def test_no_picture_is_measured_twice(tmp_path: Path, calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a stop between two pictures: with the parent, the first mix, and the third."""
    measured: list[str] = []
    add = Tally.add

    def counted(tally: Tally, network: BiSeNetFormer, picture: LearnPicture, **options: int | None) -> None:
        measured.append(picture.name)
        add(tally, network, picture, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Tally, "add", counted)
    job = small_job(tmp_path, settings=settings(), pictures=two_held_back())
    run_until(job, calls=calls)
    assert len(measured) == {6: 1, 11: 3, 15: 7}[calls]
    Run(job, tell=lambda _: None, check=nothing).finish()
    assert measured == ["4.jpg", "5.jpg"] * (1 + len(MIXES))


def test_after_a_stop_among_the_mixes_the_time_that_remains_is_told_by_what_they_took(tmp_path: Path) -> None:
    job = small_job(tmp_path, settings=settings(), pictures=two_held_back())
    run_until(job, calls=15)
    for file in job.folder.glob("after-*.npz"):
        with np.load(file) as kept:
            of, pictures = str(kept["of"]), int(kept["numbers"][0])
        tally = Tally.read(file, of=of)
        tally.seconds = 1000.0 * pictures
        tally.keep(file)
    told: list[Event] = []
    Run(job, tell=told.append, check=nothing).finish()
    left: dict[int, float | None] = {}
    for event in told:
        if isinstance(event, StageTold) and event.stage is Stage.AFTER:
            left.setdefault(event.done, event.left)
    assert list(left) == [2, 4, 5, 6, 7, 8]
    assert [left[done] for done in (2, 4, 5)] == [6001.0, 4001.0, 3001.0]  # with one second to write it


def test_a_stop_in_the_middle_of_a_step_costs_that_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find_gradients = HeadTrainer.find_gradients

    def ended_from_outside(learner: HeadTrainer) -> float:
        loss = find_gradients(learner)
        if learner.step == 2:
            stopping = threading.Thread(target=run.keep)
            stopping.start()
            stopping.join()
            raise EndedError
        return loss

    monkeypatch.setattr(HeadTrainer, "find_gradients", ended_from_outside)
    job = small_job(tmp_path, settings=settings())
    run = Run(job, tell=lambda _: None, check=nothing)
    with pytest.raises(EndedError):
        run.finish()
    assert torch.load(job.checkpoint, weights_only=True)["step"] == 2
    assert json.loads((job.folder / "spent.json").read_text()) > 0


def test_the_whole_network_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    job = small_job(tmp_path, settings=settings(Scope.ALL))
    run_until(job, calls=3)
    assert job.state is JobState.UNFINISHED
    content = torch.load(job.checkpoint, weights_only=True)
    assert 0 < content["step"] < STEPS
    told: list[Event] = []
    Run(job, tell=told.append, check=nothing).finish()
    assert next(event.done for event in told if isinstance(event, StageTold) and event.stage is Stage.TRAINING) > 0


def test_a_full_disk_leaves_a_job_that_goes_on(tmp_path: Path) -> None:
    """No file may grow beyond that of the features, which the checkpoint does."""
    resource = pytest.importorskip("resource")
    job = small_job(tmp_path, settings=settings())
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        told = sentence_for_errors(lambda: Finished(Run(job, tell=lambda _: None, check=nothing).finish()))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert told == Refused("The folder of the job cannot be used: File too large.")
    assert job.state is JobState.NEW
    assert not list(job.folder.glob("*.partial"))  # which would fill it further
    Run(job, tell=lambda _: None, check=nothing).finish()
    assert job.state is JobState.FINISHED


def test_the_time_of_earlier_processes_counts_and_steps_that_were_lost_do_not(tmp_path: Path) -> None:
    job = small_job(tmp_path, settings=settings())
    (job.folder / "spent.json").write_text("5000")
    job.add_progress(StepTold(2, STEPS, 1e9, 1.0, None))  # a step that no checkpoint has
    assert Run(job, tell=lambda _: None, check=nothing).finish().seconds > 5000
    assert 1e9 not in {point.loss for point in job.progress()}


def test_the_time_of_a_process_that_an_error_ended_counts(tmp_path: Path) -> None:
    job = small_job(tmp_path, settings=settings())
    run_killed(job, stage=Stage.FEATURES)
    assert json.loads((job.folder / "spent.json").read_text()) > 0


def test_a_damaged_checkpoint_is_a_sentence(tmp_path: Path) -> None:
    job = small_job(tmp_path, settings=settings())
    job.checkpoint.write_bytes(b"no checkpoint")
    with pytest.raises(JobError, match="checkpoint of the job is damaged"):
        Run(job, tell=lambda _: None, check=nothing).finish()


@pytest.mark.parametrize("stage", [Stage.FEATURES, Stage.TRAINING])
def test_a_folder_that_is_removed_meanwhile_is_a_sentence(tmp_path: Path, stage: Stage) -> None:
    job = small_job(tmp_path, settings=settings())

    def tell(told: Event) -> None:
        if isinstance(told, StageTold) and told.stage is stage:
            shutil.rmtree(job.folder, ignore_errors=True)

    told = sentence_for_errors(lambda: Finished(Run(job, tell=tell, check=nothing).finish()))
    assert told == Refused("The folder of the job cannot be used: No such file or directory.")
    with pytest.raises(JobError, match="There is no job of learning in"):
        Job.open(job.folder)
