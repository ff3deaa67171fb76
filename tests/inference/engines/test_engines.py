"""The engines agree, and nobody is told that something runs which does not."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from safetensors.numpy import load_file, save_file

from inference import engines, graphs
from inference.engines import devices, open_engine
from inference.engines import onnx_engine as onnx_module
from inference.engines.devices import CudaDevices
from inference.engines.onnx_engine import OnnxEngine
from inference.engines.torch_engine import TorchEngine
from inference.errors import EngineError, ExpectedError, WeightsError
from inference.models import ModelCard, find_card
from inference.network.bisenetformer import BiSeNetFormer
from inference.network.config import CONFIGS
from inference.photo import read_photo
from inference.prediction import Prediction
from inference.preprocess import prepare
from inference.weights import load_tensors
from resources.samples import sample_paths
from tests.inference.network.deterministic import GOLDEN, picture, shapes_of, weights_for

STARTER = find_card("starter")
SIZES = [(160, 224), (32, 32), (64, 400), (200, 136)]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "ade-mask-studio" / "onnx"


@pytest.fixture
def brought(tmp_path: Path, cache: Path) -> ModelCard:
    """The starter's weights as a checkpoint that a person brought."""
    assert STARTER.file is not None
    tensors = {name: torch.from_numpy(tensor) for name, tensor in load_file(STARTER.file).items()}
    torch.save({"model": tensors}, tmp_path / "brought.pth")
    return find_card(tmp_path / "brought.pth")


def onnx_engine(card: ModelCard) -> OnnxEngine:
    return OnnxEngine(card, "cpu", reason="", may_export=False)


def assert_close(first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]) -> None:
    for a, b in zip(first, second, strict=True):
        assert a.dtype == b.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-4)


# --- results ---------------------------------------------------------------------------------------------------------


