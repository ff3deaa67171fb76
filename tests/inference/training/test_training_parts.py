"""What a training is made of, each part by itself: the average, the rates, the order of work, and when it is saved."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from inference.training import trainer as training
from inference.training.__main__ import main
from inference.training.criterion import Losses
from inference.training.data import Sample, batch, repeat_factors
from inference.training.schedule import Minutes
from inference.training.trainer import RunFiles, Trainer, WeightAverage, parameter_groups, run
from inference.weights import sha256_of
from tests.inference.training.test_trainer import SETTINGS, SMALL


def filled(value: float) -> nn.BatchNorm1d:
    layer = nn.BatchNorm1d(1)
    nn.init.constant_(layer.weight, value)
    return layer


def test_the_average_is_short_at_first_and_then_as_long_as_it_should_be() -> None:
    layer = filled(0.0)
    average = WeightAverage(layer, 0.75)
    nn.init.constant_(layer.weight, 1.0)
    assert float(average.state["weight"]) == 0.0  # a copy
    average.update(layer, 0)
    assert float(average.state["weight"]) == pytest.approx(0.9)  # a tenth of what was before
    average.update(filled(0.0), 2)
    assert float(average.state["weight"]) == pytest.approx(0.9 * 3 / 12)
    average.update(filled(0.0), 1000)
    assert float(average.state["weight"]) == pytest.approx(0.9 * 3 / 12 * 0.75)
    layer.num_batches_tracked.fill_(7)
    average.update(layer, 1000)
    assert int(average.state["num_batches_tracked"]) == 7  # a count is no mean


def test_backbone_and_decay_have_their_own_groups() -> None:
    """The backbone learns more slowly; gains, biases and queries are not pulled to zero; no frozen layer is there."""
    settings = replace(SETTINGS, learning_rate=0.5, backbone_factor=0.25, weight_decay=0.125)
    network = nn.Module()
    network.pixel_decoder = nn.Module()
    network.pixel_decoder.backbone = nn.Linear(2, 3)
    network.pixel_decoder.backbone.frozen = nn.Parameter(torch.zeros(2, 2), requires_grad=False)
    network.head = nn.Linear(2, 3)
    network.head.query_feat = nn.Parameter(torch.zeros(4, 2))
    found = {
        id(parameter): (group["full_rate"], group["weight_decay"])
        for group in parameter_groups(network, nn.Linear(5, 5, bias=False), settings)
        for parameter in group["params"]
    }
    backbone, head = network.pixel_decoder.backbone, network.head
    assert found[id(backbone.weight)] == (0.125, 0.125)
    assert found[id(backbone.bias)] == (0.125, 0.0)
    assert found[id(head.weight)] == (0.5, 0.125)
    assert found[id(head.bias)] == found[id(head.query_feat)] == (0.5, 0.0)
    assert len(found) == 6  # with the one auxiliary weight


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    """One that is looked at and not trained."""
    return Trainer(SMALL, replace(SETTINGS, workers=2, rare=0.4, crops=(64, 96), seed=3))


def test_another_seed_begins_with_other_weights(trainer: Trainer) -> None:
    torch.manual_seed(99)
    same, other = (Trainer(SMALL, replace(SETTINGS, seed=seed)).network.state_dict() for seed in (3, 4))
    name = "head.predictor.forward_prediction_heads.classifier.weight"
    assert torch.equal(same[name], trainer.network.state_dict()[name])
    assert not torch.equal(other[name], same[name])


def test_every_worker_of_every_step_has_photos_of_its_own(trainer: Trainer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "step", 3)
    monkeypatch.setattr(trainer, "_gradients", lambda _samples, _repeats, part, _done: part)
    assert trainer._work([], np.ones(0), 0.5) == [6, 7]


def test_rare_classes_are_looked_for_once(trainer: Trainer) -> None:
    labels = [np.full((4, 4), 7 if index == 0 else 1, np.uint8) for index in range(10)]
    samples = [Sample(str(index), np.zeros((4, 4, 3), np.uint8), each) for index, each in enumerate(labels)]
    found = trainer._repeats_of(samples)
    np.testing.assert_array_equal(found, repeat_factors(samples, rare=0.4))
    assert found[0] == pytest.approx(2.0)
    assert trainer._repeats_of(samples) is found


def test_steps_differ_in_their_points_and_crops_and_in_nothing_else(
    trainer: Trainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the losses are asked with, at the beginning and at the end of a run."""
    asked: list[dict[str, Any]] = []

    class Asked(Exception):
        pass

    def ask(heads: object, truth: object, **values: Any) -> None:
        asked.append({"truth": truth, **values})
        raise Asked

    made: list[dict[str, Any]] = []

    def make(samples: list[Sample], **values: Any) -> tuple[Any, ...]:
        made.append(values)
        return batch(samples, **values)

    monkeypatch.setattr(training, "all_losses", ask)
    monkeypatch.setattr(training, "batch", make)
    sample = Sample("a", np.zeros((64, 64, 3), np.uint8), np.full((64, 64), 3, np.uint8))
    for part, done in ((4, 0.1), (5, 0.9)):
        with pytest.raises(Asked):
            trainer._gradients([sample], np.ones(1), part, done)
    assert [values["truth"].labels.shape[1] for values in asked] == [64, 96]
    assert [values["generator"].initial_seed() for values in asked] == [3_000_013, 3_000_014]
    assert [(values["step"], values["seed"], values["size"]) for values in made] == [(4, 3, 2), (5, 3, 2)]
    assert all(values["settings"] is trainer.settings.augmentation for values in made)
    assert all(values["settings"] is trainer.settings.losses for values in asked)


