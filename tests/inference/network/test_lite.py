"""The lite backbones are those whose ImageNet weights are published."""

from __future__ import annotations

import pytest
import torch

from inference.network.config import Backbone, lite_stages, stdc_depths
from inference.network.lite import Lite

CLASSES, HEAD_WIDTH = 1000, 1280  # of the classification head, which is not built


@pytest.mark.parametrize(
    ("kind", "widths", "repeats"),
    [
        (Backbone.LITE0, (16, 24, 40, 80, 112, 192, 320), (1, 2, 2, 3, 3, 4, 1)),
        (Backbone.LITE1, (16, 24, 40, 80, 112, 192, 320), (1, 3, 3, 4, 4, 5, 1)),
        (Backbone.LITE2, (16, 24, 48, 88, 120, 208, 352), (1, 3, 3, 4, 4, 5, 1)),
    ],
)
def test_stages_are_as_wide_and_deep_as_published(
    kind: Backbone, widths: tuple[int, ...], repeats: tuple[int, ...]
) -> None:
    stages = lite_stages(kind)
    assert tuple(stage.width for stage in stages) == widths
    assert tuple(stage.repeats for stage in stages) == repeats


@pytest.mark.parametrize(
    ("kind", "published"),
    [(Backbone.LITE0, 4_652_008), (Backbone.LITE1, 5_416_680), (Backbone.LITE2, 6_092_072)],
)
def test_with_a_classification_head_there_are_as_many_parameters_as_published(kind: Backbone, published: int) -> None:
    backbone = Lite(kind)
    head = HEAD_WIDTH * (backbone.widths[-1] + 2) + CLASSES * (HEAD_WIDTH + 1)
    assert sum(parameter.numel() for parameter in backbone.parameters()) + head == published


@pytest.mark.parametrize("kind", [Backbone.LITE0, Backbone.LITE1, Backbone.LITE2])
def test_outputs_have_their_widths_at_four_strides_of_an_odd_size(kind: Backbone) -> None:
    backbone = Lite(kind).eval()
    with torch.inference_mode():
        outputs = backbone(torch.zeros(1, 3, 67, 131))
    sizes = [(-(-67 // stride), -(-131 // stride)) for stride in (4, 8, 16, 32)]
    assert [output.shape for output in outputs] == [
        (1, width, *size) for width, size in zip(backbone.widths, sizes, strict=True)
    ]


@pytest.mark.parametrize("kind", [Backbone.LITE0, Backbone.LITE1, Backbone.LITE2])
@pytest.mark.parametrize("level", range(5))
def test_the_layers_up_to_a_level_compute_it_and_nothing_more(kind: Backbone, level: int) -> None:
    backbone = Lite(kind)
    layers = backbone.layers_up_to(level)
    for layer in layers:
        layer.requires_grad_(False)
    outputs = backbone(torch.zeros(2, 3, 32, 32))
    assert [output.requires_grad for output in outputs] == [False] * level + [True] * (4 - level)
    assert len(layers) < 2 or layers[-1] is backbone.net._blocks[backbone.net.ends[level - 1]]


def test_a_backbone_of_one_kind_has_no_stages_of_the_other() -> None:
    with pytest.raises(ValueError, match="not built from lite stages"):
        lite_stages(Backbone.STDC2)
    with pytest.raises(ValueError, match="not built from STDC stages"):
        stdc_depths(Backbone.LITE1)
