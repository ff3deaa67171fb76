"""A job from its pictures to its model, its card and its report, in this process."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from inference import weights_store
from inference.calibration import UNCALIBRATED, Calibration
from inference.errors import EngineError, WeightsError
from inference.learning.errors import JobError
from inference.learning.events import Event, Stage, StageTold, StepTold
from inference.learning.generations import LEARNED_FROM, knows, learned_from
from inference.learning.job import Job, JobState
from inference.learning.pictures import LearnPicture
from inference.learning.report import MIXES, UNTRIED_MIX, ClassChange, Score
from inference.learning.settings import Scope, Untouched
from inference.models import find_card
from inference.network.bisenetformer import BiSeNetFormer
from inference.training import calibrate, finetune
from inference.training.features import Features
from inference.training.finetune import OWN_SIZE, Run, device_for
from inference.training.finetune_head import HeadSettings
from inference.training.finetune_measure import Measured, Tally
from inference.training.finetune_pace import pace
from inference.training.finetune_result import mixed
from inference.training.finetune_whole import WholeSettings
from inference.weights import sha256_of
from tests.inference.learning.jobs import finished_picture, finished_pictures, small_job, small_parent
from tests.inference.training.small_runs import STEPS, Finish, finish, nothing, settings, small_run, two_held_back

pytestmark = pytest.mark.usefixtures("narrow")


@pytest.mark.parametrize("scope", Scope)
def test_a_job_ends_with_a_model_its_card_and_its_report(tmp_path: Path, unbroken: Finish, scope: Scope) -> None:
    done = unbroken if scope is Scope.HEAD else small_run(tmp_path, scope=scope)
    job, report, told = done.job, done.report, done.told
    assert job.state is JobState.FINISHED
    assert job.report() == report
    assert (report.trained, report.held_back) == (4, 2)
    assert set(report.before) == set(report.after) == {"segments", "semantic"}
    assert [change.class_id for change in report.classes][:2] == [4, 3]
    assert report.settings.steps == STEPS
    assert report.seconds > 0

    card = find_card(job.result)
    assert card.weights() == job.result
    assert (card.name, card.network, card.licence) == ("mine", job.parent.network, "CC0")
    assert card.trained_on.endswith("from the corrections of 4 pictures of its user.")
    assert {record.checked_on for record in card.figures} == {
        "2 pictures of the same project, which it did not learn from"
    }
    lineage = card.lineage
    assert (lineage["parent"], lineage["parent_sha256"]) == ("tiny", job.parent.sha256)
    assert (lineage["pictures"], lineage["held_back"], lineage["steps"]) == (4, 2, STEPS)
    assert lineage["decided_pixels"] == 4 * 64 * 80
    assert lineage["settings"] == report.settings.to_json()
    assert lineage["seconds"] == pytest.approx(report.seconds, abs=0.05)
    assert lineage["after"]["segments"]["mean_iou"] == report.after["segments"].mean_iou

    stages = [event.stage for event in told if isinstance(event, StageTold)]
    features = [Stage.FEATURES] if scope is Scope.HEAD else []
    assert [stage for stage, _ in groupby(stages)] == [*features, Stage.BEFORE, *list(Stage)[2:]]
    mixes = [(event.done, event.total) for event in told if isinstance(event, StageTold) and event.stage is Stage.AFTER]
    assert list(dict.fromkeys(mixes)) == [(done, 2 * len(MIXES)) for done in range(2 * len(MIXES) + 1)]
    steps = [event for event in told if isinstance(event, StepTold)]
    assert steps == job.progress()
    assert steps[-1].step == steps[-1].steps == STEPS
    assert steps[-1].left is not None


def test_all_but_the_backbone_learns_and_in_full_precision(unbroken: Finish) -> None:
    job = unbroken.job
    assert job.parent.file is not None
    before, after = load_file(job.parent.file), load_file(job.result)
    assert before.keys() == after.keys()
    assert {value.dtype for value in after.values()} == {torch.float32, torch.int64}
    moved = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert {name.split(".")[1] for name in moved} == {"predictor", "cp", "ffm", "conv_out"}
    assert not any("running_" in name or "num_batches" in name for name in moved)  # the statistics stay


def taken(monkeypatch: pytest.MonkeyPatch, mix: float) -> None:
    """This mix does best."""
    monkeypatch.setattr(finetune, "best_mix", lambda *_: mix)


def test_what_counts_is_the_running_average(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken(monkeypatch, 1.0)
    job = small_run(tmp_path).job
    content, result = torch.load(job.checkpoint, weights_only=True), load_file(job.result)
    assert all(torch.equal(result[name], value) for name, value in content["average"].items())
    assert not all(torch.equal(result[name], value) for name, value in content["decoders"].items())


@pytest.mark.parametrize("mix", MIXES)
def test_the_new_model_is_the_mix_that_did_best_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mix: float
) -> None:
    shares = iter((0.1, *MIXES))  # of the parent and of each mix

    def measured(_: Tally) -> Measured:
        share = next(shares)
        score = Score(pixel_accuracy=share, mean_iou=share, unlabelled=0.0)
        return Measured(scores={"segments": score}, pixels=(8,), iou=(share,), decided=share)

    def best(before: Measured, after: dict[float, Measured]) -> float:
        assert before.decided == 0.1
        assert [(tried, found.decided) for tried, found in after.items()] == [(each, each) for each in MIXES]
        return mix

    monkeypatch.setattr(Tally, "measured", measured)
    monkeypatch.setattr(finetune, "best_mix", best)
    done = small_run(tmp_path)
    assert done.job.parent.file is not None
    parent, result = load_file(done.job.parent.file), load_file(done.job.result)
    for name, value in torch.load(done.job.checkpoint, weights_only=True)["average"].items():
        if value.is_floating_point():
            torch.testing.assert_close(result[name], (1 - mix) * parent[name] + mix * value, rtol=0, atol=1e-6)
    report = done.report
    assert report.mix == find_card(done.job.result).lineage["mix"] == mix
    assert (report.before["segments"].mean_iou, report.after["segments"].mean_iou) == (0.1, mix)
    assert (report.decided_before, report.decided_after) == (0.1, mix)
    assert report.classes == (ClassChange(class_id=1, pixels=8, before=0.1, after=mix),)


CALIBRATION = Calibration(2.0, -1.5)  # which rounds no number


def calibrated_job(folder: Path, calibration: Calibration = CALIBRATION, *, scope: Scope = Scope.HEAD) -> Job:
    """A job whose parent has this calibration in its weights, and says so; as a process finds it."""
    folder.mkdir(exist_ok=True)
    parent = small_parent(folder)
    assert parent.file is not None
    state = load_file(parent.file)
    state["head.predictor.forward_prediction_heads.classifier.bias"][-1] = 0.25
    calibrate.apply(state, calibration)
    save_file(state, parent.file)
    lineage = {LEARNED_FROM: learned_from({}, ["older.jpg"])}
    parent = replace(parent, calibration=calibration, sha256=None, limits="none at night", lineage=lineage)
    pictures = two_held_back()
    job = Job.create(folder / "job", parent=parent, name="mine", settings=settings(scope), pictures=pictures)
    return Job.open(job.folder)


@pytest.mark.parametrize(("scope", "mix"), [(Scope.HEAD, 1.0), (Scope.ALL, 0.5)])
def test_scores_are_trained_as_they_were_before_their_calibration_and_calibrated_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: Scope, mix: float
) -> None:
    """Twice the same network, once with a calibration in its weights that its card tells: it learns the same."""
    taken(monkeypatch, mix)
    job = finish(calibrated_job(tmp_path / "calibrated", scope=scope)).job
    expected = load_file(finish(calibrated_job(tmp_path / "plain", UNCALIBRATED, scope=scope)).job.result)
    calibrate.apply(expected, CALIBRATION)
    for name, value in load_file(job.result).items():
        torch.testing.assert_close(value, expected[name], rtol=0, atol=2e-7)
    card = find_card(job.result)
    assert (card.calibration, card.limits) == (CALIBRATION, "none at night")
    names = [*(f"{index}.jpg" for index in range(6)), "older.jpg"]
    assert [name for name in names if not knows(card.lineage)(name)] == ["4.jpg", "5.jpg"]  # which were held back


def test_what_is_measured_is_what_the_files_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parent and every mix, calibrated: as whoever uses them sees them."""
    taken(monkeypatch, 0.75)
    measured: list[tuple[str, dict[str, torch.Tensor]]] = []

    def looked(tally: Tally, network: BiSeNetFormer, _picture: object, **_: object) -> None:
        measured.append((tally.of, {name: tensor.clone() for name, tensor in network.state_dict().items()}))
        tally.pictures += 1

    monkeypatch.setattr(Tally, "add", looked)
    job = finish(calibrated_job(tmp_path)).job
    assert job.parent.file is not None
    (of_parent, parent), *mixes = measured[::2]  # of the first picture
    assert of_parent == job.parent.sha256
    torch.testing.assert_close(parent, load_file(job.parent.file), rtol=0, atol=0)
    (of_result, result), (_, learned) = mixes[-2:]
    assert of_result == sha256_of(job.result)
    torch.testing.assert_close(result, load_file(job.result), rtol=0, atol=0)
    for mix, (_, found) in zip(MIXES, mixes, strict=True):
        torch.testing.assert_close(found, mixed(parent, learned, mix), rtol=0, atol=1e-6)
    biases = {mix["head.predictor.forward_prediction_heads.classifier.bias"][-1].item() for _, mix in mixes}
    assert len(biases) == len(MIXES)


