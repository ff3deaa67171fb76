"""A job from its pictures to its report, stopped and gone on with, in this process."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from inference import weights_store
from inference.errors import EngineError, WeightsError
from inference.learning.errors import JobError
from inference.learning.events import Event, Finished, Refused, Stage, StageTold, StepTold
from inference.learning.job import Job, JobState
from inference.learning.pictures import LearnPicture
from inference.learning.report import LearnReport
from inference.learning.settings import LearnSettings, Scope, Untouched
from inference.models import find_card
from inference.network.bisenetformer import BiSeNetFormer
from inference.training import finetune
from inference.training.finetune import Run, device_for
from inference.training.finetune_child import sentence_for_errors
from inference.training.finetune_head import HeadTrainer
from inference.training.finetune_measure import Tally
from inference.training.finetune_pace import pace
from tests.inference.learning.jobs import finished_picture, finished_pictures, small_job
from tests.inference.training.conftest import one_thread_only

STEPS = 3


def nothing() -> None:
    """Nobody says stop."""


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


def settings(scope: Scope = Scope.HEAD, *, steps: int = STEPS) -> LearnSettings:
    return LearnSettings(scope=scope, steps=steps, learning_rate=1e-3, device="cpu")


@pytest.mark.parametrize("scope", Scope)
def test_a_job_ends_with_a_model_its_card_and_its_report(tmp_path: Path, scope: Scope) -> None:
    job, told = small_job(tmp_path, settings=settings(scope)), list[Event]()
    report = Run(job, tell=told.append, check=nothing).finish()
    assert job.state is JobState.FINISHED
    assert job.report() == report
    assert (report.trained, report.held_back) == (4, 1)
    assert set(report.before) == set(report.after) == {"segments", "semantic"}
    assert [change.class_id for change in report.classes][:2] == [4, 3]
    assert report.settings.steps == STEPS
    assert report.seconds > 0

    card = find_card(job.result)
    assert card.weights() == job.result
    assert (card.name, card.network, card.licence) == ("mine", job.parent.network, "CC0")
    assert card.trained_on.endswith("from the corrections of 4 pictures of its user.")
    assert {record.checked_on for record in card.figures} == {
        "1 picture of the same project, which it did not learn from"
    }
    lineage = card.lineage
    assert (lineage["parent"], lineage["parent_sha256"]) == ("tiny", job.parent.sha256)
    assert (lineage["pictures"], lineage["held_back"], lineage["steps"]) == (4, 1, STEPS)
    assert lineage["decided_pixels"] == 4 * 64 * 80
    assert lineage["settings"] == report.settings.to_json()
    assert lineage["after"]["segments"]["mean_iou"] == report.after["segments"].mean_iou

    stages = [event.stage for event in told if isinstance(event, StageTold)]
    features = [Stage.FEATURES] if scope is Scope.HEAD else []
    assert list(dict.fromkeys(stages)) == [*features, Stage.BEFORE, Stage.TRAINING, Stage.AFTER, Stage.WRITING]
    steps = [event for event in told if isinstance(event, StepTold)]
    assert steps == job.progress()
    assert steps[-1].step == steps[-1].steps == STEPS
    assert steps[-1].left is not None


def test_only_the_head_learns_and_in_full_precision(tmp_path: Path) -> None:
    job = small_job(tmp_path, settings=settings())
    Run(job, tell=lambda _: None, check=nothing).finish()
    assert job.parent.file is not None
    before, after = load_file(job.parent.file), load_file(job.result)
    assert before.keys() == after.keys()
    assert {value.dtype for value in after.values()} == {torch.float32, torch.int64}
    moved = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert moved
    assert all(name.startswith("head.predictor.") for name in moved)


def test_what_counts_is_the_running_average(tmp_path: Path) -> None:
    job = small_job(tmp_path, settings=settings())
    Run(job, tell=lambda _: None, check=nothing).finish()
    content, result = torch.load(job.checkpoint, weights_only=True), load_file(job.result)
    assert all(torch.equal(result[f"head.{name}"], value) for name, value in content["average"].items())
    assert not all(torch.equal(result[f"head.{name}"], value) for name, value in content["head"].items())


def test_the_loss_falls_and_every_step_can_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finetune, "TOLD_SECONDS", 0.0)
    job = small_job(tmp_path, settings=replace(settings(steps=12), learning_rate=3e-3))
    Run(job, tell=lambda _: None, check=nothing).finish()
    curve = job.progress()
    assert [point.step for point in curve] == list(range(1, 13))
    assert sum(point.loss for point in curve[-3:]) < 0.9 * sum(point.loss for point in curve[:3])


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Job, LearnReport]:
    """A job that nothing interrupted, with two pictures held back."""
    job = small_job(tmp_path_factory.mktemp("unbroken"), settings=settings(), pictures=two_held_back())
    with one_thread_only():
        return job, Run(job, tell=lambda _: None, check=nothing).finish()


def two_held_back() -> list[LearnPicture]:
    return [*finished_pictures(), finished_picture("5.jpg", held_back=True)]


def finished_like(job: Job, unbroken: tuple[Job, LearnReport]) -> None:
    """Go on with the job: to the bit it ends as the other one."""
    found = Run(Job.open(job.folder), tell=lambda _: None, check=nothing).finish()
    wanted_job, wanted = unbroken
    assert job.result.read_bytes() == wanted_job.result.read_bytes()
    assert replace(found, seconds=0.0) == replace(wanted, seconds=0.0)
    assert job.progress()[-1].step == STEPS
    assert not list(job.folder.rglob(".*-*"))


@pytest.mark.parametrize("calls", [2, 8, 10, 12])
def test_a_job_that_was_stopped_ends_as_one_that_was_not(
    tmp_path: Path, unbroken: tuple[Job, LearnReport], calls: int
) -> None:
    """In the features, after one and all of the steps, and between two pictures held back."""
    job = small_job(tmp_path, settings=settings(), pictures=two_held_back())
    run_until(job, calls=calls)
    finished_like(job, unbroken)


@pytest.mark.parametrize("stage", Stage)
def test_an_end_without_warning_costs_what_came_after_the_last_checkpoint(
    tmp_path: Path, unbroken: tuple[Job, LearnReport], stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finetune, "SAVED_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(finetune, "TOLD_SECONDS", 0.0)
    job = small_job(tmp_path, settings=settings(), pictures=two_held_back())
    run_killed(job, stage=stage)
    assert (job.state is JobState.FINISHED) is (stage is Stage.WRITING)
    if stage is not Stage.WRITING:
        (job.features / ".0001-halfway").write_bytes(b"half of")
    finished_like(job, unbroken)


@pytest.mark.parametrize("stage", [Stage.BEFORE, Stage.AFTER])
def test_no_picture_is_measured_twice(tmp_path: Path, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[str] = []
    add = Tally.add

    def counted(tally: Tally, network: BiSeNetFormer, picture: LearnPicture, **options: int | None) -> None:
        measured.append(picture.name)
        add(tally, network, picture, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Tally, "add", counted)
    job = small_job(tmp_path, settings=settings(), pictures=two_held_back())
    run_killed(job, stage=stage)
    Run(job, tell=lambda _: None, check=nothing).finish()
    assert measured == ["4.jpg", "5.jpg"] * 2


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


def test_a_finished_job_has_nothing_left_to_do(tmp_path: Path) -> None:
    job, told = small_job(tmp_path, settings=settings()), list[Event]()
    report = Run(job, tell=lambda _: None, check=nothing).finish()
    assert Run(job, tell=told.append, check=nothing).finish() == report
    assert told == []


def test_weights_that_are_gone_or_changed_are_refused(tmp_path: Path) -> None:
    job = small_job(tmp_path, settings=settings())
    assert job.parent.file is not None
    job.parent.file.write_bytes(job.parent.file.read_bytes()[:-1] + b"x")
    with pytest.raises(WeightsError, match="its hash differs"):
        Run(job, tell=lambda _: None, check=nothing).finish()
    job.parent.file.unlink()
    with pytest.raises(WeightsError, match="does not exist"):
        Run(job, tell=lambda _: None, check=nothing).finish()


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
    Run(job, tell=lambda _: None, check=nothing).finish()
    assert job.state is JobState.FINISHED


def test_numbers_that_go_astray_are_a_sentence(tmp_path: Path) -> None:
    job = small_job(tmp_path, settings=replace(settings(), learning_rate=1e30))
    with pytest.raises(JobError, match="A smaller learning rate helps"):
        Run(job, tell=lambda _: None, check=nothing).finish()


def test_the_time_of_earlier_processes_counts_and_steps_that_were_lost_do_not(tmp_path: Path) -> None:
    job = small_job(tmp_path, settings=settings())
    (job.folder / "spent.json").write_text("5000")
    job.add_progress(StepTold(2, STEPS, 1e9, 1.0, None))  # a step that no checkpoint has
    assert Run(job, tell=lambda _: None, check=nothing).finish().seconds > 5000
    assert 1e9 not in {point.loss for point in job.progress()}


def test_a_damaged_checkpoint_is_a_sentence(tmp_path: Path) -> None:
    job = small_job(tmp_path, settings=settings())
    job.checkpoint.write_bytes(b"no checkpoint")
    with pytest.raises(JobError, match="checkpoint of the job is damaged"):
        Run(job, tell=lambda _: None, check=nothing).finish()


def test_features_that_are_damaged_are_found_again(tmp_path: Path) -> None:
    job = small_job(tmp_path, settings=settings())
    run = Run(job, tell=lambda _: None, check=nothing)
    job.features.mkdir()
    first, second, *_ = run.feature_files()
    first.write_bytes(b"cut off")
    second.write_bytes(b"")
    run.finish()
    assert job.state is JobState.FINISHED


@pytest.mark.parametrize("part", ["0.labels", "0.p16"])
def test_features_that_make_no_sense_are_a_sentence_and_found_again(tmp_path: Path, part: str) -> None:
    """Whole as files, which is all that is looked at before they are needed."""
    job = small_job(tmp_path, settings=settings(steps=8))
    run_until(job, calls=8)
    for file in job.features.iterdir():
        tensors = {name: value.clone() for name, value in load_file(file).items()}
        for view in range(4):
            tensors[f"{view}.{part[2:]}"].view(torch.uint8).fill_(255)
        save_file(tensors, file)
    files = len(list(job.features.iterdir()))
    with pytest.raises(JobError, match=r"damaged on disk, in .*\.safetensors; to go on finds it again"):
        Run(job, tell=lambda _: None, check=nothing).finish()
    assert len(list(job.features.iterdir())) == files - 1


def test_without_pictures_held_back_nothing_is_recommended(tmp_path: Path) -> None:
    pictures = [replace(picture, held_back=False) for picture in finished_pictures()]
    job = small_job(tmp_path, settings=replace(settings(), held_back=0.0), pictures=pictures)
    report = Run(job, tell=lambda _: None, check=nothing).finish()
    assert (report.before, report.after, report.decided_after) == ({}, {}, None)
    assert not report.recommended
    assert find_card(job.result).figures == ()


def test_pictures_without_anything_to_learn_from_are_not_trained_on(tmp_path: Path) -> None:
    untouched = finished_picture("9")
    pictures: list[LearnPicture] = [
        *finished_pictures(),
        replace(untouched, trust=np.full_like(untouched.trust, 200)),
    ]
    job = small_job(tmp_path, settings=replace(settings(), untouched=Untouched.IGNORE), pictures=pictures)
    report = Run(job, tell=lambda _: None, check=nothing).finish()
    assert (report.trained, report.held_back) == (4, 1)


def test_the_result_enters_the_store_with_its_lineage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADE_MASK_STUDIO_MODELS", str(tmp_path / "store"))
    monkeypatch.setattr("inference.engines.open_engine", lambda *_, **__: None)  # `load_network` ran it already
    job = small_job(tmp_path, settings=settings())
    Run(job, tell=lambda _: None, check=nothing).finish()
    card = weights_store.add(job.result)
    written = json.loads(job.result.with_suffix(".json").read_text())
    assert card.lineage == written["lineage"]
    assert find_card("mine").lineage == card.lineage
    assert [record.view for record in card.figures] == ["segments, threshold 0.5", "semantic"]


def test_the_pace_is_that_of_both_scopes(tmp_path: Path) -> None:
    job = small_job(tmp_path, settings=settings(steps=100))
    told = pace(job, pictures=5, check=nothing)
    assert told.head is not None
    assert told.all is not None
    assert 0 < told.head < told.all
    more = pace(job, pictures=5000, check=nothing)
    assert more.head is not None
    assert more.head > 2 * told.head
    assert job.state is JobState.NEW
    assert not list(job.folder.glob("pace-*"))


def test_a_device_that_cannot_train_is_refused() -> None:
    assert device_for("cpu") == "cpu"
    with pytest.raises(EngineError, match="no device called abacus"):
        device_for("abacus")
    with pytest.raises(EngineError, match=r"cannot be used|it takes cpu or cuda"):
        device_for("mps")
