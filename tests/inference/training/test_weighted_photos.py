"""How much a pixel counts reaches every loss of a training step."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from inference.network.config import Backbone, NetworkConfig
from inference.training.data import Augmentation, Sample
from inference.training.points import LossSettings
from inference.training.trainer import Trainer, TrainingSettings

SIDE = 128
SMALL = NetworkConfig(
    backbone=Backbone.LITE0, feature_width=16, decoder_layers=2, ffn_width=32, hidden_width=32, heads=4, queries=8
)
AS_IT_IS = Augmentation(smallest_scale=1, largest_scale=1, brightness=0, contrast=0, saturation=0, hue_degrees=0)
SETTINGS = TrainingSettings(
    batch_size=8,
    crops=(SIDE,),
    learning_rate=4e-3,
    backbone_factor=1.0,
    frozen_levels=0,
    weight_decay=0.0,
    average_decay=0.9,
    losses=LossSettings(points=256),
    augmentation=AS_IT_IS,
)
COLOURS = np.array(
    [
        [[200, 60, 50], [60, 190, 70], [70, 90, 210], [210, 200, 60]],
        [[150, 70, 190], [80, 200, 200], [240, 240, 240], [30, 30, 30]],
    ]
).reshape(8, 3)


def scene(number: int) -> Sample:
    """A slope under a background with a disc before both: three of eight classes, each of a colour of its own."""
    random = np.random.default_rng(number)
    back, slope, disc = random.permutation(len(COLOURS))[:3]
    y, x = np.mgrid[:SIDE, :SIDE]
    places = np.full((SIDE, SIDE), back)
    places[y > SIDE * random.uniform(0.35, 0.65) + (x - SIDE / 2) * random.uniform(-0.5, 0.5)] = slope
    middle, radius = SIDE * random.uniform(0.3, 0.7, 2), SIDE * random.uniform(0.15, 0.25)
    places[np.hypot(y - middle[0], x - middle[1]) < radius] = disc
    photo = COLOURS[places] + random.integers(-12, 13, (SIDE, SIDE, 3))
    return Sample(str(number), photo.clip(0, 255).astype(np.uint8), (places + 1).astype(np.uint8))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Sums in one order, and no waiting for busy cores."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_what_counts_nothing_is_not_learned_and_what_counts_little_counts_less() -> None:
    """The weights of the photos reach every loss of a step: nothing, a fifth, and all of them."""
    photo = scene(1)
    small = [
        Sample(photo.name, photo.photo, photo.labels, np.full(photo.labels.shape, weight, np.uint8))
        for weight in (0, 51, 255)
    ]
    settings = TrainingSettings(**{**vars(SETTINGS), "batch_size": 2, "losses": LossSettings(points=64, dice_weight=0)})
    nothing, little, fully = (Trainer(SMALL, settings).train_step([sample], 0.5)[0] for sample in small)
    assert [float(loss) for loss in nothing] == [0] * 6
    for part in ("total", "classes", "masks", "semantic", "auxiliary"):
        torch.testing.assert_close(getattr(little, part), 0.2 * getattr(fully, part), rtol=1e-4, atol=1e-5)