def test_of_every_picture_that_is_trained_on_the_features_are_kept(unbroken: Finish) -> None:
    """How many there is room for is known from the first of them."""
    assert sorted(file.name for file in unbroken.job.features.iterdir()) == [f"000{n}.safetensors" for n in range(4)]


def test_what_was_chosen_is_what_trains(tmp_path: Path) -> None:
    chosen = replace(settings(steps=9), learning_rate=0.5, seed=7)
    job = small_job(tmp_path, settings=chosen)
    run = Run(job, tell=lambda _: None, check=nothing)
    assert run.head_settings() == HeadSettings(steps=9, learning_rate=0.5, seed=7)
    assert run.whole_settings() == WholeSettings(steps=9, input_size=64, learning_rate=0.5, seed=7)
    own_size = replace(job, parent=replace(job.parent, input_size=None))
    assert Run(own_size, tell=lambda _: None, check=nothing).whole_settings().input_size == OWN_SIZE


def test_the_loss_falls_and_every_step_can_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finetune, "TOLD_SECONDS", 0.0)
    job = small_job(tmp_path, settings=replace(settings(steps=12), learning_rate=3e-3))
    Run(job, tell=lambda _: None, check=nothing).finish()
    curve = job.progress()
    assert [point.step for point in curve] == list(range(1, 13))
    seconds = [point.seconds for point in curve]
    assert seconds == sorted(seconds)  # of all steps so far
    assert sum(point.loss for point in curve[-3:]) < 0.9 * sum(point.loss for point in curve[:3])


