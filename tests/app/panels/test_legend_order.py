"""Which rows the legend has and in what order, against a plain sort."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.panels.class_texts import class_name, published_iou
from app.panels.legend_order import Figures, LegendSort, Marks, SortKey, legend_rows

CLASSES = st.frozensets(st.integers(0, 150), max_size=5)
SORTS = st.builds(LegendSort, st.sampled_from(SortKey), st.booleans())


def figures(shares: dict[int, tuple[int, float]]) -> Figures:
    areas, scores = np.zeros(151, np.int64), np.zeros(151, np.float32)
    for class_id, (pixels, score) in shares.items():
        areas[class_id], scores[class_id] = pixels, score
    return Figures(areas, scores)


@given(st.dictionaries(st.integers(0, 150), st.tuples(st.integers(0, 3), st.sampled_from([0.0, 0.5, 0.9])), max_size=9),
       st.builds(Marks, CLASSES, CLASSES, CLASSES, CLASSES), SORTS)  # fmt: skip
def test_rows(shares: dict[int, tuple[int, float]], marks: Marks, sort: LegendSort) -> None:
    numbers = figures(shares)
    rows = legend_rows(numbers, marks, sort, size="m")
    present = {class_id for class_id, (pixels, _) in shares.items() if pixels}
    assert set(rows) == present | marks.hidden | marks.solo | marks.locked | marks.favourites | {0}
    assert len(rows) == len(set(rows))
    assert rows[-1] == 0
    starred = [class_id in marks.favourites for class_id in rows[:-1]]
    assert starred == sorted(starred, reverse=True)

    def value(class_id: int) -> object:
        return {
            SortKey.AREA: int(numbers.areas[class_id]),
            SortKey.NAME: class_name(class_id),
            SortKey.SCORE: float(numbers.scores[class_id]),
            SortKey.ACCURACY: published_iou(class_id, "m"),
        }[sort.key]

    for first, second in pairwise(rows[:-1]):
        if (first in marks.favourites) != (second in marks.favourites):
            continue
        if (first in present) != (second in present):
            assert first in present
        elif value(first) != value(second):
            assert (value(first) > value(second)) == sort.descending  # type: ignore[operator]
        else:
            assert (-numbers.areas[first], first) < (-numbers.areas[second], second)


def test_a_class_with_a_threshold_of_its_own_stays_listed() -> None:
    assert legend_rows(figures({}), Marks(thresholds={88: 0.9}), LegendSort(), size=None) == [88, 0]


@pytest.mark.parametrize(
    ("text", "sort", "descending"),
    [
        ("area", LegendSort(), True),
        ("-area", LegendSort(SortKey.AREA, backwards=True), False),
        ("name", LegendSort(SortKey.NAME), False),
        ("-name", LegendSort(SortKey.NAME, backwards=True), True),
        ("score", LegendSort(SortKey.SCORE), True),
        ("accuracy", LegendSort(SortKey.ACCURACY), True),
    ],
)
def test_an_order_is_remembered_as_a_word(text: str, sort: LegendSort, descending: bool) -> None:  # noqa: FBT001
    assert LegendSort.parse(text) == sort
    assert str(sort) == text
    assert sort.descending is descending


def test_what_is_no_order_is_by_area() -> None:
    for text in ("", "-", "colour", "--area", "-Name"):
        assert LegendSort.parse(text) == LegendSort()


def test_choosing_the_same_again_turns_it_round() -> None:
    by_name = LegendSort().chosen(SortKey.NAME)
    assert by_name == LegendSort(SortKey.NAME)
    assert by_name.chosen(SortKey.NAME) == LegendSort(SortKey.NAME, backwards=True)
    assert by_name.chosen(SortKey.NAME).chosen(SortKey.SCORE) == LegendSort(SortKey.SCORE)


def test_only_what_differs_is_told() -> None:
    before = Marks(locked=frozenset({3}), thresholds={88: 0.3, 5: 0.2})
    assert not before.changed(before)
    assert before.changed(Marks(locked=frozenset({4}), thresholds={88: 0.4, 5: 0.2})) == {3, 4, 88}
    assert before.changed(Marks(solo=frozenset({3}))) == set(range(151))
