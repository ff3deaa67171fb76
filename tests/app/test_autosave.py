"""Settings survive however the application ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.autosave import Autosave
from app.settings import Settings, load_settings, settings_path


def test_what_has_changed_is_written_while_one_works(
    qtbot: QtBot, qapp: QObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.autosave.EVERY_MS", 10)
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


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_settings: Settings) -> None:
        raise OSError("full")

    monkeypatch.setattr("app.autosave.save_settings", refuse)
    now = Settings()
    parent = QObject()
    autosave = Autosave(lambda: now, parent)
    now = replace(now, brush_size=77)
    autosave.save()
    assert "full" in caplog.text