def test_a_finished_job_has_nothing_left_to_do(unbroken: Finish) -> None:
    again = finish(unbroken.job)
    assert again.report == unbroken.report
    assert again.told == []


def test_weights_that_are_gone_or_changed_are_refused(tmp_path: Path) -> None:
    job = small_job(tmp_path, settings=settings())
    assert job.parent.file is not None
    job.parent.file.write_bytes(job.parent.file.read_bytes()[:-1] + b"x")
    with pytest.raises(WeightsError, match="its hash differs"):
        Run(job, tell=lambda _: None, check=nothing).finish()
    job.parent.file.unlink()
    with pytest.raises(WeightsError, match="does not exist"):
        Run(job, tell=lambda _: None, check=nothing).finish()


def test_numbers_that_go_astray_are_a_sentence(tmp_path: Path) -> None:
    job = small_job(tmp_path, settings=replace(settings(), learning_rate=1e30))
    with pytest.raises(JobError, match="A smaller learning rate helps"):
        Run(job, tell=lambda _: None, check=nothing).finish()


def test_features_that_are_damaged_are_found_again(tmp_path: Path) -> None:
    job = small_job(tmp_path, settings=settings())
    job.features.mkdir()
    (job.features / "0000.safetensors").write_bytes(b"cut off")
    (job.features / "0001.safetensors").write_bytes(b"")
    Run(job, tell=lambda _: None, check=nothing).finish()
    assert job.state is JobState.FINISHED


