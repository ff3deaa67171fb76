"""Training of all that follows the backbone, on features that were found once."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from inference.network.bisenetformer import BiSeNetFormer
from inference.training.criterion import LossSettings, all_losses
from inference.training.data import DataError, sample_order
from inference.training.features import VIEWS, Features, FoundView
from inference.training.schedule import learning_rate_factor
from inference.training.trainer import TrainingSettings, WeightAverage, freeze, parameter_groups, write_checkpoint


@dataclass(frozen=True, kw_only=True)
class HeadSettings:
    """What a run is made of, beyond its data."""

    steps: int
    batch_size: int = 4  # views of as many pictures
    learning_rate: float = 1e-4
    weight_decay: float = 0.05
    warm_up: float = 0.1  # share of the run
    largest_gradient: float = 20.0  # norm
    average_decay: float = 0.98
    seed: int = 0
    losses: LossSettings = field(default_factory=lambda: LossSettings(points=1024))


class Decoders(nn.Module):
    """What follows the backbone; its tensors have the names that they have in the network."""

    def __init__(self, network: BiSeNetFormer) -> None:
        super().__init__()
        decoder = network.pixel_decoder
        self.pixel_decoder = nn.ModuleDict({"cp": decoder.cp, "ffm": decoder.ffm, "conv_out": decoder.conv_out})
        self.head = network.head


class HeadTrainer:
    """Everything that changes during a run; `step` and `seconds` say how far it is.

    Pictures, views and points are functions of the step alone: a run that is resumed gives the same weights, bit by
    bit, as one that was not interrupted.
    """

    def __init__(self, network: BiSeNetFormer, features: Features, settings: HeadSettings) -> None:
        """Trains in place what follows the backbone of `network`.

        The statistics of the normalisation stay as they are: those of one view would be worse.
        """
        freeze([network.pixel_decoder.backbone])
        network.eval()
        self.network, self.features, self.settings = network, features, settings
        self.decoders = Decoders(network)
        self.average = WeightAverage(self.decoders, settings.average_decay)
        self.step, self.seconds = 0, 0.0

    @cached_property
    def optimiser(self) -> torch.optim.Optimizer:
        """Made when it is first needed: PyTorch loads its compiler for it, which takes seconds."""
        settings = self.settings
        groups = TrainingSettings(learning_rate=settings.learning_rate, weight_decay=settings.weight_decay)
        return torch.optim.AdamW(parameter_groups(self.decoders, nn.Module(), groups))

    def find_gradients(self) -> float:
        """The loss of the next step, whose gradients are kept; nothing changes that `save` would write."""
        self.decoders.zero_grad(set_to_none=True)
        total = 0.0
        for place in range(self.step * self.settings.batch_size, (self.step + 1) * self.settings.batch_size):
            loss = self._loss(self._view(place), place) / self.settings.batch_size
            torch.autograd.backward(loss)
            total += float(loss.detach())
        return total

    def apply_gradients(self) -> None:
        """Take the step."""
        nn.utils.clip_grad_norm_(self.decoders.parameters(), self.settings.largest_gradient)
        factor = learning_rate_factor((self.step + 1) / (self.settings.steps + 1), warm_up=self.settings.warm_up)
        for group in self.optimiser.param_groups:
            group["lr"] = group["full_rate"] * factor
        self.optimiser.step()
        self.average.update(self.decoders, self.step)
        self.step += 1

    def _view(self, place: int) -> FoundView:
        """Every picture once in each pass over the data, in any of its views."""
        epoch, index = divmod(place, len(self.features))
        order = sample_order(np.ones(len(self.features)), seed=self.settings.seed, epoch=epoch)
        view = np.random.default_rng([self.settings.seed, place]).integers(len(VIEWS))
        return self.features.view(int(order[index]), int(view))

    def _loss(self, view: FoundView, place: int) -> Tensor:
        generator = torch.Generator().manual_seed(self.settings.seed * 1_000_003 + place)
        heads = self.network.head.predictor(self.network.pixel_decoder.fuse(*view.levels))
        nothing = torch.zeros((), device=heads[-1].mask_logits.device)
        return all_losses(
            heads, view.truth, auxiliary=nothing, settings=self.settings.losses, generator=generator
        ).total

    def weights(self) -> dict[str, Tensor]:
        """The whole network, averaged as far as it is trained."""
        return {**self.network.state_dict(), **self.average.state}

    def save(self, path: Path) -> None:
        """Raises `OSError`; half a checkpoint is never left."""
        content = {
            "settings": asdict(self.settings),
            "decoders": self.decoders.state_dict(),
            "average": self.average.state,
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }
        write_checkpoint(content, path)

    def resume(self, path: Path) -> None:
        """Continue exactly where `save` left off. Raises `DataError` for a run with other settings."""
        content: dict[str, Any] = torch.load(path, map_location=self.network.pixel_mean.device, weights_only=True)
        if content["settings"] != asdict(self.settings):
            raise DataError("The job was begun with other settings.")
        self.decoders.load_state_dict(content["decoders"])
        self.average.state = content["average"]
        self.optimiser.load_state_dict(content["optimiser"])
        self.step, self.seconds = content["step"], content["seconds"]
