"""A session with one known picture for the tools to work on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.editing.session import Session
from app.settings import Settings
from tests.app.canvas.scene import predict, show_photo


@pytest.fixture
def session(qtbot: QtBot) -> Iterator[Session]:
    session = Session(Settings())
    show_photo(session)
    predict(session)
    session.set_current_class(17)
    yield session
    session.close_all()
