"""The losses of Mask2Former (arXiv 2112.01527) as BiSeNetFormer uses them, plus per-pixel help for short trainings.

Every segment is matched to one query; matched queries learn their class and mask, all others learn "no object".

Every pixel has a weight (`Truth`). A pixel of weight 0 carries no loss, neither for nor against any mask; where all
weigh 1, everything is as published. What a query is taught counts as much as the pixels that teach it: a segment by
the mean weight of its pixels, "no object" by the mean weight under the query's own mask. So what nobody labelled is
not taught to be nothing.

N pictures, Q queries, M matched pairs of the whole batch, P points.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from inference.network.decoder import HeadOutput
from inference.network.paths import PixelFeatures
from inference.training.matching import Match, match
from inference.training.points import LossSettings, Truth, pixels_at, sample_at, uncertain_points

__all__ = [
    "AuxiliaryHeads",
    "LossSettings",
    "Losses",
    "Truth",
    "all_losses",
    "set_losses",
    "thin_out",
]

IGNORED = -1


class Losses(NamedTuple):
    """Unweighted means, for the log, and what is optimised."""

    total: Tensor
    classes: Tensor
    masks: Tensor
    dice: Tensor
    semantic: Tensor
    auxiliary: Tensor


@torch.no_grad()
def query_weights(head: HeadOutput, found: Match, *, truth: Truth) -> Tensor:
    """How much the class of each query counts, (N, Q), 0..1: see the top of this file."""
    height, width = head.mask_logits.shape[-2:]
    cells = F.interpolate(truth.weights[:, None], size=(height, width), mode="area")  # (N, 1, h, w)
    # Each cell's share of the query's mask, p / Σp, by way of logarithms: a mask that is nowhere counts as everywhere.
    shares = F.logsigmoid(head.mask_logits).flatten(2).softmax(dim=2)  # (N, Q, h·w)
    weights = (shares * cells.flatten(2).to(shares.dtype)).sum(dim=2)
    weights[found.picture, found.query] = segment_weights(truth, found).to(weights.dtype)
    return weights


def segment_weights(truth: Truth, found: Match) -> Tensor:
    """How much the segment of each pair counts, (M,)."""
    return truth.segment_weights[found.picture, found.target + 1]


def class_loss(head: HeadOutput, found: Match, *, weights: Tensor, settings: LossSettings) -> Tensor:
    """Weighted cross-entropy over the classes and "no object", which every unmatched query should say.

    `weights` (N, Q) are those of `query_weights`: they scale what a query adds, not what the sum is divided by.
    """
    no_object = head.class_logits.shape[2] - 1
    wanted = torch.full(head.class_logits.shape[:2], no_object, device=head.class_logits.device)
    wanted[found.picture, found.query] = found.target
    each = F.cross_entropy(head.class_logits.flatten(0, 1), wanted.flatten(), reduction="none")
    shares = torch.where(wanted == no_object, settings.no_object_weight, 1.0).to(each.dtype)
    return (shares * weights * each.view_as(shares)).sum() / shares.sum()


def mask_losses(
    head: HeadOutput, found: Match, *, truth: Truth, settings: LossSettings, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Binary cross-entropy and dice of the matched masks, each the mean over the batch's masks."""
    masks = head.mask_logits[found.picture, found.query]  # (M, h, w)
    points = uncertain_points(
        masks, weights=truth.weights, picture=found.picture, settings=settings, generator=generator
    )
    logits = sample_at(masks[:, None], points)[:, 0]  # (M, P)
    labels = pixels_at(truth.labels, points, picture=found.picture)
    weights = pixels_at(truth.weights, points, picture=found.picture).to(logits.dtype)
    inside = (labels == found.target[:, None] + 1).to(logits.dtype)
    dice = point_dice(logits, inside, weights=weights) * segment_weights(truth, found).to(logits.dtype)
    count = max(len(masks), 1)
    return point_bce(logits, inside, weights=weights).sum() / count, dice.sum() / count


def point_bce(logits: Tensor, inside: Tensor, *, weights: Tensor) -> Tensor:
    """Σ weight·loss of each mask, over the number of points that count: (M, P) each → (M,)."""
    each = F.binary_cross_entropy_with_logits(logits, inside, reduction="none") * weights
    return each.sum(dim=1) / (weights > 0).sum(dim=1).clamp(min=1)


