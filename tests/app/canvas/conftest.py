"""A session with one known picture, and a canvas that shows it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QCursor
from pytestqt.qtbot import QtBot

from app.canvas.canvas import Canvas
from app.editing.session import Session
from app.settings import Settings
from tests.app.canvas.scene import predict, show_photo

AWAY = QPoint(700, 700)


@pytest.fixture
def session(qtbot: QtBot) -> Iterator[Session]:
    session = Session(Settings())
    yield session
    session.close_all()


@pytest.fixture
def empty_canvas(session: Session, qtbot: QtBot) -> Canvas:
    """400 x 300 pixels with nothing open."""
    QCursor.setPos(AWAY)  # the last test may have left the pointer where this canvas comes up
    canvas = Canvas(session)
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    with qtbot.waitExposed(canvas):
        canvas.show()
    return canvas


@pytest.fixture
def canvas(empty_canvas: Canvas, session: Session) -> Canvas:
    """The known picture with its four segments."""
    show_photo(session)
    predict(session)
    return empty_canvas
