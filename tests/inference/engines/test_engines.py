"""The engines agree, and nobody is told that something runs which does not."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from inference import engines, graphs
from inference.engines import devices, open_engine
from inference.engines import onnx_engine as onnx_module
from inference.engines.devices import CudaDevices
from inference.engines.onnx_engine import OnnxEngine
from inference.engines.torch_engine import TorchEngine
from inference.errors import EngineError, WeightsError
from inference.models import find_card
from inference.network.bisenetformer import BiSeNetFormer
from inference.network.config import CONFIGS
from inference.photo import read_photo
from inference.prediction import Prediction
from inference.preprocess import prepare
from resources.samples import sample_paths
from tests.inference.engines.opening import STARTER, assert_close, onnx_engine
from tests.inference.network.deterministic import GOLDEN, picture, shapes_of, weights_for

ODD = [(211, 333), (97, 61), (333, 401), (41, 203), (427, 293)]
"""Height and width of photos, none of them a multiple of the network's strides."""
SIZES = [(160, 224), (32, 32), (64, 400), (200, 136)]


def test_both_engines_agree_on_the_starter_at_any_size() -> None:
    first, second = onnx_engine(STARTER), TorchEngine(STARTER, "cpu", reason="")
    for height, width in SIZES:
        image = picture(height, width)
        answer = first.run(image)
        assert answer[0].shape == (100, 150)
        assert answer[1].shape == (100, height // 8, width // 8)
        assert_close(answer, second.run(image))


def test_threads_that_wait_take_no_processor_from_the_window() -> None:
    options = onnx_engine(STARTER)._session.get_session_options()
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_both_engines_agree_on_the_starter_for_photos_of_odd_sizes() -> None:
    first, second = onnx_engine(STARTER), TorchEngine(STARTER, "cpu", reason="")
    for sample, (height, width) in zip(sample_paths(), ODD, strict=False):
        photo = read_photo(sample)[:height, :width]
        assert photo.shape == (height, width, 3)
        image = prepare(photo, input_size=STARTER.input_size)
        assert_close(first.run(image), second.run(image))


def test_pictures_that_are_run_beside_one_another_get_the_same_answers_in_every_bit() -> None:
    engine = onnx_engine(STARTER)
    assert engine.at_once == 2
    images = [prepare(read_photo(sample), input_size=96) for sample in sample_paths()]
    alone = [engine.run(image) for image in images]
    with ThreadPoolExecutor(engine.at_once) as threads:
        together = list(threads.map(engine.run, images * 3))
    for index, answer in enumerate(together):
        for values, wanted in zip(answer, alone[index % len(alone)], strict=True):
            np.testing.assert_array_equal(values, wanted)


def test_a_batch_is_what_the_engines_answer_one_by_one() -> None:
    """Masked attention and means over the picture must not mix the pictures of a batch, as training sees them."""
    network = TorchEngine(STARTER, "cpu", reason="")._network
    images = [prepare(read_photo(sample)[:211, :333], input_size=96) for sample in sample_paths()[:3]]
    with torch.inference_mode():
        batch = network(torch.tensor(np.stack(images)).permute(0, 3, 1, 2).float())
    engine = onnx_engine(STARTER)
    for index, image in enumerate(images):
        assert_close(engine.run(image), (batch[0][index].numpy(), batch[1][index].numpy()))


@pytest.mark.parametrize("network", ["bisenetformer-s", "bisenetformer-m", "bisenetformer-l"])
def test_both_engines_agree_on_the_published_networks(tmp_path: Path, cache: Path, network: str) -> None:
    weights = {name: np.asarray(tensor) for name, tensor in weights_for(shapes_of(network)).items()}
    save_file(weights, tmp_path / "drawn.safetensors")
    card = find_card(tmp_path / "drawn.safetensors")
    assert card.network == CONFIGS[network]
    image = picture(64, 136)
    assert_close(onnx_engine(card).run(image), TorchEngine(card, "cpu", reason="").run(image))


@pytest.mark.parametrize("network", ["bisenetformer-m-lite1", "bisenetformer-m-lite2"])
def test_both_engines_agree_on_larger_lite_networks_than_the_starters(
    tmp_path: Path, cache: Path, network: str
) -> None:
    """Every block adds half of what is drawn: all of it lets rounding grow, block by block, to thousandths of the
    answer, whichever engine computes it."""
    drawn = {name: np.asarray(tensor) for name, tensor in weights_for(shapes_of(network)).items()}
    quiet = {name: tensor / np.float32(2) for name, tensor in drawn.items() if name.endswith("._bn2.weight")}
    save_file(drawn | quiet, tmp_path / "drawn.safetensors")
    card = find_card(tmp_path / "drawn.safetensors")
    assert card.network == CONFIGS[network]
    image = picture(65, 97)
    assert_close(onnx_engine(card).run(image), TorchEngine(card, "cpu", reason="").run(image))


def test_onnx_runtime_computes_what_the_original_does(tmp_path: Path, cache: Path) -> None:
    weights = {name: np.asarray(tensor) for name, tensor in weights_for(shapes_of("bisenetformer-s")).items()}
    save_file(weights, tmp_path / "drawn.safetensors")
    class_probs, mask_probs = onnx_engine(find_card(tmp_path / "drawn.safetensors")).run(picture(320, 416))
    with np.load(GOLDEN / "bisenetformer-s_320x416.npz") as golden:
        np.testing.assert_allclose(class_probs, golden["class_probs"], rtol=0, atol=1e-4)
        np.testing.assert_allclose(mask_probs, golden["mask_probs"] / 65535, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", CONFIGS)
def test_the_shipped_graphs_belong_to_the_networks_of_today(name: str) -> None:
    graph = graphs.shipped_graph(CONFIGS[name])
    assert graph is not None
    state = BiSeNetFormer(CONFIGS[name]).state_dict()
    assert graph.tensors == {tensor: tuple(value.shape) for tensor, value in state.items()}
    assert len(graph.content) < 300_000  # no weights inside


def test_an_unknown_network_has_no_shipped_graph() -> None:
    assert graphs.shipped_graph(replace(CONFIGS["bisenetformer-m"], pixel_mean=(0.0, 0.0, 0.0))) is None


def test_auto_takes_onnx_runtime_on_the_cpu_and_says_why() -> None:
    engine, attempts = open_engine(STARTER, device="cpu")
    assert (engine.name, engine.device, attempts) == ("onnx", "cpu", ())
    assert engine.reason == "cpu was asked for."


def test_without_cuda_the_reason_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (engines, devices):
        monkeypatch.setattr(module, "cuda_devices", lambda: CudaDevices(0, "no NVIDIA driver was found"))
    engine, _ = open_engine(STARTER)
    assert engine.device == "cpu"
    assert engine.reason == "CPU, because no NVIDIA driver was found."
    with pytest.raises(EngineError, match="no NVIDIA driver was found"):
        open_engine(STARTER, device="cuda")


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine where CUDA does not work")
def test_a_device_that_cannot_run_is_passed_over_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (engines, devices):
        monkeypatch.setattr(module, "cuda_devices", lambda: CudaDevices(1, ""))
    engine, attempts = open_engine(STARTER)
    assert (engine.name, engine.device) == ("onnx", "cpu")
    assert [(attempt.engine, attempt.device) for attempt in attempts] == [("torch", "cuda:0"), ("onnx", "cuda:0")]
    assert all(attempt.reason.endswith(".") for attempt in attempts)
    assert engine.reason == f"CPU, because {attempts[0].reason}"
    with pytest.raises(EngineError, match="PyTorch finds no CUDA device"):
        open_engine(STARTER, engine="torch", device="cuda")


@pytest.mark.parametrize("fault", ["raises", "not finite", "wrong size"])
def test_an_engine_counts_only_after_it_really_ran(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    def run(self: OnnxEngine, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if fault == "raises":
            raise EngineError("The device gave up.")
        height = image.shape[0] // (8 if fault == "not finite" else 4)
        return np.full((100, 150), np.nan, np.float32), np.zeros((100, height, image.shape[1] // 8), np.float32)

    monkeypatch.setattr(OnnxEngine, "run", run)
    engine, attempts = open_engine(STARTER, device="cpu")
    assert engine.name == "torch"
    (attempt,) = attempts
    assert (attempt.engine, attempt.device) == ("onnx", "cpu")
    assert attempt.reason.endswith(".")


@pytest.mark.parametrize(
    ("library", "name", "other", "title"),
    [("onnxruntime", "onnx", "torch", "ONNX Runtime"), ("torch", "torch", "onnx", "PyTorch")],
)
def test_a_library_that_cannot_be_loaded_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, library: str, name: str, other: str, title: str
) -> None:
    monkeypatch.delitem(sys.modules, f"inference.engines.{name}_engine")
    monkeypatch.setitem(sys.modules, library, None)
    engine, attempts = open_engine(STARTER, device="cpu")
    assert engine.name == other
    reasons = [attempt.reason for attempt in attempts]
    assert reasons == [f"{title} cannot be loaded here: {reason}" for reason in _halted(library)][: len(attempts)]
    assert len(attempts) == (1 if name == "onnx" else 0)  # the CPU tries ONNX Runtime first
    with pytest.raises(EngineError, match=f"{title} cannot be loaded here"):
        open_engine(STARTER, engine=name, device="cpu")


def _halted(library: str) -> list[str]:
    return [f"import of {library} halted; None in sys.modules."]


@pytest.mark.parametrize("fault", [MemoryError(), RuntimeError("Failed to allocate memory")])
@pytest.mark.parametrize("where", ["InferenceSession", "OrtValue"])
def test_good_weights_are_not_blamed_for_a_session_that_fails(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, where: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise fault

    place = onnx_module.ort if where == "InferenceSession" else onnx_module.ort.OrtValue
    monkeypatch.setattr(place, where if where == "InferenceSession" else "ortvalue_from_numpy", fail)
    engine, attempts = open_engine(STARTER, device="cpu")
    assert engine.name == "torch"
    (attempt,) = attempts
    assert attempt.reason.startswith("ONNX Runtime cannot work on cpu: ")
    with pytest.raises(EngineError):
        open_engine(STARTER, engine="onnx", device="cpu")


def test_onnx_runtime_does_not_fall_back_on_its_own(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It would print, and answer from the CPU where another device was asked for."""
    asked: list[object] = []

    def fail(self: object, providers: object, *_: object) -> None:
        asked.append(providers)
        raise RuntimeError("no such device")

    monkeypatch.setattr(onnx_module.ort.InferenceSession, "_create_inference_session", fail)
    with pytest.raises(EngineError, match="ONNX Runtime cannot work on cpu: no such device"):
        open_engine(STARTER, engine="onnx", device="cpu")
    assert len(asked) == 1
    assert capfd.readouterr().out == ""


def test_a_network_too_large_to_build_is_no_traceback() -> None:
    huge = replace(STARTER, network=replace(STARTER.network, queries=10**15))
    with pytest.raises(EngineError, match="PyTorch failed on cpu"):
        open_engine(huge, engine="torch", device="cpu")


def test_both_can_be_asked_for_by_name() -> None:
    for name in ("onnx", "torch"):
        engine, _ = open_engine(STARTER, engine=name, device="cpu")
        assert engine.name == name
    with pytest.raises(EngineError, match="no engine called tensorrt here; there are auto, onnx, openvino, torch"):
        open_engine(STARTER, engine="tensorrt")


def test_published_weights_that_are_not_here_are_told_at_once() -> None:
    with pytest.raises(WeightsError, match="not on this machine"):
        open_engine(find_card("fai-bf-m-ade"))


def test_what_several_engines_are_refused_for_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise EngineError("It gave numbers that are not finite.")

    monkeypatch.setattr("inference.engines._open", refuse)
    with pytest.raises(EngineError, match=r"^It gave numbers that are not finite\.$"):
        open_engine(find_card("starter"), device="cpu")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
def test_half_precision_on_cuda_stays_close() -> None:
    half, full = TorchEngine(STARTER, "cuda:0", reason=""), TorchEngine(STARTER, "cpu", reason="")
    photo = read_photo(sample_paths()[0])
    image = prepare(photo, input_size=STARTER.input_size)
    size = photo.shape[0], photo.shape[1]
    quick, exact = Prediction(*half.run(image), size), Prediction(*full.run(image), size)
    assert np.abs(quick.scores - exact.scores).max() < 0.05
    clear = exact.scores > 0.3
    np.testing.assert_array_equal(quick.class_ids[clear], exact.class_ids[clear])
    assert (quick.segment_map() == exact.segment_map()).mean() >= 0.99
