"""The dialog about models and devices, and a store of weights that a test holds in its hand."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtWidgets import (
    QLabel,
    QPushButton,
    QWidget,
)

from app.models.dialog import ModelDialog
from app.models.flow import ModelFlow
from inference.downloads import Progress
from inference.errors import Cancelled, WeightsError
from inference.models import ModelCard


@dataclass
class Store:
    """Stands for the store of weights: a fetch goes on when the test lets it."""

    gate: threading.Event = field(default_factory=threading.Event)
    problem: str = ""
    asked: list[str] = field(default_factory=list)
    brought: list[tuple[str, str | None]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)

    def fetch(self, card: ModelCard, *, progress: Callable[[Progress], None], cancelled: threading.Event) -> ModelCard:
        self.asked.append(card.name)
        progress(Progress(done=10_000_000, total=40_000_000, rate=2e6))
        while not self.gate.wait(0.01):
            if cancelled.is_set():
                self.stopped.append(card.name)
                raise Cancelled
        if self.problem:
            raise WeightsError(self.problem)
        return card

    def add(self, file: Path, *, name: str | None = None) -> ModelCard:
        self.brought.append((file.name, name))
        raise WeightsError(f"{file.name} is no weights file.")


def opened(flow: ModelFlow, name: str = "bisenetformer-m-ade") -> QWidget:
    flow.show(name)
    (dialog,) = flow.parent().findChildren(ModelDialog)
    return dialog


def button(dialog: QWidget, start: str) -> QPushButton:
    (found,) = (one for one in dialog.findChildren(QPushButton) if one.text().replace("&", "").startswith(start))
    return found


def texts(dialog: QWidget) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel))
