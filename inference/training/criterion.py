"""The losses of Mask2Former (arXiv 2112.01527) as BiSeNetFormer uses them, plus per-pixel help for short trainings.

A labelled picture is a set of segments: one per class present, its mask being the pixels of that class. Every segment
is matched to one query; matched queries learn their class and mask, all others learn "no object".

Masks are never materialised: a point's target follows from the label under it. Label 0 means "nobody knows": such a
point carries no loss, neither for nor against any mask.

N pictures, Q queries, K segments of one picture, M matched pairs of the whole batch, P points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from inference.network.decoder import HeadOutput
from inference.network.paths import PixelFeatures

IGNORED = -1


@dataclass(frozen=True, kw_only=True)
class LossSettings:
    """Weights and point counts; the defaults are the published ones, `semantic` and `auxiliary` are our additions.

    `points` may be much smaller for small crops: a 192-pixel crop has only 576 mask logits to sample from.
    """

    class_weight: float = 2.0
    mask_weight: float = 5.0
    dice_weight: float = 5.0
    no_object_weight: float = 0.1
    points: int = 12_544
    oversampling: float = 3.0
    uncertain_share: float = 0.75
    semantic_weight: float = 1.0
    auxiliary_weight: float = 0.4


class Match(NamedTuple):
    """Which query of which picture stands for which segment: M pairs."""

    picture: Tensor  # (M,) int64
    query: Tensor  # (M,) int64
    target: Tensor  # (M,) int64, the segment's class counted from 0


class SampledTruth(NamedTuple):
    """What the matching looks at in one picture: the classes present, and the labels under some points."""

    points: Tensor  # (1, P, 2)
    labels: Tensor  # (P,)
    targets: Tensor  # (K,) classes counted from 0


class Losses(NamedTuple):
    """Unweighted means, for the log, and what is optimised."""

    total: Tensor
    classes: Tensor
    masks: Tensor
    dice: Tensor
    semantic: Tensor
    auxiliary: Tensor


def random_points(shape: tuple[int, int], *, device: torch.device, generator: torch.Generator) -> Tensor:
    """Points (…, 2) as (x, y) in 0..1; drawn on the CPU, so that every device sees the same ones."""
    return torch.rand(*shape, 2, generator=generator).to(device)


def sample_at(maps: Tensor, points: Tensor) -> Tensor:
    """Bilinear samples: maps (B, C, h, w), points (B, P, 2) as (x, y) in 0..1 → (B, C, P).

    Beyond the outermost centres the map goes on unchanged, as when masks are resized to a photo.
    """
    grid = 2 * points[:, :, None] - 1
    return F.grid_sample(maps, grid, mode="bilinear", padding_mode="border", align_corners=False)[..., 0]


def labels_at(labels: Tensor, points: Tensor) -> Tensor:
    """The label under each point: labels (B, H, W) int64, points (B, P, 2) → (B, P)."""
    height, width = labels.shape[-2:]
    x = (points[..., 0] * width).long().clamp(max=width - 1)
    y = (points[..., 1] * height).long().clamp(max=height - 1)
    return labels.flatten(1).gather(1, y * width + x)


def pairwise_cost(answer: HeadOutput, truth: SampledTruth, *, settings: LossSettings) -> Tensor:
    """Cost of giving segment k to query q, (Q, K), for one picture: class, BCE and dice on shared points.

    `answer` is that of one picture: class logits (Q, classes + 1), mask logits (Q, h, w).
    """
    probability = answer.class_logits.softmax(dim=-1)[:, truth.targets]  # (Q, K)
    known = (truth.labels > 0).float()  # (P,)
    inside = (truth.labels[None] == truth.targets[:, None] + 1).float()  # (K, P)
    logits = sample_at(answer.mask_logits[None], truth.points)[0]  # (Q, P)

    # BCE(x, t) = softplus(x) - x·t, so the sum over the points is one matrix product.
    softplus = (F.softplus(logits) * known).sum(dim=1, keepdim=True)  # (Q, 1)
    bce = (softplus - logits @ inside.T) / known.sum().clamp(min=1)
    probs = logits.sigmoid() * known
    dice = 1 - (2 * probs @ inside.T + 1) / (probs.sum(dim=1, keepdim=True) + inside.sum(dim=1) + 1)
    return -settings.class_weight * probability + settings.mask_weight * bce + settings.dice_weight * dice


@torch.no_grad()
def match(head: HeadOutput, labels: Tensor, *, settings: LossSettings, generator: torch.Generator) -> Match:
    """The cheapest one-to-one assignment of segments to queries (Hungarian method), picture by picture."""
    pictures, queries, targets = [], [], []
    for index, label in enumerate(labels):
        present = label.unique()
        present = present[present > 0] - 1  # (K,)
        points = random_points((1, settings.points), device=labels.device, generator=generator)
        truth = SampledTruth(points, labels_at(label[None], points)[0], present)
        answer = HeadOutput(head.class_logits[index], head.mask_logits[index])
        cost = pairwise_cost(answer, truth, settings=settings)
        query, segment = linear_sum_assignment(cost.cpu().numpy())
        pictures.append(np.full(len(query), index))
        queries.append(query)
        targets.append(present.cpu().numpy()[segment])
    found = (torch.from_numpy(np.concatenate(parts)).long() for parts in (pictures, queries, targets))
    return Match(*(part.to(labels.device) for part in found))


def class_loss(head: HeadOutput, found: Match, *, settings: LossSettings) -> Tensor:
    """Weighted cross-entropy over the classes and "no object", which every unmatched query should say."""
    logits = head.class_logits.flatten(0, 1)  # (N·Q, classes + 1)
    no_object = logits.shape[1] - 1
    wanted = torch.full(head.class_logits.shape[:2], no_object, device=logits.device)
    wanted[found.picture, found.query] = found.target
    weights = torch.ones(no_object + 1, dtype=logits.dtype, device=logits.device)
    weights[no_object] = settings.no_object_weight
    return F.cross_entropy(logits, wanted.flatten(), weights)


@torch.no_grad()
def uncertain_points(masks: Tensor, *, settings: LossSettings, generator: torch.Generator) -> Tensor:
    """Points for the mask losses (M, P, 2): most where the mask is least sure, the rest anywhere (PointRend)."""
    count = len(masks)
    device, oversampled = masks.device, int(settings.oversampling * settings.points)
    candidates = random_points((count, oversampled), device=device, generator=generator)
    doubt = -sample_at(masks[:, None], candidates)[:, 0].abs()  # (M, oversampled)
    chosen = doubt.topk(int(settings.uncertain_share * settings.points), dim=1).indices
    uncertain = candidates.gather(1, chosen[..., None].expand(-1, -1, 2))
    anywhere = random_points((count, settings.points - chosen.shape[1]), device=device, generator=generator)
    return torch.cat((uncertain, anywhere), dim=1)


def mask_losses(
    head: HeadOutput, found: Match, *, labels: Tensor, settings: LossSettings, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Binary cross-entropy and dice of the matched masks, each the mean over the batch's masks."""
    masks = head.mask_logits[found.picture, found.query]  # (M, h, w)
    points = uncertain_points(masks, settings=settings, generator=generator)
    point_labels = labels_at(labels[found.picture], points)  # (M, P)
    known = (point_labels > 0).float()
    inside = (point_labels == found.target[:, None] + 1).float()
    logits = sample_at(masks[:, None], points)[:, 0]  # (M, P)
    return point_bce(logits, inside, known=known), point_dice(logits, inside, known=known)


