"""Photos, and the real window that works on them."""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from resources.samples import sample_paths
from tests.e2e.story import Script, Story


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Three sample photos of which the starter labels something, small, in a folder of their own."""
    folder = tmp_path / "photos"
    folder.mkdir()
    made = []
    for sample in (path for path in sample_paths() if path.stem in ("astronaut", "castle", "cows")):
        with Image.open(sample) as image:
            image.thumbnail((640, 640))
            image.save(folder / sample.name, quality=90)
        made.append(folder / sample.name)
    return sorted(made)


@pytest.fixture
def play(qtbot: QtBot) -> Iterator[Callable[[Callable[[MainWindow], Script], list[str]], None]]:
    """Plays a script in the window that opens on these arguments, and closes it."""
    interrupt = signal.getsignal(signal.SIGINT)

    def run(script: Callable[[MainWindow], Script], arguments: list[str]) -> None:
        assert Story(script).run(arguments) == 0

    yield run
    signal.signal(signal.SIGINT, interrupt)  # it was for the window
    delete_windows()


def delete_windows() -> None:
    """A window that was closed keeps its engine, photos and answers, 120 MB, for as long as Qt knows of it."""
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, MainWindow):
            widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()
