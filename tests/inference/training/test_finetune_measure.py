"""What was counted on some pictures is kept, and taken for nothing but what it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.errors import EngineError
from inference.learning.pictures import DECIDED, LearnPicture
from inference.learning.report import UNTRIED_MIX, ClassChange, Score
from inference.network.bisenetformer import BiSeNetFormer
from inference.training import finetune_measure
from inference.training.evaluate import View
from inference.training.finetune_measure import Measured, Tally, best_mix, changes

SKY, FLOOR = 3, 4
SIZE = 96


def counted(*, of: str = "abc") -> Tally:
    """A picture of sky over floor; half of the sky was taken for floor, in the view of segments."""
    tally = Tally(of=of)
    truth = np.repeat(np.uint8([SKY, FLOOR]), 8).reshape(4, 4)
    taken = truth.copy()
    taken[0] = FLOOR
    tally.confusions[View.SEGMENTS].add(truth, taken)
    tally.confusions[View.SEMANTIC].add(truth, truth)
    tally.pictures, tally.right, tally.decided, tally.seconds = 1, 3, 4, 2.5
    return tally


def test_it_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    counted().keep(tmp_path / "before.npz")
    kept = Tally.read(tmp_path / "before.npz", of="abc")
    assert (kept.pictures, kept.seconds) == (1, 2.5)
    measured = kept.measured()
    assert measured == counted().measured()
    assert measured.decided == 0.75
    assert measured.scores["segments"].pixel_accuracy == 0.75
    assert measured.scores["semantic"].pixel_accuracy == 1.0
    assert (measured.iou[SKY - 1], measured.iou[FLOOR - 1], measured.iou[0]) == (0.5, 8 / 12, None)
    assert [(change.class_id, change.pixels) for change in changes(measured, measured)] == [(SKY, 8), (FLOOR, 8)]


@pytest.mark.parametrize("content", [None, b"", b"no archive", b"half"])
def test_what_is_not_there_or_damaged_counts_for_nothing(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "before.npz"
    if content is not None:
        counted().keep(file)
        file.write_bytes(file.read_bytes()[:200] if content == b"half" else content)
    assert Tally.read(file, of="abc").pictures == 0


def test_what_was_counted_of_other_weights_counts_for_nothing(tmp_path: Path) -> None:
    counted(of="those before").keep(tmp_path / "after.npz")
    kept = Tally.read(tmp_path / "after.npz", of="these")
    assert (kept.pictures, kept.confusions[View.SEGMENTS].pixels) == (0, 0)


ROW = LearnPicture(
    "row",
    np.zeros((1, 4, 3), np.uint8),
    np.uint8([[SKY, SKY, FLOOR, FLOOR]]),
    np.uint8([[DECIDED, DECIDED, DECIDED, 200]]),  # the last pixel is the network's
    True,
)


def counted_with(class_probs: NDArray[np.float32], monkeypatch: pytest.MonkeyPatch, *, inside: float = 1) -> Tally:
    """Four queries that own a pixel each, with these probabilities of the classes 1 to 150."""
    masks = np.diag(np.full(4, inside, np.float32))[:, None, :]

    def output(_network: object, photo: object, *, input_size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        assert photo is ROW.photo
        assert input_size == SIZE
        return class_probs, masks

    monkeypatch.setattr(finetune_measure, "network_output", output)
    tally = Tally(of="")
    tally.add(BiSeNetFormer.__new__(BiSeNetFormer), ROW, input_size=SIZE)
    return tally


def test_what_a_person_decided_is_looked_for_in_the_segments_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class_probs = np.zeros((4, 150), np.float32)
    class_probs[[0, 1, 2, 3], [SKY - 1, SKY - 1, FLOOR - 1, SKY - 1]] = 0.6, 0.4, 0.7, 0.9
    tally = counted_with(class_probs, monkeypatch)
    assert (tally.pictures, tally.right, tally.decided) == (1, 2, 3)  # of the second nobody was sure
    measured = tally.measured()
    assert measured.decided == pytest.approx(2 / 3)
    assert measured.scores["segments"] == Score(
        pixel_accuracy=0.5, mean_iou=pytest.approx((1 / 3 + 1 / 2) / 2), unlabelled=0.25
    )
    assert measured.scores["semantic"].pixel_accuracy == 0.75
    assert measured.scores["semantic"].unlabelled == 0.0


def test_pictures_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    class_probs = np.zeros((4, 150), np.float32)
    class_probs[:, SKY - 1] = 1.0
    tally = counted_with(class_probs, monkeypatch)
    tally.add(BiSeNetFormer.__new__(BiSeNetFormer), ROW, input_size=SIZE)
    assert (tally.pictures, tally.right, tally.decided) == (2, 4, 6)
    assert {confusion.pixels for confusion in tally.confusions.values()} == {8}


def test_the_mean_goes_over_the_classes_of_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    class_probs = np.zeros((4, 150), np.float32)
    class_probs[[0, 1, 2, 3], [SKY - 1, SKY - 1, FLOOR - 1, 99]] = 1.0
    scores = counted_with(class_probs, monkeypatch).measured().scores
    assert scores["segments"].mean_iou == pytest.approx((1 + 1 / 2) / 2)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_numbers_that_are_none_are_refused(monkeypatch: pytest.MonkeyPatch, wrong: float) -> None:
    with pytest.raises(EngineError, match=r"not finite for row\."):
        counted_with(np.full((4, 150), wrong, np.float32), monkeypatch)
    with pytest.raises(EngineError, match="not finite"):
        counted_with(np.zeros((4, 150), np.float32), monkeypatch, inside=wrong)


def test_the_largest_class_of_the_truth_comes_first() -> None:
    before = Measured(scores={}, pixels=(0, 5, 9, 0), iou=(0.0, 0.25, None, None), decided=None)
    after = Measured(scores={}, pixels=(0, 5, 9, 0), iou=(None, 0.5, 0.75, None), decided=None)
    assert changes(before, after) == (
        ClassChange(class_id=3, pixels=9, before=None, after=0.75),
        ClassChange(class_id=2, pixels=5, before=0.25, after=0.5),
        ClassChange(class_id=1, pixels=0, before=0.0, after=None),
    )


def found(accuracy: float, iou: float, *, pixels: int = 8) -> Measured:
    score = Score(pixel_accuracy=accuracy, mean_iou=iou, unlabelled=0.0)
    other = Score(pixel_accuracy=1 - accuracy, mean_iou=1 - iou, unlabelled=0.0)  # which does not count
    return Measured(scores={"segments": score, "semantic": other}, pixels=(pixels,), iou=(iou,), decided=None)


@pytest.mark.parametrize(
    ("after", "best"),
    [
        ({0.25: found(0.7, 0.5), 0.5: found(0.8, 0.6), 0.75: found(0.8, 0.5), 1.0: found(0.1, 0.1)}, 0.5),
        ({0.25: found(0.65, 0.45), 1.0: found(0.5, 0.9)}, 0.25),  # what lost pixels goes behind
        ({0.25: found(0.5, 0.3), 0.5: found(0.55, 0.39), 1.0: found(0.5, 0.35)}, 0.5),  # all lost
        ({0.25: found(0.6, 0.4), 0.5: found(0.6, 0.4), 1.0: found(0.6, 0.4)}, 0.25),
        ({0.25: found(0.7, 0.4), 0.5: found(0.65, 0.6), 0.75: found(0.6, 0.62)}, 0.5),  # together, neither alone
        ({0.25: found(0.9, 0.41), 0.5: found(0.62, 0.61)}, 0.25),  # nor the smaller one
    ],
)
def test_the_mix_that_did_best_is_taken(after: dict[float, Measured], best: float) -> None:
    assert best_mix(found(0.6, 0.4), after) == best


def test_where_nothing_is_labelled_the_mix_is_the_careful_one() -> None:
    nothing = found(0.0, 0.0, pixels=0)
    assert best_mix(nothing, {0.25: nothing, 1.0: nothing}) == UNTRIED_MIX


def test_where_no_person_decided_anything_nothing_is_told_of_it() -> None:
    assert Tally(of="").measured().decided is None