def test_both_engines_agree_on_the_starter_at_any_size() -> None:
    first, second = onnx_engine(STARTER), TorchEngine(STARTER, "cpu", reason="")
    for height, width in SIZES:
        image = picture(height, width)
        answer = first.run(image)
        assert answer[0].shape == (100, 150)
        assert answer[1].shape == (100, height // 8, width // 8)
        assert_close(answer, second.run(image))


@pytest.mark.parametrize("network", ["bisenetformer-s", "bisenetformer-m", "bisenetformer-l"])
def test_both_engines_agree_on_the_published_networks(tmp_path: Path, cache: Path, network: str) -> None:
    weights = {name: np.asarray(tensor) for name, tensor in weights_for(shapes_of(network)).items()}
    save_file(weights, tmp_path / "drawn.safetensors")
    card = find_card(tmp_path / "drawn.safetensors")
    assert card.network == CONFIGS[network]
    image = picture(64, 136)
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


# --- weights that were brought ---------------------------------------------------------------------------------------


def test_brought_weights_become_one_cached_file_that_is_used_without_them(
    brought: ModelCard, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = onnx_engine(brought).run(picture(64, 96))
    (cached,) = cache.glob("*.onnx")
    assert brought.sha256 is not None
    assert cached == graphs.cached_file(brought.sha256, brought.network)
    assert cached.name.startswith(f"{brought.sha256}-")
    assert cached.stat().st_size > 20_000_000

    def fail(path: Path) -> None:
        raise AssertionError(f"{path} was opened again")

    monkeypatch.setattr("inference.engines.onnx_engine.load_tensors", fail)
    monkeypatch.setattr("inference.models.load_tensors", fail)
    assert brought.file is not None
    assert find_card(brought.file) == brought
    assert_close(onnx_engine(brought).run(picture(64, 96)), first)


@pytest.mark.parametrize("damage", ["truncated", "empty", "noise", "other weights"])
def test_a_damaged_cached_file_is_made_anew(brought: ModelCard, cache: Path, damage: str) -> None:
    first = onnx_engine(brought).run(picture(64, 96))
    (cached,) = cache.glob("*.onnx")
    whole = cached.read_bytes()
    assert brought.sha256 is not None
    cached.write_bytes(
        {
            "truncated": whole[: len(whole) // 2],
            "empty": b"",
            "noise": b"A" * 1000,
            "other weights": whole.replace(brought.sha256.encode(), b"0" * 64),
        }[damage]
    )
    assert_close(onnx_engine(brought).run(picture(64, 96)), first)
    assert cached.read_bytes() == whole
    assert [path.name for path in cache.iterdir() if path.name.startswith(".")] == []


def test_a_card_of_its_own_does_not_get_the_graph_of_another(brought: ModelCard, cache: Path) -> None:
    onnx_engine(brought).run(picture(64, 96))
    assert list(cache.iterdir())
    dimmer = replace(brought, network=replace(brought.network, pixel_std=(200.0, 200.0, 200.0)))
    opened, attempts = open_engine(dimmer, device="cpu")
    assert [attempt.engine for attempt in attempts] == ["onnx"]  # no graph has these settings
    assert opened.name == "torch"
    assert_close(opened.run(picture(64, 96)), TorchEngine(dimmer, "cpu", reason="").run(picture(64, 96)))
    assert brought.file is not None
    assert find_card(brought.file).network == brought.network


def test_weights_used_with_a_card_are_recognised_afresh_without_it(brought: ModelCard, cache: Path) -> None:
    """What a card once said is not remembered behind the back of a person who removed it."""
    assert brought.sha256 is not None
    dimmer = replace(brought.network, pixel_std=(200.0, 200.0, 200.0))
    graph = graphs.shipped_graph(brought.network)
    assert graph is not None
    tensors = load_tensors(brought.weights())
    graphs.store(graph, tensors, sha256=brought.sha256, config=dimmer)
    assert brought.file is not None
    assert find_card(brought.file).network == brought.network


def test_without_a_cache_folder_it_works_all_the_same(
    brought: ModelCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert onnx_engine(brought).run(picture(64, 96))[0].shape == (100, 150)


def test_the_starter_leaves_nothing_in_the_cache(cache: Path) -> None:
    onnx_engine(STARTER).run(picture(64, 96))
    assert not cache.exists()


def test_a_cache_file_of_somebody_else_is_done_without(
    brought: ModelCard, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = onnx_engine(brought).run(picture(64, 96))
    (cached,) = cache.glob("*.onnx")
    for method in ("read_bytes", "is_file", "replace"):
        original = getattr(Path, method)

        def denied(self: Path, *more: object, original: object = original) -> object:
            if self.parent == cached.parent:
                raise PermissionError(13, "Permission denied", str(self))
            return original(self, *more)

        monkeypatch.setattr(Path, method, denied)
    assert brought.file is not None
    card = find_card(brought.file)
    assert_close(onnx_engine(card).run(picture(64, 96)), expected)


def test_only_the_newest_files_stay_in_the_cache(brought: ModelCard, cache: Path) -> None:
    cache.mkdir(parents=True)
    for age in range(20):
        old = cache / f"{age:064}-{'a' * 16}-{graphs.EXPORT_VERSION}.onnx"
        old.write_bytes(b"")
        os.utime(old, (1_000_000 - age, 1_000_000 - age))
    (cache / f"{1:064}-{'a' * 16}-{graphs.EXPORT_VERSION - 1}.onnx").write_bytes(b"newest, but of another version")
    onnx_engine(brought).run(picture(64, 96))
    assert brought.sha256 is not None
    left = {path.name[:64] for path in cache.iterdir()}
    assert left == {brought.sha256, *(f"{age:064}" for age in range(graphs.CACHED_FILES - 1))}
    assert len(list(cache.iterdir())) == graphs.CACHED_FILES


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("engine", ["onnx", "torch"])
def test_weights_that_are_not_finite_are_named_and_not_kept(
    tmp_path: Path, cache: Path, engine: str, value: float
) -> None:
    assert STARTER.file is not None
    tensors = load_file(STARTER.file)
    tensors["head.predictor.query_embed.weight"][3, 5] = value
    save_file(tensors, tmp_path / "burnt.safetensors")
    with pytest.raises(WeightsError, match=r"burnt\.safetensors: head\.predictor\.query_embed\.weight .* not finite"):
        open_engine(find_card(tmp_path / "burnt.safetensors"), engine=engine, device="cpu")
    assert not cache.exists()


def test_weights_whose_answers_are_not_finite_are_not_kept(tmp_path: Path, cache: Path) -> None:
    assert STARTER.file is not None
    tensors = {name: tensor.astype(np.float32) for name, tensor in load_file(STARTER.file).items()}
    name = "head.predictor.forward_prediction_heads.classifier.weight"
    tensors[name] = np.full_like(tensors[name], 3e38)
    save_file(tensors, tmp_path / "loud.safetensors")
    with pytest.raises(EngineError, match="not finite"):
        open_engine(find_card(tmp_path / "loud.safetensors"), device="cpu")
    assert not cache.exists()


@pytest.mark.parametrize("engine", ["onnx", "torch"])
def test_a_tensor_that_does_not_fit_is_named_by_both(tmp_path: Path, cache: Path, engine: str) -> None:
    assert STARTER.file is not None
    tensors = load_file(STARTER.file)
    del tensors["head.predictor.query_embed.weight"]
    save_file(tensors, tmp_path / "lacking.safetensors")
    with pytest.raises(
        WeightsError, match=r"lacking\.safetensors lacks the tensor head\.predictor\.query_embed\.weight"
    ):
        open_engine(find_card(tmp_path / "lacking.safetensors"), engine=engine, device="cpu")


@pytest.mark.parametrize("engine", ["onnx", "torch"])
def test_whole_numbers_in_place_of_floating_point_are_named_by_both(tmp_path: Path, cache: Path, engine: str) -> None:
    assert STARTER.file is not None
    tensors = load_file(STARTER.file)
    tensors["head.predictor.query_embed.weight"] = tensors["head.predictor.query_embed.weight"].astype(np.int8)
    save_file(tensors, tmp_path / "whole.safetensors")
    with pytest.raises(WeightsError, match=r"whole\.safetensors: head\.predictor\.query_embed\.weight holds int8"):
        open_engine(find_card(tmp_path / "whole.safetensors"), engine=engine, device="cpu")


def test_a_whole_graph_of_ones_own(brought: ModelCard, cache: Path, tmp_path: Path) -> None:
    expected = onnx_engine(brought).run(picture(64, 96))
    (cached,) = cache.glob("*.onnx")
    shutil.copy(cached, tmp_path / "own.onnx")
    card = replace(brought, name="own", file=tmp_path / "own.onnx", sha256=None)
    opened, attempts = open_engine(card)
    assert (opened.name, attempts) == ("onnx", ())
    assert_close(opened.run(picture(64, 96)), expected)
    with pytest.raises(EngineError, match=r"PyTorch cannot run own\.onnx"):
        open_engine(card, engine="torch")


def own_graph(path: Path, outputs: dict[str, np.ndarray]) -> ModelCard:
    """A graph that answers every picture with the same arrays."""
    values = [onnx.helper.make_tensor_value_info("images", onnx.TensorProto.FLOAT, [1, 3, None, None])]
    kinds = {name: onnx.helper.np_dtype_to_tensor_dtype(array.dtype) for name, array in outputs.items()}
    told = [onnx.helper.make_tensor_value_info(name, kinds[name], array.shape) for name, array in outputs.items()]
    nodes = [
        onnx.helper.make_node("Constant", [], [name], value=onnx.numpy_helper.from_array(array))
        for name, array in outputs.items()
    ]
    graph = onnx.helper.make_graph(nodes, "own", values, told)
    opsets = [onnx.helper.make_opsetid("", 18)]
    path.write_bytes(onnx.helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())
    return replace(STARTER, name="own", file=path, sha256=None)


GOOD_OUTPUTS = {"class_probs": np.zeros((1, 9, 150), np.float32), "mask_probs": np.zeros((1, 9, 8, 12), np.float32)}


def test_a_graph_may_answer_in_another_precision(tmp_path: Path) -> None:
    doubled = {name: array.astype(np.float64) for name, array in GOOD_OUTPUTS.items()}
    engine, _ = open_engine(own_graph(tmp_path / "own.onnx", doubled), device="cpu")
    assert [answer.dtype for answer in engine.run(picture(64, 96))] == [np.float32, np.float32]


@pytest.mark.parametrize(
    "change",
    [
        {"class_probs": np.float32(1)},
        {"class_probs": np.zeros(3, np.float32)},
        {"class_probs": np.zeros((1, 9, 200), np.float32)},
        {"class_probs": np.zeros((0, 9, 150), np.float32)},
        {"class_probs": np.zeros((1, 8, 150), np.float32)},
        {"mask_probs": np.zeros((9, 8, 12), np.float32)},
        {"mask_probs": np.float32(1)},
        {"class_probs": np.zeros((1, 101, 150), np.float32), "mask_probs": np.zeros((1, 101, 8, 12), np.float32)},
        {"class_probs": np.zeros((1, 9, 150), np.int64)},
    ],
)
def test_a_graph_with_other_outputs_is_one_sentence(tmp_path: Path, change: dict[str, np.ndarray]) -> None:
    outputs = {name: np.asarray(array) for name, array in {**GOOD_OUTPUTS, **change}.items()}
    with pytest.raises(ExpectedError, match=r"\.$"):
        open_engine(own_graph(tmp_path / "own.onnx", outputs), engine="onnx", device="cpu")


def test_a_graph_whose_weights_are_in_other_files_is_refused(tmp_path: Path) -> None:
    card = own_graph(tmp_path / "own.onnx", GOOD_OUTPUTS)
    model = onnx.load_model(tmp_path / "own.onnx")
    tensor = model.graph.initializer.add()
    tensor.name, tensor.data_type, tensor.data_location = "w", onnx.TensorProto.FLOAT, onnx.TensorProto.EXTERNAL
    (tmp_path / "own.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(WeightsError, match=r"own\.onnx keeps its weights in other files; save it as one file\."):
        open_engine(card, device="cpu")


def test_a_file_that_is_no_graph(tmp_path: Path) -> None:
    (tmp_path / "own.onnx").write_bytes(b"A" * 100)
    card = replace(STARTER, file=tmp_path / "own.onnx", sha256=None)
    with pytest.raises(WeightsError, match=r"ONNX Runtime cannot use own\.onnx"):
        open_engine(card)


# --- which engine ----------------------------------------------------------------------------------------------------


def test_auto_takes_onnx_runtime_on_the_cpu_and_says_why() -> None:
    engine, attempts = open_engine(STARTER, device="cpu")
    assert (engine.name, engine.device, attempts) == ("onnx", "cpu", ())
    assert engine.reason == "cpu was asked for."


def test_without_cuda_the_reason_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (engines, devices):
        monkeypatch.setattr(module, "cuda_devices", lambda: CudaDevices(0, "no NVIDIA driver was found"))
    engine, _ = open_engine(STARTER)
    assert engine.device == "cpu"
    assert engine.reason == "The CPU does the work: no NVIDIA driver was found."
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
    assert all(attempt.reason in engine.reason for attempt in attempts)
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


def test_a_network_too_large_to_build_is_no_traceback() -> None:
    huge = replace(STARTER, network=replace(STARTER.network, queries=10**15))
    with pytest.raises(EngineError, match="PyTorch failed on cpu"):
        open_engine(huge, engine="torch", device="cpu")


def test_both_can_be_asked_for_by_name() -> None:
    for name in ("onnx", "torch"):
        engine, _ = open_engine(STARTER, engine=name, device="cpu")
        assert engine.name == name
    with pytest.raises(EngineError, match="no engine called tensorrt; there are auto, onnx, torch"):
        open_engine(STARTER, engine="tensorrt")


def test_published_weights_that_are_not_here_are_told_at_once() -> None:
    with pytest.raises(WeightsError, match="not on this machine"):
        open_engine(find_card("fai-bf-m-ade"))


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
