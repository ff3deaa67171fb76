"""Tensors from files that are trusted for nothing: safetensors without torch, checkpoints without their code."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from inference.errors import WeightsError
from inference.network.config import CRITERION_PREFIX

Tensors = dict[str, NDArray[Any]]
Shapes = Mapping[str, tuple[int, ...]]

WEIGHTS_SUFFIXES = frozenset({".safetensors", ".pth", ".pt", ".onnx"})


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hexadecimal. Raises `WeightsError` where it cannot be read."""
    with readable(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def readable(path: Path) -> Path:
    """The path itself, once it is sure that it is a file with something in it that is no web page."""
    try:
        with path.open("rb") as file:
            start = file.read(64).lstrip()
    except FileNotFoundError as error:
        raise WeightsError(f"{shown(path)} does not exist.") from error
    except IsADirectoryError as error:
        raise WeightsError(f"{shown(path)} is a folder, not a weights file.") from error
    except PermissionError as error:
        raise WeightsError(f"{shown(path)} cannot be opened: permission denied.") from error
    except OSError as error:
        raise WeightsError(f"{shown(path)} cannot be opened: {error.strerror or error}.") from error
    if not start:
        raise WeightsError(f"{shown(path)} is empty.")
    if start[:1] == b"<":
        raise WeightsError(f"{shown(path)} is a web page, not weights: the download did not reach the file itself.")
    return path


def load_tensors(path: Path) -> Tensors:
    """Every tensor of a weights file by name: floating point as float32, whole numbers as they are.

    `.safetensors` is read without torch; `.pth` and `.pt` by torch with `weights_only=True`, so that no code in them
    runs. Tensors nested under `model` or `state_dict` are found, a `module.` before all names is taken off, and what
    belongs to the training loss is dropped. Raises `WeightsError` with one sentence about what is wrong.
    """
    readable(path)
    match path.suffix.lower():
        case ".safetensors":
            tensors = _load_safetensors(path)
        case ".pth" | ".pt":
            from inference.engines.torch_engine import load_checkpoint

            tensors = load_checkpoint(path)
        case _:
            raise WeightsError(f"{shown(path)} is not a weights file: it should end in .safetensors, .pth or .pt.")
    if not tensors:
        raise WeightsError(f"{shown(path)} holds no tensors.")
    if all(name.startswith("module.") for name in tensors):
        tensors = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    return {name: _widened(tensor) for name, tensor in tensors.items() if not name.startswith(CRITERION_PREFIX)}


def check_tensors(tensors: Tensors, expected: Shapes, *, path: Path) -> None:
    """Raise `WeightsError`, naming the first tensor that is missing, too many or of another shape."""
    name = shown(path)
    if missing := [tensor for tensor in expected if tensor not in tensors]:
        raise WeightsError(f"{name} lacks the tensor {missing[0]}{_and_more(missing)}.")
    if extra := [tensor for tensor in tensors if tensor not in expected]:
        raise WeightsError(f"{name} has a tensor that the network does not know: {extra[0]}{_and_more(extra)}.")
    for tensor, shape in expected.items():
        found = tuple(tensors[tensor].shape)
        if found != tuple(shape):
            raise WeightsError(f"{name}: {tensor} has shape {_size(found)}; the network needs {_size(tuple(shape))}.")


def shown(path: Path) -> str:
    """The file's name, printable even where its bytes are no UTF-8."""
    return os.fsencode(path.name or str(path)).decode("utf-8", "replace")


def _load_safetensors(path: Path) -> Tensors:
    try:
        with safe_open(path, framework="np") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    except SafetensorError as error:
        raise WeightsError(f"{shown(path)} is cut off or is not a safetensors file ({error}).") from error
    except (TypeError, AttributeError) as error:  # numpy has no bfloat16
        raise WeightsError(f"{shown(path)} holds numbers of a kind that cannot be read; save it as float16.") from error


def _widened(tensor: NDArray[Any]) -> NDArray[Any]:
    return tensor.astype(np.float32) if tensor.dtype.kind == "f" and tensor.dtype != np.float32 else tensor


def _and_more(names: list[str]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) if shape else "of a single number"
