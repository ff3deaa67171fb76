"""What the losses teach: their gradients against finite differences, and what is no part of them by intent."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor

from inference.network.decoder import HeadOutput
from inference.network.paths import PixelFeatures
from inference.training import criterion
from inference.training.criterion import (
    AuxiliaryHeads,
    class_loss,
    mask_losses,
    point_bce,
    point_dice,
    query_weights,
    semantic_loss,
)
from inference.training.matching import match
from inference.training.points import LossSettings
from tests.inference.training.small_answers import (
    CLASSES,
    SETTINGS,
    answer,
    generator,
    known,
    leaf,
    losses_of,
    mixed_weights,
    patches,
)

DOUBLE = partial(answer, dtype=torch.float64)


def seven_points() -> tuple[Tensor, Tensor, Tensor]:
    random = generator(3)
    logits = torch.randn(3, 7, dtype=torch.float64, generator=random).requires_grad_()
    inside = (torch.rand(3, 7, generator=random) > 0.5).double()
    weights = torch.rand(3, 7, generator=random).double() * (torch.rand(3, 7, generator=random) > 0.3)
    return logits, inside, weights


def test_gradients_of_the_point_losses() -> None:
    logits, inside, weights = seven_points()
    assert torch.autograd.gradcheck(lambda x: point_bce(x, inside, weights=weights), (logits,))
    assert torch.autograd.gradcheck(lambda x: point_dice(x, inside, weights=weights), (logits,))


def test_gradients_of_class_and_semantic_loss() -> None:
    head, truth = leaf(DOUBLE(3, side=3, seed=5)), mixed_weights(patches(seed=5))
    found = match(head, truth, settings=SETTINGS, generator=generator())
    weights = query_weights(head, found, truth=truth)
    assert 0 < weights.min() < weights.max() <= 1

    def classes(logits: Tensor) -> Tensor:
        return class_loss(HeadOutput(logits, head.mask_logits), found, weights=weights, settings=SETTINGS)

    assert torch.autograd.gradcheck(classes, (head.class_logits,))
    assert torch.autograd.gradcheck(lambda c, m: semantic_loss(HeadOutput(c, m), truth), tuple(head))


def test_how_much_a_query_counts_is_no_part_of_the_gradient() -> None:
    """Else a query would learn to hide where nothing is known."""
    head, truth = leaf(answer(3)), mixed_weights(patches())
    found = match(head, truth, settings=SETTINGS, generator=generator())
    assert not query_weights(head, found, truth=truth).requires_grad


def test_gradients_of_the_mask_losses_reach_the_mask_through_its_samples() -> None:
    head, truth = leaf(DOUBLE(3, pictures=2, side=3, seed=6)), mixed_weights(patches(pictures=2, seed=6))
    found = match(head, truth, settings=SETTINGS, generator=generator())

    def masks(logits: Tensor) -> tuple[Tensor, Tensor]:
        head_ = HeadOutput(head.class_logits, logits)
        return mask_losses(head_, found, truth=truth, settings=LossSettings(points=40), generator=generator())

    assert torch.autograd.gradcheck(masks, (head.mask_logits,))


def test_gradients_of_the_auxiliary_heads() -> None:
    heads = AuxiliaryHeads(res5_width=2, feature_width=2, classes=CLASSES).double()
    truth = mixed_weights(patches(seed=2))
    features = [torch.randn(1, 2, 3, 3, dtype=torch.float64, generator=generator(k)).requires_grad_() for k in range(2)]

    def losses(fine: Tensor, coarse: Tensor) -> Tensor:
        return heads(PixelFeatures(fine, fine, fine, coarse), truth)

    assert torch.autograd.gradcheck(losses, tuple(features))


@pytest.mark.parametrize("weighted", ["all the same", "in stripes"])
def test_gradients_of_the_total_with_deep_supervision(weighted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By every logit of two heads over two pictures. How much a query counts is no part of the gradient by intent, so
    it is held still while the differences are taken."""
    heads = [leaf(DOUBLE(3, pictures=2, side=2, seed=seed)) for seed in (11, 12)]
    labels = patches(pictures=2, side=9, seed=7)
    truth = known(labels) if weighted == "all the same" else mixed_weights(labels)
    small = LossSettings(points=32)

    if weighted == "in stripes":
        held = [
            query_weights(head, match(head, truth, settings=small, generator=generator()), truth=truth)
            for head in heads
        ]
        turns = iter(held * 10_000)
        monkeypatch.setattr(criterion, "query_weights", lambda *_, **__: next(turns))

    def total(*logits: Tensor) -> Tensor:
        both = [HeadOutput(*logits[:2]), HeadOutput(*logits[2:])]
        return losses_of(both, truth, settings=small).total

    # Each of its parts is checked entry by entry above, so one direction for each tensor is enough here.
    assert torch.autograd.gradcheck(total, tuple(logits for head in heads for logits in head), fast_mode=True)
