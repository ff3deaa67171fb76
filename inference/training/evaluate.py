"""How good a network is on labelled photos, measured on exactly what the product shows: both views, any input size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import torch
from numpy.typing import NDArray

from inference.composition import compose
from inference.network.bisenetformer import BiSeNetFormer
from inference.preprocess import prepare
from inference.training.data import Sample

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]
CLASSES = 150


class View(StrEnum):
    """The two ways to read a prediction."""

    SEGMENTS = "segments"
    SEMANTIC = "semantic"


class Confusion:
    """Pixels counted by (truth, prediction), both 0..150; truth 0 = unknown is left out, prediction 0 is a miss."""

    def __init__(self) -> None:
        self.counts = np.zeros((CLASSES + 1, CLASSES + 1), np.int64)

    def add(self, truth: U8, predicted: U8) -> None:
        """Two label maps of the same shape."""
        known = truth > 0
        pairs = truth[known].astype(np.int64) * (CLASSES + 1) + predicted[known]
        self.counts += np.bincount(pairs, minlength=self.counts.size).reshape(self.counts.shape)

    @property
    def pixel_accuracy(self) -> float:
        """Correct / known pixels, 0..1."""
        return float(np.trace(self.counts)) / max(int(self.counts.sum()), 1)

    @property
    def unlabelled(self) -> float:
        """Share of the known pixels that the prediction leaves unlabelled, 0..1."""
        return float(self.counts[:, 0].sum()) / max(int(self.counts.sum()), 1)

    @property
    def iou(self) -> NDArray[np.float64]:
        """Intersection over union of the classes 1..150 over all pictures; NaN where neither truth nor prediction."""
        correct = np.diag(self.counts)[1:].astype(np.float64)
        union = self.counts.sum(axis=0)[1:] + self.counts.sum(axis=1)[1:] - correct
        share: NDArray[np.float64] = np.divide(correct, union, out=np.full(CLASSES, np.nan), where=union > 0)
        return share

    def mean_iou(self, *, among: NDArray[np.bool_] | None = None) -> float:
        """Mean over the classes that occur in truth or prediction, or over the classes `among` (150,) names."""
        iou = self.iou
        if among is None:
            return float(np.nanmean(iou)) if np.isfinite(iou).any() else 0.0
        return float(np.nan_to_num(iou[among]).mean()) if among.any() else 0.0

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which of the classes 1..150 occur in the truth, (150,)."""
        return np.asarray(self.counts.sum(axis=1)[1:] > 0)


@dataclass(frozen=True)
class Figures:
    """One line of a model card; shares in percent."""

    split: str
    view: View
    input_size: int
    pictures: int
    pixel_accuracy: float
    mean_iou: float  # over the classes in truth or prediction, as mmsegmentation counts
    classes: int  # how many those are
    mean_iou_present: float  # over the classes in the truth
    mean_iou_150: float  # with absent classes as 0, as the official kit counts
    unlabelled: float


def figures(confusion: Confusion, *, split: str, view: View, input_size: int, pictures: int) -> Figures:
    every = np.ones(CLASSES, np.bool_)
    return Figures(
        split=split,
        view=view,
        input_size=input_size,
        pictures=pictures,
        pixel_accuracy=round(100 * confusion.pixel_accuracy, 2),
        mean_iou=round(100 * confusion.mean_iou(), 2),
        classes=int(np.isfinite(confusion.iou).sum()),
        mean_iou_present=round(100 * confusion.mean_iou(among=confusion.present), 2),
        mean_iou_150=round(100 * confusion.mean_iou(among=every), 2),
        unlabelled=round(100 * confusion.unlabelled, 2),
    )


def network_output(network: BiSeNetFormer, photo: U8, *, input_size: int) -> tuple[F32, F32]:
    """A photo (H, W, 3) → class probabilities (100, 150) and mask probabilities (100, h, w)."""
    picture = torch.from_numpy(prepare(photo, input_size=input_size))
    with torch.inference_mode():
        class_probs, mask_probs = network(picture.permute(2, 0, 1)[None].float())
    return class_probs[0].numpy(), mask_probs[0].numpy()


def labels_of(class_probs: F32, mask_probs: F32, *, view: View, size: tuple[int, int], threshold: float) -> U8:
    """Labels (H, W), 0..150, of one prediction as the product draws them."""
    if view is View.SEMANTIC:
        return compose(np.einsum("qc,qhw->chw", class_probs, mask_probs, optimize=True), size=size) + np.uint8(1)
    scores = class_probs.max(axis=1)
    classes = np.where(scores > threshold, class_probs.argmax(axis=1) + 1, 0).astype(np.uint8)
    owners = compose(scores[:, None, None] * mask_probs, size=size)
    return classes[owners]


def evaluate(
    network: BiSeNetFormer, samples: Iterable[Sample], *, input_size: int, threshold: float = 0.5
) -> dict[View, Confusion]:
    """Run the network over the photos once and count both views at the photos' own size."""
    confusions = {view: Confusion() for view in View}
    for sample in samples:
        class_probs, mask_probs = network_output(network, sample.photo, input_size=input_size)
        size = (sample.labels.shape[0], sample.labels.shape[1])
        for view, confusion in confusions.items():
            predicted = labels_of(class_probs, mask_probs, view=view, size=size, threshold=threshold)
            confusion.add(sample.labels, predicted)
    return confusions