def point_bce(logits: Tensor, inside: Tensor, *, known: Tensor) -> Tensor:
    """Mean over masks of the mean over known points; all (M, P)."""
    each = F.binary_cross_entropy_with_logits(logits, inside, reduction="none") * known
    return (each.sum(dim=1) / known.sum(dim=1).clamp(min=1)).sum() / max(len(logits), 1)


def point_dice(logits: Tensor, inside: Tensor, *, known: Tensor) -> Tensor:
    """Mean over masks of 1 - (2·Σpt + 1) / (Σp + Σt + 1), over the known points; all (M, P)."""
    probs, inside = logits.sigmoid() * known, inside * known
    each = 1 - (2 * (probs * inside).sum(dim=1) + 1) / (probs.sum(dim=1) + inside.sum(dim=1) + 1)
    return each.sum() / max(len(logits), 1)


def thin_out(labels: Tensor, size: torch.Size) -> Tensor:
    """Labels at the centres of a coarser grid, counted from 0, `IGNORED` where unknown: (N, H, W) → (N, h, w)."""
    return F.interpolate(labels[:, None].float(), size=size, mode="nearest-exact")[:, 0].long() - 1


def pixel_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Plain cross-entropy of (N, classes, h, w) logits, over the pixels whose label is known."""
    target = thin_out(labels, logits.shape[-2:])
    each = F.cross_entropy(logits, target, ignore_index=IGNORED, reduction="sum")
    return each / (target != IGNORED).sum().clamp(min=1)


def semantic_loss(head: HeadOutput, labels: Tensor) -> Tensor:
    """Cross-entropy of the semantic view: each class's share of Σ over queries of class × mask probability."""
    probs = head.class_logits.softmax(dim=-1)[..., :-1]
    scores = torch.einsum("nqc,nqhw->nchw", probs, head.mask_logits.sigmoid())
    # log of the share is a softmax of the logs, so the plain cross-entropy applies.
    return pixel_cross_entropy((scores + 1e-6).log(), labels)


