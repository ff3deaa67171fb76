"""What the tests of the dialog about models and devices begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import (
    QWidget,
)
from pytestqt.qtbot import QtBot

import app.models.devices_page
import app.models.fetches
import app.models.models_page
from app.desk import Desk
from app.models.flow import ModelFlow
from tests.app.models.dialog_scene import Store


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    store = Store()
    monkeypatch.setattr(app.models.fetches.weights_store, "fetch", store.fetch)
    monkeypatch.setattr(app.models.fetches.weights_store, "add", store.add)
    yield store
    store.gate.set()


@pytest.fixture
def flow(qtbot: QtBot, desk: Desk, store: Store) -> Iterator[ModelFlow]:
    window = QWidget()
    qtbot.addWidget(window)
    flow = ModelFlow(desk, window)
    yield flow
    store.gate.set()
    flow.close()
