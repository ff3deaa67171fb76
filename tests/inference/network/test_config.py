"""A network is known by its configuration, and a configuration by the shapes of its tensors."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from inference.network.config import CONFIGS, NetworkConfig, UnknownNetworkError, recognise
from tests.inference.network.deterministic import shapes_of


@pytest.mark.parametrize("name", CONFIGS)
def test_published_shapes_are_recognised(name: str) -> None:
    assert recognise(shapes_of(name)) == CONFIGS[name]


@pytest.mark.parametrize("name", CONFIGS)
def test_configuration_survives_json(name: str) -> None:
    stored = json.dumps(CONFIGS[name].to_dict())
    assert NetworkConfig.from_dict(json.loads(stored)) == CONFIGS[name]


def test_other_networks_are_not_recognised() -> None:
    with pytest.raises(UnknownNetworkError, match="do not belong"):
        recognise({"conv1.weight": (64, 3, 7, 7)})


def test_another_number_of_classes_is_not_recognised() -> None:
    shapes = shapes_of("bisenetformer-m")
    shapes["head.predictor.forward_prediction_heads.classifier.weight"] = (81, 256)
    with pytest.raises(UnknownNetworkError):
        recognise(shapes)


@pytest.mark.parametrize(
    ("name", "block", "width"),
    [("bisenetformer-m-lite", 15, 352), ("bisenetformer-m-lite1", 20, 328), ("bisenetformer-m-lite2", 20, 384)],
)
def test_a_lite_backbone_of_another_width_is_not_recognised(name: str, block: int, width: int) -> None:
    shapes = shapes_of(name)
    tensor = f"pixel_decoder.backbone.net._blocks.{block}._project_conv.weight"
    shapes[tensor] = (width, *shapes[tensor][1:])
    with pytest.raises(UnknownNetworkError, match=r"of size s, m, l, m-lite, m-lite1 or m-lite2 for ADE20K\.$"):
        recognise(shapes)


@pytest.mark.parametrize(
    "change",
    [{"backbone": "resnet50"}, {"heads": 0}, {"queries": "many"}, {"pixel_mean": [1.0]}, {"depth": 3}, {"heads": True}],
)
def test_an_unusable_configuration_is_one_sentence(change: dict[str, object]) -> None:
    with pytest.raises(UnknownNetworkError, match=r"^The network configuration .*\.$"):
        NetworkConfig.from_dict(CONFIGS["bisenetformer-m"].to_dict() | change)


def test_a_missing_entry_is_named() -> None:
    values = CONFIGS["bisenetformer-m"].to_dict()
    del values["ffn_width"]
    with pytest.raises(UnknownNetworkError, match="ffn_width"):
        NetworkConfig.from_dict(values)


def test_recognising_a_network_does_not_import_torch() -> None:
    code = "import sys, inference.network.config; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