def point_dice(logits: Tensor, inside: Tensor, *, weights: Tensor) -> Tensor:
    """1 - (2·Σwpt + 1) / (Σwp + Σwt + 1) of each mask: (M, P) each → (M,)."""
    probs, inside = logits.sigmoid(), inside * weights
    return 1 - (2 * (probs * inside).sum(dim=1) + 1) / ((probs * weights).sum(dim=1) + inside.sum(dim=1) + 1)


def thin_out(labels: Tensor, size: torch.Size) -> Tensor:
    """Labels at the centres of a coarser grid, counted from 0, `IGNORED` where unknown: (N, H, W) → (N, h, w)."""
    return cell_centres(labels.float(), size).long() - 1


def cell_centres(maps: Tensor, size: torch.Size) -> Tensor:
    """The pixels at the centres of a coarser grid: float (N, H, W) → (N, h, w)."""
    return F.interpolate(maps[:, None], size=size, mode="nearest-exact")[:, 0]


def pixel_cross_entropy(logits: Tensor, truth: Truth) -> Tensor:
    """Plain cross-entropy of (N, classes, h, w) logits: Σ weight·loss over the number of pixels that count."""
    size = logits.shape[-2:]
    weights = cell_centres(truth.weights, size)
    each = F.cross_entropy(logits, thin_out(truth.labels, size), ignore_index=IGNORED, reduction="none")
    return (each * weights.to(each.dtype)).sum() / (weights > 0).sum().clamp(min=1)


def semantic_loss(head: HeadOutput, truth: Truth) -> Tensor:
    """Cross-entropy of the semantic view: each class's share of Σ over queries of class × mask probability."""
    # log of the share is a softmax of the logs, so the plain cross-entropy applies.
    return pixel_cross_entropy(semantic_logits(head), truth)


def semantic_logits(head: HeadOutput) -> Tensor:
    """(N, classes, h, w), whose softmax over the classes are the shares of the semantic view."""
    probs = head.class_logits.softmax(dim=-1)[..., :-1]
    scores = torch.einsum("nqc,nqhw->nchw", probs, head.mask_logits.sigmoid())
    return (scores + 1e-6).log()


def teacher_loss(head: HeadOutput, teacher: HeadOutput) -> Tensor:
    """How far the semantic view is from a teacher's: Σ over classes of t·log(t/p), the mean over all cells.

    Where nobody knows the label a teacher still has an opinion, and of each class how likely it is: soft labels.
    (Hinton et al., "Distilling the knowledge in a neural network", arXiv 1503.02531.)
    """
    found, wanted = (F.log_softmax(semantic_logits(one), dim=1) for one in (head, teacher))
    return (wanted.exp() * (wanted - found)).sum(dim=1).mean()


class AuxiliaryHeads(torch.nn.Module):
    """Two 1x1 classifiers, on res5 and on the mask features, that give the trunk a gradient from the first step.

    They exist during training only and are dropped from the exported weights.
    """

    def __init__(self, *, res5_width: int, feature_width: int, classes: int) -> None:
        super().__init__()
        self.res5 = torch.nn.Conv2d(res5_width, classes, 1)
        self.mask_features = torch.nn.Conv2d(feature_width, classes, 1)

    def forward(self, features: PixelFeatures, truth: Truth) -> Tensor:
        coarse = pixel_cross_entropy(self.res5(features.res5), truth)
        return coarse + pixel_cross_entropy(self.mask_features(features.mask_features), truth)


def set_losses(
    heads: list[HeadOutput], truth: Truth, *, settings: LossSettings, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Class, mask and dice loss, each summed over the prediction heads: every decoder layer is matched afresh."""
    classes, masks, dice = [], [], []
    for head in heads:
        found = match(head, truth, settings=settings, generator=generator)
        weights = query_weights(head, found, truth=truth)
        classes.append(class_loss(head, found, weights=weights, settings=settings))
        bce, overlap = mask_losses(head, found, truth=truth, settings=settings, generator=generator)
        masks.append(bce)
        dice.append(overlap)
    return torch.stack(classes).sum(), torch.stack(masks).sum(), torch.stack(dice).sum()


def all_losses(
    heads: list[HeadOutput], truth: Truth, *, auxiliary: Tensor, settings: LossSettings, generator: torch.Generator
) -> Losses:
    """Everything a training step minimises."""
    classes, masks, dice = set_losses(heads, truth, settings=settings, generator=generator)
    semantic = semantic_loss(heads[-1], truth)
    total = (
        settings.class_weight * classes
        + settings.mask_weight * masks
        + settings.dice_weight * dice
        + settings.semantic_weight * semantic
        + settings.auxiliary_weight * auxiliary
    )
    return Losses(total, classes, masks, dice, semantic, auxiliary)
