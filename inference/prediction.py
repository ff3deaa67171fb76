"""What the network said about one photo, and every form in which people and scripts want it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sized
from dataclasses import dataclass
from functools import cached_property
from typing import TypedDict

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.composition import compose
from resources.classes import CLASS_COUNT, ade_class

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

MAXIMUM_SEGMENTS = 100
"""Values 1..100 of a segment map belong to the network."""


class Detection(TypedDict):
    """One segment as the published models report it."""

    bbox: list[int]  # [x1, y1, x2, y2] in pixels, half-open
    conf: float  # 0..1
    cls_id: int  # 1..150
    label: str
    mask: str  # base64 of an 8-bit greyscale PNG, 255 where the segment is, of the size of `bbox`


@dataclass(frozen=True, eq=False)
class SegmentTable:
    """What the values of a network layer stand for: row i describes value i + 1."""

    class_ids: U8  # (N,) 1..150, N ≤ 100
    scores: F32  # (N,) 0..1


@dataclass(frozen=True, eq=False)
class Prediction:
    """100 queries: what each is (`class_probs`) and where (`mask_probs`, soft, at an eighth of the network's picture).

    Each pixel of the photo belongs to the query with the largest score · mask probability. A threshold afterwards
    switches whole queries off, it never gives a pixel to another query.

    A network that says of pixels themselves that they are nothing has a 151st column: not 0 for the queries that stand
    for that. In the semantic view they compete with it instead of their class, and what they win is unlabelled.
    """

    class_probs: F32  # (100, 150 or 151) 0..1; what is missing to 1 in a row is "no object"
    mask_probs: F32  # (100, h, w) 0..1
    size: tuple[int, int]  # (H, W) of the photo

    @cached_property
    def class_ids(self) -> U8:
        """(100,) uint8: the most probable class of each query, 1..150."""
        class_ids: U8 = (self.class_probs[:, :CLASS_COUNT].argmax(axis=1) + 1).astype(np.uint8)
        return class_ids

    @cached_property
    def scores(self) -> F32:
        """(100,) float32: how probable that class is, 0..1."""
        scores: F32 = self.class_probs[:, :CLASS_COUNT].max(axis=1)
        return scores

    @cached_property
    def class_weights(self) -> F32:
        """(100, 150) float32, 0..1: what each query adds to each class of the semantic view, times its mask."""
        nothing = self.class_probs[:, CLASS_COUNT:].any(axis=1, keepdims=True)
        return np.where(nothing, np.float32(0), self.class_probs[:, :CLASS_COUNT])

    def segment_table(self) -> SegmentTable:
        """The table that belongs to `segment_map`: one row per query."""
        return SegmentTable(self.class_ids, self.scores)

    def segment_map(self) -> U8:
        """(H, W) uint8: 1 + the query that owns the pixel, 1..100."""
        return self.owners_as(_counted(self.scores))

    def owners_as(self, values: U8) -> U8:
        """(H, W) uint8: what `values` (100,) has for the query that owns the pixel.

        The more queries have the same value, the quicker: which of them owns a pixel then does not matter.
        """
        return compose(self.mask_probs * self.scores[:, None, None], size=self.size, values=values)

    def labels(self, threshold: float = 0.5) -> U8:
        """(H, W) uint8: ADE ids 1..150, and 0 where the owner's score is not greater than `threshold` (0 means 0)."""
        return self.owners_as(np.where(self.scores > threshold, self.class_ids, 0).astype(np.uint8, copy=False))

    def masks(self, threshold: float = 0.5) -> NDArray[np.bool_]:
        """(K, H, W) bool: the pixels of each of the K queries above the threshold, in their order; some may be empty.

        No two masks overlap. K · H · W bytes: for a large photo `segment_map` says the same in H · W.
        """
        segment_map = self.segment_map()
        values = np.flatnonzero(self.scores > threshold) + 1
        return np.stack([segment_map == value for value in values]) if len(values) else np.zeros((0, *self.size), bool)

    def detections(self, threshold: float = 0.5) -> list[Detection]:
        """A record for each query above the threshold that owns a pixel. Their masks add up to `labels(threshold)`."""
        owners = {
            int(query) + 1: (int(self.class_ids[query]), float(self.scores[query]))
            for query in np.flatnonzero(self.scores > threshold)
        }
        return detections_of(self.segment_map(), owners)

    def semantic_labels(self) -> U8:
        """(H, W) uint8: the ADE id 1..150 with the largest Σ over queries of class · mask probability at each pixel.

        0 where no class has any probability, and where the network says that there is nothing.
        """
        return compose(self._semantic_planes, size=self.size)

    def semantic_segments(self) -> tuple[U8, SegmentTable]:
        """The semantic view as a segment map (H, W) and its table: one row per class present, in the order of ids. The
        map is 0 where `semantic_labels` is.

        The score of a class is its mean share s(c) / Σ s over the mask cells it wins, or its largest share if it wins
        only between cells. Should more than 100 classes be present, the 100 largest by area compete again.
        """
        planes = self._semantic_planes
        winners = compose(planes, size=self.size)
        areas = cv2.calcHist([winners], [0], None, [len(planes)], [0, len(planes)]).ravel()
        kept = 1 + np.flatnonzero(areas[1:])
        if len(kept) > MAXIMUM_SEGMENTS:
            kept = np.sort(1 + np.argsort(-areas[1:], kind="stable")[:MAXIMUM_SEGMENTS])
            segment_map = compose(planes[[0, *kept]], size=self.size)
        else:
            values = np.zeros(256, np.uint8)
            values[kept] = np.arange(1, len(kept) + 1)
            segment_map = np.asarray(cv2.LUT(winners, values), dtype=np.uint8)
        return segment_map, SegmentTable(kept.astype(np.uint8), _mean_shares(planes, kept))

    @property
    def _semantic_planes(self) -> F32:
        """(151, h, w): what there is of nothing, and of each class. In a tie, of zeros above all, nothing wins."""
        # Resizing is linear, so the classes can be summed up at the size of the masks.
        queries, height, width = self.mask_probs.shape
        masks = self.mask_probs.reshape(queries, -1)
        sums = np.zeros((1 + CLASS_COUNT, height * width), np.float32)
        np.matmul(self.class_weights.T, masks, out=sums[1:])
        if self.class_probs.shape[1] > CLASS_COUNT:
            np.matmul(self.class_probs[:, CLASS_COUNT:].T, masks, out=sums[:1])
        return sums.reshape(-1, height, width)


def detections_of(segment_map: U8, owners: Mapping[int, tuple[int, float]]) -> list[Detection]:
    """A record for each value of the map (H, W) that `owners` names as (class id, score) and that has a pixel."""
    found = []
    for value, (class_id, score) in owners.items():
        mask = (segment_map == value).view(np.uint8)
        x, y, width, height = cv2.boundingRect(mask)
        if not width:
            continue
        _, png = cv2.imencode(".png", mask[y : y + height, x : x + width] * 255)
        found.append(
            Detection(
                bbox=[x, y, x + width, y + height],
                conf=score,
                cls_id=class_id,
                label=ade_class(class_id).name,
                mask=base64.b64encode(png.tobytes()).decode("ascii"),
            )
        )
    return found


def _counted(rows: Sized) -> U8:
    """1, 2, 3, … for so many rows."""
    return np.arange(1, len(rows) + 1, dtype=np.uint8)


def _mean_shares(planes: F32, kept: NDArray[np.intp]) -> F32:
    shares = planes[kept] / np.maximum(planes.sum(axis=0), np.finfo(np.float32).tiny)
    winners = planes[[0, *kept]].argmax(axis=0)
    means = [
        float(share[winners == row].mean()) if (winners == row).any() else float(share.max())
        for row, share in enumerate(shares, start=1)
    ]
    return np.array(means, np.float32)
