"""How good a network is on labelled photos, measured on exactly what the product shows: both views, any input size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import torch
from numpy.typing import NDArray

from inference.composition import compose
from inference.metrics import Confusion
from inference.network.bisenetformer import BiSeNetFormer
from inference.preprocess import prepare
from inference.training.data import Sample

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]


class View(StrEnum):
    """The two ways to read a prediction."""

    SEGMENTS = "segments"
    SEMANTIC = "semantic"


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
    return Figures(
        split=split,
        view=view,
        input_size=input_size,
        pictures=pictures,
        pixel_accuracy=round(100 * confusion.pixel_accuracy, 2),
        mean_iou=round(100 * confusion.mean_iou(), 2),
        classes=int(np.isfinite(confusion.iou).sum()),
        mean_iou_present=round(100 * confusion.mean_iou(among=confusion.present), 2),
        mean_iou_150=round(100 * confusion.mean_iou_150, 2),
        unlabelled=round(100 * confusion.unlabelled, 2),
    )


def network_output(network: BiSeNetFormer, photo: U8, *, input_size: int | None) -> tuple[F32, F32]:
    """A photo (H, W, 3) → class probabilities (100, 150) and mask probabilities (100, h, w)."""
    picture = torch.from_numpy(prepare(photo, input_size=input_size)).to(network.pixel_mean.device)
    with torch.inference_mode():
        class_probs, mask_probs = network(picture.permute(2, 0, 1)[None].float())
    return class_probs[0].cpu().numpy(), mask_probs[0].cpu().numpy()


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
