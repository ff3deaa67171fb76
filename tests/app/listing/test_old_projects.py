"""Projects of earlier versions know answers and corrections of which nobody has counted what they show."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.core.catalogue import ClassShare, Filter
from app.core.geometry import Box
from app.core.patches import patch_between
from app.core.project.places import FILE_NAME
from app.core.project.records import StoredStep, identify
from app.core.project.store import ProjectStore
from app.core.segment_map import human_value
from app.desk import Desk
from inference.prediction import Prediction

SKY, WALL = 3, 1


def answered(store: ProjectStore, photo: Path, *, size: tuple[int, int]) -> None:
    """A network has seen nothing but sky."""
    probs = np.zeros((100, 150), np.float32)
    probs[0, SKY - 1] = 0.9
    prediction = Prediction(probs, np.ones((100, 8, 16), np.float32), size)
    store.keep_prediction(photo.name, prediction, model="fake", identity=identify(photo))


def corrected(store: ProjectStore, photo: Path, *, size: tuple[int, int]) -> None:
    """The upper half is wall."""
    upper = Box(0, 0, size[1], size[0] // 2)
    patch = patch_between(size, [(upper, 0, human_value(WALL))])
    assert patch is not None
    store.record_step(photo.name, StoredStep(store.last_revision + 1, "Brush", patch), after=0, shape=size)


def of_an_earlier_version(photos: list[Path]) -> None:
    """The third picture has an answer, the fourth corrections, the last one both; none of them is counted."""
    root = photos[0].parent
    with closing(ProjectStore.open(root, root / FILE_NAME)) as store:
        for photo, kept in zip(photos[2:], ([answered], [corrected], [answered, corrected]), strict=True):
            for keep in kept:
                keep(store, photo, size=cv2.imread(os.fspath(photo)).shape[:2])
        assert store.areas().names == ()


def test_pictures_that_nobody_has_counted_come_to_the_class_filter_when_their_folder_is_opened(
    desk: Desk, photos: list[Path], qtbot: QtBot
) -> None:
    of_an_earlier_version(photos)
    root, names = photos[0].parent, [photo.name for photo in photos]
    desk.open([root])
    qtbot.waitUntil(lambda: desk.folder.complete and desk.idle)
    desk.folder.arrange(filter=Filter(of_class=ClassShare(WALL)))
    qtbot.waitUntil(lambda: [path.name for path in desk.folder.shown()] == names[3:])
    desk.folder.arrange(filter=Filter(of_class=ClassShare(SKY, 0.6)))
    qtbot.waitUntil(lambda: [path.name for path in desk.folder.shown()] == [names[2]])
    shares = [desk.folder.facts(photo).unlabelled for photo in photos[2:]]
    assert shares == [pytest.approx(0, abs=0.01), pytest.approx(0.5), pytest.approx(0, abs=0.01)]
    with closing(ProjectStore.open(root, root / FILE_NAME, read_only=True)) as store:
        assert set(names[2:]) <= set(store.areas().names)
