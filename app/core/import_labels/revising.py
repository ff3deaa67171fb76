"""What labels that are brought in make of a picture's corrections: one undoable step, and what they are afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

import numpy as np

from app.core.arrays import U8
from app.core.errors import LabelsError
from app.core.geometry import Box
from app.core.human_layer import HumanLayer
from app.core.import_labels.inspection import human_values, labels_patch
from app.core.patches import Patch, patch_between
from app.core.tile_counts import TILE


class Existing(Enum):
    """What becomes of corrections that a picture has already."""

    REPLACE = "replace"  # the labels take their place
    KEEP = "keep"  # they stay, and the labels decide what nobody decided
    SKIP = "skip"  # the picture is left as it is


@dataclass(frozen=True)
class Revision:
    """Corrections after a step, and the step itself."""

    step: Patch | None  # None where nothing changes
    corrections: Patch  # the patch that makes all of them of an empty layer


def revised(labels: U8, before: HumanLayer | None, *, keep: bool = False) -> Revision:
    """Bring `labels` (H, W) uint8 0..150 into a picture in which a person decided `before`; None for nothing so far.

    What was decided is replaced, so that exactly `labels` show, unless it is to be kept. LabelsError for labels of
    another size than the corrections.
    """
    if before is None:
        first = labels_patch(labels)
        return Revision(first, first)
    if before.shape != labels.shape:
        raise LabelsError(f"The labels are {_size(labels.shape)}, the corrections {_size(before.shape)}.")
    if not keep:
        return Revision(patch_between(labels.shape, _changes(labels, before, keep=False)), labels_patch(labels))
    step = patch_between(labels.shape, _changes(labels, before, keep=True))
    whole = patch_between(labels.shape, ((tile, 0, after) for tile, _, after in _changes(labels, before, keep=True)))
    assert whole is not None  # every pixel is decided
    return Revision(step, whole)


def _changes(labels: U8, before: HumanLayer, *, keep: bool) -> Iterator[tuple[Box, U8, U8]]:
    """Each tile with its corrections before and after."""
    for tile in Box.of_shape(labels.shape).tiles(TILE):
        held, after = before.read(tile), human_values(labels[tile.slices])
        if keep:
            np.copyto(after, held, where=held > 0)
        yield tile, held, after


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]} x {shape[0]} pixels"
