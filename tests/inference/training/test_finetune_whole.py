"""What learning with the whole network is made of: which pictures, which crops, and where it begins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from inference.learning.settings import LearnSettings, Untouched
from inference.network.bisenetformer import BiSeNetFormer
from inference.training.finetune_whole import JobSamples, WholeSettings, WholeTrainer
from tests.inference.learning.jobs import finished_picture, finished_pictures, small_job
from tests.inference.training.test_trainer import SMALL


def test_pixels_weigh_what_the_job_says_and_what_is_held_back_is_no_sample(tmp_path: Path) -> None:
    pictures = finished_pictures()
    pictures[1].trust[:8] = 150  # a segment with the score 0.75
    pictures[1].trust[8:16] = 50
    settings = LearnSettings(kept_weight=0.2, steps=1, device="cpu")
    samples = JobSamples(small_job(tmp_path, settings=settings, pictures=pictures))
    assert (len(samples), samples.indices) == (4, [0, 1, 2, 3])
    sample = samples[1]
    assert sample.name == "1.jpg"
    np.testing.assert_array_equal(sample.photo, pictures[1].photo)
    np.testing.assert_array_equal(sample.labels, pictures[1].labels)
    assert [np.unique(rows).tolist() for rows in np.split(sample.pixel_weights(), [8, 16])] == [[51], [0], [255]]


def test_pictures_that_weigh_nothing_are_passed_over(tmp_path: Path) -> None:
    untouched = finished_picture("untouched.jpg")
    untouched = replace(untouched, trust=np.full_like(untouched.trust, 200))
    settings = LearnSettings(untouched=Untouched.IGNORE, steps=1, device="cpu")
    samples = JobSamples(small_job(tmp_path, settings=settings, pictures=[untouched, *finished_pictures()]))
    assert samples.indices == [1, 2, 3, 4]
    assert samples[0].name == "0.jpg"


@pytest.mark.parametrize(("input_size", "crop"), [(288, 288), (300, 288), (310, 320), (32, 64)])
def test_crops_are_as_large_as_what_the_network_sees_in_whole_cells(input_size: int, crop: int) -> None:
    settings = WholeSettings(steps=9, input_size=input_size, learning_rate=0.5, batch_size=3, seed=5).training()
    assert settings.crops == (crop,)
    assert (settings.batch_size, settings.learning_rate, settings.seed) == (3, 0.5, 5)
    assert settings.losses.auxiliary_weight == 0  # those heads would begin with chance
    assert settings.average_decay == 0.98


def whole_trainer(network: BiSeNetFormer) -> WholeTrainer:
    settings = WholeSettings(steps=7, input_size=64, batch_size=1)
    return WholeTrainer(SMALL, network.state_dict(), [], settings, device="cpu")


def test_it_begins_with_the_network_that_it_is_given_whose_statistics_stay() -> None:
    torch.manual_seed(5)
    network = BiSeNetFormer(SMALL)
    trainer = whole_trainer(network)
    torch.testing.assert_close(trainer.weights(), dict(network.state_dict()), rtol=0, atol=0)
    torch.testing.assert_close(dict(trainer.trainer.network.state_dict()), trainer.weights(), rtol=0, atol=0)
    layers = [*trainer.trainer.network.modules()]
    assert not any(layer.training for layer in layers if isinstance(layer, nn.BatchNorm2d))
    assert trainer.trainer.network.head.training


def test_what_counts_is_the_average() -> None:
    trainer = whole_trainer(BiSeNetFormer(SMALL))
    for value in trainer.trainer.average.state.values():
        value.fill_(7)
    assert all(bool((value == 7).all()) for value in trainer.weights().values())


def test_a_step_knows_how_far_the_job_is(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer, asked = whole_trainer(BiSeNetFormer(SMALL)), list[float]()

    def find(_samples: object, done: float) -> SimpleNamespace:
        asked.append(done)
        return SimpleNamespace(total=torch.tensor(2.5))

    monkeypatch.setattr(trainer.trainer, "find_gradients", find)
    monkeypatch.setattr(trainer.trainer, "apply_gradients", asked.append)
    for step in (0, 3, 6):
        trainer.trainer.step = step
        assert trainer.find_gradients() == 2.5
        trainer.apply_gradients()
    assert asked == [1 / 8] * 2 + [4 / 8] * 2 + [7 / 8] * 2  # neither nothing nor all: there the rate is zero
