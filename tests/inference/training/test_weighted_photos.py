"""How much a pixel counts reaches every loss of a training step."""

from __future__ import annotations

import numpy as np
import torch

from inference.network.config import Backbone, NetworkConfig
from inference.training.data import Augmentation, Sample
from inference.training.points import LossSettings
from inference.training.trainer import Trainer, TrainingSettings
from tests.inference.training.labelled_tars import SIDE, scene

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
