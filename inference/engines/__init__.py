"""What runs a network: engines behind one Protocol, each of them believed only after it has really run.

Importing this package loads neither torch nor ONNX Runtime; each is loaded when its engine is tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.engines.devices import cuda_devices, wanted_devices
from inference.errors import EngineError, first_line
from inference.models import ModelCard
from inference.prediction import MAXIMUM_SEGMENTS
from inference.preprocess import STRIDE
from resources.classes import CLASS_COUNT

ENGINES = ("auto", "onnx", "torch")
_TRIAL = (64, 96)  # height and width of the picture that an engine must get through before it counts


class Engine(Protocol):
    """Runs a network on one device."""

    name: str  # "torch" or "onnx"
    device: str  # "cpu" or "cuda:0"
    reason: str  # why this device: one sentence for people
    at_once: int  # so many calls of `run` at the same time, from as many threads, take least time for each picture

    def run(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """A prepared picture (h, w, 3) uint8 RGB, sides multiples of 8 → `class_probs` (100, 150) and `mask_probs`
        (100, h/8, w/8), float32 0..1. Raises `EngineError` when the device gives up, for example out of memory."""
        ...


@dataclass(frozen=True)
class Attempt:
    """An engine that was tried and could not be used."""

    engine: str
    device: str
    reason: str


def open_engine(card: ModelCard, *, engine: str = "auto", device: str = "auto") -> tuple[Engine, tuple[Attempt, ...]]:
    """The fastest engine that really ran a trial picture, and what was tried in vain before it.

    Order of expected speed: PyTorch then ONNX Runtime on CUDA (half precision is torch's alone), ONNX Runtime then
    PyTorch on the CPU. Raises `EngineError` when none can be used, `WeightsError` when the weights cannot.
    """
    if engine not in ENGINES:
        raise EngineError(f"There is no engine called {engine}; there are {', '.join(ENGINES)}.")
    failed: list[Attempt] = []
    for place in wanted_devices(device):
        for name in ("onnx", "torch") if place == "cpu" else ("torch", "onnx"):
            if engine not in ("auto", name):
                continue
            try:
                opened = _open(card, name, place, reason=_reason(place, device, failed), may_export=engine == "onnx")
                _try_out(opened)
            except EngineError as error:
                failed.append(Attempt(name, place, str(error)))
            else:
                return opened, tuple(failed)
    raise EngineError(" ".join(attempt.reason for attempt in failed))


def _open(card: ModelCard, name: str, device: str, *, reason: str, may_export: bool) -> Engine:
    if name == "onnx":
        with _loading("ONNX Runtime"):
            from inference.engines.onnx_engine import OnnxEngine
        return OnnxEngine(card, device, reason=reason, may_export=may_export)
    with _loading("PyTorch"):
        from inference.engines.torch_engine import TorchEngine
    return TorchEngine(card, device, reason=reason)


@contextmanager
def _loading(library: str) -> Iterator[None]:
    """A library that is missing, or lacks one of its own (`OSError`), is an engine that cannot be used."""
    try:
        yield
    except (ImportError, OSError) as error:
        raise EngineError(f"{library} cannot be loaded here: {first_line(error)}") from error


def _reason(place: str, asked: str, failed: list[Attempt]) -> str:
    if asked != "auto":
        return f"{place} was asked for."
    if place != "cpu":
        return f"{place} is the fastest device here."
    if not cuda_devices().count:
        return f"The CPU does the work: {cuda_devices().reason}."
    return f"The CPU does the work. {' '.join(attempt.reason for attempt in failed if attempt.device != 'cpu')}"


def _try_out(engine: Engine) -> None:
    """One real inference; raises `EngineError` if it fails or gives what no network gives."""
    height, width = _TRIAL
    slope = np.linspace(0, 255, height * width * 3).reshape(height, width, 3).astype(np.uint8)
    class_probs, mask_probs = engine.run(slope)
    queries = len(class_probs) if class_probs.ndim else 0
    wanted = (queries, CLASS_COUNT), (queries, height // STRIDE, width // STRIDE)
    if (class_probs.shape, mask_probs.shape) != wanted or not 1 <= queries <= MAXIMUM_SEGMENTS:
        raise EngineError(f"{engine.name} on {engine.device} gave outputs of shapes that do not fit.")
    if not (np.isfinite(class_probs).all() and np.isfinite(mask_probs).all()):
        raise EngineError(f"{engine.name} on {engine.device} gave numbers that are not finite.")
