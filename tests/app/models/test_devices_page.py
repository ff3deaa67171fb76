"""What was tried of engines and devices, in the dialog."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QLabel,
    QTabWidget,
    QTreeWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

import app.models.devices_page
import app.models.fetches
import app.models.models_page
from app.answering.model_in_use import EngineStatus
from app.desk import Desk
from app.models.flow import ModelFlow
from inference.engines.trials import Trial
from inference.errors import WeightsError
from inference.models import ModelCard
from tests.app.models.dialog_scene import button, opened, texts


def trial(engine: str, device: str, **facts: Any) -> Trial:
    nothing = {"reason": "", "fix": "", "milliseconds": None, "agreement": None, "versions": "", "cached": False}
    return Trial(engine, device, **{**nothing, **facts})


TRIALS = (
    trial("torch", "cuda:0", usable=False, reason="No NVIDIA driver was found.", fix="Install the driver."),
    trial("onnx", "cpu", usable=True, milliseconds=41.2, agreement=0.9987),
)


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each trial believed nothing of earlier ones."""
    asked: list[bool] = []

    def try_devices(_card: ModelCard, *, fresh: bool, report: Callable[[Trial], None]) -> tuple[Trial, ...]:
        asked.append(fresh)
        for trial in TRIALS:
            report(trial)
        return TRIALS

    monkeypatch.setattr(app.models.devices_page, "try_devices", try_devices)
    return asked


def devices(qtbot: QtBot, flow: ModelFlow) -> tuple[QWidget, QTreeWidget]:
    dialog = opened(flow)
    dialog.devices.parent().parent().setCurrentWidget(dialog.devices)
    (table,) = dialog.findChildren(QTreeWidget)
    qtbot.waitUntil(lambda: table.topLevelItemCount() == len(TRIALS) and dialog.is_idle())
    return dialog, table


def test_what_was_tried_is_a_table_with_reasons(qtbot: QtBot, flow: ModelFlow, tried: list[bool]) -> None:
    dialog, table = devices(qtbot, flow)
    rows = [[table.topLevelItem(row).text(column) for column in range(5)] for row in range(2)]
    assert rows == [["PyTorch", "cuda:0", "no", "", ""], ["ONNX Runtime", "cpu", "yes", "41 ms", "99.87 %"]]
    assert [table.topLevelItem(row).text(5) for row in range(2)] == ["No NVIDIA driver was found.", ""]
    assert table.columnWidth(0) > table.fontMetrics().horizontalAdvance("ONNX Runtime"), "all of it is to be read"
    assert "No NVIDIA driver was found.\nInstall the driver." in texts(dialog)
    assert not button(dialog, "Use this one").isEnabled()
    assert tried == [False]


def test_all_is_tried_again_on_request(qtbot: QtBot, flow: ModelFlow, tried: list[bool]) -> None:
    dialog, table = devices(qtbot, flow)
    qtbot.waitUntil(button(dialog, "Try all again").isEnabled)
    qtbot.mouseClick(button(dialog, "Try all again"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: tried == [False, True] and dialog.is_idle())
    assert table.topLevelItemCount() == len(TRIALS)


def test_one_that_works_can_be_taken(
    qtbot: QtBot, flow: ModelFlow, desk: Desk, tried: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[tuple[str, str]] = []
    monkeypatch.setattr(desk, "use_here", lambda choice: taken.append((choice.engine, choice.device)))
    dialog, table = devices(qtbot, flow)
    qtbot.waitUntil(lambda: bool(table.selectedItems()))
    table.setCurrentItem(table.topLevelItem(1))
    qtbot.mouseClick(button(dialog, "Use this one"), Qt.MouseButton.LeftButton)
    assert taken == [("onnx", "cpu")]


def test_a_click_explains_the_device_it_went_to(qtbot: QtBot, flow: ModelFlow, tried: list[bool]) -> None:
    dialog, table = devices(qtbot, flow)
    qtbot.waitUntil(lambda: bool(table.selectedItems()))
    place = table.visualItemRect(table.topLevelItem(1)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert button(dialog, "Use this one").isEnabled()
    assert "No NVIDIA driver" not in texts(dialog)


def test_the_one_in_use_is_marked_and_comes_first_to_mind(
    qtbot: QtBot, flow: ModelFlow, desk: Desk, tried: list[bool]
) -> None:
    desk.model.status = EngineStatus("starter", "onnx", "cpu", "CPU, because no NVIDIA driver was found.")
    _dialog, table = devices(qtbot, flow)
    qtbot.waitUntil(lambda: bool(table.selectedItems()))
    assert table.currentItem().text(0) == "ONNX Runtime"
    assert [table.topLevelItem(row).text(5) for row in range(2)] == ["No NVIDIA driver was found.", "in use"]
    desk.model.status = replace(desk.model.status, engine="torch")
    desk.engine_changed.emit(desk.model.status)
    assert table.topLevelItem(1).text(5) == ""


def test_a_row_is_whole_when_it_comes(qtbot: QtBot, flow: ModelFlow, tried: list[bool]) -> None:
    """Qt paints one that changes while it is laid out in part only."""
    changed: list[object] = []
    dialog = opened(flow)
    (table,) = dialog.findChildren(QTreeWidget)
    table.model().dataChanged.connect(lambda *_: changed.append(_))
    devices(qtbot, flow)
    assert table.topLevelItem(0).text(5)
    assert not changed


def test_what_cannot_be_tried_is_said_and_can_be_tried_again(
    qtbot: QtBot, flow: ModelFlow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise WeightsError("The weights are gone.")

    monkeypatch.setattr(app.models.devices_page, "try_devices", refuse)
    dialog = opened(flow)
    dialog.devices.parent().parent().setCurrentWidget(dialog.devices)
    qtbot.waitUntil(lambda: "The weights are gone." in texts(dialog))
    assert button(dialog, "Try all again").isEnabled()


def test_no_two_things_on_a_page_have_the_same_key(flow: ModelFlow, tried: list[bool]) -> None:
    dialog = opened(flow)
    (tabs,) = dialog.findChildren(QTabWidget)
    always = [tabs.tabText(page) for page in range(tabs.count())] + [button(dialog, "Close").text()]
    for page in range(tabs.count()):
        things = [*tabs.widget(page).findChildren(QAbstractButton), *tabs.widget(page).findChildren(QLabel)]
        texts = always + [thing.text() for thing in things]
        keys = [text[text.index("&") + 1].lower() for text in texts if "&" in text]
        assert len(keys) == len(set(keys)), texts
    assert len(keys) > len(always)
