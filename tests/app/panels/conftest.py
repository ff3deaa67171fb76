"""What the panels stand on: sessions, an empty one and one with a small predicted picture; a list of five pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.editing.session import Session
from app.listing.folder import Folder
from app.panels.image_list import ImageList
from app.panels.legend import Legend
from app.panels.style import palette_for
from app.settings import Settings
from tests.app.panels.picture_scene import fill
from tests.app.panels.stripes import HEIGHT, PICTURE, WIDTH, predict


@pytest.fixture
def empty_session(qtbot: QtBot) -> Session:
    """A session in which nothing is open."""
    return Session(Settings(recent_classes=(3, 5), current_class=3, threshold=0.5))


@pytest.fixture
def session(empty_session: Session) -> Session:
    """A session with the picture of stripes, predicted, at a threshold of 0.5."""
    empty_session.show(PICTURE)
    empty_session.attach_photo(PICTURE, (np.zeros((HEIGHT, WIDTH, 3), np.uint8),))
    predict(empty_session)
    return empty_session


@pytest.fixture
def legend(qtbot: QtBot, session: Session) -> Legend:
    """The legend of that session, on screen; the class chosen in it is in hand."""
    panel = Legend(session)
    panel.class_chosen.connect(session.set_current_class)
    qtbot.addWidget(panel)
    panel.resize(300, 400)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


@pytest.fixture
def pictures(qtbot: QtBot) -> ImageList:
    """The list of pictures, on screen, with five that are new."""
    panel = ImageList(Folder())
    qtbot.addWidget(panel)
    panel.resize(240, 500)
    with qtbot.waitExposed(panel):
        panel.show()
    fill(panel.folder)
    return panel


@pytest.fixture
def went(pictures: ImageList) -> list[Path]:
    """Where the list has asked to go, in order."""
    paths: list[Path] = []
    pictures.activated.connect(paths.append)
    return paths


@pytest.fixture
def calm_palette(qtbot: QtBot) -> Iterator[None]:
    """The application's light palette while the test runs."""
    before = QGuiApplication.palette()
    QGuiApplication.setPalette(palette_for(Qt.ColorScheme.Light))
    yield
    QGuiApplication.setPalette(before)
