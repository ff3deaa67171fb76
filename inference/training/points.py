"""What the losses look at: labels with a weight for each pixel, and points at which masks are compared with them.

A mask is never compared pixel by pixel but at random points, as in PointRend (arXiv 1912.08193). The masks of the truth
are never materialised: a point's target is the label of the pixel it falls on (published is a blend of the mask's
pixels around it, which differs within half a pixel of a border).

N pictures, M masks, P points.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor


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


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known about a batch of pictures, and how much each pixel counts.

    `labels` (N, H, W) int64: 0 where nobody knows, 1..classes. `weights` (N, H, W) float, 0..1. A pixel of weight 0
    loses its label, and one without a label counts nothing whatever it is given: unknown is unknown.
    """

    labels: Tensor
    weights: Tensor

    def __post_init__(self) -> None:
        known = (self.labels > 0) & (self.weights > 0)
        object.__setattr__(self, "labels", self.labels * known)
        object.__setattr__(self, "weights", self.weights * known)

    @cached_property
    def segment_weights(self) -> Tensor:
        """Mean weight of the pixels of each segment, (N, largest label + 1); 0 where a label has none."""
        width = int(self.labels.max()) + 1
        rows = torch.arange(len(self.labels), device=self.labels.device) * width
        places = (self.labels.flatten(1) + rows[:, None]).flatten()
        sums = torch.bincount(places, self.weights.flatten(), minlength=len(rows) * width)
        counts = torch.bincount(places, minlength=len(rows) * width)
        return (sums / counts.clamp(min=1)).view(len(rows), width)


def random_points(shape: tuple[int, int], *, device: torch.device, generator: torch.Generator) -> Tensor:
    """Points (…, 2) as (x, y) in 0..1; drawn on the CPU, so that every device sees the same ones."""
    return torch.rand(*shape, 2, generator=generator).to(device)


def sample_at(maps: Tensor, points: Tensor) -> Tensor:
    """Bilinear samples: maps (B, C, h, w), points (B, P, 2) as (x, y) in 0..1 → (B, C, P).

    Beyond the outermost centres the map goes on unchanged, as when masks are resized to a photo.
    """
    grid = (2 * points[:, :, None] - 1).to(maps.dtype)
    return F.grid_sample(maps, grid, mode="bilinear", padding_mode="border", align_corners=False)[..., 0]


def pixels_at(maps: Tensor, points: Tensor, *, picture: Tensor) -> Tensor:
    """The pixel under each point: maps (N, H, W), points (M, P, 2) as (x, y) in 0..1, picture (M,) → (M, P)."""
    height, width = maps.shape[-2:]
    x = (points[..., 0] * width).long().clamp(max=width - 1)
    y = (points[..., 1] * height).long().clamp(max=height - 1)
    return maps[picture[:, None], y, x]


@torch.no_grad()
def uncertain_points(
    masks: Tensor, *, weights: Tensor, picture: Tensor, settings: LossSettings, generator: torch.Generator
) -> Tensor:
    """Points (M, P, 2) for the losses of M mask logits (M, h, w): most where the mask is least sure, the rest anywhere.

    A point where nothing is known teaches nothing, so those come last: weights (N, H, W), picture (M,).
    """
    count, device = len(masks), masks.device
    oversampled = int(settings.oversampling * settings.points)
    candidates = random_points((count, oversampled), device=device, generator=generator)
    doubt = -sample_at(masks[:, None], candidates)[:, 0].abs()  # (M, oversampled)
    doubt[pixels_at(weights, candidates, picture=picture) == 0] = -torch.inf
    chosen = doubt.topk(int(settings.uncertain_share * settings.points), dim=1).indices
    uncertain = candidates.gather(1, chosen[..., None].expand(-1, -1, 2))
    anywhere = random_points((count, settings.points - chosen.shape[1]), device=device, generator=generator)
    return torch.cat((uncertain, anywhere), dim=1)