class AuxiliaryHeads(torch.nn.Module):
    """Two 1x1 classifiers, on res5 and on the mask features, that give the trunk a gradient from the first step.

    They exist during training only and are dropped from the exported weights.
    """

    def __init__(self, *, res5_width: int, feature_width: int, classes: int) -> None:
        super().__init__()
        self.res5 = torch.nn.Conv2d(res5_width, classes, 1)
        self.mask_features = torch.nn.Conv2d(feature_width, classes, 1)

    def forward(self, features: PixelFeatures, labels: Tensor) -> Tensor:
        coarse = pixel_cross_entropy(self.res5(features.res5), labels)
        return coarse + pixel_cross_entropy(self.mask_features(features.mask_features), labels)


def set_losses(
    heads: list[HeadOutput], labels: Tensor, *, settings: LossSettings, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Class, mask and dice loss, each summed over the prediction heads: every decoder layer is matched afresh."""
    classes, masks, dice = [], [], []
    for head in heads:
        found = match(head, labels, settings=settings, generator=generator)
        classes.append(class_loss(head, found, settings=settings))
        bce, overlap = mask_losses(head, found, labels=labels, settings=settings, generator=generator)
        masks.append(bce)
        dice.append(overlap)
    return torch.stack(classes).sum(), torch.stack(masks).sum(), torch.stack(dice).sum()


def all_losses(
    heads: list[HeadOutput], labels: Tensor, *, auxiliary: Tensor, settings: LossSettings, generator: torch.Generator
) -> Losses:
    """Everything a training step minimises; `labels` (N, H, W) int64, 0 = unknown, 1..classes."""
    classes, masks, dice = set_losses(heads, labels, settings=settings, generator=generator)
    semantic = semantic_loss(heads[-1], labels)
    total = (
        settings.class_weight * classes
        + settings.mask_weight * masks
        + settings.dice_weight * dice
        + settings.semantic_weight * semantic
        + settings.auxiliary_weight * auxiliary
    )
    return Losses(total, classes, masks, dice, semantic, auxiliary)
