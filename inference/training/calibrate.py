"""Make the scores mean something: a segment scored 0.7 should be right about seven times in ten.

After training, two numbers are fitted on labelled photos, a temperature on the class logits and a bias on "no object",
so that the score of the query that owns a pixel comes close to the chance that its class is right there (the Brier
score is smallest). Both go into the weights of the classifier, so nothing else has to know about them.
(Temperature scaling: Guo et al., "On Calibration of Modern Neural Networks", arXiv 1706.04599.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor

from inference.calibration import Calibration
from inference.network.bisenetformer import BiSeNetFormer
from inference.preprocess import prepare
from inference.training.criterion import thin_out
from inference.training.data import Sample

TEMPERATURES = tuple(round(0.6 + 0.1 * step, 1) for step in range(20))  # 0.6 … 2.5
NO_OBJECT_BIASES = tuple(round(-3.0 + 0.25 * step, 2) for step in range(25))  # -3 … 3
_CLASSIFIER = "head.predictor.forward_prediction_heads.classifier"


@dataclass(frozen=True)
class Evidence:
    """One picture's answers at stride 8 and the truth there."""

    class_logits: Tensor  # (Q, classes + 1)
    mask_probs: Tensor  # (Q, L)
    truth: Tensor  # (L,) class from 0, negative where unknown


def collect(network: BiSeNetFormer, samples: Iterable[Sample], *, input_size: int) -> list[Evidence]:
    """Run the network over labelled photos and keep what the fit needs."""
    evidence = []
    for sample in samples:
        picture = torch.from_numpy(prepare(sample.photo, input_size=input_size)).permute(2, 0, 1)[None].float()
        with torch.inference_mode():
            answer = network.raw(picture).heads[-1]
        labels = torch.from_numpy(sample.labels)[None].long()
        truth = thin_out(labels, answer.mask_logits.shape[-2:])[0].flatten()
        evidence.append(Evidence(answer.class_logits[0], answer.mask_logits[0].flatten(1).sigmoid(), truth))
    return evidence


def squared_error(evidence: Sequence[Evidence], calibration: Calibration) -> float:
    """Mean over the known pixels of (score of the owner - whether its class is right)²: the Brier score."""
    total, count = 0.0, 0
    for item in evidence:
        logits = item.class_logits / calibration.temperature
        logits = torch.cat((logits[:, :-1], logits[:, -1:] + calibration.no_object_bias), dim=1)
        scores, classes = logits.softmax(dim=1)[:, :-1].max(dim=1)
        owner = (scores[:, None] * item.mask_probs).argmax(dim=0)  # (L,)
        known = item.truth >= 0
        right = (classes[owner] == item.truth)[known].float()
        total += float((scores[owner][known] - right).square().sum())
        count += int(known.sum())
    return total / max(count, 1)


def fit(evidence: Sequence[Evidence]) -> Calibration:
    """The best pair on a grid; two numbers from hundreds of photos leave nothing to overfit."""
    grid = [Calibration(temperature, bias) for temperature, bias in product(TEMPERATURES, NO_OBJECT_BIASES)]
    return min(grid, key=lambda calibration: squared_error(evidence, calibration))


@torch.no_grad()
def apply(state: Mapping[str, Tensor], calibration: Calibration) -> None:
    """Write the calibration into the classifier's own weights, in place."""
    state[f"{_CLASSIFIER}.weight"].div_(calibration.temperature)
    bias = state[f"{_CLASSIFIER}.bias"].div_(calibration.temperature)
    bias[-1] += calibration.no_object_bias


@torch.no_grad()
def undo(state: Mapping[str, Tensor], calibration: Calibration) -> None:
    """Take out of the classifier's weights, in place, what `apply` wrote: so the network can be trained on.

    The losses ask for scores as they are before it: calibrated ones would be torn back to those within some dozen
    steps, and with them whatever shares their weights.
    """
    bias = state[f"{_CLASSIFIER}.bias"]
    bias[-1] -= calibration.no_object_bias
    bias.mul_(calibration.temperature)
    state[f"{_CLASSIFIER}.weight"].mul_(calibration.temperature)
