"""Answers of a network that is not there, and truths small enough to reckon with by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from inference.network.decoder import HeadOutput
from inference.training import matching, points
from inference.training.criterion import Losses, all_losses
from inference.training.points import LossSettings, Truth

CLASSES = 4
SETTINGS = LossSettings(points=256)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def answer(
    queries: int, *, pictures: int = 1, side: int = 8, seed: int = 0, dtype: torch.dtype = torch.float32
) -> HeadOutput:
    """Random logits of `CLASSES` classes and of masks that are wider than high by one."""
    random = generator(seed)
    return HeadOutput(
        torch.randn(pictures, queries, CLASSES + 1, generator=random).to(dtype),
        torch.randn(pictures, queries, side, side + 1, generator=random).to(dtype),
    )


def known(labels: Tensor, weight: float = 1.0) -> Truth:
    return Truth(labels, torch.full(labels.shape, weight))


def halves(*, left: int = 1, right: int = 2, side: int = 36) -> Truth:
    labels = torch.full((1, side, side), left)
    labels[:, :, side // 2 :] = right
    return known(labels)


def patches(*, pictures: int = 1, side: int = 12, seed: int = 0) -> Tensor:
    """Labels 1..CLASSES of squares of 3 × 3 pixels, (pictures, side, side)."""
    coarse = torch.randint(1, CLASSES + 1, (pictures, side // 3, side // 3), generator=generator(seed))
    return coarse.repeat_interleave(3, dim=1).repeat_interleave(3, dim=2)


def gradients(total: Tensor, heads: list[HeadOutput]) -> list[Tensor]:
    """Of `total` by the class and mask logits of each head."""
    return list(torch.autograd.grad(total, [logits for head in heads for logits in head]))


def leaf(head: HeadOutput) -> HeadOutput:
    """The same logits, which collect gradients of their own."""
    return HeadOutput(*(logits.detach().clone().requires_grad_() for logits in head))


def mixed_weights(labels: Tensor) -> Truth:
    """A third unknown, a third at a low weight, a third fully known, in stripes."""
    weights = torch.tensor([0.0, 0.25, 1.0])[torch.arange(labels.shape[-1]) * 3 // labels.shape[-1]]
    return Truth(labels, weights.expand(labels.shape))


def losses_of(heads: list[HeadOutput], truth: Truth, *, settings: LossSettings = SETTINGS, seed: int = 0) -> Losses:
    return all_losses(heads, truth, auxiliary=torch.tensor(0.0), settings=settings, generator=generator(seed))


def share_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every picture and every mask gets the same random points, so that who comes first changes nothing."""

    def drawn(shape: tuple[int, int], *, device: torch.device, generator: torch.Generator) -> Tensor:
        count, length = shape
        return torch.rand(length, 2, generator=torch.Generator().manual_seed(length)).expand(count, length, 2)

    monkeypatch.setattr(points, "random_points", drawn)
    monkeypatch.setattr(matching, "random_points", drawn)


def log_sigmoid(x: float) -> float:
    return -math.log(1 + math.exp(-x))
