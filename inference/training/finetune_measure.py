"""How good a network is on the pictures of a job that were held back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from inference.errors import EngineError
from inference.learning.pictures import DECIDED, LearnPicture
from inference.learning.report import ClassChange, Score
from inference.metrics import Confusion
from inference.network.bisenetformer import BiSeNetFormer
from inference.training.evaluate import View, labels_of, network_output

THRESHOLD = 0.5  # of the segments view, as in all figures


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was counted; by view, and for the classes 1..150 in the segments view."""

    scores: Mapping[str, Score]
    pixels: tuple[int, ...]  # of each class in the truth
    iou: tuple[float | None, ...]
    decided: float | None  # share of the decided pixels that are labelled as the person did
    seconds: float  # that it took

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Measured:
        """The inverse of `to_json`. Raises `KeyError` and `TypeError`."""
        return cls(
            scores={view: Score(**score) for view, score in values["scores"].items()},
            pixels=tuple(values["pixels"]),
            iou=tuple(values["iou"]),
            decided=values["decided"],
            seconds=values["seconds"],
        )


def measure(
    network: BiSeNetFormer,
    pictures: Iterable[LearnPicture],
    *,
    input_size: int | None,
    part: Callable[[], AbstractContextManager[None]],
) -> Measured | None:
    """Both views at the size of the stored pictures, whose labels are the truth; None where there is no picture.

    Each picture is a `part`. Raises `EngineError` for numbers that are not finite.
    """
    confusions = {view: Confusion() for view in View}
    right = decided = seen = 0
    for picture in pictures:
        with part():
            predicted = _predicted(network, picture, input_size=input_size)
            for view, confusion in confusions.items():
                confusion.add(picture.labels, predicted[view])
            by_person = picture.trust == DECIDED
            right += int((predicted[View.SEGMENTS] == picture.labels)[by_person].sum())
            decided += int(by_person.sum())
            seen += 1
    if not seen:
        return None
    segments = confusions[View.SEGMENTS]
    return Measured(
        scores={view.value: _score(confusion) for view, confusion in confusions.items()},
        pixels=tuple(segments.truth_pixels.tolist()),
        iou=tuple(float(value) if np.isfinite(value) else None for value in segments.iou),
        decided=right / decided if decided else None,
        seconds=0.0,
    )


def _predicted(network: BiSeNetFormer, picture: LearnPicture, *, input_size: int | None) -> dict[View, Any]:
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


def changes(before: Measured, after: Measured) -> tuple[ClassChange, ...]:
    """Every class that the truth or one of the predictions has, the largest in the truth first."""
    found = [
        ClassChange(class_id=index + 1, pixels=pixels, before=before.iou[index], after=after.iou[index])
        for index, pixels in enumerate(before.pixels)
        if pixels or before.iou[index] is not None or after.iou[index] is not None
    ]
    return tuple(sorted(found, key=lambda change: -change.pixels))
