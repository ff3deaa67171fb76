"""Parts: what a slow operation changes, piece by piece, so that any size of picture fits into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from app.core.arrays import U8, Bool
from app.core.geometry import Box
from app.core.segment_map import CODES, SegmentMap, human_value
from app.core.spans import Spans
from resources.classes import CLASS_COUNT

Area = Spans  # the pixels that an operation may change: never a mask at full size
Check = Callable[[], None]  # called between steps; raises where the work is not wanted any more

_HUMAN: U8 = np.zeros(CODES, np.uint8)
_HUMAN[: CLASS_COUNT + 1] = [human_value(class_id) for class_id in range(CLASS_COUNT + 1)]


class LabelReader(Protocol):
    """Labels that need not exist as a whole."""

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)"""

    def labels(self, box: Box, /) -> U8:
        """The labels in `box`, (h, w) uint8 0..150, not shared with anyone who writes. The box lies on the picture."""


@dataclass(frozen=True, eq=False)
class MapLabels:
    """The labels of a segment map, read with one label table (256,) uint8 whatever happens to the threshold."""

    segment_map: SegmentMap
    table: U8

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) of the map."""
        return self.segment_map.shape

    def labels(self, box: Box, /) -> U8:
        """The labels in `box`, (h, w) uint8 0..150, in an array of their own. The box lies on the picture."""
        return np.asarray(cv2.LUT(self.segment_map.shown(box), self.table), np.uint8)


@dataclass(frozen=True, eq=False)
class Part:
    """New labels (h, w) uint8 0..150 for the pixels of `box` under `mask` (h, w) bool, which all differ from before."""

    box: Box
    mask: Bool
    labels: U8

    @property
    def count(self) -> int:
        """How many pixels change."""
        return int(np.count_nonzero(self.mask))


def count(parts: Iterable[Part]) -> int:
    """How many pixels the parts change."""
    return sum(part.count for part in parts)


def human_values(labels: U8) -> U8:
    """The human-layer value of every label: 101..250 for 1..150, and 251 for 0, unlabelled; same shape, uint8."""
    return np.asarray(cv2.LUT(labels, _HUMAN), np.uint8)


def unhindered() -> None:
    """The check of work that nobody stops."""


def changed_part(box: Box, before: U8, after: U8, *, within: Bool | None = None) -> Part | None:
    """The part of `box` where labels differ and `within` allows it, cut down to that; None when nothing differs."""
    changed = before != after
    if within is not None:
        changed &= within
    found = Box.around(changed)
    if found.empty:
        return None
    return Part(found.move(box.x0, box.y0), changed[found.slices].copy(), after[found.slices].copy())


def bounds_of(area: Area | None, shape: tuple[int, int]) -> Box:
    """The box that an operation may change."""
    return Box.of_shape(shape) if area is None else area.box.clip(shape)


def within_area(area: Area | None, box: Box) -> Bool | None:
    """Which pixels of `box` lie in the area, (h, w) bool; None for all of them."""
    return None if area is None else area.clip(box).mask(box)
