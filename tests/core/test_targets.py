"""What a click means, against the map looked at pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.core import tables
from app.core.regions import connected_region, region_of_codes
from app.core.segment_map import NETWORK_MAX
from app.core.targets import Scope, target_at
from inference.prediction import SegmentTable
from tests.core.helpers import filled_map, random_map

TABLE = SegmentTable(np.array([7, 7, 9, 12], np.uint8), np.array([0.9, 0.8, 0.7, 0.1], np.float32))
LABELS = tables.label_table(TABLE, threshold=0.5)


def whole(target: tuple[tuple[int, int, int, int], NDArray[np.bool_]] | None, shape: tuple[int, int]) -> object:
    assert target is not None
    (x0, y0, x1, y1), mask = target
    assert mask.dtype == np.bool_
    spread = np.zeros(shape, bool)
    spread[y0:y1, x0:x1] = mask
    return spread.tolist()


@given(st.integers(0, 2**32 - 1), st.integers(0, 11), st.integers(0, 8))
def test_every_scope_is_what_it_says(seed: int, x: int, y: int) -> None:
    random = np.random.default_rng(seed)
    network = random.integers(0, 5, (9, 12), dtype=np.uint8)
    human = random.choice(np.array([0, 0, 0, 107, 109, 251], np.uint8), (9, 12))
    segment_map = filled_map(network, human)
    codes = segment_map.shown()
    labels = LABELS[codes]
    code = codes[y, x]
    for values, scope in ((codes, Scope.SEGMENT), (labels, Scope.REGION), (labels, Scope.CLASS)):
        everywhere = scope is Scope.CLASS or (scope is Scope.SEGMENT and 1 <= code <= NETWORK_MAX)
        expected = (values == values[y, x]).tolist() if everywhere else whole(connected_region(values, x, y), (9, 12))
        assert whole(target_at(segment_map, LABELS, x, y, scope), (9, 12)) == expected


@pytest.mark.parametrize("scope", Scope)
def test_outside_the_picture_there_is_nothing(scope: Scope) -> None:
    for x, y in ((-1, 0), (0, -1), (6, 0), (0, 5)):
        assert target_at(random_map(5, 6), LABELS, x, y, scope) is None


@pytest.mark.parametrize("count", [1, 30, 256])
def test_pixels_of_few_and_of_many_codes(count: int) -> None:
    segment_map = random_map(150, 70)
    codes = np.zeros(256, bool)
    codes[np.random.default_rng(count).permutation(256)[:count]] = True
    target = region_of_codes(segment_map, codes)
    assert whole(target, (150, 70)) == codes[segment_map.shown()].tolist()
