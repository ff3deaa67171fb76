"""The remote engine in the whole window: in its dialog, its menu and its status bar."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from app.answering.model_in_use import ModelChoice
from app.models.dialog import ModelDialog
from app.settings import Settings, load_settings, save_settings, settings_path
from inference.remote_card import leaving, remote_address
from tests.app.desk_scene import predicted
from tests.app.models.remote_scene import HOST, photos, service
from tests.app.windows import shown_window
from tests.inference.keyrings import use_keyring
from tests.inference.remote_server import SECRET, Service

__all__ = ["photos", "service", "use_keyring"]  # fixtures

PATIENCE = 20_000  # ms


def test_it_is_a_page_of_the_dialog_about_models(service: Service, qtbot: QtBot) -> None:
    window = shown_window(qtbot, Settings())
    window.models.show()
    dialog = window.findChild(ModelDialog)
    assert dialog is not None
    assert dialog.remote.window() is dialog
    qtbot.waitUntil(dialog.remote.is_idle, timeout=PATIENCE)
    assert not dialog.remote.allowed.isChecked()
    assert service.received == []


def test_the_window_says_that_photos_leave_before_the_first_one_does(
    service: Service, photos: list[Path], qtbot: QtBot
) -> None:
    start = Settings(model="fai-bf-m-ade", engine="remote", remote_allowed=remote_address())
    save_settings(start)
    window = shown_window(qtbot, start)
    qtbot.waitUntil(lambda: window.status._engine.text() == f"Photos are sent to {HOST}", timeout=PATIENCE)
    assert service.received == []
    assert leaving(HOST) in window.status._engine.toolTip()
    assert HOST in window.model_button.text()
    window._save()
    settings, _ = load_settings()
    assert (settings.engine, settings.remote_allowed) == ("remote", service.root)
    assert SECRET not in settings_path().read_text()
    window.desk.model.stay_here()
    assert window.status._engine.text() == ""
    window._save()
    settings, _ = load_settings()
    assert (settings.engine, settings.remote_allowed) == ("auto", "")


def test_a_model_of_the_menu_runs_here_and_no_photo_leaves_any_more(
    service: Service, photos: list[Path], qtbot: QtBot
) -> None:
    window = shown_window(qtbot, Settings(model="fai-bf-m-ade", engine="remote", remote_allowed=remote_address()))
    button = window.model_button
    qtbot.waitUntil(lambda: HOST in button.text(), timeout=PATIENCE)
    button.fill()
    entries = {action.text(): action for action in button.menu().actions()}
    ticked = [text for text, action in entries.items() if action.isChecked()]
    assert ticked == ["bisenetformer-m-ade (remote)"]
    groups = {action.actionGroup() for action in entries.values() if action.isCheckable()}
    assert len(groups) == 1, "one of them, as it looks"
    assert groups.pop().isExclusive()
    entries["starter"].trigger()
    qtbot.waitUntil(lambda: window.desk.idle, timeout=PATIENCE)
    assert window.desk.choice == ModelChoice()
    assert window.status.text() == "No photo leaves this machine any more; starter is in use."
    assert window.status._engine.text() == ""
    window.desk.open(photos[:1])
    qtbot.waitUntil(lambda: predicted(window.desk, photos[0]), timeout=PATIENCE)
    assert service.received == []
