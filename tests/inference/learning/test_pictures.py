"""How much each pixel weighs: decided fully, kept as one chooses, the rest not at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.learning.errors import JobError
from inference.learning.pictures import (
    DECIDED,
    LearnPicture,
    held_back_of,
    is_held_back,
    kept_pixels,
    most_held_back,
    no_larger_than,
    place_of,
    weights_of,
)
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
    assert not is_held_back("photo 3.jpg", place_of("photo 3.jpg"))


@given(st.sets(st.integers(0, 500), min_size=2, max_size=60), st.integers(1, 90), st.data())
def test_as_many_as_the_share_are_held_back_at_most_and_the_first_by_their_names(
    numbers: set[int], percent: int, data: st.DataObject
) -> None:
    names, share = [f"{number}.png" for number in sorted(numbers)], percent / 100
    count = len(names)
    most = min(-(-percent * count // 100), count - 1)
    known = data.draw(st.lists(st.booleans(), min_size=count, max_size=count))
    sides = held_back_of(names, share, known=known)
    held_back = [name for name, side in zip(names, sides, strict=True) if side]
    assert 1 <= len(held_back) <= most
    unknown = sorted((name for name, taught in zip(names, known, strict=True) if not taught), key=place_of)
    if unknown:
        assert held_back == sorted(unknown[: len(held_back)], key=names.index)
        assert len(held_back) == 1 or all(is_held_back(name, share) for name in held_back)
        further = unknown[len(held_back) :]
        assert len(held_back) == most or not any(is_held_back(name, share) for name in further)
    else:
        assert held_back == [min(names, key=place_of)]


@pytest.mark.parametrize(("count", "share"), [(0, 0.2), (1, 0.9), (8, 0.0)])
def test_where_there_is_one_picture_or_nothing_shall_be_held_back_none_is(count: int, share: float) -> None:
    names = [f"{number}.png" for number in range(6, 6 + count)]
    assert held_back_of(names, share, known=[False] * count) == [False] * count
    assert most_held_back(count, share) == 0


def test_nothing_more_is_held_back_because_a_share_cannot_be_written_down_exactly() -> None:
    wanted = [True] * 100  # 7 % of 100 are 7.000000000000001 of them
    assert sum(held_back_of([f"{number}" for number in range(100)], 0.07, known=[False] * 100, wanted=wanted)) == 7


def test_a_photo_made_smaller_skips_nothing_and_labels_are_those_of_the_nearest_pixels() -> None:
    """Stripes of a single pixel become their mean; what is counted and named is never mixed."""
    y, x = np.mgrid[0:12, 0:18]
    photo = np.repeat((x % 3 == 1)[..., None] * np.uint8(240), 3, axis=2)
    labels, trust = ((x * x * factor + y * y) % 150 for factor in (3, 5))
    picture = LearnPicture("a", photo, labels.astype(np.uint8), trust.astype(np.uint8), False)
    small = no_larger_than(picture, short_side=4)
    assert small.photo.shape == (4, 6, 3)
    assert (small.photo == 80).all()
    np.testing.assert_array_equal(small.labels, labels[1::3, 1::3])
    np.testing.assert_array_equal(small.trust, trust[1::3, 1::3])


def test_the_short_side_is_met_to_the_pixel_and_the_other_rounded() -> None:
    sides = [no_larger_than(finished_picture("a", height=high, width=99), short_side=49) for high in (88, 105)]
    assert [small.labels.shape for small in sides] == [(49, 55), (52, 49)]


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
