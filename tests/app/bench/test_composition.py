"""The yardstick of the benchmark does the same job as the method it is compared with."""

from __future__ import annotations

import numpy as np

from app.bench.composition import resize_every_mask
from inference.composition import compose


def test_both_methods_answer_alike() -> None:
    planes = np.random.default_rng(3).random((20, 9, 13), dtype=np.float32)
    ours, every = compose(planes, size=(90, 130)), resize_every_mask(planes, size=(90, 130))
    # OpenCV rounds its weights differently, so pixels where two masks are equal may differ.
    assert (ours == every).mean() > 0.999
