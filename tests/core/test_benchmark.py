"""The benchmark measures what it says, on any size; and patches stay as small as promised."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.core.benchmark import LARGE_MEASURES, MEASURES, SIZE_24MP, Measure, example_map, strokes_megabytes
from app.core.painting import stroke
from app.core.patches import Edit


@pytest.mark.parametrize("measure", MEASURES + LARGE_MEASURES, ids=lambda measure: measure.title)
def test_each_measure_gives_a_time_per_repetition(measure: Measure) -> None:
    times = measure.run((300, 420), 3)
    assert len(times) == 3
    assert all(math.isfinite(milliseconds) and milliseconds > 0 for milliseconds in times)
    assert measure.goal > 0


def test_strokes_across_each_other_take_little_memory() -> None:
    """Strokes of 1000 px at 24 MP, in many classes across each other: 200 of them stay under 64 MB."""
    for strokes in (10, 40):
        assert 0 < strokes_megabytes(SIZE_24MP, diameter=1000, strokes=strokes) < 64 * strokes / 200


@pytest.mark.slow
def test_two_hundred_large_strokes_stay_under_64_mb() -> None:
    """200 strokes of a 1000 px brush at 24 MP, in many classes across each other: the hardest case for patches."""
    segment_map, random = example_map(SIZE_24MP), np.random.default_rng(0)
    patches = []
    for _ in range(200):
        edit = Edit(segment_map)
        (x0, x1), (y0, y1) = random.integers(0, 6000, 2), random.integers(0, 4000, 2)
        edit.paint(*stroke((x0, y0), (x1, y1), 1000, segment_map.shape), int(random.integers(101, 252)))
        patch = edit.finish()
        assert patch is not None
        patches.append(patch)
    assert sum(patch.nbytes for patch in patches) < 64 * 2**20
    assert sum(len(patch.to_bytes()) for patch in patches) < 64 * 2**20
    assert sum(patch.changed for patch in patches) > 200 * 1_000_000
