"""The model in use, its device, and the menu that changes it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from html import escape
from pathlib import Path

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton

from app.desk import Desk
from app.dialogs import choose
from app.model_in_use import EngineStatus
from app.panels.plain import MenuButton
from inference.models import ModelCard, known_models


class ModelButton(MenuButton):
    """Shows model and device; its menu lists the known models, a weights file of one's own, and the model card."""

    def __init__(self, desk: Desk, *, model_card: QAction) -> None:
        super().__init__()
        self._desk = desk
        self._model_card = model_card
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setAutoRaise(True)
        self.setAccessibleName("Model")
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self.fill)
        self.setMenu(menu)
        desk.engine_changed.connect(self._show)
        self._show(desk.engine_status)

    def fill(self) -> None:
        """Make the menu anew: what is known may have changed."""
        menu = self.menu()
        menu.clear()
        for card in known_models():
            action = menu.addAction(card.name if card.file is not None else f"{card.name} (not on this machine)")
            action.setToolTip(card.limits)
            action.setCheckable(True)
            action.setChecked(card.name == self._desk.choice.model)
            use = partial(self._use, card.name) if card.file is not None else partial(self._ask_for_weights, card)
            action.triggered.connect(lambda _checked=False, use=use: use())
        menu.addSeparator()
        menu.addAction("Weights file…").triggered.connect(self._ask_for_file)
        menu.addAction(self._model_card)

    def _use(self, model: str) -> None:
        if model != self._desk.choice.model:
            self._desk.use_model(replace(self._desk.choice, model=model))

    def _ask_for_weights(self, card: ModelCard) -> None:
        """The weights of a published model have to be brought: say so where it was asked for, and open the way."""
        text = f"<p>The weights of {escape(card.name)} are not on this machine.</p>"
        if card.url:
            text += f'<p>They are published at <a href="{escape(card.url)}">{escape(card.url)}</a></p>'
        if choose(self.window(), title="Weights needed", text=text, choices=["Weights file…"], cancel="Cancel") == 0:
            self._ask_for_file()

    def _ask_for_file(self) -> None:
        file, _ = QFileDialog.getOpenFileName(
            self.window(), "Weights file", str(Path.home()), "Weights (*.safetensors *.pth *.pt *.onnx);;All files (*)"
        )
        if file:
            self._use(file)

    def _show(self, status: EngineStatus | None) -> None:
        name = self._desk.model.name if status is None else status.model
        if status is None:
            self.setText(f"{name}  ▾")
            self.setToolTip("The model; it is loaded with the first photo that has no answer of it yet")
        else:
            self.setText(f"{name}  ·  {status.device.upper()}  ▾")
            self.setToolTip(f"{name} with {status.engine} on {status.device}: {status.reason}")
