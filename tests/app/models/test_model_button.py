"""The button that says which model is in use has a place in a full row, however long a name is."""

from __future__ import annotations

from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from app.answering.model_in_use import EngineStatus
from app.desk import Desk
from app.models.button import ModelButton

LONG = "cathedral_" * 6


def test_a_long_name_gives_way_in_its_middle_and_is_told_in_full(qtbot: QtBot, desk: Desk) -> None:
    button = ModelButton(desk, models=QAction("Models and devices", desk), show_model=lambda _name: None)
    qtbot.addWidget(button)
    desk.engine_changed.emit(EngineStatus(f"{LONG}2", "onnx", "cpu", "it is the only one"))
    assert button.sizeHint().width() < 360
    assert button.text().startswith("cathedral_")
    assert "_2  ·  CPU" in button.text()  # which of several it is, and where it runs
    assert f"{LONG}2 with onnx on cpu" in button.toolTip()
    desk.engine_changed.emit(EngineStatus("bisenetformer-m-ade (remote)", "", "", ""))
    assert button.text().startswith("bisenetformer-m-ade (remote)  ")
