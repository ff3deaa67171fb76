"""How much of a picture each code covers: exact where somebody decided, a good estimate where nobody did."""

from __future__ import annotations

import numpy as np
import pytest

from app.core.human_layer import HumanLayer
from app.core.shown_counts import shown_counts
from inference.prediction import Prediction
from tests.core.learnable import decisions
from tests.core.project.projects import layer_patch, some_prediction

SIZE = decisions().shape


def corrected() -> HumanLayer:
    patch = layer_patch(np.zeros(SIZE, np.uint8), decisions())
    assert patch is not None
    return HumanLayer.of_patch(patch)


def test_under_corrections_every_pixel_counts_as_what_is_shown() -> None:
    prediction = some_prediction(3, size=SIZE)
    shown = np.where(decisions() > 0, decisions(), prediction.segment_map())
    counts = shown_counts(prediction, corrected())
    np.testing.assert_array_equal(counts, np.bincount(shown.ravel(), minlength=256))
    assert counts.dtype == np.int64


def test_without_an_answer_there_is_what_a_person_decided() -> None:
    counts = shown_counts(None, corrected())
    np.testing.assert_array_equal(counts[1:], np.bincount(decisions().ravel(), minlength=256)[1:])
    assert not shown_counts(None, None).any()


def test_corrections_of_another_size_do_not_count() -> None:
    prediction = some_prediction(3, size=(SIZE[1], SIZE[0]))
    np.testing.assert_array_equal(shown_counts(prediction, corrected()), shown_counts(prediction, None))


def test_score_and_mask_decide_together_whose_a_cell_is() -> None:
    class_probs, masks = np.zeros((100, 150), np.float32), np.zeros((100, 2, 2), np.float32)
    class_probs[[0, 1], 7] = 0.9, 0.2
    masks[0], masks[1] = 0.5, 1.0
    counts = shown_counts(Prediction(class_probs, masks, (16, 16)), None)
    assert counts[1] == counts.sum() == 16 * 16


@pytest.mark.parametrize(("side", "columns"), [(64, 2), (65, 4)])
def test_in_few_cells_a_border_is_found_more_closely(side: int, columns: int) -> None:
    """It goes down through cells, 2.9 pixels from their left; a point stands for two or for four columns."""
    class_probs, masks = np.zeros((100, 150), np.float32), np.zeros((100, side, side), np.float32)
    class_probs[:2, 7] = 1.0
    border, centres = 8 * 32 + 2.9, np.arange(4, 8 * side, 8)
    masks[0], masks[1] = 1000 + border - centres, 1000 + centres - border
    counts = shown_counts(Prediction(class_probs, masks, (side, side)), None)
    assert counts[1] == (8 * 32 + columns) * 8 * side
    assert counts.sum() == (8 * side) ** 2
