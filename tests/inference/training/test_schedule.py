"""When a run ends and what it does on the way there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.training.schedule import Minutes, Steps, crop_at, learning_rate_factor, progress


def test_progress_counts_what_the_budget_counts() -> None:
    assert progress(Steps(40), step=10, seconds=1e9) == 0.25
    assert progress(Minutes(2), step=10**9, seconds=30) == 0.25
    assert progress(Steps(0), step=1, seconds=0) >= 1


def test_learning_rate_warms_up_and_ends_at_zero() -> None:
    assert learning_rate_factor(0, warm_up=0.1) == 0
    assert learning_rate_factor(0.05, warm_up=0.1) == pytest.approx(0.5)
    assert learning_rate_factor(0.1, warm_up=0.1) == pytest.approx(1)
    assert learning_rate_factor(0.55, warm_up=0.1) == pytest.approx(0.5)
    assert learning_rate_factor(1, warm_up=0.1) == pytest.approx(0, abs=1e-9)


@given(a=st.floats(0.1, 1.2), b=st.floats(0.1, 1.2))
def test_after_the_warm_up_it_only_falls(a: float, b: float) -> None:
    low, high = min(a, b), max(a, b)
    assert learning_rate_factor(low, warm_up=0.1) >= learning_rate_factor(high, warm_up=0.1)


def test_crops_grow() -> None:
    crops = [crop_at(done, (192, 256, 320)) for done in (0, 0.33, 0.34, 0.67, 0.99, 1.0)]
    assert crops == [192, 192, 256, 320, 320, 320]
