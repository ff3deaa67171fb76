"""What every engine is, and the one way in which each of them runs out of memory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference.errors import EngineError

Answer = tuple[NDArray[np.float32], NDArray[np.float32]]
"""`class_probs` (K, 150 or, of networks that say where nothing is, 151) and `mask_probs` (K, h, w), 0..1."""


class Engine(Protocol):
    """Runs a network on one device."""

    @property
    def name(self) -> str:
        """ "onnx", "openvino", "torch" or "remote"."""
        ...

    @property
    def device(self) -> str:
        """ "cpu", "cuda:0", "tensorrt:0" or "mps"; the host of a remote engine."""
        ...

    @property
    def reason(self) -> str:
        """Why this device: one sentence for people."""
        ...

    @property
    def at_once(self) -> int:
        """So many calls of `run` at the same time, from as many threads, take least time for each picture."""
        ...

    def run(self, image: NDArray[np.uint8]) -> Answer:
        """A prepared picture (h, w, 3) uint8 RGB, sides multiples of 8 → `class_probs` (100, 150) and `mask_probs`
        (100, h/8, w/8), float32 0..1. Raises `OutOfMemory`, and `EngineError` when the device gives up otherwise."""
        ...


class OutOfMemory(EngineError):
    """The device has no room for a picture of this size; a smaller one may do. What was run before still counts."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, lasting=False)


_NO_MEMORY = re.compile(
    r"out of memory|alloc_failed|bad.?alloc|(failed|unable|not) (to|able to) allocate|no memory", re.I
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a library failed for want of memory: most of them say so in their message only."""
    return isinstance(error, MemoryError) or _NO_MEMORY.search(str(error)) is not None


@dataclass(frozen=True)
class Attempt:
    """An engine that was tried and could not be used."""

    engine: str
    device: str
    reason: str
    fix: str = ""  # what a person can do about it, where that is known
