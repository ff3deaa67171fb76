"""A session whose large edits are worked out in the background, and work that waits there until it is let through."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

import app.editing.session
from app.core.geometry import Box
from app.core.parts import Check
from app.core.segment_map import human_value
from app.editing.gesture import Paint
from app.editing.session import Session
from app.settings import Settings
from app.workers.background import Background
from tests.app.canvas.scene import HEIGHT, WIDTH, predict, show_photo

OTHER = Path("/photos/other.jpg")
SKY, PLANT = human_value(3), human_value(18)
WHOLE = Box(0, 0, WIDTH, HEIGHT)
FILL = "Fill with sky"


class Gate:
    """Paint that waits in the worker until it is let through."""

    def __init__(self, *paints: Paint) -> None:
        self.paints = paints or ((WHOLE, None, SKY),)
        self.entered = threading.Event()
        self.opened = threading.Event()
        self.threads: list[threading.Thread] = []

    def __call__(self, check: Check) -> Iterator[Paint]:
        self.threads.append(threading.current_thread())
        self.entered.set()
        assert self.opened.wait(10)
        check()
        yield from self.paints

    def wait(self) -> None:
        assert self.entered.wait(10)


@pytest.fixture
def background(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Background]:
    monkeypatch.setattr("app.workers.background.PATIENCE_MS", 20)
    background = Background()
    yield background
    background.close()


@pytest.fixture
def session(qtbot: QtBot, background: Background, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """The known picture; whatever reaches further than 100 pixels is worked out in the background."""
    monkeypatch.setattr(app.editing.session, "REACH_AT_ONCE", 100)
    session = Session(Settings())
    session.runner = background.run
    show_photo(session)
    predict(session)
    yield session
    session.close_all()


@pytest.fixture
def said(session: Session) -> list[str]:
    sentences: list[str] = []
    session.said.connect(sentences.append)
    return sentences


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.opened.set()


def settle(qtbot: QtBot, background: Background) -> None:
    qtbot.waitUntil(background.is_idle)
