"""Somebody who works: a session and its keeper over real files, without a window."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
from pytestqt.qtbot import QtBot

from app.core.geometry import Box
from app.core.segment_map import human_value
from app.editing.session import Session
from app.keeping.keeper import Keeper
from app.settings import Settings
from inference.prediction import Prediction

SHAPE = (300, 280)
PATIENCE = 20_000  # ms


def make_photo(path: Path, number: int = 0, *, shape: tuple[int, int] = SHAPE) -> Path:
    """A photo of its own for every number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.random.default_rng(number).integers(0, 255, (*shape, 3), np.uint8))
    return path


def break_file(file: Path) -> None:
    """Overwrite the pages of the tables, as a bad disk does."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(os.urandom(file.stat().st_size - 4096))


def some_prediction() -> Prediction:
    """An answer for such a photo, by a network that is sure of nothing."""
    return Prediction(np.full((100, 150), 0.005, np.float32), np.full((100, 8, 10), 0.5, np.float32), SHAPE)


class Work:
    """One start of the application, until `close` or `crash`."""

    def __init__(self, qtbot: QtBot) -> None:
        self._qtbot = qtbot
        self.session = Session(Settings())
        self.model = "fake"
        self.keeper = Keeper(self.session, lambda: self.model)
        self.said: list[str] = []
        self.asked: list[Path] = []
        self.closed: list[Path] = []
        self.keeper.said.connect(self.said.append)
        self.keeper.changed_on_disk.connect(self.asked.append)
        self.keeper.closed.connect(self.closed.append)

    def open(self, path: Path, *, shape: tuple[int, int] = SHAPE) -> None:
        """Have a picture on screen, with its record."""
        self.session.show(path)
        self.keeper.load(path)
        self._qtbot.waitUntil(lambda: self.keeper.is_loaded(path) or bool(self.keeper.refusal(path)), timeout=PATIENCE)
        self._qtbot.waitUntil(lambda: not self.keeper.more_steps.are_coming(path), timeout=PATIENCE)
        document = self.session.document
        if self.keeper.is_loaded(path) and (document is None or document.segment_map is None):
            self.session.attach_photo(path, (np.zeros((*shape, 3), np.uint8),))

    def paint(self, number: int, *, steps: int = 1) -> None:
        for step in range(steps):
            left, top = (37 * number + 11 * step) % 250, (53 * number + 7 * step) % 250
            gesture = self.session.begin_edit(f"Brush {number}")
            assert gesture is not None
            value = human_value((number + step) % 150 + 1)
            gesture.paint(Box(left, top, left + 25, top + 30), None, value)
            gesture.commit()

    def layer(self, path: Path) -> np.ndarray:
        document = self.session.find(path)
        assert document is not None
        layer = document.human_layer()
        return np.zeros(SHAPE, np.uint8) if layer is None else layer.read(Box.of_shape(layer.shape))

    def history(self, path: Path) -> tuple[list[str], int]:
        history = self.session.history_of(path)
        assert history is not None
        return [step.text() for step in history.steps()], history.stack.index()

    def settle(self) -> None:
        """All is written."""
        self._qtbot.waitUntil(self.keeper.is_saved, timeout=PATIENCE)

    def close(self) -> None:
        self.keeper.look()
        self.settle()
        self.keeper.close()

    def crash(self) -> None:
        """It ends without having closed anything; the lane must not outlive the test."""
        self.settle()
        self.keeper._restless.clear()
        self.keeper._projects.close = lambda: None  # type: ignore[method-assign]
        for project in self.keeper._projects._by_file.values():
            project.store.close()
            project.lock.release()
        self.keeper.close()
