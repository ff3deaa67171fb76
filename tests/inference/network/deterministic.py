"""Weights and pictures from a formula, so that two implementations of one network can be compared without a download.

Every tensor comes from a generator seeded by its own name: neither the order nor the set of tensors matters.
"""

from __future__ import annotations

import json
import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

GOLDEN = Path(__file__).parents[2] / "golden"


def shapes_of(network: str) -> dict[str, tuple[int, ...]]:
    """Tensor names and shapes as published for `network`."""
    listed = json.loads((GOLDEN / f"shapes_{network}.json").read_text())
    return {name: tuple(shape) for name, shape in listed.items()}


def weights_for(shapes: dict[str, tuple[int, ...]]) -> dict[str, NDArray[np.generic]]:
    return {name: _tensor(name, shape) for name, shape in shapes.items()}


def picture(height: int, width: int) -> NDArray[np.uint8]:
    """A smooth (H, W, 3) RGB picture that never repeats: a sum of plane waves in every channel."""
    random = _random(f"image {height}x{width}")
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)

    def channel() -> NDArray[np.float64]:
        slopes_y, slopes_x, phases = (random.uniform(low, high, 6) for low, high in [(0.005, 0.08)] * 2 + [(0, 6.28)])
        terms = (np.sin(a * y + b * x + c) for a, b, c in zip(slopes_y, slopes_x, phases, strict=True))
        return np.clip(127.5 + 45 * sum(terms), 0, 255)

    return np.stack([channel() for _ in range(3)], axis=-1).astype(np.uint8)


def _random(name: str) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=zlib.crc32(name.encode())))


def _tensor(name: str, shape: tuple[int, ...]) -> NDArray[np.generic]:
    random, leaf = _random(name), name.rsplit(".", 1)[-1]
    if leaf == "num_batches_tracked":
        return np.zeros(shape, np.int64)
    if leaf == "running_var":
        return (0.5 + random.random(shape)).astype(np.float32)
    if "query_" in name:
        center, spread = 0.0, 1.0
    elif leaf == "running_mean":
        center, spread = 0.0, 0.1
    elif leaf.endswith("bias"):
        center, spread = 0.0, 0.05
    elif len(shape) == 1:  # gain of a normalisation
        center, spread = 1.0, 0.1
    else:
        # Small mask logits keep the probabilities away from 0 and 1; large class logits make the scores differ.
        gain = 0.03 if "mask_classifier.layers.2" in name else 3.0 if ".classifier." in name else 1.0
        center, spread = 0.0, gain * math.sqrt(2 / math.prod(shape[1:]))
    return (center + spread * random.standard_normal(shape)).astype(np.float32)
