"""256-entry tables: what every code of a segment map means. A threshold changes a table, never a pixel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from app.core.arrays import F32, I64, U8, Bool
from app.core.segment_map import CODES, HUMAN_BASE, HUMAN_UNLABELLED, NETWORK_MAX, Decider
from inference.prediction import SegmentTable
from resources.classes import CLASS_COUNT


@dataclass(frozen=True)
class Thresholds:
    """Which queries count: those that score more than the threshold of their class, all numbers 0..1."""

    base: float = 0.5
    by_class: Mapping[int, float] = field(default_factory=dict)  # ADE ids 1..150 that have a threshold of their own

    def of(self, class_id: int) -> float:
        """The threshold that segments of a class 1..150 have to exceed."""
        return self.by_class.get(class_id, self.base)

    def table(self) -> F32:
        """The threshold of every class, (151,) float32: the precision of scores, so that equal means equal."""
        table = np.full(CLASS_COUNT + 1, self.base, np.float32)
        for class_id, value in self.by_class.items():
            table[class_id] = value
        return table


def empty_table() -> SegmentTable:
    """The table of a picture without a prediction: no rows."""
    return SegmentTable(class_ids=np.zeros(0, np.uint8), scores=np.zeros(0, np.float32))


def label_table(table: SegmentTable, *, threshold: float | Thresholds | None) -> U8:
    """ADE label 0..150 of every code, (256,) uint8.

    A query counts when its score is greater than `threshold`, 0..1, as in the published rule, one for all classes or
    `Thresholds`; with None all count (the semantic view). What a person decided counts always.
    """
    labels = np.zeros(CODES, np.uint8)
    counting = counting_rows(table, threshold=threshold)
    labels[1 : len(counting) + 1] = np.where(counting, table.class_ids, 0)
    labels[HUMAN_BASE + 1 : HUMAN_UNLABELLED] = np.arange(1, CLASS_COUNT + 1)
    return labels


def counting_rows(table: SegmentTable, *, threshold: float | Thresholds | None) -> Bool:
    """Which rows of the table count, (N,) bool."""
    if threshold is None:
        return np.ones(len(table.scores), np.bool_)
    limits = threshold.table()[table.class_ids] if isinstance(threshold, Thresholds) else threshold
    return np.asarray(table.scores > limits, np.bool_)


def areas(histogram: I64, labels: U8) -> I64:
    """Pixels per ADE label, (151,) int64, from pixels per code (256,) and the label of each code (256,)."""
    pixels = np.zeros(CLASS_COUNT + 1, np.int64)
    np.add.at(pixels, labels, histogram)
    return pixels


def best_scores(table: SegmentTable, histogram: I64, *, threshold: float | Thresholds | None) -> F32:
    """Best score of each class among its queries that count and show at least one pixel: (151,) float32, else 0."""
    best = np.zeros(CLASS_COUNT + 1, np.float32)
    rows = len(table.scores)
    seen = counting_rows(table, threshold=threshold) & (histogram[1 : rows + 1] > 0)
    np.maximum.at(best, table.class_ids[seen], table.scores[seen])
    return best


def decider(code: int, labels: U8) -> Decider:
    """Who decided a pixel that shows `code`; a query that the label table `labels` does not count decides nothing."""
    if code > HUMAN_BASE:
        return Decider.PERSON
    return Decider.NETWORK if labels[code] else Decider.NOBODY


def decided_areas(histogram: I64, labels: U8) -> dict[Decider, int]:
    """Pixels decided by the network, by a person and by nobody, from the histogram and the label table."""
    network = int(histogram[: NETWORK_MAX + 1][labels[: NETWORK_MAX + 1] > 0].sum())
    person = int(histogram[HUMAN_BASE + 1 :].sum())
    return {Decider.NETWORK: network, Decider.PERSON: person, Decider.NOBODY: int(histogram.sum()) - network - person}
