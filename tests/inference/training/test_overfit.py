"""What the losses are for: a network that minimises them ends with the labels it was shown."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from inference.network.bisenetformer import BiSeNetFormer
from inference.network.config import Backbone, NetworkConfig
from inference.training.criterion import Truth, set_losses
from inference.training.data import Augmentation, Sample
from inference.training.evaluate import evaluate
from inference.training.points import LossSettings
from inference.training.trainer import Trainer, TrainingSettings, WeightAverage
from tests.inference.training.labelled_tars import SIDE, scene
from tests.inference.training.small_answers import generator

STEPS = 60
SMALL = NetworkConfig(
    backbone=Backbone.LITE0, feature_width=32, decoder_layers=2, ffn_width=64, hidden_width=64, heads=4, queries=8
)
SETTINGS = TrainingSettings(
    batch_size=8,
    crops=(SIDE,),
    learning_rate=5e-3,
    frozen_levels=4,
    weight_decay=0.0,
    average_decay=0.9,
    losses=LossSettings(points=256),
    augmentation=Augmentation(smallest_scale=1, largest_scale=1, brightness=0, contrast=0, saturation=0, hue_degrees=0),
)


def beginner() -> Trainer:
    """The starter's backbone, which knows what pictures look like; all that follows it begins with nothing."""
    trainer = Trainer(SMALL, SETTINGS)
    before = "pixel_decoder.backbone."
    starter = load_file(Path(str(resources.files("resources").joinpath("models", "starter.safetensors"))))
    known = {name.removeprefix(before): value for name, value in starter.items() if name.startswith(before)}
    trainer.network.pixel_decoder.backbone.load_state_dict(known)
    trainer.average = WeightAverage(trainer.network, SETTINGS.average_decay)
    return trainer


def learned(trainer: Trainer) -> BiSeNetFormer:
    network = BiSeNetFormer(trainer.config)
    network.load_state_dict(trainer.average.state)
    return network.eval()


def final_losses(network: BiSeNetFormer, samples: list[Sample]) -> list[float]:
    """Class, mask and dice loss of the network's answer. Heads before the last are there to be improved on: the very
    first has not seen the photo yet and can but guess its classes."""
    photos = torch.from_numpy(np.stack([sample.photo for sample in samples])).permute(0, 3, 1, 2).float()
    labels = torch.from_numpy(np.stack([sample.labels for sample in samples])).long()
    with torch.inference_mode():
        answer = network.raw(photos).heads[-1]
        truth = Truth(labels, torch.ones(labels.shape))
        losses = set_losses([answer], truth, settings=LossSettings(points=1024), generator=generator())
    return [float(loss) for loss in losses]


@pytest.mark.slow
def test_eight_photos_are_learned_by_heart() -> None:
    samples = [scene(number) for number in range(8)]
    assert len({int(label) for sample in samples for label in np.unique(sample.labels)}) == 8
    trainer = beginner()
    before = final_losses(learned(trainer), samples)
    for step in range(STEPS):
        trainer.train_step(samples, step / STEPS)

    after = final_losses(learned(trainer), samples)
    assert min(before) > 0.3
    assert max(after) < 0.08
    for view, confusion in evaluate(learned(trainer), samples, input_size=SIDE).items():
        assert confusion.pixel_accuracy >= 0.99, (view, confusion.pixel_accuracy)
