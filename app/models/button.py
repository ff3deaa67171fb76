"""The model in use, its device, and the menu that changes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QToolButton

from app.answering.model_in_use import EngineStatus
from app.desk import Desk
from app.panels.plain import MenuButton
from app.panels.style import UNIT
from inference.models import known_models
from inference.remote_card import REMOTE

_WIDEST = 30 * UNIT  # of a name: a learned one may be longer than the row of tools has room for


class ModelButton(MenuButton):
    """Shows model and device; its menu lists the known models and leads to all that is known of them."""

    def __init__(self, desk: Desk, *, models: QAction, show_model: Callable[[str], None]) -> None:
        """`models` shows all models; `show_model` the one named, where its weights can be fetched."""
        super().__init__()
        self._desk = desk
        self._models = models
        self._show_model = show_model
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setAutoRaise(True)
        self.setAccessibleName("Model")
        self._one = QActionGroup(self)
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
        in_use = self._desk.model.name  # of the remote engine another than that of the same model here
        for card in known_models():
            here = card.file is not None
            action = menu.addAction(card.name if here else f"{card.name} (not on this machine)…")
            action.setToolTip(card.limits)
            self._tick(action, on=card.name == in_use)
            use = partial(self._use if here else self._show_model, card.name)
            action.triggered.connect(lambda _checked=False, use=use: use())
        if not any(action.isChecked() for action in menu.actions()):
            action = menu.addAction(in_use)
            self._tick(action, on=True)
            action.triggered.connect(lambda: self._show_model(in_use))
        menu.addSeparator()
        menu.addAction(self._models)

    def _tick(self, action: QAction, *, on: bool) -> None:
        """One of them is in use, and no more than one."""
        self._one.addAction(action)
        action.setCheckable(True)
        action.setChecked(on)

    def _use(self, model: str) -> None:
        if model != self._desk.model.name:
            self._desk.use_here(replace(self._desk.model.local, model=model))

    def _show(self, status: EngineStatus | None) -> None:
        name = self._desk.model.name if status is None else status.model
        shown = self.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, _WIDEST)
        if status is None or not status.device:
            self.setText(f"{shown}  ▾")
            self.setToolTip(f"{name}, the model; it is loaded with the first photo that has no answer of it yet")
        else:
            place = status.device if status.engine == REMOTE else status.device.upper()
            self.setText(f"{shown}  ·  {place}  ▾")
            self.setToolTip(f"{name} with {status.engine} on {status.device}: {status.reason}")
