"""Agreement of labels, against a plain count of pixels class by class."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from inference.metrics import Confusion, Mistake

_FEW = st.sampled_from([0, 1, 2, 7, 149, 150])  # so that pixels agree now and then


@st.composite
def pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Truth and prediction of one shape; the truth may be unknown everywhere."""
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=9))
    values = draw(st.sampled_from([_FEW, st.integers(0, 150), st.just(0)]))
    truth = draw(hnp.arrays(np.uint8, shape, elements=values))
    return truth, draw(hnp.arrays(np.uint8, shape, elements=st.one_of(_FEW, st.integers(0, 150))))


def counted(pictures: list[tuple[np.ndarray, np.ndarray]]) -> Confusion:
    confusion = Confusion()
    for truth, predicted in pictures:
        confusion.add(truth, predicted)
    return confusion


class Plain:
    """The measures as their definitions read, one class after the other over all pixels at once."""

    def __init__(self, pictures: list[tuple[np.ndarray, np.ndarray]]) -> None:
        truth = np.concatenate([truth.ravel() for truth, _ in pictures])
        predicted = np.concatenate([predicted.ravel() for _, predicted in pictures])
        self.truth, self.predicted = truth[truth != 0], predicted[truth != 0]

    def iou(self) -> list[float]:
        found = []
        for entry in range(1, 151):
            both = ((self.truth == entry) & (self.predicted == entry)).sum()
            either = ((self.truth == entry) | (self.predicted == entry)).sum()
            found.append(both / either if either else math.nan)
        return found

    def accuracy(self) -> list[float]:
        return [
            (self.predicted[self.truth == entry] == entry).mean() if (self.truth == entry).any() else math.nan
            for entry in range(1, 151)
        ]

    def weighted_iou(self) -> float:
        return sum(
            (self.truth == entry).mean() * iou for entry, iou in enumerate(self.iou(), 1) if (self.truth == entry).any()
        )

    def mistakes(self) -> dict[tuple[int, int], int]:
        wrong = self.truth != self.predicted
        found, counts = np.unique(np.stack([self.truth[wrong], self.predicted[wrong]]), axis=1, return_counts=True)
        return {(int(a), int(b)): int(count) for (a, b), count in zip(found.T, counts, strict=True)}


def known(values: list[float]) -> list[float]:
    return [value for value in values if not math.isnan(value)]


@given(st.lists(pairs(), min_size=1, max_size=4))
def test_every_measure_is_what_its_definition_says(pictures: list[tuple[np.ndarray, np.ndarray]]) -> None:
    confusion, plain = counted(pictures), Plain(pictures)
    assert confusion.pixels == len(plain.truth)
    assert confusion.iou == pytest.approx(plain.iou(), nan_ok=True)
    assert confusion.accuracy == pytest.approx(plain.accuracy(), nan_ok=True)
    assert confusion.mean_iou_150 == pytest.approx(sum(known(plain.iou())) / 150)
    assert confusion.mean_iou() == pytest.approx(np.mean(known(plain.iou()) or [0]))
    assert confusion.mean_accuracy == pytest.approx(np.mean(known(plain.accuracy()) or [0]))
    if len(plain.truth):
        assert confusion.pixel_accuracy == pytest.approx((plain.truth == plain.predicted).mean())
        assert confusion.unlabelled == pytest.approx((plain.predicted == 0).mean())
        assert confusion.frequency_weighted_iou == pytest.approx(plain.weighted_iou())
    else:
        assert (confusion.pixel_accuracy, confusion.unlabelled, confusion.frequency_weighted_iou) == (0, 0, 0)


@given(st.lists(pairs(), min_size=1, max_size=3), st.integers(1, 12))
def test_the_largest_mistakes_come_first(pictures: list[tuple[np.ndarray, np.ndarray]], count: int) -> None:
    plain = Plain(pictures)
    mistakes = counted(pictures).mistakes(count)
    expected = sorted(((-pixels, *pair) for pair, pixels in plain.mistakes().items()))[:count]
    assert mistakes == [Mistake(a, b, -pixels, -pixels / len(plain.truth)) for pixels, a, b in expected]


@given(st.lists(pairs(), min_size=2, max_size=4))
def test_counts_that_were_made_apart_add_up(pictures: list[tuple[np.ndarray, np.ndarray]]) -> None:
    apart = counted(pictures[:1])
    apart += counted(pictures[1:])
    assert np.array_equal(apart.counts, counted(pictures).counts)


def test_by_hand() -> None:
    truth = np.array([[1, 1, 1, 2], [2, 2, 0, 0]], np.uint8)
    predicted = np.array([[1, 1, 2, 2], [2, 0, 5, 1]], np.uint8)
    confusion = counted([(truth, predicted)])
    assert confusion.pixel_accuracy == pytest.approx(4 / 6)  # the two unknown pixels do not count
    assert confusion.unlabelled == pytest.approx(1 / 6)
    assert confusion.iou[:2] == pytest.approx([2 / 3, 2 / 4])
    assert confusion.mean_iou() == pytest.approx(7 / 12)
    assert confusion.mean_iou_150 == pytest.approx(7 / 6 / 150)
    assert confusion.mistakes() == [Mistake(1, 2, 1, 1 / 6), Mistake(2, 0, 1, 1 / 6)]


def test_a_class_only_predicted_lowers_the_mean_over_classes_seen() -> None:
    confusion = counted([(np.array([[1, 1]], np.uint8), np.array([[1, 9]], np.uint8))])
    assert confusion.mean_iou() == pytest.approx(1 / 4)
    assert confusion.mean_iou(among=confusion.present) == pytest.approx(1 / 2)


def test_a_class_that_is_asked_for_and_occurs_nowhere_counts_as_0() -> None:
    confusion = counted([(np.array([[1, 1]], np.uint8), np.array([[1, 1]], np.uint8))])
    among = np.zeros(150, np.bool_)
    assert confusion.mean_iou(among=among) == 0
    among[[0, 7]] = True
    assert confusion.mean_iou(among=among) == pytest.approx(1 / 2)


def test_more_pixels_than_a_float_counts_exactly() -> None:
    truth = np.full((4097, 4097), 3, np.uint8)  # one pixel more than 2**24 in a single pair, and some
    confusion = counted([(truth, truth)])
    assert confusion.counts[3, 3] == 4097**2


def test_parts_of_larger_arrays_are_counted_as_they_are() -> None:
    truth = np.arange(64, dtype=np.uint8).reshape(8, 8)[::2, 1::3]
    assert counted([(truth, truth)]).pixel_accuracy == 1


@pytest.mark.parametrize(
    ("truth", "predicted"),
    [
        (np.ones((2, 3), np.uint8), np.ones((3, 2), np.uint8)),
        (np.full((2, 2), 151, np.uint8), np.ones((2, 2), np.uint8)),
        (np.ones((2, 2), np.uint8), np.full((2, 2), 255, np.uint8)),
    ],
)
def test_what_are_no_labels_is_refused(truth: np.ndarray, predicted: np.ndarray) -> None:
    confusion = Confusion()
    with pytest.raises(ValueError, match="abels"):
        confusion.add(truth, predicted)
    assert not confusion.counts.any()
