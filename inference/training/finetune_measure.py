"""How good a network is on the pictures of a job that were held back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from inference.errors import EngineError
from inference.files import replace_file
from inference.learning.pictures import DECIDED, LearnPicture
from inference.learning.report import SEGMENTS, UNTRIED_MIX, ClassChange, Score, fell_nowhere
from inference.metrics import Confusion
from inference.network.bisenetformer import BiSeNetFormer
from inference.training.evaluate import View, labels_of, network_output

THRESHOLD = 0.5  # of the segments view, as in all figures
U8 = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was found; by view, and for the classes 1..150 in the segments view."""

    scores: Mapping[str, Score]
    pixels: tuple[int, ...]  # of each class in the truth
    iou: tuple[float | None, ...]
    decided: float | None  # share of the decided pixels that are labelled as the person did


class Tally:
    """What was counted on some pictures, both views at the size of the stored pictures, whose labels are the truth."""

    def __init__(self, *, of: str) -> None:
        """`of`: the hash of the weights that are measured."""
        self.of = of
        self.confusions = {view: Confusion() for view in View}
        self.pictures = self.right = self.decided = 0  # the latter two are pixels
        self.seconds = 0.0  # that it took so far

    @classmethod
    def read(cls, file: Path, *, of: str) -> Self:
        """What was kept of these weights; nothing counted where that is not there, damaged, or of other weights."""
        tally = cls(of=of)
        try:
            with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as kept:
                if str(kept["of"]) != of:
                    return tally
                for view in View:
                    tally.confusions[view].counts += kept[view.value]
                tally.pictures, tally.right, tally.decided = (int(number) for number in kept["numbers"])
                tally.seconds = float(kept["seconds"])
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
            return cls(of=of)
        return tally

    def keep(self, file: Path) -> None:
        """Raises `OSError`; half a file is never left."""
        content = io.BytesIO()
        kept: dict[str, Any] = {view.value: confusion.counts for view, confusion in self.confusions.items()}
        kept |= {"of": self.of, "numbers": [self.pictures, self.right, self.decided], "seconds": self.seconds}
        np.savez_compressed(content, **kept)
        replace_file(file, content.getvalue())

    def add(self, network: BiSeNetFormer, picture: LearnPicture, *, input_size: int | None) -> None:
        """Run the network on one more picture. Raises `EngineError` for numbers that are not finite."""
        predicted = _predicted(network, picture, input_size=input_size)
        for view, confusion in self.confusions.items():
            confusion.add(picture.labels, predicted[view])
        by_person = picture.trust == DECIDED
        self.right += int((predicted[View.SEGMENTS] == picture.labels)[by_person].sum())
        self.decided += int(by_person.sum())
        self.pictures += 1

    def measured(self) -> Measured:
        segments = self.confusions[View.SEGMENTS]
        return Measured(
            scores={view.value: _score(confusion) for view, confusion in self.confusions.items()},
            pixels=tuple(segments.truth_pixels.tolist()),
            iou=tuple(float(value) if np.isfinite(value) else None for value in segments.iou),
            decided=self.right / self.decided if self.decided else None,
        )


def _predicted(network: BiSeNetFormer, picture: LearnPicture, *, input_size: int | None) -> dict[View, U8]:
    class_probs, mask_probs = network_output(network, picture.photo, input_size=input_size)
    if not (np.isfinite(class_probs).all() and np.isfinite(mask_probs).all()):
        raise EngineError(f"The network gave numbers that are not finite for {picture.name}.")
    size = (picture.labels.shape[0], picture.labels.shape[1])
    return {view: labels_of(class_probs, mask_probs, view=view, size=size, threshold=THRESHOLD) for view in View}


def _score(confusion: Confusion) -> Score:
    return Score(
        pixel_accuracy=confusion.pixel_accuracy,
        mean_iou=confusion.mean_iou(among=confusion.present),
        unlabelled=confusion.unlabelled,
    )


def best_mix(before: Measured, after: Mapping[float, Measured]) -> float:
    """By pixel accuracy and mean IoU of the segments view, together; one that lost neither goes before one that did.

    Of equals the one nearest to the parent, and `UNTRIED_MIX` where there was nothing to compare on.
    """
    if not any(before.pixels):
        return UNTRIED_MIX
    old = before.scores[SEGMENTS]

    def merit(mix: float) -> tuple[bool, float, float]:
        new = after[mix].scores[SEGMENTS]
        return fell_nowhere(old, new), new.pixel_accuracy + new.mean_iou, -mix

    return max(after, key=merit)


def changes(before: Measured, after: Measured) -> tuple[ClassChange, ...]:
    """Every class that the truth or one of the predictions has, the largest in the truth first."""
    found = [
        ClassChange(class_id=index + 1, pixels=pixels, before=before.iou[index], after=after.iou[index])
        for index, pixels in enumerate(before.pixels)
        if before.iou[index] is not None or after.iou[index] is not None
    ]
    return tuple(sorted(found, key=lambda change: -change.pixels))
