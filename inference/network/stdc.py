"""The STDC backbone ("Rethinking BiSeNet", arXiv 2104.13188), with the tensor names of the published weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from inference.network.config import Backbone, stdc_depths
from inference.network.layers import ConvBNReLU

STEM_WIDTHS = (32, 64)
STAGE_WIDTHS = (256, 512, 1024)


class ShortTermDenseBlock(nn.Module):
    """Four convolutions, each half as wide as the one before, concatenated: many receptive fields for little work."""

    def __init__(self, inputs: int, outputs: int, *, stride: int) -> None:
        super().__init__()
        half = outputs // 2
        self.conv_list = nn.ModuleList(
            [
                ConvBNReLU(inputs, half, kernel=1),
                ConvBNReLU(half, outputs // 4, kernel=3),
                ConvBNReLU(outputs // 4, outputs // 8, kernel=3),
                ConvBNReLU(outputs // 8, outputs // 8, kernel=3),
            ]
        )
        self.stride = stride
        if stride == 2:
            self.avd_layer = nn.Sequential(
                nn.Conv2d(half, half, 3, stride=2, padding=1, groups=half, bias=False), nn.BatchNorm2d(half)
            )
            self.skip = nn.AvgPool2d(3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) float → (N, outputs, ⌈H/stride⌉, ⌈W/stride⌉) float."""
        first = self.conv_list[0](x)  # (N, outputs/2, H, W)
        x = self.avd_layer(first) if self.stride == 2 else first
        parts = [self.skip(first) if self.stride == 2 else first]
        for conv in list(self.conv_list)[1:]:
            x = conv(x)
            parts.append(x)
        return torch.cat(parts, dim=1)


class STDC(nn.Module):
    """(N, 3, H, W) normalised pictures → features at strides 4, 8, 16, 32 with `widths` channels."""

    widths = (STEM_WIDTHS[1], *STAGE_WIDTHS)

    def __init__(self, kind: Backbone) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            ConvBNReLU(3, STEM_WIDTHS[0], kernel=3, stride=2),
            ConvBNReLU(STEM_WIDTHS[0], STEM_WIDTHS[1], kernel=3, stride=2),
        ]
        inputs = STEM_WIDTHS[1]
        self.ends = [1]  # index of the last layer of the stem and of each stage
        for depth, outputs in zip(stdc_depths(kind), STAGE_WIDTHS, strict=True):
            for block in range(depth):
                layers.append(ShortTermDenseBlock(inputs, outputs, stride=2 if block == 0 else 1))
                inputs = outputs
            self.ends.append(len(layers) - 1)
        self.features = nn.ModuleList(layers)

    def layers_up_to(self, level: int) -> list[nn.Module]:
        """The layers that compute the first `level` outputs, for training to leave them as they are."""
        return list(self.features)[: self.ends[level - 1] + 1] if level else []

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """(N, 3, H, W) float → res2 … res5: (N, width, ⌈H/s⌉, ⌈W/s⌉) float each, s = 4, 8, 16, 32."""
        outputs = []
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in self.ends:
                outputs.append(x)
        return tuple(outputs)
