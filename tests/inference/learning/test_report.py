"""A model that got worse is not recommended, and the report says why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inference.learning.errors import JobError
from inference.learning.report import MIXES, ClassChange, LearnReport
from tests.inference.learning.jobs import report


@pytest.mark.parametrize(
    ("accuracy", "iou", "recommended"),
    [
        ((0.8, 0.9), (0.4, 0.5), True),
        ((0.8, 0.8), (0.4, 0.4), True),
        ((0.8, 0.9), (0.4, 0.4), True),
        ((0.8, 0.8), (0.4, 0.5), True),
        ((0.8, 0.9), (0.4, 0.39), False),
        ((0.8, 0.79), (0.4, 0.5), False),
    ],
)
def test_only_what_did_not_get_worse_is_recommended(
    accuracy: tuple[float, float], iou: tuple[float, float], *, recommended: bool
) -> None:
    found = report(accuracy=accuracy, iou=iou)
    assert found.recommended is recommended
    assert ("not recommended" in found.verdict) is not recommended
    assert ("Nothing changed." in found.verdict) is (found.before == found.after)
    told = found.to_json()
    assert (told["recommended"], told["verdict"]) == (recommended, found.verdict)
    assert f"the mean IoU is {100 * iou[1]:.1f} % instead of {100 * iou[0]:.1f} %" in found.verdict
    assert f"{100 * accuracy[1]:.1f} % of the pixels are right instead of {100 * accuracy[0]:.1f} %" in found.verdict


@pytest.mark.parametrize(
    ("accuracy", "iou", "why"),
    [
        ((0.8, 0.9), (0.4, 0.39), "because the mean IoU fell."),
        ((0.8, 0.8), (0.4, 0.39), "because the mean IoU fell."),
        ((0.8, 0.79), (0.4, 0.5), "because fewer pixels are right."),
        ((0.8, 0.79), (0.4, 0.39), "because it got worse."),
        (
            (0.8, 0.1),
            (0.4, 0.02),
            "because it got much worse. Look whether all pictures marked done are right everywhere",
        ),
        ((0.8, 0.9), (0.4, 0.2), "because the mean IoU fell a lot. Look whether"),
        ((0.8, 0.4), (0.4, 0.5), "because far fewer pixels are right. Look whether"),
    ],
)
def test_what_got_worse_is_told(accuracy: tuple[float, float], iou: tuple[float, float], why: str) -> None:
    verdict = report(accuracy=accuracy, iou=iou).verdict
    assert f"The new model is not recommended, {why}" in verdict
    assert verdict.endswith("What nobody changed counts as right there, which favours starter.")


@pytest.mark.parametrize(
    ("held_back", "known", "said"),
    [
        (1, 1, "starter had learned from it, so it looks better here than on other pictures."),
        (2, 2, "starter had learned from them, so it looks better here"),
        (3, 2, "starter had learned from 2 of them, so it looks better here"),
    ],
)
def test_a_comparison_that_flatters_the_model_from_before_says_so(held_back: int, known: int, said: str) -> None:
    assert said in replace(report(), held_back=held_back, known=known).verdict
    assert "had learned" not in report().verdict


def test_a_report_of_an_earlier_version_says_nothing_of_it() -> None:
    values = {name: value for name, value in report().to_json().items() if name not in ("known", "mix")}
    assert LearnReport.from_json(values) == report()


def test_where_no_picture_held_back_has_labels_nobody_can_tell() -> None:
    """An eraser is a decision, too."""
    found = replace(report(), classes=(ClassChange(class_id=3, pixels=0, before=0.0, after=0.0),))
    assert not found.recommended
    assert found.verdict == "The pictures held back have no labels, so nobody can tell whether the model got better."


@pytest.mark.parametrize(
    ("mix", "share"), [(0.25, "A quarter"), (0.5, "Half"), (0.75, "Three quarters"), (0.1, "10 %")]
)
def test_how_much_of_what_was_learned_it_has_is_told(mix: float, share: str) -> None:
    told = f" {share} of what was learned went into the new model: any other share did no better there. The new"
    assert told in replace(report(), mix=mix).verdict
    assert "what was learned" not in report().verdict


def test_where_nobody_could_try_how_much_of_it_helps_that_is_told() -> None:
    untried = replace(report(), before={}, after={}, held_back=0, mix=0.5)
    assert untried.verdict.endswith(
        " Half of what was learned went into the new model, because nobody could try whether more is better."
    )
    assert LearnReport.from_json(untried.to_json()) == untried


def test_a_new_model_has_something_of_what_was_learned_and_may_have_all() -> None:
    assert min(MIXES) > 0
    assert max(MIXES) == 1


def test_what_nobody_measured_is_not_recommended() -> None:
    found = replace(report(), before={}, after={}, held_back=0)
    assert not found.recommended
    assert "nobody can tell" in found.verdict


def test_a_report_comes_back_from_json() -> None:
    assert LearnReport.from_json(report().to_json()) == report()
    with pytest.raises(JobError, match="makes no sense"):
        LearnReport.from_json({"name": "mine"})
