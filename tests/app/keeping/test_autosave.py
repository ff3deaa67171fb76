"""Settings survive however the application ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.keeping.autosave import Autosave
from app.settings import Settings, load_settings, settings_path
from tests.app.windows import shown_window


def test_what_has_changed_is_written_while_one_works(
    qtbot: QtBot, qapp: QObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.keeping.autosave.EVERY_MS", 10)
    now = Settings()
    parent = QObject()
    autosave = Autosave(lambda: now, parent)
    assert not settings_path().exists()
    now = replace(now, brush_size=77)
    qtbot.waitUntil(settings_path().exists)
    assert load_settings()[0].brush_size == 77
    settings_path().unlink()
    autosave.save()
    assert not settings_path().exists(), "what was written is not written again"


def test_nothing_is_written_while_it_goes_on_changing(
    qtbot: QtBot, qapp: QObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[float] = []
    monkeypatch.setattr("app.keeping.autosave.EVERY_MS", 1)
    monkeypatch.setattr("app.keeping.autosave.save_settings", lambda settings: written.append(settings.opacity))
    values = [0.1, 0.1, 0.2, 0.3, 0.4, 0.5]  # the first two at the beginning
    parent = QObject()
    autosave = Autosave(lambda: Settings(opacity=values.pop(0) if len(values) > 1 else values[0]), parent)
    qtbot.waitUntil(lambda: bool(written))
    assert written == [0.5]
    del autosave


def test_the_tool_in_hand_is_known_however_soon_the_application_is_killed(qtbot: QtBot) -> None:
    window = shown_window(qtbot, Settings())
    window.use_tool("wand")
    qtbot.waitUntil(lambda: load_settings()[0].tool == "wand", timeout=2_500)


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_settings: Settings) -> None:
        raise OSError("full")

    monkeypatch.setattr("app.keeping.autosave.save_settings", refuse)
    now = Settings()
    parent = QObject()
    autosave = Autosave(lambda: now, parent)
    now = replace(now, brush_size=77)
    autosave.save()
    assert "full" in caplog.text
