"""Which library ONNX Runtime lacks for a device, and how it is got."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import pytest

from inference.engines import onnx_providers
from inference.engines.onnx_providers import check_providers, providers_for
from inference.errors import EngineError

ALL = ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]


@pytest.fixture(autouse=True)
def _built_for_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(onnx_providers.ort, "get_available_providers", lambda: ALL)
    monkeypatch.setattr(onnx_providers.ort, "preload_dlls", lambda: None, raising=False)
    monkeypatch.setattr(onnx_providers.ort, "cuda_version", "13.0", raising=False)
    monkeypatch.setattr(onnx_providers.platformdirs, "user_cache_path", lambda _name: tmp_path / "cache")
    monkeypatch.setattr(ctypes, "CDLL", lambda _name, **_mode: None)


def lacking(library: str, *, of: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str, **_mode: int) -> None:
        if of in name:
            raise OSError(f"{library}: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(ctypes, "CDLL", load)


def test_the_cpu_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking("everything", of="lib", monkeypatch=monkeypatch)
    assert providers_for("cpu") == ["CPUExecutionProvider"]


def test_cuda_gets_its_number_and_the_accuracy_of_float32() -> None:
    (name, options), rest = providers_for("cuda:1")
    assert (name, rest) == ("CUDAExecutionProvider", "CPUExecutionProvider")
    assert (options["device_id"], options["use_tf32"]) == (1, "0")


def test_tensorrt_keeps_its_plans_and_has_cuda_behind_it(tmp_path: Path) -> None:
    (name, options), (second, _), rest = providers_for("tensorrt:0")
    assert [name, second, rest] == ALL
    assert options["trt_engine_cache_enable"]
    assert Path(options["trt_engine_cache_path"]) == tmp_path / "cache" / "tensorrt"
    assert (tmp_path / "cache" / "tensorrt").is_dir()


@pytest.mark.parametrize(
    ("device", "library", "of", "said", "fix"),
    [
        ("cuda:0", "libcublasLt.so.13", "cuda", "cannot use CUDA", 'pip install "onnxruntime-gpu[cuda,cudnn]"'),
        ("cuda:0", "libcudnn.so.9", "cuda", "cannot use CUDA", 'pip install "onnxruntime-gpu[cuda,cudnn]"'),
        ("tensorrt:0", "libnvinfer.so.10", "tensorrt", "cannot use TensorRT", "pip install tensorrt-cu13"),
        ("tensorrt:0", "libcudart.so.13", "cuda", "cannot use CUDA", 'pip install "onnxruntime-gpu[cuda,cudnn]"'),
    ],
)
def test_a_missing_library_is_named_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch, device: str, library: str, of: str, said: str, fix: str
) -> None:
    lacking(library, of=f"providers_{of}", monkeypatch=monkeypatch)
    with pytest.raises(EngineError) as refused:
        providers_for(device)
    assert str(refused.value) == f"ONNX Runtime {said}: the library {library} is missing."
    assert fix in refused.value.fix


def test_a_build_without_cuda_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_providers.ort, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(EngineError, match="This ONNX Runtime was built without CUDA") as refused:
        providers_for("cuda:0")
    assert "onnxruntime-gpu" in refused.value.fix


def test_a_library_that_is_there_and_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str, **_mode: int) -> None:
        raise OSError("undefined symbol: cublasLtMatmul")

    monkeypatch.setattr(ctypes, "CDLL", load)
    with pytest.raises(EngineError, match="cannot load its CUDA libraries: undefined symbol: cublasLtMatmul"):
        providers_for("cuda:0")


def test_a_session_that_went_to_the_cpu_without_a_word_is_refused() -> None:
    wanted = providers_for("cuda:0")
    check_providers(["CUDAExecutionProvider", "CPUExecutionProvider"], wanted=wanted)
    check_providers(["CPUExecutionProvider"], wanted=providers_for("cpu"))
    with pytest.raises(EngineError, match="could not load its CUDA libraries"):
        check_providers(["CPUExecutionProvider"], wanted=wanted)
