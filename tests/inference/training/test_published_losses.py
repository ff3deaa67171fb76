"""Where every pixel counts fully, the losses are the published ones, written down here once more and plainly.

Masks are explicit, one (H, W) picture of 0 and 1 per segment, loops are loops, and the assignment is the best of all
there are. The formulas are those of Mask2Former (arXiv 2112.01527, section 3 and appendix); random numbers are drawn in
the order in which they are needed: a picture's points for the matching, then the candidates and the rest of each mask.
"""

from __future__ import annotations

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from inference.network.decoder import HeadOutput
from inference.training.criterion import all_losses, set_losses
from inference.training.points import LossSettings, Truth
from tests.inference.training.small_answers import CLASSES, answer, generator, gradients, known, leaf, patches

POINTS = 48
SETTINGS = LossSettings(points=POINTS)


def values(picture: Tensor, where: Tensor, mode: str = "bilinear") -> Tensor:
    """Of one (H, W) picture at (P, 2) places in 0..1."""
    grid = (where * 2 - 1).to(picture.dtype)[None, None]
    return F.grid_sample(picture[None, None], grid, mode=mode, padding_mode="border", align_corners=False)[0, 0, 0]


def cross_entropy_of(logits: Tensor, mask: Tensor) -> Tensor:
    p = logits.sigmoid()
    return -(mask * p.log() + (1 - mask) * (1 - p).log()).mean()


def dice_of(logits: Tensor, mask: Tensor) -> Tensor:
    p = logits.sigmoid()
    return 1 - (2 * (p * mask).sum() + 1) / (p.sum() + mask.sum() + 1)


def explicit_masks(labels: Tensor) -> dict[int, Tensor]:
    """Class counted from 0 → its mask."""
    return {label - 1: (labels == label).double() for label in sorted(set(labels.flatten().tolist()))}


def best_assignment(logits: Tensor, masks: Tensor, truth: dict[int, Tensor], random: torch.Generator) -> dict[int, int]:
    """Of one picture: class → query."""
    where = torch.rand(1, POINTS, 2, generator=random)[0]
    probability = logits.softmax(dim=1)
    cost = {
        (query, segment): -2 * probability[query, segment]
        + 5 * cross_entropy_of(values(masks[query], where), values(mask, where, "nearest"))
        + 5 * dice_of(values(masks[query], where), values(mask, where, "nearest"))
        for query in range(len(logits))
        for segment, mask in truth.items()
    }
    every = itertools.permutations(range(len(logits)), len(truth))
    best = min(every, key=lambda chosen: sum(float(cost[pair]) for pair in zip(chosen, truth, strict=True)))
    return dict(zip(truth, best, strict=True))


def published(head: HeadOutput, labels: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Class, mask and dice loss of one prediction head."""
    truths = [explicit_masks(picture) for picture in labels]
    with torch.no_grad():
        found = [
            best_assignment(logits, masks, truth, random) for logits, masks, truth in zip(*head, truths, strict=True)
        ]

    wanted = torch.full(head.class_logits.shape[:2], CLASSES)
    for picture, queries in enumerate(found):
        for segment, query in queries.items():
            wanted[picture, query] = segment
    weights = torch.ones(CLASSES + 1, dtype=torch.float64)
    weights[CLASSES] = 0.1
    classes = F.cross_entropy(head.class_logits.transpose(1, 2), wanted, weight=weights)

    pairs = [
        (head.mask_logits[picture, query], truths[picture][segment])
        for picture, queries in enumerate(found)
        for segment, query in queries.items()
    ]
    candidates = torch.rand(len(pairs), 3 * POINTS, 2, generator=random)
    others = torch.rand(len(pairs), POINTS // 4, 2, generator=random)
    mask_loss = dice_loss = torch.zeros((), dtype=torch.float64)
    for (logits, mask), among, rest in zip(pairs, candidates, others, strict=True):
        with torch.no_grad():
            order = values(logits, among).abs().argsort()
        where = torch.cat((among[order[: POINTS * 3 // 4]], rest))
        at, inside = values(logits, where), values(mask, where, "nearest")
        mask_loss = mask_loss + cross_entropy_of(at, inside) / len(pairs)
        dice_loss = dice_loss + dice_of(at, inside) / len(pairs)
    return classes, mask_loss, dice_loss


@pytest.mark.parametrize("seed", range(2))
def test_every_loss_and_every_gradient_is_the_published_one(seed: int) -> None:
    heads = [leaf(answer(5, pictures=3, seed=10 * seed + k, dtype=torch.float64)) for k in range(3)]
    labels = patches(pictures=3, seed=seed)
    ours = set_losses(heads, known(labels), settings=SETTINGS, generator=generator(seed))
    random = generator(seed)
    each = [published(head, labels, random) for head in heads]
    for our, theirs in zip(ours, zip(*each, strict=True), strict=True):
        their = torch.stack(theirs).sum()
        torch.testing.assert_close(our, their)
        for logits in (logits for head in heads for logits in head):
            our_gradient, their_gradient = (
                torch.autograd.grad(loss, logits, retain_graph=True, allow_unused=True)[0] for loss in (our, their)
            )
            torch.testing.assert_close(our_gradient, their_gradient)


def test_the_total_weighs_them_as_published() -> None:
    """2 for classes, 5 for masks, 5 for dice; what we add of our own is switched off."""
    heads = [leaf(answer(5, pictures=2, seed=k, dtype=torch.float64)) for k in range(2)]
    labels = patches(pictures=2, seed=1)
    bare = LossSettings(points=POINTS, semantic_weight=0, auxiliary_weight=0)
    truth = Truth(labels, torch.ones(labels.shape))
    total = all_losses(heads, truth, auxiliary=torch.tensor(3.0), settings=bare, generator=generator(1)).total
    random = generator(1)
    each = [published(head, labels, random) for head in heads]
    expected = sum((2 * classes + 5 * masks + 5 * dice for classes, masks, dice in each), torch.tensor(0.0))
    torch.testing.assert_close(total, expected)
    torch.testing.assert_close(gradients(total, heads), gradients(expected, heads))
