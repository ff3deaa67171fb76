"""The convolution unit that the STDC backbone and the context path share."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class ConvBNReLU(nn.Module):
    """Convolution without bias → batch normalisation → ReLU."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) float → (N, outputs, ⌈H/stride⌉, ⌈W/stride⌉) float, ≥ 0."""
        return F.relu(self.bn(self.conv(x)))
