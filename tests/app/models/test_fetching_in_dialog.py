"""Fetching in the dialog from a real server on this machine: stopping whatever it is at, and what is said of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.models.dialog import ModelDialog
from app.models.flow import ModelFlow
from inference import weights_store
from inference.downloads import Patience
from inference.models import ModelCard
from tests.inference.publishing import CONTENT, lite, store, web
from tests.inference.web import Web, cut_off, silence, status, whole

__all__ = ["lite", "store", "web"]  # fixtures

PATIENCE = 10_000  # ms; what is stopped here would go on for a minute


@pytest.fixture
def dialog(
    qtbot: QtBot, desk: Desk, store: Path, lite: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModelDialog]:
    """The dialog with the card of `lite-ade`, which the server has."""
    monkeypatch.setattr("inference.downloads.PATIENCE", Patience(silence=60, attempts=3, pause=60))
    window = QWidget()
    qtbot.addWidget(window)
    flow = ModelFlow(desk, window)
    flow.show(lite.name)
    (dialog,) = window.findChildren(ModelDialog)
    with qtbot.waitActive(dialog):
        dialog.activateWindow()
    yield dialog
    flow.close()


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Counts the fetches that have ended, in whatever way."""
    count = threading.Semaphore(0)
    fetch = weights_store.fetch

    def counted(*given: object, **more: object) -> ModelCard:
        try:
            return fetch(*given, **more)  # type: ignore[arg-type]
        finally:
            count.release()

    monkeypatch.setattr(weights_store, "fetch", counted)
    return count


def button(dialog: QWidget, start: str) -> QPushButton:
    (found,) = (one for one in dialog.findChildren(QPushButton) if one.text().replace("&", "").startswith(start))
    return found


def said(dialog: QWidget) -> str:
    return "\n".join(label.text() for label in dialog.models.findChildren(QLabel) if label.isVisible())


def press(qtbot: QtBot, letter: Qt.Key) -> None:
    window = QApplication.activeWindow()
    assert window is not None
    qtbot.keyClick(window, letter, Qt.KeyboardModifier.AltModifier)


def told(answer: Callable[[Web, BaseHTTPRequestHandler], None], reached: threading.Event) -> Callable[..., None]:
    def first_told(web: Web, handler: BaseHTTPRequestHandler) -> None:
        reached.set()
        answer(web, handler)

    return first_told


def at_first_byte(web: Web, reached: threading.Event, _monkeypatch: pytest.MonkeyPatch) -> None:
    web.answers = [told(silence, reached)]


