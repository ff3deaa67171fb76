"""Weights and graphs that a person brings: what is kept of them, and what is refused in one sentence."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from safetensors.numpy import load_file, save_file

from inference import graphs
from inference.engines import open_engine
from inference.engines.torch_engine import TorchEngine
from inference.errors import EngineError, ExpectedError, WeightsError
from inference.models import ModelCard, find_card
from inference.weights import load_tensors
from tests.inference.engines.opening import STARTER, assert_close, onnx_engine
from tests.inference.network.deterministic import picture


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

    monkeypatch.setattr("inference.engines.onnx_model.load_tensors", fail)
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
