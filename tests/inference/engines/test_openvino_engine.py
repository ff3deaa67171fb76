"""OpenVINO computes what ONNX Runtime does, from the same files, and says nothing to anybody about it."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from inference import graphs
from inference.engines import devices
from inference.engines.devices import engines_for, every_pair, intel_devices, to_try
from inference.engines.engine import OutOfMemory
from inference.engines.making import is_installed, make_engine
from inference.engines.onnx_model import Parts
from inference.errors import EngineError, WeightsError
from inference.models import ModelCard, find_card
from inference.network.config import CONFIGS
from inference.photo import read_photo
from inference.preprocess import prepare
from resources.samples import sample_paths
from tests.inference.engines.opening import STARTER, assert_close, onnx_engine
from tests.inference.network.deterministic import picture, shapes_of, weights_for

needs_openvino = pytest.mark.skipif(not is_installed("openvino"), reason="OpenVINO is not installed")
SIZES = [(160, 224), (32, 32), (64, 400), (200, 136)]


def openvino_engine(card: ModelCard, device: str = "cpu") -> Any:
    engine = make_engine(card, "openvino", device)
    assert engine.name == "openvino"
    return engine


@pytest.fixture(scope="module")
def engine() -> Any:
    """The starter in float32, also where the processor has bfloat16; making it takes longer than running it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inference.engines.openvino_engine.OpenVinoEngine._abilities", lambda self, kind: ["FP32"])
        return openvino_engine(STARTER)


@needs_openvino
def test_it_agrees_with_onnx_runtime_on_the_starter_at_any_size(engine: Any) -> None:
    first, second = engine, onnx_engine(STARTER)
    for height, width in SIZES:
        assert_close(first.run(picture(height, width)), second.run(picture(height, width)))
    photo = prepare(read_photo(sample_paths()[0])[:211, :333], input_size=STARTER.input_size)
    assert_close(first.run(photo), second.run(photo))


@needs_openvino
def test_its_threads_go_where_there_is_a_processor_for_them(engine: Any) -> None:
    assert engine._compiled.get_property("ENABLE_CPU_PINNING") is False


@needs_openvino
@pytest.mark.parametrize("network", ["bisenetformer-m", "bisenetformer-l"])
def test_it_agrees_on_the_published_networks(tmp_path: Path, network: str) -> None:
    weights = {name: np.asarray(tensor) for name, tensor in weights_for(shapes_of(network)).items()}
    save_file(weights, tmp_path / "drawn.safetensors")
    card = replace(find_card(tmp_path / "drawn.safetensors"), sha256=None)
    assert card.network == CONFIGS[network]
    assert_close(openvino_engine(card).run(picture(64, 136)), onnx_engine(card).run(picture(64, 136)))


@needs_openvino
def test_pictures_that_are_run_beside_one_another_do_not_mix(engine: Any) -> None:
    images = [prepare(read_photo(sample), input_size=64) for sample in sample_paths()[:3]]
    alone = [engine.run(image) for image in images]
    with ThreadPoolExecutor(3) as threads:
        together = list(threads.map(engine.run, images * 4))
    for index, answer in enumerate(together):
        assert_close(answer, alone[index % len(alone)])


