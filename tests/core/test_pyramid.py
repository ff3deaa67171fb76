"""The pyramid: the photo itself, then exact halvings."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from app.core.pyramid import build_pyramid


@pytest.mark.parametrize("shape", [(1, 1), (512, 512), (513, 2), (1, 5000), (1333, 2001), (1024, 2048)])
def test_levels_halve(shape: tuple[int, int]) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    levels = build_pyramid(photo)
    assert levels[0] is photo
    assert max(levels[-1].shape[:2]) <= 512
    for larger, smaller in pairwise(levels):
        assert max(larger.shape[:2]) > 512
        assert smaller.shape == ((larger.shape[0] + 1) // 2, (larger.shape[1] + 1) // 2, 3)
        assert smaller.dtype == np.uint8
        even = np.pad(larger, ((0, larger.shape[0] % 2), (0, larger.shape[1] % 2), (0, 0)), mode="edge").astype(float)
        blocks = even.reshape(smaller.shape[0], 2, smaller.shape[1], 2, 3)
        assert np.abs(blocks.mean(axis=(1, 3)) - smaller).max() <= 0.5
