"""When two computations of a network agree."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST_AT_THE_LIMIT = 0.1  # of the queries
LARGEST_STEP = 0.005


def assert_queries_agree(
    first: tuple[NDArray[np.float32], NDArray[np.float32]],
    second: tuple[NDArray[np.float32], NDArray[np.float32]],
    *,
    tolerances: tuple[float, float] = (1e-4, 1e-4),
) -> None:
    """Class and mask probabilities, (Q, K) and (Q, h, w), agree to a ten-thousandth.

    A few queries may differ by a little more: where a cell of the masked attention lies at its limit, the last bit
    decides whether a query looks there, and what it finds goes on to other queries; and every kind of processor adds up
    in an order of its own. What is wrong in a network shows in most queries.
    """
    off: set[int] = set()
    for found, wanted, tolerance in zip(first, second, tolerances, strict=True):
        assert found.shape == wanted.shape
        distance = np.abs(found - wanted).reshape(len(wanted), -1).max(axis=1)
        assert distance.max() <= LARGEST_STEP, f"query {distance.argmax()} differs by {distance.max():.2g}"
        off |= set(np.flatnonzero(~(distance <= tolerance)).tolist())
    assert len(off) <= MOST_AT_THE_LIMIT * len(first[0]), f"{len(off)} queries differ: {sorted(off)}"
