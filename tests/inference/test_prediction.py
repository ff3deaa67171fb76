"""What is made of class probabilities and soft masks: labels, masks and detections."""

from __future__ import annotations

import base64

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from inference.prediction import Detection, Prediction, detections_of

U8 = NDArray[np.uint8]


def make_prediction(*, seed: int = 0, size: tuple[int, int] = (61, 83), grid: tuple[int, int] = (8, 11)) -> Prediction:
    """100 queries with soft blobs; scores spread over 0..1; few queries own most of the picture, as in real ones."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(100, 151)) + 12 * random.random((100, 1)) * np.eye(151)[random.integers(0, 151, 100)]
    classes = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    blobs = np.stack(
        [cv2.resize(random.normal(size=(3, 3)), grid[::-1], interpolation=cv2.INTER_CUBIC) for _ in range(100)]
    )
    masks = 1 / (1 + np.exp(-6 * blobs))
    return Prediction(classes[:, :150].astype(np.float32), masks.astype(np.float32), size)


def assemble(detections: list[Detection], size: tuple[int, int]) -> U8:
    """Paint the records back into labels, refusing overlaps and boxes that are larger than their masks."""
    labels = np.zeros(size, np.uint8)
    for record in detections:
        x1, y1, x2, y2 = record["bbox"]
        mask = cv2.imdecode(np.frombuffer(base64.b64decode(record["mask"]), np.uint8), cv2.IMREAD_UNCHANGED)
        assert mask is not None
        assert mask.shape == (y2 - y1, x2 - x1)
        assert set(np.unique(mask).tolist()) <= {0, 255}
        assert all(edge.any() for edge in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))
        part = labels[y1:y2, x1:x2]
        assert not part[mask > 0].any()
        part[mask > 0] = record["cls_id"]
    return labels


def test_scores_and_classes_are_the_largest_probabilities() -> None:
    prediction = make_prediction()
    assert prediction.class_ids.dtype == np.uint8
    assert prediction.scores.dtype == np.float32
    for query in range(100):
        assert prediction.class_probs[query, prediction.class_ids[query] - 1] == prediction.scores[query]
        assert prediction.scores[query] == prediction.class_probs[query].max()


def test_each_pixel_belongs_to_the_query_with_the_largest_product() -> None:
    prediction = make_prediction()
    planes = [
        cv2.resize(mask * score, (83, 61), interpolation=cv2.INTER_LINEAR)
        for mask, score in zip(prediction.mask_probs, prediction.scores, strict=True)
    ]
    expected = np.stack(planes).argmax(axis=0) + 1
    assert (prediction.segment_map() == expected).mean() > 0.999


def test_the_threshold_switches_whole_queries_off() -> None:
    prediction = make_prediction()
    segment_map = prediction.segment_map()
    for threshold in (0.0, 0.3, 0.5, 0.9, 1.0):
        expected = np.zeros_like(segment_map)
        for value in np.unique(segment_map):
            if prediction.scores[value - 1] > threshold:
                expected[segment_map == value] = prediction.class_ids[value - 1]
        np.testing.assert_array_equal(prediction.labels(threshold), expected)


@pytest.mark.parametrize("threshold", [0.0, 0.2, 0.5, 1.0])
def test_labels_are_those_of_the_segments_that_own_the_pixels(threshold: float) -> None:
    prediction = make_prediction(seed=5, size=(161, 203))
    labels = np.concatenate(([0], np.where(prediction.scores > threshold, prediction.class_ids, 0)))
    np.testing.assert_array_equal(prediction.labels(threshold), labels[prediction.segment_map()])


def test_a_score_equal_to_the_threshold_does_not_count_and_zero_means_zero() -> None:
    prediction = make_prediction()
    score = float(np.sort(prediction.scores)[50])
    assert len(prediction.masks(score)) == (prediction.scores > score).sum() == 49
    assert (prediction.labels(0.0) > 0).all()
    assert len(prediction.masks(0.0)) == 100
    assert prediction.detections(1.0) == []
    assert prediction.masks(1.0).shape == (0, 61, 83)


def test_the_default_threshold_is_one_half() -> None:
    prediction = make_prediction()
    np.testing.assert_array_equal(prediction.labels(), prediction.labels(0.5))
    np.testing.assert_array_equal(prediction.masks(), prediction.masks(0.5))
    assert prediction.detections() == prediction.detections(0.5)


def test_masks_follow_the_queries_above_the_threshold() -> None:
    prediction = make_prediction()
    masks, segment_map = prediction.masks(0.5), prediction.segment_map()
    assert masks.dtype == np.bool_
    for mask, query in zip(masks, np.flatnonzero(prediction.scores > 0.5), strict=True):
        np.testing.assert_array_equal(mask, segment_map == query + 1)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.5, 0.8]), st.integers(1, 90), st.integers(1, 90))
def test_detections_reassemble_to_exactly_the_labels(seed: int, threshold: float, height: int, width: int) -> None:
    prediction = make_prediction(seed=seed, size=(height, width))
    detections = prediction.detections(threshold)
    np.testing.assert_array_equal(assemble(detections, (height, width)), prediction.labels(threshold))


def test_a_picture_tiled_with_masks_loses_no_row_or_column() -> None:
    height, width = 37, 53
    tiles = (np.arange(height)[:, None] * 5 // height) * 5 + np.arange(width)[None] * 5 // width
    segment_map = (tiles + 1).astype(np.uint8)
    owners = {value: (value * 2, 0.75) for value in range(1, 26)}
    detections = detections_of(segment_map, owners)
    assert len(detections) == 25
    assert max(record["bbox"][2] for record in detections) == width
    assert max(record["bbox"][3] for record in detections) == height
    np.testing.assert_array_equal(assemble(detections, (height, width)), 2 * segment_map)


def test_a_record_says_what_the_published_models_say() -> None:
    segment_map = np.zeros((10, 20), np.uint8)
    segment_map[9, 19] = 3
    (record,) = detections_of(segment_map, {3: (9, 0.625), 4: (10, 0.9)})
    assert record["bbox"] == [19, 9, 20, 10]
    assert record["conf"] == 0.625
    assert record["cls_id"] == 9
    assert record["label"] == "window"
    assert base64.b64decode(record["mask"]).startswith(b"\x89PNG")


def test_semantic_labels_sum_over_queries() -> None:
    prediction = make_prediction()
    sums = np.einsum("qc,qhw->chw", prediction.class_probs, prediction.mask_probs)
    resized = np.stack([cv2.resize(plane, (83, 61), interpolation=cv2.INTER_LINEAR) for plane in sums])
    labels = prediction.semantic_labels()
    assert labels.dtype == np.uint8
    assert labels.min() >= 1
    assert (labels == resized.argmax(axis=0) + 1).mean() > 0.999


def test_semantic_segments_are_the_semantic_labels_with_a_table() -> None:
    prediction = make_prediction(seed=4)
    segment_map, table = prediction.semantic_segments()
    labels = prediction.semantic_labels()
    assert segment_map.min() >= 1
    assert table.class_ids.tolist() == np.unique(labels).tolist()
    np.testing.assert_array_equal(table.class_ids[segment_map - 1], labels)
    sums = np.einsum("qc,qhw->chw", prediction.class_probs, prediction.mask_probs)
    won = sums.argmax(axis=0) + 1
    for class_id, score in zip(table.class_ids.tolist(), table.scores.tolist(), strict=True):
        shares = sums[class_id - 1] / sums.sum(axis=0)
        expected = shares[won == class_id].mean() if (won == class_id).any() else shares.max()
        assert score == pytest.approx(expected, rel=1e-4)


def test_of_more_than_100_classes_the_100_largest_compete_again() -> None:
    # Row i holds queries 2i and 2i + 1, which overlap in the middle; what both half believe in wins there.
    classes, masks = np.zeros((100, 150), np.float32), np.zeros((100, 50, 30), np.float32)
    for row in range(50):
        for query, columns in ((2 * row, slice(0, 18)), (2 * row + 1, slice(12, 30))):
            masks[query, row, columns] = 1
            classes[query, query], classes[query, 100 + row] = 0.5, 0.4
    prediction = Prediction(classes, masks, (200, 120))
    assert len(np.unique(prediction.semantic_labels())) == 150
    segment_map, table = prediction.semantic_segments()
    assert table.class_ids.tolist() == list(range(1, 101))
    assert set(np.unique(segment_map)) == set(range(1, 101))
    middle = table.class_ids[segment_map[2::4, 60] - 1]
    assert middle.tolist() == list(range(1, 101, 2))  # a tie of the two, which the lower id wins
