"""What the segments of pictures cover: what a folder is filtered and sorted by, under any threshold.

Kept as a few bytes per picture, so that those of a whole folder are arrays as soon as they are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.core.arrays import F32, I64, U8, Bool, Intp
from app.core.segment_map import HUMAN_BASE, HUMAN_UNLABELLED
from app.core.tables import Thresholds
from inference.prediction import SegmentTable
from resources.classes import CLASS_COUNT

_SEGMENT = np.dtype([("class_id", "u1"), ("decided", "u1"), ("score", "<f4"), ("pixels", "<u4")])


def pack_areas(counts: I64, table: SegmentTable) -> bytes:
    """The segments of one picture as bytes: pixels per code shown, (256,) int64, and what the network's codes are.

    `table` is that of the segments view: its rows have the scores that a threshold is held against.
    """
    classes, scores, decided = np.zeros(256, np.uint8), np.zeros(256, np.float32), np.zeros(256, np.bool_)
    rows = len(table.scores)
    classes[1 : rows + 1], scores[1 : rows + 1] = table.class_ids, table.scores
    classes[HUMAN_BASE + 1 : HUMAN_UNLABELLED] = np.arange(1, CLASS_COUNT + 1)
    scores[HUMAN_BASE + 1 : HUMAN_UNLABELLED + 1] = 1
    decided[HUMAN_BASE + 1 : HUMAN_UNLABELLED + 1] = True
    codes = np.flatnonzero(counts)
    segments = np.empty(len(codes), _SEGMENT)
    segments["class_id"], segments["decided"] = classes[codes], decided[codes]
    segments["score"], segments["pixels"] = scores[codes], counts[codes]
    return segments.tobytes()


def is_sound_areas(packed: bytes) -> bool:
    """Whether `pack_areas` can have made it."""
    if len(packed) % _SEGMENT.itemsize:
        return False
    segments = np.frombuffer(packed, _SEGMENT)
    scores = segments["score"]
    return bool((segments["class_id"] <= CLASS_COUNT).all() and ((scores >= 0) & (scores <= 1)).all())


@dataclass(frozen=True, eq=False)
class FolderAreas:
    """The segments of N pictures, S in all, those of one picture one after the other."""

    names: tuple[str, ...]
    thresholds: F32  # (N,) the pictures' own, NaN where there is none
    pixels: I64  # (N,) of the whole picture
    picture: Intp  # (S,) index into `names`
    class_ids: U8  # (S,) 0..150; 0 is what nobody decided, or a person as unlabelled
    scores: F32  # (S,) 0..1; 1 where a person decided
    decided: Bool  # (S,) by a person
    areas: I64  # (S,) pixels

    @classmethod
    def of_packed(cls, rows: Sequence[tuple[str, float | None, bytes]]) -> FolderAreas:
        """From name, own threshold and `pack_areas` of each picture."""
        segments = np.frombuffer(b"".join(packed for _, _, packed in rows), _SEGMENT)
        counts = np.array([len(packed) for _, _, packed in rows], np.intp) // _SEGMENT.itemsize
        picture = np.arange(len(rows)).repeat(counts)
        areas = segments["pixels"].astype(np.int64)
        return cls(
            names=tuple(name for name, _, _ in rows),
            thresholds=np.array([np.nan if own is None else own for _, own, _ in rows], np.float32),
            pixels=_sums(picture, areas, len(rows)),
            picture=picture,
            class_ids=np.ascontiguousarray(segments["class_id"]),
            scores=np.ascontiguousarray(segments["score"]),
            decided=segments["decided"] != 0,
            areas=areas,
        )

    def with_class(self, class_id: int, *, threshold: Thresholds | float | None, share: float = 0.0) -> set[str]:
        """The pictures of which more than `share` 0..1 is labelled with a class 1..150."""
        return {self.names[index] for index in np.flatnonzero(self.shares(class_id, threshold=threshold) > share)}

    def shares(self, class_id: int, *, threshold: Thresholds | float | None) -> F32:
        """How much of each picture is labelled with a class 1..150: (N,) float32 0..1."""
        mine = self.class_ids == class_id
        picture, areas = self.picture[mine], self.areas[mine]
        counting = self._counting(threshold, mine)
        return self._shares(_sums(picture, np.where(counting, areas, 0), len(self.names)))

    def unlabelled_shares(self, *, threshold: Thresholds | float | None) -> F32:
        """How much of each picture is unlabelled: (N,) float32 0..1."""
        everywhere = np.ones(len(self.areas), np.bool_)
        labelled = np.where(self._counting(threshold, everywhere), self.areas, 0)
        return self._shares(self.pixels - _sums(self.picture, labelled, len(self.names)))

    def uncertainties(self) -> F32:
        """1 - the mean over each picture's pixels of their segment's score: (N,) float32 0..1.

        What a person decided is certain, a pixel that no segment owns is not at all.
        """
        sums = np.bincount(self.picture, weights=self.scores * self.areas, minlength=len(self.names))
        return (1 - sums / np.maximum(self.pixels, 1)).astype(np.float32)

    def _counting(self, threshold: Thresholds | float | None, chosen: Bool) -> Bool:
        """Which of the `chosen` segments count: as in `tables.counting_rows`, each picture with its own threshold."""
        class_ids = self.class_ids[chosen]
        labelled: Bool = class_ids > 0
        if threshold is None:
            return labelled
        thresholds = threshold if isinstance(threshold, Thresholds) else Thresholds(threshold)
        own = self.thresholds[self.picture[chosen]]
        limits = np.where(np.isnan(own), np.float32(thresholds.base), own)
        by_class = np.full(CLASS_COUNT + 1, np.nan, np.float32)
        for class_id, value in thresholds.by_class.items():
            by_class[class_id] = value
        limits = np.where(np.isnan(by_class[class_ids]), limits, by_class[class_ids])
        return np.asarray(labelled & (self.decided[chosen] | (self.scores[chosen] > limits)), np.bool_)

    def _shares(self, pixels: I64) -> F32:
        return (pixels / np.maximum(self.pixels, 1)).astype(np.float32)


def _sums(picture: Intp, areas: I64, count: int) -> I64:
    return np.bincount(picture, weights=areas, minlength=count).astype(np.int64)
