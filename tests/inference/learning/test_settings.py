"""How long is learned is chosen by the number of pictures, and settings that make no sense are refused."""

from __future__ import annotations

import pytest

from inference.learning.settings import LearnSettings, Scope


@pytest.mark.parametrize(
    ("pictures", "steps"), [(1, 100), (6, 100), (7, 112), (20, 320), (62, 992), (63, 1000), (5000, 1000)]
)
def test_there_are_sixteen_steps_for_each_picture_within_limits(pictures: int, steps: int) -> None:
    assert LearnSettings().resolved(pictures).steps == steps
    assert LearnSettings(steps=7).resolved(pictures).steps == 7


@pytest.mark.parametrize(("scope", "rate"), [(Scope.HEAD, 2e-4), (Scope.ALL, 1e-4)])
def test_the_whole_network_learns_at_half_the_rate_unless_one_says_another(scope: Scope, rate: float) -> None:
    assert LearnSettings(scope=scope).resolved(20).learning_rate == rate
    assert LearnSettings(scope=scope, learning_rate=0.5).resolved(20).learning_rate == 0.5


@pytest.mark.parametrize("nonsense", [{"learning_rate": 0.0}, {"steps": 0}, {"held_back": 0.91}, {"kept_weight": 1.1}])
def test_nonsense_is_refused(nonsense: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="should"):
        LearnSettings(**nonsense)  # type: ignore[arg-type]
