"""Graphs made of weights that were brought."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from inference import graphs
from inference.engines import open_engine
from inference.engines.torch_engine import TorchEngine
from inference.errors import EngineError
from inference.models import ModelCard
from inference.network.bisenetformer import BiSeNetFormer
from inference.network.config import Backbone, NetworkConfig
from inference.weights import sha256_of
from tests.inference.network.deterministic import picture

TINY = NetworkConfig(
    backbone=Backbone.STDC1, feature_width=16, decoder_layers=2, ffn_width=32, hidden_width=32, heads=2, queries=100
)


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelCard:
    """A network of a shape that is not shipped."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    torch.manual_seed(0)
    save_file(BiSeNetFormer(TINY).state_dict(), tmp_path / "tiny.safetensors")
    sha256 = sha256_of(tmp_path / "tiny.safetensors")
    return ModelCard(name="tiny", network=TINY, file=tmp_path / "tiny.safetensors", sha256=sha256)


@pytest.mark.slow
def test_a_network_without_a_shipped_graph_is_exported_only_on_request(tiny: ModelCard) -> None:
    card, sha256 = tiny, tiny.sha256
    assert sha256 is not None

    answering_first, attempts = open_engine(card, device="cpu")
    assert answering_first.name == "torch"
    assert attempts[0].reason == "ONNX Runtime has no graph for the network of tiny."

    asked_for, _ = open_engine(card, engine="onnx", device="cpu")
    assert graphs.cached_file(sha256, TINY).is_file()
    reference = TorchEngine(card, "cpu", reason="")
    for size in ((64, 96), (200, 136)):
        for a, b in zip(asked_for.run(picture(*size)), reference.run(picture(*size)), strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-4)

    from_now_on, _ = open_engine(card, device="cpu")
    assert from_now_on.name == "onnx"


def test_what_the_exporter_cannot_export_is_one_sentence(tiny: ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    def export_graph(_config: NetworkConfig) -> graphs.Graph:
        raise RuntimeError("An operator is unknown.\nand pages of what led to it")

    monkeypatch.setattr("inference.engines.onnx_export.export_graph", export_graph)
    with pytest.raises(EngineError, match=r"^The network of tiny cannot be exported: An operator is unknown\.$"):
        open_engine(tiny, engine="onnx", device="cpu")
