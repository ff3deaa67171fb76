"""A small picture whose segments are stripes of known size, and how to predict and correct it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from app.core.document import ViewMode
from app.core.geometry import Box
from app.core.segment_map import human_value
from app.editing.session import Session
from inference.prediction import Prediction, SegmentTable

HEIGHT, WIDTH = 10, 100
PICTURE = Path("/photos/street.jpg")
# class, score, columns of the stripe: 40 % sky, 30 % tree, 15 % street lamp, 10 % person, 5 % nobody's
STRIPES = ((3, 0.95, 40), (5, 0.80, 30), (88, 0.55, 15), (13, 0.30, 10))
FREE = 5


def prediction() -> Prediction:
    """A prediction of the picture's size; what the panels show comes from layer and table."""
    return Prediction(
        class_probs=np.zeros((100, 150), np.float32),
        mask_probs=np.zeros((100, 2, 13), np.float32),
        size=(HEIGHT, WIDTH),
    )


def predict(session: Session, *, mode: ViewMode = ViewMode.SEGMENTS, model: str | None = None) -> None:
    """Give the session's picture its stripes, as the answer of this model."""
    layer = np.zeros((HEIGHT, WIDTH), np.uint8)
    left = 0
    for value, (_, _, columns) in enumerate(STRIPES, start=1):
        layer[:, left : left + columns] = value
        left += columns
    table = SegmentTable(
        class_ids=np.array([class_id for class_id, _, _ in STRIPES], np.uint8),
        scores=np.array([score for _, score, _ in STRIPES], np.float32),
    )
    session.attach_prediction(PICTURE, prediction(), layer=layer, table=table, mode=mode, model=model)


def paint(session: Session, columns: slice, class_id: int) -> None:
    """Correct some columns by one gesture."""
    gesture = session.begin_edit("Paint")
    assert gesture is not None
    box = Box(columns.start, 0, columns.stop, HEIGHT)
    gesture.paint(box, None, human_value(class_id))
    assert gesture.commit()