def test_a_step_is_as_large_as_the_schedule_and_the_limit_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(SMALL, replace(SETTINGS, largest_gradient=0.5, warm_up=0.2))
    seen: list[int] = []
    monkeypatch.setattr(trainer.average, "update", lambda _, step: seen.append(step))
    trainer.step = 4
    trainer.trained = [nn.Parameter(torch.zeros(2))]
    trainer.optimiser = torch.optim.SGD([{"params": trainer.trained, "full_rate": 2.0}], lr=99.0)
    trainer.trained[0].grad = torch.tensor([3.0, 4.0])
    assert trainer.apply_gradients(0.1) == pytest.approx(5.0)
    torch.testing.assert_close(trainer.trained[0].detach(), -torch.tensor([0.3, 0.4]))  # half the rate of a norm of 0.5
    assert seen == [4]
    assert trainer.step == 5


def test_a_new_beginning_begins_its_average_anew(trainer: Trainer) -> None:
    state = {name: torch.ones_like(value) for name, value in trainer.network.state_dict().items()}
    trainer.start_from(state)
    assert all(torch.equal(trainer.average.state[name], value) for name, value in state.items())


class Pretended:
    """Takes half a minute for each step."""

    def __init__(self) -> None:
        self.step, self.seconds, self.now = 0, 0.0, 100.0
        self.saved: list[int] = []

    def monotonic(self) -> float:
        return self.now

    def train_step(self, _: object, done: float) -> tuple[Losses, float]:
        assert self.step < 20  # else it never ends
        self.now += 30
        self.step += 1
        return Losses(*(torch.tensor(done + k) for k in range(6))), 0.5

    def save(self, _: Path) -> None:
        self.saved.append(self.step)


def test_a_run_ends_with_its_budget_and_is_saved_on_its_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretended = Pretended()
    monkeypatch.setattr(training, "time", pretended)
    files = RunFiles(folder=tmp_path / "run", save_minutes=1.2, log_steps=4)
    run(pretended, [], budget=Minutes(5), files=files)  # type: ignore[arg-type]
    assert (pretended.step, pretended.seconds) == (10, 300.0)
    assert pretended.saved == [3, 6, 9, 10]
    lines = [json.loads(line) for line in files.log.read_text().splitlines()]
    assert [(line["step"], line["seconds"], line["progress"]) for line in lines] == [(4, 120.0, 0.3), (8, 240.0, 0.7)]
    assert (lines[0]["total"], lines[0]["auxiliary"], lines[0]["norm"]) == (0.3, 5.3, 0.5)


def test_what_is_exported_is_the_average(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trainer = Trainer(SMALL, SETTINGS)
    for value in trainer.average.state.values():
        value.fill_(2)
    trainer.save(tmp_path / "checkpoint.pt")
    assert main(["export", str(tmp_path / "checkpoint.pt"), str(tmp_path / "out.safetensors")]) == 0
    assert all(bool((value == 2).all()) for value in load_file(tmp_path / "out.safetensors").values())
    told = json.loads(capsys.readouterr().out)
    assert told == {"step": 0, "seconds": 0, "sha256": sha256_of(tmp_path / "out.safetensors")}