def test_pictures_for_whose_features_there_is_no_room_are_learned_from_all_the_same(
    tmp_path: Path, unbroken: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = 2 * (unbroken.job.features / "0000.safetensors").stat().st_size
    monkeypatch.setattr(finetune, "Features", partial(Features, most_bytes=most))
    job, told = small_job(tmp_path, settings=settings(), pictures=two_held_back()), list[Event]()
    Run(job, tell=told.append, check=nothing).finish()
    assert len(list(job.features.iterdir())) == 2
    assert StageTold(Stage.FEATURES, 2, 2, None) in told
    assert job.result.read_bytes() == unbroken.job.result.read_bytes()


def test_of_many_pictures_the_time_that_remains_is_told_from_the_first_on(
    tmp_path: Path, unbroken: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To know it, a step is tried, of which nothing remains."""
    monkeypatch.setattr(finetune, "MANY", 3)
    done = small_run(tmp_path)
    told = [event for event in done.told if isinstance(event, StageTold) and event.done]
    assert told[0].stage is Stage.FEATURES
    assert all(event.left is not None for event in told)
    assert done.job.result.read_bytes() == unbroken.job.result.read_bytes()


def test_without_pictures_held_back_nothing_is_recommended_and_half_of_it_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[BiSeNetFormer] = []
    monkeypatch.setattr(Run, "try_measuring", lambda _, network: tried.append(network))
    pictures = [replace(picture, held_back=False) for picture in finished_pictures()]
    job = small_job(tmp_path, settings=replace(settings(), held_back=0.0), pictures=pictures)
    report = Run(job, tell=lambda _: None, check=nothing).finish()
    result = load_file(job.result)
    assert job.parent.file is not None
    learned = load_file(job.parent.file) | torch.load(job.checkpoint, weights_only=True)["average"]
    torch.testing.assert_close(result, mixed(load_file(job.parent.file), learned, 0.5), rtol=0, atol=1e-6)
    [network] = tried  # what is written runs
    torch.testing.assert_close(dict(network.state_dict()), result, rtol=0, atol=0)
    assert (report.before, report.after, report.decided_after) == ({}, {}, None)
    assert not report.recommended
    assert report.mix == UNTRIED_MIX
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


def test_the_result_enters_the_store_with_its_lineage(
    tmp_path: Path, unbroken: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADE_MASK_STUDIO_MODELS", str(tmp_path / "store"))
    monkeypatch.setattr("inference.engines.open_engine", lambda *_, **__: None)  # `load_network` ran it already
    job = unbroken.job
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


def test_pictures_held_back_that_the_parent_knows_are_told(tmp_path: Path) -> None:
    names = [picture.name for picture in finished_pictures()]
    parent = replace(small_parent(tmp_path), lineage={LEARNED_FROM: learned_from({}, names)})
    pictures = finished_pictures()
    job = Job.create(tmp_path / "job", parent=parent, name="mine", settings=settings(), pictures=pictures)
    assert Run(job, tell=lambda _: None, check=nothing)._report(None, None).known == 1
    assert Run(small_job(tmp_path / "other"), tell=lambda _: None, check=nothing)._report(None, None).known == 0


def test_a_graphics_card_that_cannot_be_used_is_passed_over_unless_it_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def check(device: str) -> None:
        if device != "cpu":
            raise EngineError("The driver is too old.")

    monkeypatch.setattr(finetune, "check_device", check)
    monkeypatch.setattr(finetune, "wanted_devices", lambda device: ["cuda:0", "cpu"] if device == "auto" else [device])
    assert device_for("auto") == "cpu"
    with pytest.raises(EngineError, match="too old"):
        device_for("cuda:0")


def test_a_device_that_cannot_train_is_refused() -> None:
    assert device_for("cpu") == "cpu"
    with pytest.raises(EngineError, match="no device called abacus"):
        device_for("abacus")
    with pytest.raises(EngineError, match=r"cannot be used|it takes cpu or cuda"):
        device_for("mps")
