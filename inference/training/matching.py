"""Which query stands for which segment: the cheapest one-to-one assignment (Hungarian method), as in Mask2Former.

A labelled picture is a set of segments: one per class present, its mask being the pixels of that class.

N pictures, Q queries, K segments of one picture, M matched pairs of the whole batch, P points.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from inference.network.decoder import HeadOutput
from inference.training.points import LossSettings, Truth, pixels_at, random_points, sample_at


class Match(NamedTuple):
    """Which query of which picture stands for which segment: M pairs, by picture and by class."""

    picture: Tensor  # (M,) int64
    query: Tensor  # (M,) int64
    target: Tensor  # (M,) int64, the segment's class counted from 0


class SampledTruth(NamedTuple):
    """What the matching looks at in one picture: the classes present, and what is known under some points."""

    points: Tensor  # (1, P, 2)
    labels: Tensor  # (P,)
    weights: Tensor  # (P,)
    targets: Tensor  # (K,) classes counted from 0


def pairwise_cost(answer: HeadOutput, truth: SampledTruth, *, settings: LossSettings) -> Tensor:
    """Cost of giving segment k to query q, (Q, K), for one picture: class, BCE and dice on shared points.

    `answer` is that of one picture: class logits (Q, classes + 1), mask logits (Q, h, w). BCE is a weighted mean: what
    decides is how much the points count beside each other, not beside other pictures.
    """
    probability = answer.class_logits.softmax(dim=-1)[:, truth.targets]  # (Q, K)
    logits = sample_at(answer.mask_logits[None], truth.points)[0]  # (Q, P)
    weights = truth.weights.to(logits.dtype)  # (P,)
    inside = (truth.labels[None] == truth.targets[:, None] + 1) * weights  # (K, P)

    # BCE(x, t) = softplus(x) - x·t, so the sum over the points is one matrix product.
    softplus = (F.softplus(logits) * weights).sum(dim=1, keepdim=True)  # (Q, 1)
    bce = (softplus - logits @ inside.T) / weights.sum().clamp(min=1e-6)
    probs = logits.sigmoid()
    sums = (probs * weights).sum(dim=1, keepdim=True) + inside.sum(dim=1)  # (Q, K)
    dice = 1 - (2 * probs @ inside.T + 1) / (sums + 1)
    return -settings.class_weight * probability + settings.mask_weight * bce + settings.dice_weight * dice


@torch.no_grad()
def match(head: HeadOutput, truth: Truth, *, settings: LossSettings, generator: torch.Generator) -> Match:
    """The cheapest assignment of segments to queries, picture by picture, on random points of each."""
    device = truth.labels.device
    pictures, queries, targets = [], [], []
    for index, weights in enumerate(truth.segment_weights):
        present = weights.nonzero()[:, 0] - 1  # (K,); label 0 weighs nothing
        points = random_points((1, settings.points), device=device, generator=generator)
        here = torch.tensor([index], device=device)
        labels, known = (pixels_at(maps, points, picture=here)[0] for maps in (truth.labels, truth.weights))
        answer = HeadOutput(head.class_logits[index], head.mask_logits[index])
        cost = pairwise_cost(answer, SampledTruth(points, labels, known, present), settings=settings)
        # By segment, not by query: then nothing that follows depends on the order of the queries.
        segment, query = linear_sum_assignment(cost.T.cpu().numpy())
        pictures.append(np.full(len(query), index))
        queries.append(query)
        targets.append(present.cpu().numpy()[segment])
    found = (torch.from_numpy(np.concatenate(parts)).long() for parts in (pictures, queries, targets))
    return Match(*(part.to(device) for part in found))
