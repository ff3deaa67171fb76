"""The remote engine in the window: off until it is allowed, said as long as it is on, and off at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

import app.models.remote_panel
from app.answering.model_in_use import EngineStatus, ModelChoice
from app.core.run_progress import RunReport
from app.desk import Desk
from app.editing.session import Session
from app.models.remote_panel import RemotePanel
from app.predicting.folder_run import FolderRun
from app.settings import Settings
from inference.remote_card import ADDRESS_VARIABLE, SERVICE_ADDRESS, leaving, remote_address
from inference.remote_key import SERVICE, USER
from tests.app.desk_scene import predicted
from tests.app.models.remote_scene import HOST, photos, service
from tests.inference.keyrings import FakeKeyring, use_keyring
from tests.inference.remote_server import SECRET, Service, seen, silent, status

__all__ = ["photos", "service", "use_keyring"]  # fixtures

SKY, GRASS = 3, 10
PATIENCE = 20_000  # ms
LEFT = Qt.MouseButton.LeftButton


def remote(*, allowed_at: str | None = None) -> ModelChoice:
    """The remote engine, with leave for where it is now."""
    return ModelChoice("fai-bf-m-ade", "remote", "auto", remote_allowed=allowed_at or remote_address())


@pytest.fixture
def desks(qtbot: QtBot) -> Iterator[list[Desk]]:
    """Desks that are closed at the end."""
    desks: list[Desk] = []
    yield desks
    for desk in desks:
        desk.close()


def new_desk(desks: list[Desk], choice: ModelChoice) -> Desk:
    desks.append(Desk(Session(Settings()), choice))
    return desks[-1]


@pytest.fixture
def panel(qtbot: QtBot, service: Service, desks: list[Desk]) -> Iterator[RemotePanel]:
    """The panel of a desk that has the starter, with a key in the keyring."""
    panel = RemotePanel(new_desk(desks, ModelChoice()))
    qtbot.addWidget(panel)
    panel.show()
    yield panel
    panel.close_down()


def answer(monkeypatch: pytest.MonkeyPatch, choice: int | None) -> list[str]:
    """What is answered to the question whether photos may be sent, and the questions."""
    asked: list[str] = []

    def choose(*_: object, text: str, **_more: object) -> int | None:
        asked.append(text)
        return choice

    monkeypatch.setattr(app.models.remote_panel, "choose", choose)
    return asked


def texts(panel: RemotePanel) -> str:
    return "\n".join(label.text() for label in panel.findChildren(QLabel))


def tick(panel: RemotePanel) -> None:
    panel.allowed.click()


def test_it_is_off_at_first_and_a_no_leaves_it_off(
    panel: RemotePanel, desks: list[Desk], service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not panel.allowed.isChecked()
    assert panel.state.text() == "Photos stay on this machine."
    asked = answer(monkeypatch, None)
    tick(panel)
    assert leaving(HOST) in asked[0]
    assert "before you tick the box" in texts(panel)  # where it is not ticked yet
    assert "tick the box." not in asked[0].replace("untick the box.", "")
    assert "before you agree" in asked[0]
    assert not panel.allowed.isChecked()
    assert desks[0].choice == ModelChoice()
    assert service.received == []


def test_allowed_photos_are_sent_and_come_back_as_masks(
    panel: RemotePanel,
    desks: list[Desk],
    photos: list[Path],
    service: Service,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer(monkeypatch, 0)
    statuses: list[EngineStatus] = []
    desks[0].engine_changed.connect(statuses.append)
    tick(panel)
    qtbot.waitUntil(lambda: desks[0].choice.engine == "remote", timeout=PATIENCE)
    assert statuses[-1] == EngineStatus("bisenetformer-m-ade (remote)", "remote", HOST, leaving(HOST))
    assert panel.state.text() == leaving(HOST)
    assert service.received == []  # choosing it sends nothing yet
    desks[0].open(photos)
    qtbot.waitUntil(lambda: predicted(desks[0], photos[0]), timeout=PATIENCE)
    document = desks[0].session.document
    assert document is not None
    labels = document.labels()
    assert (labels[:20] == SKY).all()
    assert (labels[20:] == GRASS).all()
    assert service.received[0].headers["X-API-Key"] == SECRET


def test_unticked_no_photo_leaves_any_more(
    panel: RemotePanel, desks: list[Desk], service: Service, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, 0)
    tick(panel)
    qtbot.waitUntil(lambda: desks[0].choice.engine == "remote", timeout=PATIENCE)
    segmenter = desks[0].model.segmenter()
    statuses: list[EngineStatus] = []
    desks[0].engine_changed.connect(statuses.append)
    tick(panel)
    assert desks[0].choice == ModelChoice()
    assert (statuses[-1].model, statuses[-1].device) == ("starter", "")
    assert panel.state.text() == "Photos stay on this machine."
    with pytest.raises(app.models.remote_panel.RemoteError, match=r"not sent to 127\.0\.0\.1 any more"):
        segmenter.predict(np.zeros((40, 60, 3), np.uint8))  # an export that began before has it still
    assert service.received == []


def test_a_prediction_that_is_cancelled_closes_its_connection(
    service: Service, desks: list[Desk], photos: list[Path], qtbot: QtBot
) -> None:
    service.replies = [silent]
    desk = new_desk(desks, remote())
    desk.open(photos[:1])
    qtbot.waitUntil(service.asked.is_set, timeout=PATIENCE)
    assert desk.cancel()
    qtbot.waitUntil(service.left.is_set, timeout=PATIENCE)
    qtbot.waitUntil(desk.engine_lane.is_idle, timeout=PATIENCE)


def test_answers_are_kept_in_the_project_and_not_asked_for_again(
    service: Service, desks: list[Desk], photos: list[Path], qtbot: QtBot
) -> None:
    for _ in range(2):
        desk = new_desk(desks, remote())
        desk.open(photos[:1])
        qtbot.waitUntil(lambda desk=desk: predicted(desk, photos[0]) and desk.idle, timeout=PATIENCE)
        assert desk.session.document is not None
        assert (desk.session.document.labels()[:20] == SKY).all()
        desk.close()
    assert len(service.received) == 1
    stored = [path for path in photos[0].parent.rglob("*") if path.is_file()]
    assert not any(SECRET.encode() in path.read_bytes() for path in stored)


def test_a_run_over_a_folder_sends_each_photo_once_and_keeps_the_answers(
    service: Service, desks: list[Desk], photos: list[Path], qtbot: QtBot
) -> None:
    service.replies = [seen, status(413), seen]
    desk = new_desk(desks, remote())
    desk.open(photos[:1])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]) and desk.idle, timeout=PATIENCE)
    going_on = FolderRun(desk.model, desk.engine_lane, desk.keeper)
    reports: list[RunReport] = []
    going_on.ended.connect(reports.append)
    for _ in range(2):
        assert going_on.start(photos)
        qtbot.waitUntil(lambda: not going_on.running, timeout=PATIENCE)
    going_on.close()
    first, second = reports
    assert (first.predicted, first.known) == (0, 1)
    assert first.refused == ((photos[1], f"The photo is too large for {HOST} (HTTP 413)."),)
    assert (second.predicted, second.known, second.refused) == (1, 1, ())
    assert [received.picture.width for received in service.received] == [60, 61, 61]


def test_an_address_that_is_none_is_said_at_the_start(
    desks: list[Desk], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS_VARIABLE, "http://example.org")
    desk = new_desk(desks, remote(allowed_at=SERVICE_ADDRESS))
    with qtbot.waitSignal(desk.model.refused, timeout=PATIENCE) as refused:
        pass
    assert "not encrypted" in refused.args[0]


@pytest.mark.parametrize("allowed", [False, True])
def test_a_remote_engine_of_the_settings_counts_only_if_it_is_allowed(*, allowed: bool) -> None:
    address = SERVICE_ADDRESS if allowed else ""
    choice = ModelChoice.of(Settings(model="fai-bf-m-ade", engine="remote", remote_allowed=address))
    assert choice.engine == ("remote" if allowed else "auto")


def test_leave_for_one_address_is_none_for_another(
    service: Service, desks: list[Desk], photos: list[Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = new_desk(desks, remote(allowed_at=SERVICE_ADDRESS))
    said: list[str] = []
    desk.said.connect(said.append)
    qtbot.waitUntil(lambda: bool(said), timeout=PATIENCE)
    assert said[0].startswith(f"The remote engine is at {HOST} now: photos stay on this machine until you allow")
    assert desk.choice == ModelChoice()
    desk.open(photos[:1])
    qtbot.waitUntil(lambda: predicted(desk, photos[0]), timeout=PATIENCE)
    assert service.received == []
    panel = RemotePanel(desk)
    qtbot.addWidget(panel)
    assert not panel.allowed.isChecked()
    asked = answer(monkeypatch, 0)
    tick(panel)
    assert leaving(HOST) in asked[0]
    qtbot.waitUntil(lambda: desk.choice.engine == "remote", timeout=PATIENCE)
    assert desk.choice.remote_allowed == service.root
    panel.close_down()


def test_a_choice_without_leave_is_refused(
    panel: RemotePanel, desks: list[Desk], service: Service, qtbot: QtBot
) -> None:
    desks[0].use_model(ModelChoice("fai-bf-m-ade", "remote"))
    qtbot.waitUntil(lambda: "may not be sent" in panel.said.text(), timeout=PATIENCE)
    assert desks[0].choice == ModelChoice()
    assert not panel.allowed.isChecked()


def test_without_a_key_the_box_goes_off_again_and_says_why(
    panel: RemotePanel,
    use_keyring: FakeKeyring,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_keyring.kept.clear()
    answer(monkeypatch, 0)
    tick(panel)
    qtbot.waitUntil(lambda: "There is no key" in panel.said.text(), timeout=PATIENCE)
    assert not panel.allowed.isChecked()


def test_the_test_sends_a_picture_of_nobody_and_says_what_came(
    panel: RemotePanel, service: Service, qtbot: QtBot
) -> None:
    qtbot.mouseClick(panel.test, LEFT)
    assert panel.said.text() == f"Asking {HOST}…"
    assert not panel.test.isEnabled()
    qtbot.waitUntil(panel.test.isEnabled, timeout=PATIENCE)
    assert panel.said.text().startswith(f"{HOST} answers, in ")
    assert service.received[0].picture.size == (64, 64)
    service.replies = [status(401)]
    qtbot.mouseClick(panel.test, LEFT)
    qtbot.waitUntil(panel.test.isEnabled, timeout=PATIENCE)
    assert panel.said.text() == f"{HOST} does not accept the key (HTTP 401)."


def test_a_key_is_entered_and_forgotten_and_never_seen_again(
    panel: RemotePanel, use_keyring: FakeKeyring, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: "keyring" in panel.key_place.text(), timeout=PATIENCE)
    assert panel.key.text() == ""
    assert panel.key.echoMode() is QLineEdit.EchoMode.Password
    qtbot.keyClicks(panel.key, "another-key")
    panel._show.click()
    assert panel.key.echoMode() is QLineEdit.EchoMode.Normal
    qtbot.keyClick(panel.key, Qt.Key.Key_Return)
    assert panel.key.text() == ""
    assert panel.key.echoMode() is QLineEdit.EchoMode.Password
    qtbot.waitUntil(lambda: use_keyring.kept == {(SERVICE, USER): "another-key"}, timeout=PATIENCE)
    qtbot.waitUntil(panel.is_idle, timeout=PATIENCE)
    panel.activateWindow()
    panel._forget.setFocus()
    qtbot.keyClick(panel._forget, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: panel.key_place.text() == "There is no key yet.", timeout=PATIENCE)
    assert use_keyring.kept == {}
    assert panel.key.hasFocus()
    qtbot.keyClicks(panel.key, "two words")
    qtbot.keyClick(panel.key, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: panel.key_place.text().startswith("This is no key"), timeout=PATIENCE)


def test_a_key_can_be_forgotten_only_where_there_is_one(
    panel: RemotePanel, use_keyring: FakeKeyring, desks: list[Desk], qtbot: QtBot
) -> None:
    qtbot.waitUntil(panel._forget.isEnabled, timeout=PATIENCE)
    assert panel._forget.toolTip() == "Take the key out of the keyring"
    qtbot.mouseClick(panel._forget, LEFT)
    qtbot.waitUntil(lambda: not panel._forget.isEnabled(), timeout=PATIENCE)
    assert panel._forget.toolTip() == "There is no key that could be forgotten"
    another = RemotePanel(desks[0])
    qtbot.addWidget(another)
    assert not another._forget.isEnabled()  # nobody has looked yet
    qtbot.waitUntil(another.is_idle, timeout=PATIENCE)
    assert another.key_place.text() == "There is no key yet."
    assert not another._forget.isEnabled()
    another.close_down()
    qtbot.keyClicks(panel.key, "another-key")
    qtbot.keyClick(panel.key, Qt.Key.Key_Return)
    qtbot.waitUntil(panel._forget.isEnabled, timeout=PATIENCE)


def test_a_device_of_this_machine_taken_ends_it_too(service: Service, desks: list[Desk], qtbot: QtBot) -> None:
    desk = new_desk(desks, remote())
    desk.use_here(replace(desk.model.local, engine="onnx", device="cpu"))
    qtbot.waitUntil(lambda: desk.choice == ModelChoice("starter", "onnx", "cpu"), timeout=PATIENCE)
    assert service.received == []
