"""Maps to test with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.core.patches import Edit
from app.core.segment_map import SegmentMap

HUMAN_VALUES = tuple(range(101, 252))


def filled_map(network: NDArray[np.uint8], human: NDArray[np.uint8] | None = None) -> SegmentMap:
    """A map with the given layers."""
    segment_map = SegmentMap(*network.shape)
    segment_map.set_network(network)
    if human is not None:
        edit = Edit(segment_map)
        edit.paint(segment_map.box, None, human)
        edit.finish()
    return segment_map


def random_map(height: int, width: int, *, seed: int = 0, human_share: float = 0.4) -> SegmentMap:
    """A map whose every pixel is random, `human_share` of them decided by a person."""
    random = np.random.default_rng(seed)
    network = random.integers(0, 101, (height, width), dtype=np.uint8)
    human = random.choice(np.array(HUMAN_VALUES, np.uint8), (height, width))
    human[random.random((height, width)) >= human_share] = 0
    return filled_map(network, human)
