"""Steps that are undone at the moment hold what the picture is to become again: no want of memory drops any of them,
nor what was done before them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.core.arrays import U8
from app.core.geometry import Box
from app.core.pyramid import build_pyramid
from app.editing.session import Session
from app.settings import Settings

A, B = Path("/photos/a.jpg"), Path("/photos/b.jpg")
SHAPE = (60, 80)
BOX = Box.of_shape(SHAPE)
LITTLE = 40_000  # bytes, for some eight steps


@pytest.fixture
def session(qtbot: QtBot) -> Iterator[Session]:
    session = Session(Settings())
    session.undo_bytes = LITTLE
    show(session, A)
    yield session
    session.close_all()


def show(session: Session, path: Path) -> None:
    session.show(path)
    document = session.find(path)
    if document is None or document.segment_map is None:
        session.attach_photo(path, build_pyramid(np.zeros((*SHAPE, 3), np.uint8)))


def scribble(session: Session, seed: int) -> None:
    gesture = session.begin_edit(f"Noise {seed}")
    assert gesture is not None
    gesture.paint(BOX, None, np.random.default_rng(seed).integers(101, 251, SHAPE, dtype=np.uint8))
    assert gesture.commit()


def layer(session: Session) -> U8:
    assert session.document is not None
    assert session.document.segment_map is not None
    return session.document.segment_map.human.copy()


def names(session: Session) -> list[str]:
    assert session.history is not None
    return [step.text() for step in session.history.steps()]


def test_steps_of_a_picture_that_is_left_in_the_middle_of_its_history(session: Session) -> None:
    layers = [layer(session)]
    for seed in range(4):
        scribble(session, seed)
        layers.append(layer(session))
    for _ in range(2):
        session.undo()
    kept = names(session)
    show(session, B)
    for seed in range(100, 120):
        scribble(session, seed)
    show(session, A)
    assert names(session) == kept
    for index in (3, 4, 3, 2, 1, 0, 1, 2, 3, 4):
        session.go_to_step(index)
        assert np.array_equal(layer(session), layers[index])


def test_once_they_are_done_again_the_oldest_steps_may_go(session: Session) -> None:
    for seed in range(4):
        scribble(session, seed)
    session.undo()
    session.redo()
    after = layer(session)
    show(session, B)
    for seed in range(100, 120):
        scribble(session, seed)
        assert session.history_bytes() <= LITTLE
    show(session, A)
    assert names(session) == []
    assert np.array_equal(layer(session), after)


def test_a_step_in_place_of_undone_ones_makes_room(session: Session) -> None:
    """What was undone is gone then, and the history is as short as it has to be."""
    for seed in range(6):
        scribble(session, seed)
    for _ in range(3):
        session.undo()
    for seed in range(50, 70):
        scribble(session, seed)
        assert session.history_bytes() <= LITTLE
    before, count = layer(session), len(names(session))
    assert names(session)[-1] == "Noise 69"
    for _ in range(count):
        session.undo()
    for _ in range(count):
        session.redo()
    assert np.array_equal(layer(session), before)
