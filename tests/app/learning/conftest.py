"""The window on such a folder; a thread, or a child process, stands for the training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

import app.answering.model_in_use
import app.learning.flow
import app.learning.job
import app.learning.pace
import inference.learning.process
from app.main_window import MainWindow
from app.settings import Settings
from inference.learning.events import PaceTold
from inference.learning.process import LearnProcess
from inference.models import ModelCard, find_card
from tests.app import learn_child
from tests.app.desk_scene import FakeSegmenter
from tests.app.learning.learn_scene import (
    PATIENCE,
    PICTURES,
    has_masks,
)
from tests.app.stored_models import entered
from tests.app.windows import shown_window


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos; the width of each, 100 + its number, tells which one it is."""
    folder = tmp_path / "castle"
    folder.mkdir()
    for number in range(PICTURES):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((80, 100 + number, 3), 20 * number, np.uint8))
    return folder


@pytest.fixture
def segmenters(monkeypatch: pytest.MonkeyPatch) -> dict[str, FakeSegmenter]:
    """What was loaded, by the name of its model; each with the card of a model that can learn."""
    loaded: dict[str, FakeSegmenter] = {}

    def load(model: str, *_: object) -> FakeSegmenter:
        fake = loaded.setdefault(model, FakeSegmenter(card=replace(find_card("starter"), name=model)))
        fake.gate.set()
        return fake

    monkeypatch.setattr(app.answering.model_in_use, "load_segmenter", load)
    return loaded


@pytest.fixture
def child(quick_child: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process, as in life."""
    monkeypatch.setattr(inference.learning.process, "MODULE", learn_child.__name__)
    monkeypatch.setattr(app.learning.job, "LearnProcess", LearnProcess)
    monkeypatch.setattr(inference.learning.process, "NICENESS", 0)  # the suite is on every processor


@pytest.fixture
def quick_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARN_CHILD", "better")
    monkeypatch.setattr(app.learning.job, "LearnProcess", learn_child.WithoutChild)
    monkeypatch.setattr(app.learning.pace, "measure_pace", lambda *_, **__: PaceTold(head=240.0, all=7200.0))


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child holds in the middle of the training."""
    monkeypatch.setenv("LEARN_CHILD_WAITS", "yes")


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, str | None]]:
    """What was taken into the store of weights, which has its own tests."""
    files: list[tuple[Path, str | None]] = []

    def add(file: Path, *, name: str | None = None) -> ModelCard:
        files.append((file, name))
        assert file.is_file()
        entered(str(name))
        return find_card(str(name))

    monkeypatch.setattr(app.learning.job.weights_store, "add", add)
    return files


@pytest.fixture
def start(
    qtbot: QtBot, quick_child: None, segmenters: dict[str, FakeSegmenter], folder: Path
) -> Iterator[Callable[..., MainWindow]]:
    windows: list[MainWindow] = []

    def start(settings: Settings | None = None) -> MainWindow:
        window = shown_window(qtbot, settings or Settings())
        windows.append(window)
        window.opening.open([folder])
        qtbot.waitUntil(lambda: has_masks(window) and window.desk.idle, timeout=PATIENCE)
        return window

    yield start
    for window in windows:
        window.close()
