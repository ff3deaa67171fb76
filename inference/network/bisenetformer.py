"""BiSeNetFormer (arXiv 2404.09570): a light two-path segmentation network with a query decoder."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from inference.network.config import NetworkConfig
from inference.network.decoder import HeadOutput, QueryDecoder
from inference.network.paths import PixelDecoder, PixelFeatures


class TrainingOutput(NamedTuple):
    """Everything a loss may look at."""

    heads: list[HeadOutput]  # the initial queries, then one per decoder layer; the last is the answer
    features: PixelFeatures


class Head(nn.Module):
    """Only here because the published tensors are called `head.predictor.…`."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.predictor = QueryDecoder(config)


class BiSeNetFormer(nn.Module):
    """Pictures in, 100 queries out: what each of them is, and where.

    Tensor names and shapes are those of the published checkpoints, so these load with `strict=True`.
    """

    pixel_mean: Tensor
    pixel_std: Tensor

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.pixel_decoder = PixelDecoder(config)
        self.head = Head(config)
        for name, values in (("pixel_mean", config.pixel_mean), ("pixel_std", config.pixel_std)):
            self.register_buffer(name, torch.tensor(values).reshape(1, 3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3, H, W) float RGB on the scale 0..255, any H and W → probabilities, both activations applied:

        class probabilities (N, 100, 150), where what is missing to 1 is "no object", and
        mask probabilities (N, 100, ⌈H/8⌉, ⌈W/8⌉).
        """
        answer = self.raw(images).heads[-1]
        # In half precision a probability near 1 would have three digits, too few to compare queries by.
        return answer.class_logits.float().softmax(dim=-1)[..., :-1], answer.mask_logits.float().sigmoid()

    def raw(self, images: Tensor) -> TrainingOutput:
        """The same pictures → logits of every prediction head and the features, for training."""
        features = self.pixel_decoder((images - self.pixel_mean) / self.pixel_std)
        return TrainingOutput(self.head.predictor(features), features)
