"""From backbone features to mask features: the context path and the feature fusion of BiSeNet (arXiv 1808.00897)."""

from __future__ import annotations

from typing import NamedTuple, assert_never

import torch.nn.functional as F
from torch import Tensor, nn

from inference.network.config import Backbone, NetworkConfig
from inference.network.layers import ConvBNReLU
from inference.network.lite import Lite
from inference.network.stdc import STDC


def global_mean(x: Tensor) -> Tensor:
    """(N, C, H, W) float → (N, C, 1, 1) float."""
    return x.mean((2, 3), keepdim=True)


def resize_like(x: Tensor, target: Tensor) -> Tensor:
    """(N, C, h, w) float and a target (N, ·, H, W) → (N, C, H, W) float, bilinear."""
    return F.interpolate(x, size=target.shape[-2:], mode="bilinear", align_corners=False)


class AttentionRefinement(nn.Module):
    """Narrow the features to the common width and weigh their channels by the whole picture."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(inputs, width, 1, bias=False)
        self.conv = ConvBNReLU(width, width, kernel=3)
        self.conv_atten = nn.Conv2d(width, width, 1, bias=False)
        self.bn_atten = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) float → (N, width, H, W) float."""
        y: Tensor = self.conv(self.proj(x))
        weights: Tensor = self.bn_atten(self.conv_atten(global_mean(y))).sigmoid()
        return y * weights


class ContextPath(nn.Module):
    """res3, res4, res5 → the same three levels with one width, each knowing about the coarser ones."""

    def __init__(self, *, width_16: int, width_32: int, width: int) -> None:
        super().__init__()
        self.arm32 = AttentionRefinement(width_32, width)
        self.conv_avg = ConvBNReLU(width_32, width, kernel=1)
        self.conv_head32 = ConvBNReLU(width, width, kernel=3)
        self.arm16 = AttentionRefinement(width_16, width)
        self.conv_head16 = ConvBNReLU(width, width, kernel=3)

    def forward(self, res3: Tensor, res4: Tensor, res5: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """res3, res4, res5: (N, ·, H/s, W/s) float → p8, p16, p32: (N, width, H/s, W/s) float; s = 8, 16, 32."""
        p32 = self.arm32(res5) + self.conv_avg(global_mean(res5))
        p16 = self.arm16(res4) + self.conv_head32(resize_like(p32, res4))
        p8 = self.conv_head16(resize_like(p16, res3))
        return p8, p16, p32


class FeatureFusion(nn.Module):
    """Join detail (res3) and context (p8), then weigh the channels by the whole picture."""

    def __init__(self, detail_width: int, width: int) -> None:
        super().__init__()
        self.proj1 = nn.Conv2d(detail_width, width, 1)
        self.proj2 = nn.Conv2d(width, width, 1)
        self.convblk = ConvBNReLU(width, width, kernel=1)
        self.conv1 = nn.Conv2d(width, width // 4, 1, bias=False)
        self.conv2 = nn.Conv2d(width // 4, width, 1, bias=False)

    def forward(self, res3: Tensor, p8: Tensor) -> Tensor:
        """(N, detail width, H/8, W/8) and (N, width, H/8, W/8), both float → (N, width, H/8, W/8) float."""
        fused: Tensor = self.convblk(self.proj1(res3) + self.proj2(p8))
        weights: Tensor = self.conv2(F.relu(self.conv1(global_mean(fused)))).sigmoid()
        return fused * weights + fused


class PixelFeatures(NamedTuple):
    """What the decoder works on; d = feature width. `res5` is there for the auxiliary loss of training."""

    mask_features: Tensor  # (N, d, H/8, W/8)
    p16: Tensor  # (N, d, H/16, W/16)
    p32: Tensor  # (N, d, H/32, W/32)
    res5: Tensor  # (N, backbone width, H/32, W/32)


def backbone_of(kind: Backbone) -> STDC | Lite:
    """The trunk of a network, with weights drawn at random."""
    match kind:
        case Backbone.STDC1 | Backbone.STDC2:
            return STDC(kind)
        case Backbone.LITE0 | Backbone.LITE1 | Backbone.LITE2:
            return Lite(kind)
        case _:
            assert_never(kind)


class PixelDecoder(nn.Module):
    """Backbone, context path and fusion."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.backbone = backbone_of(config.backbone)
        _, width_8, width_16, width_32 = self.backbone.widths
        self.cp = ContextPath(width_16=width_16, width_32=width_32, width=config.feature_width)
        self.ffm = FeatureFusion(width_8, config.feature_width)
        self.conv_out = ConvBNReLU(config.feature_width, config.feature_width, kernel=3)

    def forward(self, pixels: Tensor) -> PixelFeatures:
        """(N, 3, H, W) float, normalised → the features at strides 8, 16 and 32; odd sizes are rounded up."""
        _, res3, res4, res5 = self.backbone(pixels)
        return self.fuse(res3, res4, res5)

    def fuse(self, res3: Tensor, res4: Tensor, res5: Tensor) -> PixelFeatures:
        """What follows the backbone: its outputs (N, ·, H/s, W/s) float at strides 8, 16 and 32 → the features."""
        p8, p16, p32 = self.cp(res3, res4, res5)
        return PixelFeatures(self.conv_out(self.ffm(res3, p8)), p16, p32, res5)
