"""EfficientNet-Lite as a backbone: a fraction of STDC-2's work, and ImageNet weights under Apache-2.0 exist for it.

The tensor names are those of the package `efficientnet-lite-pytorch`, so its ImageNet weights load without a rename
table; the leading underscores are theirs. The classification head (`_conv_head`, the last `_bn1`, `_fc`) is not built.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from inference.network.config import Backbone, lite_stages
from inference.network.stages import Stage

BATCH_NORM_EPS = 1e-3  # as trained in TensorFlow
STEM_WIDTH = 32  # of every size


def pad_as_tensorflow(x: Tensor, *, kernel: int, stride: int) -> Tensor:
    """(N, C, H, W) float with zeros around it: TensorFlow's SAME padding at even sizes, written to hold for odd ones.

    With stride 2 TensorFlow pads k//2 - 1 before and k//2 after an even axis. One more column after it is never
    reached there; at odd sizes it makes the result ⌈n/2⌉ wide, as STDC's padding does, and works down to one pixel.
    """
    before, after = (kernel // 2 - 1, kernel // 2 + 1) if stride == 2 else (kernel // 2, kernel // 2)
    return F.pad(x, (before, after, before, after))


def batch_norm(width: int) -> nn.BatchNorm2d:
    """Normalises (N, width, H, W) float as the ImageNet weights expect it."""
    return nn.BatchNorm2d(width, eps=BATCH_NORM_EPS)


class InvertedResidual(nn.Module):
    """Widen (1x1) → depth-wise convolution → narrow (1x1, linear), with a shortcut where the shapes agree."""

    def __init__(self, inputs: int, outputs: int, *, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.expands = expansion != 1
        if self.expands:
            self._expand_conv = nn.Conv2d(inputs, wide, 1, bias=False)
            self._bn0 = batch_norm(wide)
        # Symmetric padding is left to the convolution, which is faster than a padded copy.
        own_padding = kernel // 2 if stride == 1 else 0
        self._depthwise_conv = nn.Conv2d(wide, wide, kernel, stride, padding=own_padding, groups=wide, bias=False)
        self._bn1 = batch_norm(wide)
        self._project_conv = nn.Conv2d(wide, outputs, 1, bias=False)
        self._bn2 = batch_norm(outputs)
        self.kernel, self.stride = kernel, stride
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) float → (N, outputs, ⌈H/stride⌉, ⌈W/stride⌉) float."""
        y = F.relu6(self._bn0(self._expand_conv(x))) if self.expands else x
        if self.stride == 2:
            y = pad_as_tensorflow(y, kernel=self.kernel, stride=2)
        y = F.relu6(self._bn1(self._depthwise_conv(y)))
        narrow: Tensor = self._bn2(self._project_conv(y))
        return x + narrow if self.shortcut else narrow


class EfficientNetLite(nn.Module):
    """(N, 3, H, W) pictures as (RGB - 127) / 128 → res2, res3, res4, res5 at strides 4, 8, 16, 32."""

    def __init__(self, stages: Sequence[Stage]) -> None:
        super().__init__()
        self._conv_stem = nn.Conv2d(3, STEM_WIDTH, 3, stride=2, bias=False)
        self._bn0 = batch_norm(STEM_WIDTH)
        blocks: list[nn.Module] = []
        inputs = STEM_WIDTH
        self.ends: list[int] = []
        for stage in stages:
            for repeat in range(stage.repeats):
                stride = stage.stride if repeat == 0 else 1
                blocks.append(
                    InvertedResidual(inputs, stage.width, expansion=stage.expansion, kernel=stage.kernel, stride=stride)
                )
                inputs = stage.width
            if stage.feature:
                self.ends.append(len(blocks) - 1)
        self._blocks = nn.ModuleList(blocks)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """(N, 3, H, W) float → res2 … res5: (N, width, ⌈H/s⌉, ⌈W/s⌉) float each, s = 4, 8, 16, 32."""
        x = F.relu6(self._bn0(self._conv_stem(pad_as_tensorflow(x, kernel=3, stride=2))))
        outputs = []
        for index, block in enumerate(self._blocks):
            x = block(x)
            if index in self.ends:
                outputs.append(x)
        return tuple(outputs)


class Lite(nn.Module):
    """The backbone under the name `net`, which keeps its tensors apart in a checkpoint."""

    def __init__(self, kind: Backbone) -> None:
        super().__init__()
        stages = lite_stages(kind)
        self.widths = tuple(stage.width for stage in stages if stage.feature)
        self.net = EfficientNetLite(stages)

    def layers_up_to(self, level: int) -> list[nn.Module]:
        """The layers that compute the first `level` outputs, for training to leave them as they are."""
        net = self.net
        return [net._conv_stem, net._bn0, *list(net._blocks)[: net.ends[level - 1] + 1]] if level else []

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """(N, 3, H, W) float → res2 … res5: (N, width, ⌈H/s⌉, ⌈W/s⌉) float each, s = 4, 8, 16, 32."""
        features: tuple[Tensor, ...] = self.net(x)
        return features
