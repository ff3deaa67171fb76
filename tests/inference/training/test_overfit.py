"""What the losses are for: a network that minimises them ends with the labels it was shown."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inference.network.bisenetformer import BiSeNetFormer
from inference.network.config import Backbone, NetworkConfig
from inference.training.criterion import Truth, set_losses
from inference.training.data import Augmentation, Sample
from inference.training.evaluate import evaluate
from inference.training.points import LossSettings
from inference.training.trainer import Trainer, TrainingSettings
from tests.inference.training.labelled_tars import SIDE, scene
from tests.inference.training.small_answers import generator
from tests.inference.training.small_networks import narrow_backbone

STEPS = 70
SMALL = NetworkConfig(
    backbone=Backbone.LITE0, feature_width=32, decoder_layers=2, ffn_width=64, hidden_width=64, heads=4, queries=8
)
SETTINGS = TrainingSettings(
    batch_size=8,
    crops=(SIDE,),
    learning_rate=7e-3,
    backbone_factor=1.0,
    frozen_levels=0,
    weight_decay=0.0,
    average_decay=0.9,
    losses=LossSettings(points=128),
    augmentation=Augmentation(smallest_scale=1, largest_scale=1, brightness=0, contrast=0, saturation=0, hue_degrees=0),
)


@pytest.fixture
def beginner(monkeypatch: pytest.MonkeyPatch) -> Trainer:
    """A network that knows nothing yet."""
    narrow_backbone(monkeypatch)
    return Trainer(SMALL, SETTINGS)


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
def test_eight_photos_are_learned_by_heart(beginner: Trainer) -> None:
    samples = [scene(number) for number in range(8)]
    assert len({int(label) for sample in samples for label in np.unique(sample.labels)}) == 8
    before = final_losses(learned(beginner), samples)
    for step in range(STEPS):
        beginner.train_step(samples, step / STEPS)

    after = final_losses(learned(beginner), samples)
    assert min(before) > 0.3
    assert max(after) < 0.08
    for view, confusion in evaluate(learned(beginner), samples, input_size=SIDE).items():
        assert confusion.pixel_accuracy >= 0.99, (view, confusion.pixel_accuracy)
