"""Where a network, or a service, says that there is nothing, no view makes a class of it."""

from __future__ import annotations

import base64

import cv2
import numpy as np
import pytest

from inference.composition import compose_plain
from inference.foreign import as_queries
from inference.prediction import Prediction
from inference.remote_answer import queries_of

SKY, TREE = 3, 5


def remote(size: tuple[int, int], *found: tuple[int, tuple[int, int, int, int]]) -> Prediction:
    """What the service says when it finds classes in boxes (left, top, right, bottom)."""
    records = []
    for class_id, (left, top, right, bottom) in found:
        _, png = cv2.imencode(".png", np.full((bottom - top, right - left), 255, np.uint8))
        mask = base64.b64encode(png.tobytes()).decode("ascii")
        records.append({"bbox": [left, top, right, bottom], "conf": 0.8, "cls_id": class_id - 1, "mask": mask})
    return Prediction(*queries_of({"detections": records}, size=size, host="here"), size)


def labelled(prediction: Prediction) -> np.ndarray:
    """The semantic labels, which its segments have to agree with."""
    labels = prediction.semantic_labels()
    segment_map, table = prediction.semantic_segments()
    assert len(table.scores) == len(table.class_ids)
    np.testing.assert_array_equal(np.array([0, *table.class_ids.tolist()])[segment_map], labels)
    return labels


def test_what_the_service_found_nothing_in_is_unlabelled_in_the_semantic_view() -> None:
    expected = np.zeros((60, 80), np.uint8)
    expected[:20], expected[40:, 30:] = SKY, TREE
    prediction = remote((60, 80), (SKY, (0, 0, 80, 20)), (TREE, (30, 40, 80, 60)))
    np.testing.assert_array_equal(labelled(prediction), expected)
    np.testing.assert_array_equal(prediction.labels(threshold=0), expected)


def test_a_photo_in_which_the_service_found_nothing_has_no_class() -> None:
    prediction = remote((60, 80))
    assert not labelled(prediction).any()
    assert prediction.semantic_segments()[1].class_ids.tolist() == []


def test_where_masks_are_zero_there_is_no_class_either() -> None:
    masks = np.ones((2, 6, 4), np.float32)
    masks[:, 3:] = 0
    classes = np.zeros((2, 150), np.float32)
    classes[[0, 1], [SKY - 1, TREE - 1]] = 0.5, 0.6
    assert np.unique(labelled(Prediction(classes, masks, (6, 4)))[:3]).tolist() == [TREE]
    assert not labelled(Prediction(classes, masks, (6, 4)))[3:].any()


@pytest.mark.parametrize("none", [0, 150])
@pytest.mark.parametrize("size", [(12, 9), (61, 83), (5, 4)])
def test_pixels_that_are_no_class_of_a_graph_are_unlabelled_in_the_semantic_view(
    none: int, size: tuple[int, int]
) -> None:
    """As if all 151 planes were resized to the photo, and each pixel went to the largest."""
    random = np.random.default_rng(4)
    planes = np.full((151, 12, 9), 1e-6, np.float32)
    for plane in (none, 17, 70, 71):
        planes[plane] = cv2.resize(random.random((4, 3), np.float32), (9, 12), interpolation=cv2.INTER_CUBIC).clip(0)
    planes /= planes.sum(axis=0)
    prediction = Prediction(*as_queries(planes, none_channel=none), size)
    labels, winners = labelled(prediction), compose_plain(planes, size=size)
    expected = np.where(winners == none, 0, winners + int(none == 150))
    assert (labels == expected).mean() > 0.995
    assert 0.05 < (labels == 0).mean() < 0.95
    assert ((prediction.labels(threshold=0.5) == 0) >= (labels == 0)).all()


def test_a_graph_that_says_nothing_everywhere_has_no_class() -> None:
    planes = np.full((151, 6, 8), 0.1 / 150, np.float32)
    planes[150] = 0.9
    prediction = Prediction(*as_queries(planes, none_channel=150), (60, 80))
    assert not labelled(prediction).any()
    assert not prediction.labels(threshold=0.5).any()
    assert prediction.class_ids.max() <= 150
