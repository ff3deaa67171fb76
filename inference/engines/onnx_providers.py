"""What ONNX Runtime needs to work on a device, and which library is missing where it cannot."""

from __future__ import annotations

import contextlib
import ctypes
import io
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import onnxruntime as ort
import platformdirs

from inference.errors import EngineError, first_line

# Trying out every algorithm for each new photo size takes longer than the best one saves; TF32 costs accuracy.
_CUDA = {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"}
_CPU = "CPUExecutionProvider"
_NEEDED = {"CUDAExecutionProvider": "cuda", "TensorrtExecutionProvider": "tensorrt"}
_TITLES = {"cuda": "CUDA", "tensorrt": "TensorRT"}
_CUDA_FIX = 'Install it into the environment of this program: pip install "onnxruntime-gpu[cuda,cudnn]"'
_BUILD_FIX = "Install the build for NVIDIA cards: pip uninstall onnxruntime; pip install onnxruntime-gpu"


def providers_for(device: str) -> list[Any]:
    """The execution providers for a device, best first, as `InferenceSession` takes them.

    Raises `EngineError`, with the way to mend it, where this ONNX Runtime or a library that it needs is lacking.
    """
    kind, _, number = device.partition(":")
    if kind == "cpu":
        return [_CPU]
    wanted = [provider for provider, what in _NEEDED.items() if kind == "tensorrt" or what == kind]
    for provider in wanted:
        if provider not in ort.get_available_providers():
            raise EngineError(f"This ONNX Runtime was built without {_TITLES[_NEEDED[provider]]}.", fix=_BUILD_FIX)
    _load_packaged(kind)
    for provider in wanted:
        _check_libraries(_NEEDED[provider])
    cuda = ("CUDAExecutionProvider", {"device_id": int(number or 0), **_CUDA})
    if kind == "cuda":
        return [cuda, _CPU]
    return [("TensorrtExecutionProvider", _tensorrt(int(number or 0))), cuda, _CPU]


def check_providers(used: Sequence[str], *, wanted: Sequence[Any]) -> None:
    """Raise `EngineError` where a session left out the device that was asked for, which it does without a word."""
    first = wanted[0] if isinstance(wanted[0], str) else wanted[0][0]
    if used[0] != first:
        raise EngineError(f"ONNX Runtime could not load its {_TITLES[_NEEDED[first]]} libraries.", fix=_CUDA_FIX)


def _tensorrt(number: int) -> dict[str, Any]:
    """Half precision, and plans that are kept: making one takes minutes."""
    plans = platformdirs.user_cache_path("ade-mask-studio") / "tensorrt"
    with contextlib.suppress(OSError):  # without a folder it plans anew
        plans.mkdir(parents=True, exist_ok=True)
    return {
        "device_id": number,
        "trt_fp16_enable": True,
        "trt_engine_cache_enable": plans.is_dir(),
        "trt_engine_cache_path": str(plans),
    }


def _load_packaged(kind: str) -> None:
    """Load libraries that came as Python packages, where no search path leads."""
    if hasattr(ort, "preload_dlls"):
        with contextlib.redirect_stdout(io.StringIO()):  # it prints what it misses; the check afterwards says it
            ort.preload_dlls()
    found = find_spec("tensorrt_libs") if kind == "tensorrt" else None
    for folder in [] if found is None else found.submodule_search_locations or []:
        for library in sorted(Path(folder).glob("*nvinfer*")) + sorted(Path(folder).glob("*nvonnxparser*")):
            with contextlib.suppress(OSError):  # likewise
                ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)


def _check_libraries(kind: str) -> None:
    """Load what ONNX Runtime would load, which names the library that is missing. Raises `EngineError`."""
    folder = Path(ort.__file__).parent / "capi"
    prefix, suffix = ("", "dll") if sys.platform == "win32" else ("lib", "so")
    try:
        for name in ("shared", kind):
            ctypes.CDLL(str(folder / f"{prefix}onnxruntime_providers_{name}.{suffix}"))
    except OSError as error:
        library = str(error).partition(":")[0]
        if "cannot open shared object file" not in str(error):
            sentence = f"ONNX Runtime cannot load its {_TITLES[kind]} libraries: {first_line(error)}"
            raise EngineError(sentence, fix=_CUDA_FIX) from error
        sentence = f"ONNX Runtime cannot use {_TITLES[kind]}: the library {library} is missing."
        raise EngineError(sentence, fix=_fix(library)) from error


def _fix(library: str) -> str:
    """How a missing library is got."""
    if library.startswith(("libnvinfer", "libnvonnxparser")):
        major = str(getattr(ort, "cuda_version", "") or "13").partition(".")[0]
        return f"Install it into the environment of this program: pip install tensorrt-cu{major}"
    return _CUDA_FIX
