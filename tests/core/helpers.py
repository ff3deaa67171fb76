"""Maps and patches to test with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.core.painting import dab, stroke
from app.core.patches import Edit, Patch
from app.core.segment_map import SegmentMap, human_value
from app.core.spans import Spans

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


def spans_of(mask: NDArray[np.bool_], *, corner: tuple[int, int] = (0, 0)) -> Spans:
    """The pixels of a mask (h, w) whose first one is the picture's pixel `corner` (x, y)."""
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    padded[:, 1:-1] = mask
    steps = np.diff(padded, axis=1)
    (rows, starts), (_, stops) = np.nonzero(steps == 1), np.nonzero(steps == -1)
    return Spans(rows + corner[1], starts + corner[0], stops + corner[0])


def painted_patch(segment_map: SegmentMap) -> Patch:
    """What a large dab and a line of the network's answer through it change, on a map of at least 540 × 700."""
    edit = Edit(segment_map)
    edit.paint(*dab((300.0, 260.0), 90, segment_map.shape), human_value(7))
    edit.paint(*stroke((30.0, 20.0), (500.0, 300.0), 9, segment_map.shape), 0)
    patch = edit.finish()
    assert patch is not None
    return patch