@needs_openvino
def test_bfloat16_is_asked_for_only_where_the_processor_has_it(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for abilities, wanted in ((["FP32", "BF16", "INT8"], "bf16"), (["FP32", "INT8"], "f32")):
        monkeypatch.setattr(engine, "_abilities", lambda kind, abilities=abilities: abilities)
        monkeypatch.setattr(engine, "precision", engine._precision("CPU"))
        assert engine._settings("CPU")["INFERENCE_PRECISION_HINT"] == wanted


@needs_openvino
def test_the_threads_are_those_that_this_process_may_use(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.engines.openvino_engine.fewer_processors", lambda: 3)
    assert engine._settings("CPU")["INFERENCE_NUM_THREADS"] == 3


@needs_openvino
def test_brought_weights_become_the_same_cached_file(
    brought: ModelCard, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = openvino_engine(brought).run(picture(64, 96))
    assert brought.sha256 is not None
    assert [*cache.glob("*.onnx")] == [graphs.cached_file(brought.sha256, brought.network)]

    def fail(path: Path) -> None:
        raise AssertionError(f"{path} was opened again")

    monkeypatch.setattr("inference.engines.onnx_model.load_tensors", fail)
    assert_close(openvino_engine(brought).run(picture(64, 96)), first)
    assert_close(onnx_engine(brought).run(picture(64, 96)), first)


@pytest.mark.parametrize("damage", ["truncated", "empty", "noise", "other weights", "missing"])
def test_a_damaged_cached_file_is_not_used(brought: ModelCard, cache: Path, damage: str) -> None:
    config, sha256 = brought.own_network, brought.sha256
    assert sha256 is not None
    parts = Parts.of(brought, brought.weights(), title="", may_export=False)
    cached = graphs.store(parts.graph, parts.tensors, sha256=sha256, config=config)
    whole = cached.read_bytes()
    assert graphs.stored(sha256, config) == whole
    other = whole.replace(sha256.encode(), b"0" * 64)
    damaged = {"truncated": whole[:-999], "empty": b"", "noise": b"A" * 99, "other weights": other}
    cached.unlink() if damage == "missing" else cached.write_bytes(damaged[damage])
    assert graphs.stored(sha256, config) is None


@needs_openvino
def test_weights_that_do_not_fit_are_named(tmp_path: Path, cache: Path) -> None:
    save_file({"a": np.zeros(3, np.float32)}, tmp_path / "other.safetensors")
    card = replace(STARTER, file=tmp_path / "other.safetensors", sha256=None)
    with pytest.raises(WeightsError, match=r"other\.safetensors lacks the tensor"):
        openvino_engine(card)


@needs_openvino
@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("std::bad_alloc", OutOfMemory),
        ("Exception from src/x.cpp:3:\nCheck 'a' failed\nThe shapes differ", EngineError),
    ],
)
def test_what_fails_in_it_is_one_sentence(engine: Any, said: str, kind: type[EngineError]) -> None:
    class Request:
        def infer(self, given: object) -> None:
            raise RuntimeError(said)

    engine._spare.append(Request())
    with pytest.raises(kind) as caught:
        engine.run(picture(64, 96))
    assert type(caught.value) is kind
    assert str(caught.value) == f"OpenVINO failed on cpu at 96×64: {said.splitlines()[-1]}."
    assert engine.run(picture(64, 96))[0].shape == (100, 150)  # the next picture gets a request of its own


@needs_openvino
def test_a_device_that_is_not_here_is_told() -> None:
    with pytest.raises(EngineError, match=r"OpenVINO finds no device gpu:7 here, only .*cpu") as caught:
        openvino_engine(STARTER, "gpu:7")
    assert caught.value.fix == "A card by NVIDIA is called cuda."


@needs_openvino
def test_its_makers_are_not_told_of_its_use() -> None:
    """The package would send an event over the network whenever it is imported."""
    code = (
        "import sys, inference.engines.openvino_engine\n"
        "found = [name for name in sys.modules if name.partition('.')[0] == 'openvino_telemetry']\n"
        "assert not found, found\n"
        "from openvino.tools.ovc import telemetry\n"
        "assert type(telemetry).__module__ == 'openvino.tools.ovc.telemetry_stub', type(telemetry)\n"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, timeout=100, env=os.environ | {"PYTHONPATH": str(Path.cwd())}
    )


def test_without_the_package_one_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.delitem(sys.modules, "inference.engines.openvino_engine", raising=False)
    with pytest.raises(EngineError, match=r"OpenVINO cannot be loaded here: .*\.$") as caught:
        make_engine(STARTER, "openvino", "cpu")
    assert caught.value.fix == "Install it with: pip install openvino"


@pytest.mark.parametrize("has_bfloat16", [True, False])
def test_it_is_first_on_the_cpu_only_with_bfloat16(monkeypatch: pytest.MonkeyPatch, *, has_bfloat16: bool) -> None:
    monkeypatch.setattr(devices, "is_installed", lambda engine: True)
    monkeypatch.setattr(devices, "cpu_has_bfloat16", lambda: has_bfloat16)
    first, second, third = engines_for("cpu")
    assert ((first, second) if has_bfloat16 else (second, first), third) == (("openvino", "onnx"), "torch")


def test_devices_by_intel_are_for_it_alone() -> None:
    assert to_try("auto", "gpu") == to_try("openvino", "gpu") == (("openvino", "gpu"),)
    assert to_try("auto", "npu") == (("openvino", "npu"),)
    with pytest.raises(EngineError, match=r"ONNX Runtime does not work on gpu\."):
        to_try("onnx", "gpu")


def test_devices_by_intel_are_listed_where_they_are_plugged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_PLUGGED_IN", tmp_path)
    assert intel_devices() == ()
    plugged_in = {"disk": ("0x8086", "0x010802"), "card": ("0x10de", "0x030000"), "npu": ("0x8086", "0x120000")}
    for name, (vendor, kind) in plugged_in.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "vendor").write_text(f"{vendor}\n")
        (tmp_path / name / "class").write_text(f"{kind}\n")
    assert intel_devices() == ("npu",)
    (tmp_path / "card" / "vendor").write_text("0x8086\n")
    assert intel_devices() == ("gpu", "npu")
    assert {("openvino", "gpu"), ("openvino", "npu")} <= set(every_pair())
