"""What a device can do at most, measured: the yardstick for how well an engine uses it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from inference.errors import EngineError, first_line

_SECONDS = 0.5  # for how long the best is looked for; other programs may take most of that
_REPEATS = 3  # at least
_SIDES = {"cpu": 1536}  # of the matrices; a device with thousands of cores needs larger ones to be busy
_LARGE_SIDE = 8192
_COPIED = {"cpu": 2**26}  # bytes: more than any cache holds
_LARGE_COPIED = 2**30


@dataclass(frozen=True, kw_only=True)
class Peak:
    """The best that was seen: `operations` per second of a matrix product, `traffic` in bytes per second of a copy."""

    operations: float
    traffic: float

    def seconds(self, *, operations: int, traffic: int) -> float:
        """The least time for so many floating point operations and bytes, where both go on side by side: the roofline
        of Williams, Waterman and Patterson (2009)."""
        return max(operations / self.operations, traffic / self.traffic)

    def or_better(self, other: Peak | None) -> Peak:
        """The best of both measurements: other programs can only have made one of them look worse."""
        if other is None:
            return self
        return Peak(operations=max(self.operations, other.operations), traffic=max(self.traffic, other.traffic))


def measure_peak(device: str, *, precision: str = "float32") -> Peak:
    """Multiply in this precision, "float32", "float16" or "bfloat16", and copy on "cpu", "cuda:n" or "mps".

    On the CPU the better one of PyTorch's and numpy's libraries counts. It takes a second; what other programs do
    meanwhile makes the device look worse. Raises EngineError where PyTorch cannot use the device.
    """
    place = device.partition(":")[0]
    side, copied = _SIDES.get(place, _LARGE_SIDE), _COPIED.get(place, _LARGE_COPIED)
    try:
        with torch.inference_mode():
            left = torch.full((side, side), 0.5, device=device, dtype=getattr(torch, precision))
            product = torch.empty_like(left)
            source = torch.zeros(copied, device=device, dtype=torch.uint8)
            target = torch.ones_like(source)
            ways: list[Callable[[], object]] = [lambda: torch.mm(left, left, out=product)]
            if place == "cpu" and precision == "float32":
                plain, into = left.numpy(), product.numpy()
                ways.append(lambda: np.matmul(plain, plain, out=into))
            multiplying = min(_least(way, lambda: product[-1, -1].item()) for way in ways)
            copying = _least(lambda: target.copy_(source), lambda: target[-1].item())
    except (RuntimeError, AssertionError, MemoryError) as error:  # builds without CUDA assert that they have it
        raise EngineError(f"What {device} can do was not measured: {first_line(error)}") from error
    return Peak(operations=2 * side**3 / multiplying, traffic=2 * copied / copying)


def _least(work: Callable[[], object], wait: Callable[[], object]) -> float:
    """The least seconds that the work took. `wait` reads what it gave, and devices answer only when all is done."""
    times: list[float] = []
    end = time.perf_counter() + _SECONDS
    while len(times) < _REPEATS or time.perf_counter() < end:
        start = time.perf_counter()
        work()
        wait()
        times.append(time.perf_counter() - start)
    return min(times)
