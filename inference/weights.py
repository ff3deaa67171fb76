"""Tensors from files that are trusted for nothing: safetensors without torch, checkpoints without their code."""

from __future__ import annotations

import codecs
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize

from inference.downloads import LARGEST, size_text
from inference.errors import WeightsError, first_line
from inference.files import opened, shown
from inference.network.config import CRITERION_PREFIX

Tensors = dict[str, NDArray[Any]]
Shapes = Mapping[str, tuple[int, ...]]

WEIGHTS_SUFFIXES = frozenset({".safetensors", ".pth", ".pt", ".onnx"})
COUNTER_SUFFIX = ".num_batches_tracked"
"""Counters of batch normalisation: whole numbers, which matter in training only."""

_WEB_PAGE = (b"<!doctype", b"<html", b"<?xml")

_SAFETENSORS_KINDS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"} | {
    f"{letter}{8 * length}": f"<{letter.lower()}{length}" for letter in "IU" for length in (1, 2, 4, 8)
}
"""Numbers by their name in the file; bfloat16, which numpy does not have, is the upper half of a float32."""


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hexadecimal. Raises `WeightsError` where it cannot be read."""
    with readable(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def readable(path: Path) -> Path:
    """The path itself, once it is sure that it is a file with something in it, not too much, that is no web page."""
    try:
        with opened(path, wanted="a weights file", refusal=WeightsError) as file:
            size = os.fstat(file.fileno()).st_size
            start = file.read(64).removeprefix(codecs.BOM_UTF8).lstrip()
    except OSError as error:  # it could be opened
        raise WeightsError(f"{shown(path)} cannot be read: {error.strerror or error}.") from error
    if size > LARGEST:
        raise WeightsError(f"{shown(path)} is larger than {size_text(LARGEST)}.")
    if not start:
        raise WeightsError(f"{shown(path)} is empty.")
    if start.lower().startswith(_WEB_PAGE):
        raise WeightsError(f"{shown(path)} is a web page, not weights, such as the sign-in page of a network.")
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
            tensors = _load_checkpoint(path)
        case _:
            raise WeightsError(
                f"{shown(path)} is not a weights file: it should end in .safetensors, .pth, .pt or .onnx."
            )
    if not tensors:
        raise WeightsError(f"{shown(path)} holds no tensors.")
    if all(name.startswith("module.") for name in tensors):
        tensors = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    return {name: _widened(tensor) for name, tensor in tensors.items() if not name.startswith(CRITERION_PREFIX)}


def check_tensors(tensors: Tensors, expected: Shapes, *, path: Path) -> None:
    """Raise `WeightsError`, naming the first tensor that is missing, too many, of another shape, not floating point or
    not finite.

    Counters of batch normalisation may hold any kind of number: nothing is computed with them.
    """
    name = shown(path)
    if missing := [tensor for tensor in expected if tensor not in tensors]:
        raise WeightsError(f"{name} lacks the tensor {missing[0]}{_and_more(missing)}.")
    if extra := [tensor for tensor in tensors if tensor not in expected]:
        raise WeightsError(f"{name} has a tensor that the network does not know: {extra[0]}{_and_more(extra)}.")
    for tensor, shape in expected.items():
        found = tuple(tensors[tensor].shape)
        if found != tuple(shape):
            raise WeightsError(f"{name}: {tensor} has shape {_size(found)}; the network needs {_size(tuple(shape))}.")
        if (kind := tensors[tensor].dtype).kind != "f" and not tensor.endswith(COUNTER_SUFFIX):
            raise WeightsError(f"{name}: {tensor} holds {kind} numbers; the network needs floating point.")
        if kind.kind == "f" and not np.isfinite(tensors[tensor]).all():
            raise WeightsError(f"{name}: {tensor} holds numbers that are not finite; the training went wrong.")


def _load_safetensors(path: Path) -> Tensors:
    try:
        entries = deserialize(path.read_bytes())  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise WeightsError(f"{shown(path)} is cut off or is not a safetensors file ({error}).") from error
    tensors: Tensors = {}
    for name, entry in entries:
        kind = entry["dtype"]
        if kind not in _SAFETENSORS_KINDS:
            raise WeightsError(f"{shown(path)}: {name} holds {kind} numbers, which cannot be read; save it as float16.")
        numbers = np.frombuffer(entry["data"], _SAFETENSORS_KINDS[kind])
        if kind == "BF16":
            numbers = (numbers.astype(np.uint32) << 16).view(np.float32)
        tensors[name] = numbers.reshape(entry["shape"])
    return tensors


def _load_checkpoint(path: Path) -> Tensors:
    try:
        from inference.engines.torch_engine import load_checkpoint
    except (ImportError, OSError) as error:  # OSError: torch is there, but one of its libraries is not
        reason = f"PyTorch, which cannot be loaded here: {first_line(error)}"
        raise WeightsError(f"{shown(path)} can only be read by {reason}") from error
    return load_checkpoint(path)


def _widened(tensor: NDArray[Any]) -> NDArray[Any]:
    if tensor.dtype.kind != "f" or tensor.dtype == np.float32:
        return tensor
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, which is told by name later
        return tensor.astype(np.float32)


def _and_more(names: list[str]) -> str:
    return f" and {len(names) - 1} more" if len(names) > 1 else ""


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) if shape else "of a single number"
