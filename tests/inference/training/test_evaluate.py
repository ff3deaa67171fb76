"""The figures of a model card, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from inference.metrics import Confusion
from inference.training.evaluate import View, figures, labels_of


def counted() -> Confusion:
    confusion = Confusion()
    truth = np.array([[1, 1, 1, 2], [2, 2, 0, 0]], np.uint8)
    predicted = np.array([[1, 1, 2, 2], [2, 0, 5, 1]], np.uint8)
    confusion.add(truth, predicted)
    return confusion


def test_mean_iou_both_ways() -> None:
    line = figures(counted(), split="some", view=View.SEMANTIC, input_size=32, pictures=1)
    assert line.mean_iou == pytest.approx(100 * (2 / 3 + 1 / 2) / 2, abs=0.01)
    assert line.mean_iou_150 == pytest.approx(100 * (2 / 3 + 1 / 2) / 150, abs=0.01)
    assert line.classes == 2


def test_views_read_the_same_prediction_differently() -> None:
    class_probs = np.zeros((3, 150), np.float32)
    class_probs[0, 4], class_probs[1, 4], class_probs[2, 8] = 0.4, 0.4, 0.6
    mask_probs = np.full((3, 2, 2), 0.9, np.float32)
    read = {view: labels_of(class_probs, mask_probs, view=view, size=(4, 4), threshold=0.5) for view in View}
    assert (read[View.SEGMENTS] == 9).all()  # one query with the best score owns the pixel
    assert (read[View.SEMANTIC] == 5).all()  # two agreeing queries outweigh it
    dropped = labels_of(class_probs, mask_probs, view=View.SEGMENTS, size=(4, 4), threshold=0.6)
    assert (dropped == 0).all()  # not greater than the threshold: dropped, and nobody else gets the pixels
