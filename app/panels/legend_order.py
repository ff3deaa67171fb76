"""Which classes the legend lists and in what order: what is marked stays listed, favourites come first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from app.panels.class_texts import class_name, published_iou
from resources.classes import CLASS_COUNT


class SortKey(StrEnum):
    """What the rows can be ordered by; the value is what is remembered."""

    AREA = "area"
    NAME = "name"
    SCORE = "score"
    ACCURACY = "accuracy"


@dataclass(frozen=True)
class LegendSort:
    """An order: the largest, surest or best known first, names from A to Z; `backwards` the other way round."""

    key: SortKey = SortKey.AREA
    backwards: bool = False

    @classmethod
    def parse(cls, text: str) -> LegendSort:
        """From what is remembered, as "area" or "-name"; by area when it says nothing of the kind."""
        name = text.removeprefix("-")
        return cls(SortKey(name), text != name) if name in set(SortKey) else cls()

    def __str__(self) -> str:
        return f"{'-' if self.backwards else ''}{self.key}"

    @property
    def descending(self) -> bool:
        """Whether values fall from the first row to the last."""
        return (self.key is SortKey.NAME) is self.backwards

    def chosen(self, key: SortKey) -> LegendSort:
        """The order after `key` was chosen: a second time turns it round."""
        return replace(self, backwards=not self.backwards) if key is self.key else LegendSort(key)


@dataclass(frozen=True)
class Marks:
    """What a person said about classes, by ADE id 0..150."""

    hidden: frozenset[int] = frozenset()
    solo: frozenset[int] = frozenset()
    locked: frozenset[int] = frozenset()
    favourites: frozenset[int] = frozenset()
    thresholds: Mapping[int, float] = field(default_factory=dict)

    def kept(self) -> frozenset[int]:
        """The classes that stay listed when the picture shows none of their pixels, so that it can be taken back."""
        return self.hidden | self.solo | self.locked | self.favourites | frozenset(self.thresholds)

    def changed(self, before: Marks) -> frozenset[int]:
        """The classes that look different from `before`."""
        if (self.hidden, self.solo, self.favourites) != (before.hidden, before.solo, before.favourites):
            return frozenset(range(CLASS_COUNT + 1))
        limits = {class_id for class_id, _ in self.thresholds.items() ^ before.thresholds.items()}
        return (self.locked ^ before.locked) | limits


@dataclass(frozen=True, eq=False)
class Figures:
    """The numbers of the rows, by ADE id: pixels (151,) int64, best scores (151,) float32, 0 where there is none."""

    areas: NDArray[np.int64] = field(default_factory=lambda: np.zeros(CLASS_COUNT + 1, np.int64))
    scores: NDArray[np.float32] = field(default_factory=lambda: np.zeros(CLASS_COUNT + 1, np.float32))

    def changed(self, before: Figures) -> NDArray[np.bool_]:
        """Which classes have other numbers than `before`: (151,) bool. All of them in a picture of another size."""
        whole: np.bool_ = self.areas.sum() != before.areas.sum()
        return np.asarray((self.areas != before.areas) | (self.scores != before.scores) | whole, np.bool_)


def legend_rows(figures: Figures, marks: Marks, sort: LegendSort, *, size: str | None) -> list[int]:
    """The rows of a picture with labels: favourites, then the other classes present or marked, unlabelled last.

    `size`: of the published network whose accuracy counts, as in `published_iou`.
    """
    present = set((np.flatnonzero(figures.areas[1:]) + 1).tolist())
    favourites = marks.favourites - {0}
    others = (present | marks.kept()) - favourites - {0}
    return [*ordered(favourites, figures, sort, size=size), *ordered(others, figures, sort, size=size), 0]


def ordered(class_ids: Iterable[int], figures: Figures, sort: LegendSort, *, size: str | None) -> list[int]:
    """Classes 1..150 in order; what is not in the picture comes last, equals go by area and then by number."""

    def value(class_id: int) -> tuple[float, str]:
        match sort.key:
            case SortKey.AREA:
                return int(figures.areas[class_id]), ""
            case SortKey.NAME:
                return 0, class_name(class_id)
            case SortKey.SCORE:
                return float(figures.scores[class_id]), ""
            case SortKey.ACCURACY:
                return published_iou(class_id, size) or 0.0, ""
            case unexpected:
                assert_never(unexpected)

    rows = sorted(class_ids, key=lambda class_id: (-figures.areas[class_id], class_id))
    rows.sort(key=value, reverse=sort.descending)
    rows.sort(key=lambda class_id: not figures.areas[class_id])
    return rows
