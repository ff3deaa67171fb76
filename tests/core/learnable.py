"""Pictures of a project that a network may learn from."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.pictures import PictureStatus
from app.core.project.records import StoredStep, identify
from app.core.project.store import ProjectStore
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from inference.prediction import Prediction
from tests.core.project.projects import layer_patch

U8 = NDArray[np.uint8]
SIZE = (60, 90)


def make_photo(store: ProjectStore, name: str, *, seed: int = 0, size: tuple[int, int] = SIZE) -> Path:
    """A photo of noise in the project's folder."""
    path = store.path_of(name)
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8))
    return path


def decisions(size: tuple[int, int] = SIZE) -> U8:
    """A human layer: a sky, an area that a person called unlabelled, and the network for the rest."""
    layer = np.zeros(size, np.uint8)
    layer[:20, :30] = human_value(3)
    layer[30:40, 50:80] = HUMAN_UNLABELLED
    return layer


def finished(
    store: ProjectStore,
    name: str,
    *,
    corrections: U8 | None = None,
    prediction: Prediction | None = None,
    seed: int = 0,
) -> Path:
    """A photo with corrections and the network's answer, marked done."""
    path = make_photo(store, name, seed=seed)
    store.add_files([(name, identify(path))])
    if prediction is not None:
        store.keep_prediction(name, prediction, model="starter", identity=identify(path))
    if corrections is not None:
        patch = layer_patch(np.zeros_like(corrections), corrections)
        assert patch is not None
        store.record_step(name, StoredStep(store.last_revision + 1, "Brush", patch), after=0, shape=corrections.shape)
    store.set_status(name, PictureStatus.DONE)
    return path
