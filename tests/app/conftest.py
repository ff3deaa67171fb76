"""A desk with photos to open and a network that a test holds in its hand; somebody who starts again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import app.answering.model_in_use
import app.closing
from app.answering.model_in_use import ModelChoice
from app.desk import Desk
from app.editing.session import Session
from app.settings import Settings
from tests.app.desk_scene import FakeSegmenter
from tests.app.working import Work, make_photo


@pytest.fixture(autouse=True)
def _windows_close_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also on a slow disk, where a window would say that it closes later: a test has no loop of events to wait in."""
    monkeypatch.setattr(app.closing, "SAVING_SECONDS", 20)


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Five photos; the width of each, 100 + its number, tells which one it is."""
    paths = [tmp_path / f"{number}.png" for number in range(5)]
    for number, path in enumerate(paths):
        cv2.imwrite(str(path), np.full((40, 100 + number, 3), 40 * number, np.uint8))
    return paths


@pytest.fixture
def segmenter(monkeypatch: pytest.MonkeyPatch) -> FakeSegmenter:
    fake = FakeSegmenter()
    fake.gate.set()
    monkeypatch.setattr(app.answering.model_in_use, "load_segmenter", lambda *_: fake)
    return fake


@pytest.fixture
def desk(qtbot: QtBot, segmenter: FakeSegmenter) -> Iterator[Desk]:
    desk = Desk(Session(Settings()), ModelChoice())
    yield desk
    segmenter.gate.set()
    desk.close()


@pytest.fixture
def start(qtbot: QtBot) -> Iterator[Callable[[], Work]]:
    """Starts the application without its window, again and again; the last one before it has to be closed."""
    works: list[Work] = []

    def start() -> Work:
        works.append(Work(qtbot))
        return works[-1]

    yield start
    for work in works:
        work.keeper.close()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo to work on, in a folder of its own."""
    return make_photo(tmp_path / "photos" / "castle.png", 1)
