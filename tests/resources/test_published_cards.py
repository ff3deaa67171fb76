"""The cards of the published models say what they are, and agree with the class table."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

import pytest

SIZES = ("s", "m", "l")


def read(path: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(resources.files("resources").joinpath(path).read_text(encoding="utf-8"))
    return value


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def card(size: str) -> dict[str, Any]:
    return read(f"models/bisenetformer-{size}-ade.json")


def test_the_card_is_complete(card: dict[str, Any], size: str) -> None:
    assert card["name"] == f"bisenetformer-{size}-ade"
    assert card["aliases"] == (["fai-bf-m-ade"] if size == "m" else [])
    assert card["file"] is None
    assert card["sha256"] is None, "none is published; a made-up one would refuse every download"
    assert card["url"] == f"https://public.focoos.ai/pretrained_models/{card['name']}/model_final.pth"
    assert card["input_size"] == 640
    assert card["classes"] == read("ade20k.json")["format"]
    for key in ("licence", "limits", "trained_on"):
        assert card[key].endswith((".", "FocoosAI"))


def test_the_network_configuration_is_the_one_of_that_size(card: dict[str, Any], size: str) -> None:
    config = pytest.importorskip("inference.network.config")
    assert config.NetworkConfig.from_dict(card["network"]) == config.CONFIGS[f"bisenetformer-{size}"]
    assert set(card["network"]) == set(config.NetworkConfig.from_dict(card["network"]).to_dict())


def test_the_figures_agree_with_the_class_table(card: dict[str, Any], size: str) -> None:
    table = read("ade20k.json")
    published = table["published"][size]
    assert published["model"] == card["name"]
    figures = card["figures"]
    assert (figures["miou"], figures["macc"]) == (published["miou"], published["macc"])
    mean = sum(entry["iou"][size] for entry in table["classes"]) / 150
    assert mean == pytest.approx(figures["miou"], abs=0.001)
    assert figures["source"].startswith("FocoosAI/focoos")
