"""A document: photo, prediction and corrections arrive in any order, and corrections survive all of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.core.document import Document, ViewMode
from app.core.geometry import Box
from app.core.patches import Edit
from app.core.segment_map import Decider
from inference.errors import PhotoError
from inference.prediction import Prediction

SIZE = (60, 90)


def prediction(*, size: tuple[int, int] = SIZE, seed: int = 0) -> Prediction:
    random = np.random.default_rng(seed)
    probs = random.dirichlet(np.full(150, 0.02), 100).astype(np.float32)
    return Prediction(class_probs=probs, mask_probs=random.random((100, 8, 12), np.float32), size=size)


def predicted(document: Document, answer: Prediction, mode: ViewMode = ViewMode.SEGMENTS) -> None:
    if mode is ViewMode.SEGMENTS:
        document.set_prediction(answer, layer=answer.segment_map(), table=answer.segment_table(), mode=mode)
    else:
        layer, table = answer.semantic_segments()
        document.set_prediction(answer, layer=layer, table=table, mode=mode)


def paint(document: Document, box: Box, value: int) -> None:
    assert document.segment_map is not None
    edit = Edit(document.segment_map)
    edit.paint(box, None, value)
    edit.finish()


def photo(height: int = 60, width: int = 90) -> tuple[np.ndarray, ...]:
    return (np.full((height, width, 3), 90, np.uint8),)


@pytest.fixture
def document() -> Document:
    fresh = Document(Path("street.jpg"))
    fresh.attach_photo(photo())
    return fresh


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.9, 1.0])
def test_labels_agree_with_the_prediction(document: Document, threshold: float) -> None:
    answer = prediction()
    predicted(document, answer)
    document.threshold = threshold
    assert np.array_equal(document.labels(), answer.labels(threshold))
    assert np.array_equal(document.labels(Box(5, 6, 20, 30)), answer.labels(threshold)[6:30, 5:20])
    assert np.array_equal(document.areas(), np.bincount(answer.labels(threshold).ravel(), minlength=151))
    predicted(document, answer, ViewMode.SEMANTIC)
    assert np.array_equal(document.labels(), answer.semantic_labels())


def test_a_class_with_a_threshold_of_its_own(document: Document) -> None:
    answer = prediction()
    predicted(document, answer)
    document.threshold = 0.9
    lenient, strict = answer.labels(0.1), answer.labels(0.9)
    shown, counts = np.unique(lenient[(lenient > 0) & (strict == 0)], return_counts=True)
    class_id = int(shown[counts.argmax()])  # the class that its own threshold changes most
    document.class_thresholds = {class_id: 0.1}
    expected = np.where(lenient == class_id, class_id, strict)
    assert not np.array_equal(expected, strict)
    assert np.array_equal(document.labels(), expected)
    assert np.array_equal(document.areas(), np.bincount(expected.ravel(), minlength=151))
    y, x = np.argwhere(expected != strict)[0].tolist()
    hover = document.describe(x, y)
    assert hover is not None
    assert (hover.class_id, hover.decider, hover.below) == (class_id, Decider.NETWORK, 0)
    assert 0.1 < document.best_scores()[class_id] <= 1
    document.class_thresholds = {class_id: 1.0}
    assert not document.areas()[class_id]
    predicted(document, answer, ViewMode.SEMANTIC)
    assert np.array_equal(document.labels(), answer.semantic_labels())


def test_corrections_survive_threshold_prediction_mode_and_parking(document: Document) -> None:
    predicted(document, prediction())
    paint(document, Box(10, 10, 30, 20), 112)
    paint(document, Box(12, 12, 16, 14), 251)
    assert document.segment_map is not None
    human = document.segment_map.human.copy()
    document.threshold = 0.0
    predicted(document, prediction(seed=1))
    predicted(document, prediction(seed=1), ViewMode.SEMANTIC)
    document.drop_prediction()
    assert document.areas()[12] == 20 * 10 - 4 * 2
    assert document.prediction is None
    document.park()
    assert document.parked
    assert document.has_corrections
    assert document.photo is None
    assert document.segment_map is None
    assert document.areas().sum() == 0
    document.park()  # twice is once
    document.attach_photo(photo())
    assert not document.parked
    assert np.array_equal(document.segment_map.human, human)


def test_a_prediction_brings_a_parked_map_back(document: Document) -> None:
    paint(document, Box(0, 0, 4, 4), 105)
    document.park()
    predicted(document, prediction())
    assert document.has_corrections
    assert document.labels()[0, 0] == 5
    assert document.photo is None


def test_a_photo_that_changed_its_size(document: Document) -> None:
    predicted(document, prediction())
    document.attach_photo(photo(20, 30))  # nothing of the user's is lost by that
    assert document.segment_map is not None
    assert document.segment_map.shape == (20, 30)
    assert document.prediction is None
    with pytest.raises(PhotoError, match=r"street.jpg is 90 x 60 pixels now.* 30 x 20; the photo has changed"):
        predicted(document, prediction())
    paint(document, Box(0, 0, 4, 4), 105)
    for park in (False, True):
        if park:
            document.park()
        with pytest.raises(PhotoError, match="changed on disk"):
            document.attach_photo(photo())
        assert document.has_corrections


def test_describe(document: Document) -> None:
    blank = document.describe(3, 4)
    assert blank is not None
    assert (blank.class_id, blank.score, blank.decider, blank.code) == (0, None, Decider.NOBODY, 0)
    answer = prediction()
    predicted(document, answer)
    document.threshold = 0.3
    paint(document, Box(0, 0, 2, 2), 251)
    for x, y in ((5, 5), (89, 59), (40, 20), (0, 59)):
        hover = document.describe(x, y)
        query = int(answer.segment_map()[y, x]) - 1
        counts = answer.scores[query] > 0.3
        assert hover is not None
        assert hover.class_id == (answer.class_ids[query] if counts else 0)
        assert hover.score == answer.scores[query]
        assert hover.decider is (Decider.NETWORK if counts else Decider.NOBODY)
        assert (hover.x, hover.y, hover.code) == (x, y, query + 1)
    mine = document.describe(1, 1)
    assert mine is not None
    assert (mine.class_id, mine.score, mine.decider, mine.code) == (0, None, Decider.PERSON, 251)
    assert document.describe(-1, 0) is None
    assert document.describe(0, 60) is None
    assert Document(Path("empty.jpg")).describe(0, 0) is None


def test_scores(document: Document) -> None:
    answer = prediction()
    predicted(document, answer)
    paint(document, Box(0, 0, 90, 20), 109)
    scores = answer.scores[answer.segment_map()[20:].astype(int) - 1]
    document.threshold = 0.8
    counting, _ = np.histogram(scores[scores > 0.8], bins=20, range=(0, 1))
    under, _ = np.histogram(scores[scores <= 0.8], bins=20, range=(0, 1))
    assert np.array_equal(document.score_areas(20), [counting, under])
    class_id = int(answer.class_ids[answer.segment_map()[59, 89] - 1])
    of_class = answer.class_ids[answer.segment_map()[20:].astype(int) - 1] == class_id
    document.class_thresholds = {class_id: 0.0}
    counted = np.histogram(scores[of_class], bins=20, range=(0, 1))[0]
    assert np.array_equal(document.score_areas(20, class_id=class_id), [counted, [0] * 20])
    document.class_thresholds = {}
    assert document.decided_areas()[Decider.PERSON] == 90 * 20
    best = document.best_scores()
    shown = document.labels()[20:]
    for class_id in range(1, 151):
        where = shown == class_id
        assert best[class_id] == (scores[where].max() if where.any() else 0)


def test_without_a_map() -> None:
    empty = Document(Path("empty.jpg"))
    assert not empty.has_corrections
    assert not empty.areas().any()
    assert not empty.best_scores().any()
    assert not empty.score_areas(10).any()
    with pytest.raises(ValueError, match=r"empty.jpg has no segment map"):
        empty.labels()
