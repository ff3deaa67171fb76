"""The work of a network is counted from its shapes: as published, and as a plain count of its layers has it."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from inference.network.bisenetformer import BiSeNetFormer
from inference.network.config import CONFIGS
from inference.network.work import work_of

PUBLISHED = 14.6e9  # multiplications of the m network for 640 × 640 pixels


def test_the_m_network_has_the_work_that_is_published() -> None:
    assert work_of(CONFIGS["bisenetformer-m"], height=640, width=640).operations / 2 == pytest.approx(
        PUBLISHED, rel=0.01
    )


@pytest.mark.parametrize("name", ["bisenetformer-s", "bisenetformer-m-lite", "bisenetformer-m-lite2"])
def test_convolutions_and_linear_layers_are_counted_once_and_products_of_queries_beside_them(name: str) -> None:
    config = CONFIGS[name]
    network = BiSeNetFormer(config).eval()
    seen = {"multiplications": 0, "bytes": 0}

    def count(layer: nn.Module, given: tuple[torch.Tensor], output: torch.Tensor) -> None:
        assert isinstance(layer, nn.Conv2d | nn.Linear)
        seen["multiplications"] += output.numel() * math.prod(layer.weight.shape[1:])
        numbers = [given[0], output, layer.weight, *([] if layer.bias is None else [layer.bias])]
        seen["bytes"] += 4 * sum(tensor.numel() for tensor in numbers)

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(count)
    with torch.inference_mode():
        network(torch.zeros(1, 3, 64, 96))
    work = work_of(config, height=64, width=96)
    # What has no layer of its own: the projections of the attention, its two products, and masks from queries.
    width, queries, layers = config.hidden_width, config.queries, config.decoder_layers
    positions = {0: 2 * 3, 1: 4 * 6}  # of stride 32 and stride 16
    beside = (layers + 1) * queries * config.feature_width * 8 * 12
    for layer in range(layers):
        read = positions[layer % 2]
        beside += (2 * read + 4 * queries) * width**2  # keys and values, queries, and all three of the queries' own
        beside += 2 * queries * (read + queries) * width
    assert work.operations == 2 * (seen["multiplications"] + beside)
    assert 1 < work.traffic / seen["bytes"] < 3


def test_counting_computes_nothing() -> None:
    # 65,000 × 65,000 pixels would fill any memory.
    assert work_of(CONFIGS["bisenetformer-m"], height=65_024, width=65_024).operations > 1e14