def half_way(web: Web, reached: threading.Event, _monkeypatch: pytest.MonkeyPatch) -> None:
    web.answers = [cut_off(len(CONTENT) // 2, then=told(silence, reached))]


def between_attempts(web: Web, reached: threading.Event, _monkeypatch: pytest.MonkeyPatch) -> None:
    web.answers = [told(status(500), reached)]


def at_check(_web: Web, reached: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def run_once(*_: object, **__: object) -> None:
        reached.set()
        over.wait(0.5)

    monkeypatch.setattr("inference.engines.open_engine", run_once)


@pytest.mark.parametrize("phase", [at_first_byte, half_way, between_attempts, at_check])
def test_stop_is_heard_whatever_the_fetch_is_at(
    qtbot: QtBot,
    dialog: ModelDialog,
    web: Web,
    ended: threading.Semaphore,
    monkeypatch: pytest.MonkeyPatch,
    phase: Callable[[Web, threading.Event, pytest.MonkeyPatch], None],
) -> None:
    reached = threading.Event()
    with monkeypatch.context() as patch:
        phase(web, reached, patch)
        press(qtbot, Qt.Key.Key_E)
        qtbot.waitUntil(reached.is_set, timeout=PATIENCE)
        press(qtbot, Qt.Key.Key_S)
        fetch = next(one for one in dialog.findChildren(QPushButton) if "etch" in one.text())
        qtbot.waitUntil(fetch.isEnabled, timeout=PATIENCE)
        qtbot.waitUntil(lambda: ended.acquire(blocking=False), timeout=PATIENCE)
    assert not button(dialog, "Stop").isVisible()
    assert said(dialog) == ""
    assert weights_store.installed("lite-ade") is None
    asked, web.answers = len(web.requests), [whole]
    press(qtbot, Qt.Key.Key_E)
    qtbot.waitUntil(lambda: weights_store.installed("lite-ade") is not None, timeout=PATIENCE)
    assert len(web.requests) - asked == (0 if phase is at_check else 1)


def test_a_double_click_on_stop_begins_nothing_again(
    qtbot: QtBot, dialog: ModelDialog, web: Web, ended: threading.Semaphore
) -> None:
    web.answers = [silence]
    qtbot.mouseClick(button(dialog, "Fetch"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(web.requests), timeout=PATIENCE)
    stop = button(dialog, "Stop")
    place = stop.mapTo(dialog, stop.rect().center())
    qtbot.mouseClick(stop, Qt.MouseButton.LeftButton)
    QApplication.processEvents()
    assert not isinstance(dialog.childAt(place), QPushButton)
    assert ended.acquire(timeout=PATIENCE / 1000)


def test_what_the_server_does_is_said_while_it_lasts_and_at_the_end(
    qtbot: QtBot, dialog: ModelDialog, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference.downloads.PATIENCE", Patience(silence=0.2, attempts=2, pause=0.01))
    seen: list[str] = []
    dialog.models._fetches.changed.connect(lambda _name: seen.append(said(dialog)))
    web.answers = [cut_off(1_000_000, then=silence), silence]
    press(qtbot, Qt.Key.Key_E)
    final = "127.0.0.1 fell silent; what has come is kept and gone on with."
    qtbot.waitUntil(lambda: bool(seen) and seen[-1] == final, timeout=PATIENCE)
    assert "Waiting for the server…" in seen
    assert f"{final} Trying again…" in seen
    assert button(dialog, "Go on fetching").isVisible()
    assert not button(dialog, "Stop").isVisible()


def test_nobody_is_told_to_try_later_what_is_tried_again_at_once(
    qtbot: QtBot, dialog: ModelDialog, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference.downloads.PATIENCE", Patience(silence=5, attempts=2, pause=0.01))
    seen: list[str] = []
    dialog.models._fetches.changed.connect(lambda _name: seen.append(said(dialog)))
    web.answers = [status(500)]
    press(qtbot, Qt.Key.Key_E)
    final = "127.0.0.1 has trouble of its own (HTTP 500); try again later."
    qtbot.waitUntil(lambda: bool(seen) and seen[-1] == final, timeout=PATIENCE)
    assert "127.0.0.1 has trouble of its own (HTTP 500). Trying again…" in seen


def test_a_server_that_stops_sending_has_no_pace_any_more(
    qtbot: QtBot, dialog: ModelDialog, web: Web, ended: threading.Semaphore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.models.fetches.SILENCE_MS", 50)
    web.answers = [cut_off(1_000_000, then=silence)]
    press(qtbot, Qt.Key.Key_E)
    qtbot.waitUntil(lambda: said(dialog).endswith("are here. Waiting for the server…"), timeout=PATIENCE)
    assert "per second" not in said(dialog)
    press(qtbot, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: ended.acquire(blocking=False), timeout=PATIENCE)


def test_a_check_is_called_one(qtbot: QtBot, dialog: ModelDialog, monkeypatch: pytest.MonkeyPatch) -> None:
    going, over = threading.Event(), threading.Event()

    def run_once(*_: object, **__: object) -> None:
        going.set()
        over.wait(PATIENCE / 1000)

    monkeypatch.setattr("inference.engines.open_engine", run_once)
    press(qtbot, Qt.Key.Key_E)
    qtbot.waitUntil(lambda: going.is_set() and "Checking what has come" in said(dialog), timeout=PATIENCE)
    over.set()
    qtbot.waitUntil(lambda: button(dialog, "Use this model").isVisible(), timeout=PATIENCE)
    assert said(dialog) == ""
