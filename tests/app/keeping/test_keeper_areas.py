"""The list can be filtered by what is on a picture, however its answer came and whatever a person decided."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.core.document import ViewMode, compose_layer
from app.core.project.places import FILE_NAME
from app.core.project.store import ProjectStore
from inference.prediction import Prediction
from tests.app.working import PATIENCE, SHAPE, Work

WALL, SKY = 1, 3  # the first is what a person decided: see `Work.paint`


def sky() -> Prediction:
    """A network that sees nothing but sky."""
    probs = np.zeros((100, 150), np.float32)
    probs[0, SKY - 1] = 0.9
    return Prediction(probs, np.ones((100, 8, 10), np.float32), SHAPE)


def pictures_with(photo: Path, class_id: int) -> set[str]:
    with closing(ProjectStore.open(photo.parent, photo.parent / FILE_NAME, read_only=True)) as store:
        return store.with_class(class_id, threshold=0.5)


def answered_ahead(work: Work, photo: Path) -> None:
    """The answer comes before anybody looks at the picture, so that nothing is composed."""
    assert work.session.recall(photo, sky(), model="fake")


def answered_in_the_semantic_view(work: Work, photo: Path) -> None:
    layer, table = compose_layer(sky(), ViewMode.SEMANTIC)
    work.session.attach_prediction(photo, sky(), layer=layer, table=table, mode=ViewMode.SEMANTIC, model="fake")


@pytest.mark.parametrize("answer", [answered_ahead, answered_in_the_semantic_view])
@pytest.mark.parametrize("painted", [0, 6])
def test_what_is_on_a_picture_is_known_also_where_its_segments_are_not_composed(
    start: Callable[[], Work], photo: Path, answer: Callable[[Work, Path], None], painted: int
) -> None:
    work = start()
    work.open(photo)
    work.paint(0, steps=painted)
    answer(work, photo)
    document = work.session.document
    assert document is not None
    assert document.code_counts() is None
    work.keeper.keep_prediction(photo)
    work.settle()
    assert pictures_with(photo, SKY) == {photo.name}
    assert pictures_with(photo, WALL) == ({photo.name} if painted else set())
    work.close()


def in_the_segments_view(work: Work, photo: Path) -> None:
    layer, table = compose_layer(sky(), ViewMode.SEGMENTS)
    work.session.attach_prediction(photo, sky(), layer=layer, table=table, mode=ViewMode.SEGMENTS, model="fake")


def not_answered(_work: Work, _photo: Path) -> None:
    """Nobody has asked the network."""


def closed(work: Work, _photo: Path, _qtbot: QtBot) -> None:
    work.close()


def at_rest(work: Work, photo: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(work.keeper.counting.counted, timeout=PATIENCE) as told:
        work.keeper._idle.start(0)
    assert told.args is not None
    assert told.args[0] == photo
    assert told.args[1].with_class(WALL, threshold=0.5) == {photo.name}


@pytest.mark.parametrize("answer", [in_the_segments_view, answered_in_the_semantic_view, not_answered])
@pytest.mark.parametrize("then", [closed, at_rest])
def test_a_correction_is_counted_in_every_view_as_soon_as_the_hand_rests_and_at_the_end_at_the_latest(
    start: Callable[[], Work],
    photo: Path,
    qtbot: QtBot,
    answer: Callable[[Work, Path], None],
    then: Callable[[Work, Path, QtBot], None],
) -> None:
    work = start()
    work.open(photo)
    answer(work, photo)
    work.keeper.keep_prediction(photo)
    work.settle()
    seen = {photo.name} if answer is not not_answered else set()
    assert (pictures_with(photo, WALL), pictures_with(photo, SKY)) == (set(), seen)
    work.paint(0)
    then(work, photo, qtbot)
    assert (pictures_with(photo, WALL), pictures_with(photo, SKY)) == ({photo.name}, seen)
