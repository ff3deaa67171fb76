"""Engines with one thread, and weights that somebody brought."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.numpy import load_file

from inference.engines import devices, trials
from inference.engines.devices import is_installed
from inference.engines.trial_child import look
from inference.models import ModelCard, find_card
from tests.inference.engines.opening import STARTER


@pytest.fixture(autouse=True, scope="module")
def _one_thread_of_torch() -> Iterator[None]:
    """On a busy machine torch's threads wait for each other, which takes twenty times as long as working alone."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def _trials_in_this_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test starts without results of trials, on a processor without bfloat16 and without the extra engine, and
    its trials take no process of their own; `test_trial_process` has those."""
    if is_installed("openvino"):
        monkeypatch.setattr("inference.engines.openvino_engine.OpenVinoEngine._abilities", lambda self, kind: ["FP32"])
    monkeypatch.setattr(trials, "trials_path", lambda: tmp_path / "trials" / "trials.json")
    monkeypatch.setattr(trials, "look_in_child", look)
    monkeypatch.setattr(devices, "is_installed", lambda engine: engine != "openvino")
    monkeypatch.setattr(devices, "cpu_has_bfloat16", lambda: False)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own: what others left there would be opened instead of the weights."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "ade-mask-studio" / "onnx"


@pytest.fixture
def brought(tmp_path: Path, cache: Path) -> ModelCard:
    """The starter's weights as a checkpoint that a person brought."""
    assert STARTER.file is not None
    tensors = {name: torch.from_numpy(tensor) for name, tensor in load_file(STARTER.file).items()}
    torch.save({"model": tensors}, tmp_path / "brought.pth")
    return find_card(tmp_path / "brought.pth")
