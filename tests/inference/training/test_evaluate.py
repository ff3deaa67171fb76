"""The figures of a model card, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from inference.metrics import Confusion
from inference.training import evaluate as evaluation
from inference.training.data import Sample
from inference.training.evaluate import View, evaluate, figures, labels_of


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


def test_every_figure_of_a_line_by_hand() -> None:
    """Six pixels are known; class 5 is only in the prediction, and one known pixel is left unlabelled."""
    confusion = Confusion()
    confusion.add(np.uint8([[1, 1, 1, 2], [2, 2, 0, 0]]), np.uint8([[1, 1, 2, 5], [2, 0, 5, 1]]))
    line = figures(confusion, split="some", view=View.SEGMENTS, input_size=32, pictures=7)
    first, second = 2 / 3, 1 / 4
    assert line.mean_iou == pytest.approx(100 * (first + second + 0) / 3, abs=0.01)
    assert line.mean_iou_present == pytest.approx(100 * (first + second) / 2, abs=0.01)
    assert line.mean_iou_150 == pytest.approx(100 * (first + second) / 150, abs=0.01)
    assert (line.pixel_accuracy, line.unlabelled) == (50.0, pytest.approx(100 / 6, abs=0.01))
    assert (line.classes, line.pictures, line.input_size) == (3, 7, 32)


def test_both_views_are_counted_against_the_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that says class 5 everywhere, with the score 0.6; a third of what is known is 5."""
    asked: list[int | None] = []

    def answer(_: object, photo: np.ndarray, *, input_size: int | None) -> tuple[np.ndarray, np.ndarray]:
        asked.append(input_size)
        class_probs = np.zeros((1, 150), np.float32)
        class_probs[0, 4] = 0.6
        return class_probs, np.full((1, 2, 2), 0.9, np.float32)

    monkeypatch.setattr(evaluation, "network_output", answer)
    labels = np.uint8([[5, 5, 9, 9], [9, 9, 0, 0]])
    sample = Sample("a", np.zeros((2, 4, 3), np.uint8), labels)
    seen = evaluate(None, [sample], input_size=48)  # type: ignore[arg-type]
    unsure = evaluate(None, [sample], input_size=48, threshold=0.7)  # type: ignore[arg-type]
    assert asked == [48, 48]
    assert [seen[view].pixel_accuracy for view in View] == pytest.approx([1 / 3, 1 / 3])
    assert seen[View.SEGMENTS].truth_pixels[[4, 8]].tolist() == [2, 4]
    assert [unsure[view].unlabelled for view in (View.SEGMENTS, View.SEMANTIC)] == [1, 0]
