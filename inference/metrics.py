"""How well predicted labels agree with true ones: counted once, read in every way that the field reports.

Definitions: pixels whose truth is 0 are left out; a prediction of 0 on any other pixel is a miss. Intersection over
union of a class is taken over the whole set of pictures, not picture by picture. Its mean is given over all 150 classes
with absent ones as 0, as the official ADE20K kit counts (CSAILVision/sceneparsing), and over the classes that occur in
truth or prediction, as mmsegmentation does (`nanmean`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from resources.classes import CLASS_COUNT

U8 = NDArray[np.uint8]
F64 = NDArray[np.float64]

_VALUES = CLASS_COUNT + 1  # 0 and the classes
_EXACT = 1 << 24  # float32, in which OpenCV counts, holds every whole number up to here


@dataclass(frozen=True, slots=True)
class Mistake:
    """Pixels of one class that were taken for another, or for nothing (`predicted` 0)."""

    truth: int  # 1..150
    predicted: int  # 0..150
    pixels: int
    share: float  # of all pixels whose truth is known, 0..1


class Confusion:
    """Pixels counted by truth and prediction, (151, 151) int64, both 0..150; the row of truth 0 stays empty.

    Takes the same memory for any number of pictures, and two counts that were made apart can be added up.
    """

    def __init__(self, counts: NDArray[np.int64] | None = None) -> None:
        self.counts = np.zeros((_VALUES, _VALUES), np.int64) if counts is None else counts

    def add(self, truth: U8, predicted: U8) -> None:
        """Two label maps (H, W) uint8 of the same shape. ValueError where shapes differ or a value is over 150."""
        if truth.shape != predicted.shape:
            raise ValueError(f"Labels of shape {predicted.shape} cannot be compared with a truth of {truth.shape}.")
        # Over 150 would be left out by the counting below, in silence.
        if max(int(truth.max(initial=0)), int(predicted.max(initial=0))) > CLASS_COUNT:
            raise ValueError(f"Labels go from 0 to {CLASS_COUNT}.")
        truth, predicted = np.ascontiguousarray(truth).reshape(-1, 1), np.ascontiguousarray(predicted).reshape(-1, 1)
        for start in range(0, len(truth), _EXACT):
            part = [truth[start : start + _EXACT], predicted[start : start + _EXACT]]
            counted = cv2.calcHist(part, [0, 1], None, [_VALUES, _VALUES], [0, _VALUES, 0, _VALUES])
            self.counts[1:] += counted[1:].astype(np.int64)

    def __iadd__(self, other: Confusion) -> Self:
        self.counts += other.counts
        return self

    @property
    def pixels(self) -> int:
        """How many pixels were compared: those whose truth is known."""
        return int(self.counts.sum())

    @property
    def pixel_accuracy(self) -> float:
        """Correct / known pixels, 0..1; 0 where none is known."""
        return float(np.trace(self.counts)) / max(self.pixels, 1)

    @property
    def unlabelled(self) -> float:
        """Share of the known pixels that the prediction leaves unlabelled, 0..1."""
        return float(self.counts[:, 0].sum()) / max(self.pixels, 1)

    @property
    def truth_pixels(self) -> NDArray[np.int64]:
        """Pixels of each class 1..150 in the truth, (150,)."""
        return np.asarray(self.counts.sum(axis=1)[1:], np.int64)

    @property
    def predicted_pixels(self) -> NDArray[np.int64]:
        """Pixels of each class 1..150 in the prediction, where the truth is known, (150,)."""
        return np.asarray(self.counts.sum(axis=0)[1:], np.int64)

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which of the classes 1..150 occur in the truth, (150,)."""
        return self.truth_pixels > 0

    @property
    def iou(self) -> F64:
        """Intersection over union of the classes 1..150 over all pictures; NaN where neither truth nor prediction."""
        correct = self._correct
        return _shares(correct, self.truth_pixels + self.predicted_pixels - correct)

    @property
    def accuracy(self) -> F64:
        """Correct / true pixels of the classes 1..150, (150,), also called recall; NaN where the truth has none."""
        return _shares(self._correct, self.truth_pixels)

    def mean_iou(self, *, among: NDArray[np.bool_] | None = None) -> float:
        """Mean over the classes that occur in truth or prediction, or over the classes `among` (150,) names."""
        iou = self.iou
        if among is None:
            return _mean_of_known(iou)
        return float(np.nan_to_num(iou[among]).mean()) if among.any() else 0.0

    @property
    def mean_iou_150(self) -> float:
        """Mean over all 150 classes, absent ones as 0, as the official kit counts."""
        return float(np.nan_to_num(self.iou).mean())

    @property
    def mean_accuracy(self) -> float:
        """Mean over the classes in the truth of their accuracy, 0..1."""
        return _mean_of_known(self.accuracy)

    @property
    def frequency_weighted_iou(self) -> float:
        """Σ share of the class in the truth · its IoU, 0..1."""
        return float((self.truth_pixels * np.nan_to_num(self.iou)).sum()) / max(self.pixels, 1)

    def mistakes(self, count: int = 10) -> list[Mistake]:
        """The largest by pixels, at most `count`; equal ones in the order of their classes."""
        wrong = self.counts.copy()
        np.fill_diagonal(wrong, 0)
        order = np.argsort(-wrong, axis=None, kind="stable")[:count]
        known = max(self.pixels, 1)
        return [
            Mistake(int(truth), int(predicted), pixels, pixels / known)
            for truth, predicted in (divmod(int(cell), _VALUES) for cell in order)
            if (pixels := int(wrong[truth, predicted]))
        ]

    @property
    def _correct(self) -> NDArray[np.int64]:
        return np.diag(self.counts)[1:]


def _shares(part: NDArray[np.int64], whole: NDArray[np.int64]) -> F64:
    shares: F64 = np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
    return shares


def _mean_of_known(values: F64) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else 0.0
