"""How much each pixel weighs: decided fully, kept as one chooses, the rest not at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inference.learning.errors import JobError
from inference.learning.pictures import DECIDED, is_held_back, kept_pixels, no_larger_than, place_of, weights_of
from inference.learning.settings import LearnSettings, Scope, Untouched
from tests.inference.learning.jobs import finished_picture

# One row of eight pixels: decided, decided as nothing, scores 1.0, 0.7, 0.695, 0; a score without a label; nobody.
LABELS = np.uint8([[3, 0, 3, 3, 3, 3, 0, 3]])
TRUST = np.uint8([[DECIDED, DECIDED, 200, 140, 139, 0, 200, 0]])
PICTURE = replace(finished_picture("row", height=1, width=8), labels=LABELS, trust=TRUST)


def test_sure_pixels_are_kept_at_their_weight() -> None:
    weights = weights_of(PICTURE, LearnSettings(kept_score=0.7, kept_weight=0.25))
    assert weights.tolist() == [[255, 0, 64, 64, 0, 0, 0, 0]]


def test_unless_one_chooses_what_was_left_as_it_is_counts_as_decided() -> None:
    picture = replace(PICTURE, trust=np.uint8([[DECIDED, DECIDED, 200, 100, 99, 0, 200, 0]]))
    assert weights_of(picture, LearnSettings()).tolist() == [[255, 0, 255, 255, 0, 0, 0, 0]]


def test_what_nobody_owns_is_not_kept_at_any_score() -> None:
    weights = weights_of(PICTURE, LearnSettings(kept_score=0.0, kept_weight=1.0))
    assert weights.tolist() == [[255, 0, 255, 255, 255, 0, 0, 0]]


def test_untouched_pixels_can_be_ignored() -> None:
    weights = weights_of(PICTURE, LearnSettings(untouched=Untouched.IGNORE))
    assert weights.tolist() == [[255, 0, 0, 0, 0, 0, 0, 0]]


def test_what_a_person_decided_is_not_kept_besides() -> None:
    assert kept_pixels(PICTURE, LearnSettings()).tolist() == [[False, False, True, True, True, False, False, False]]


def test_a_name_has_the_same_place_in_every_version() -> None:
    """Else a model would be compared on pictures that it has learned from."""
    assert place_of("photo 3.jpg") == pytest.approx(0.56692026, abs=1e-8)
    assert place_of("straße/ä.png") == pytest.approx(0.14209276, abs=1e-8)
    assert is_held_back("photo 3.jpg", 0.567)
    assert not is_held_back("photo 3.jpg", 0.566)


def test_a_small_picture_stays_as_it_is() -> None:
    picture = finished_picture("a")
    assert no_larger_than(picture, short_side=64) is picture


@pytest.mark.parametrize(
    "wrong",
    [{"kept_score": 1.2}, {"kept_weight": -0.1}, {"held_back": 0.95}, {"steps": 0}, {"learning_rate": 0.0}],
)
def test_settings_that_make_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        LearnSettings(**wrong)
    with pytest.raises(JobError, match=next(iter(wrong))):
        LearnSettings.from_json(LearnSettings().to_json() | wrong)


def test_settings_come_back_from_json() -> None:
    settings = LearnSettings(scope=Scope.ALL, untouched=Untouched.IGNORE, steps=3, device="cuda:1")
    assert LearnSettings.from_json(settings.to_json()) == settings
    with pytest.raises(JobError, match="settings of the job"):
        LearnSettings.from_json({"scope": "head"})
