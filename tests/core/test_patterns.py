"""Patterns differ from each other and go on at the edges of their tile."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.patterns import PATTERNS, PERIOD, pattern_bit, pattern_tile


def test_every_pattern_covers_some_and_leaves_most() -> None:
    tile = pattern_tile()
    shares = [float((tile & pattern_bit(number) > 0).mean()) for number in range(1, PATTERNS + 1)]
    assert min(shares) > 0.1
    assert max(shares) <= 0.5
    assert not (tile & pattern_bit(0)).any()


def test_no_two_patterns_are_alike() -> None:
    tile = pattern_tile()
    inks = [tile & pattern_bit(number) > 0 for number in range(1, PATTERNS + 1)]
    for index, ink in enumerate(inks):
        assert all((ink != other).mean() > 0.1 for other in inks[:index])


def test_a_tile_for_a_dense_screen_is_the_same_larger() -> None:
    assert np.array_equal(pattern_tile(3)[1::3, 1::3], pattern_tile())
    assert pattern_tile(3).shape == (3 * PERIOD, 3 * PERIOD)


@pytest.mark.parametrize("number", [-1, PATTERNS + 1])
def test_there_are_no_other_patterns(number: int) -> None:
    with pytest.raises(ValueError, match="not within"):
        pattern_bit(number)
