"""Tables: every code's label, area, score and decider."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.core import tables
from app.core.segment_map import Decider, human_value
from app.core.tables import Thresholds
from inference.prediction import SegmentTable
from tests.core.helpers import HUMAN_VALUES, random_map


def table_of(*rows: tuple[int, float]) -> SegmentTable:
    return SegmentTable(np.array([row[0] for row in rows], np.uint8), np.array([row[1] for row in rows], np.float32))


TABLE = table_of((5, 0.9), (5, 0.4), (150, 0.5), (2, 0.0))


def test_a_query_counts_when_its_score_is_greater_than_the_threshold() -> None:
    for threshold, expected in ((0.5, [5, 0, 0, 0]), (0.4999, [5, 0, 150, 0]), (0.0, [5, 5, 150, 0]), (1.0, [0] * 4)):
        assert tables.label_table(TABLE, threshold=threshold)[1:5].tolist() == expected
    assert tables.label_table(TABLE, threshold=None)[1:5].tolist() == [5, 5, 150, 2]


def test_a_class_may_have_a_threshold_of_its_own() -> None:
    for base, own, expected in (
        (0.5, {}, [5, 0, 0, 0]),
        (0.5, {5: 0.3}, [5, 5, 0, 0]),
        (0.5, {5: 0.9}, [0, 0, 0, 0]),  # the score is not greater than itself, in single precision as well
        (0.0, {150: 0.5, 5: 0.4}, [5, 0, 0, 0]),
        (1.0, {150: 0.0, 2: 0.0}, [0, 0, 150, 0]),
    ):
        thresholds = Thresholds(base, own)
        assert tables.label_table(TABLE, threshold=thresholds)[1:5].tolist() == expected
        assert [thresholds.of(class_id) for class_id in (5, 1)] == [own.get(5, base), base]


@given(st.floats(0, 1), st.dictionaries(st.integers(1, 150), st.floats(0, 1)), st.integers(0, 2**32 - 1))
def test_every_row_is_held_against_the_threshold_of_its_class(base: float, own: dict[int, float], seed: int) -> None:
    random = np.random.default_rng(seed)
    table = SegmentTable(random.integers(1, 151, 100).astype(np.uint8), random.random(100, np.float32))
    thresholds = Thresholds(base, own)
    rows = zip(table.class_ids.tolist(), table.scores, strict=True)
    expected = [bool(score > np.float32(own.get(class_id, base))) for class_id, score in rows]
    assert tables.counting_rows(table, threshold=thresholds).tolist() == expected
    assert np.array_equal(tables.counting_rows(table, threshold=Thresholds(base)), table.scores > base)


def test_what_a_person_decided_counts_at_any_threshold() -> None:
    for threshold in (0.0, 1.0, None):
        labels = tables.label_table(TABLE, threshold=threshold)
        assert labels.shape == (256,)
        assert labels.dtype == np.uint8
        assert [int(labels[human_value(class_id)]) for class_id in range(151)] == list(range(151))
        assert labels[0] == 0
        assert not labels[5:101].any()
        assert not labels[252:].any()


def test_a_full_table_reaches_the_last_network_code() -> None:
    full = table_of(*[(1 + row, 1.0) for row in range(100)])
    assert tables.label_table(full, threshold=0.5)[1:101].tolist() == list(range(1, 101))


@given(st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_areas_count_labels(threshold: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    table = SegmentTable(random.integers(1, 151, 100).astype(np.uint8), random.random(100, np.float32))
    segment_map = random_map(30, 40, seed=seed)
    labels = tables.label_table(table, threshold=threshold)
    pixels = labels[segment_map.shown()]
    areas = tables.areas(segment_map.histogram(), labels)
    assert np.array_equal(areas, np.bincount(pixels.ravel(), minlength=151))
    shares = tables.decided_areas(segment_map.histogram(), labels)
    human, network = segment_map.human > 0, segment_map.network
    assert shares[Decider.PERSON] == human.sum()
    assert shares[Decider.NETWORK] == ((pixels > 0) & ~human).sum()
    assert shares[Decider.NOBODY] == ((pixels == 0) & ~human).sum()
    best = tables.best_scores(table, segment_map.histogram(), threshold=threshold)
    for class_id in range(151):
        rows = [
            row
            for row in np.flatnonzero(table.class_ids == class_id)
            if table.scores[row] > np.float32(threshold) and ((network == row + 1) & ~human).any()
        ]
        assert best[class_id] == max((table.scores[row] for row in rows), default=0)


def test_who_decided() -> None:
    labels = tables.label_table(TABLE, threshold=0.5)
    assert tables.decider(0, labels) is Decider.NOBODY
    assert tables.decider(1, labels) is Decider.NETWORK
    assert tables.decider(2, labels) is Decider.NOBODY  # under the threshold
    assert {tables.decider(value, labels) for value in HUMAN_VALUES} == {Decider.PERSON}


def test_an_empty_table_labels_nothing() -> None:
    assert not tables.label_table(tables.empty_table(), threshold=None)[:101].any()
