"""Choosing a model or a device: from the button in the tool bar to the one that answers."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.desk import Desk
from app.models.dialog import ModelDialog
from app.models.fetches import ModelFetches


class ModelFlow(QObject):
    """The dialog is made when it is first wanted, and then lives as long as the window."""

    def __init__(self, desk: Desk, window: QWidget) -> None:
        super().__init__(window)
        self._desk, self._window = desk, window
        self.fetches = ModelFetches(self)
        self._dialog: ModelDialog | None = None

    def show(self, name: str = "") -> None:
        """Come to the front with the card of a model, that in use if none is named."""
        if self._dialog is None:
            self._dialog = ModelDialog(self._desk, self.fetches, parent=self._window)
        self._dialog.show_model(name or self._desk.model.name)

    def close(self) -> None:
        """Stop what is fetched and tried, and wait for that."""
        self.fetches.close()
        if self._dialog is not None:
            self._dialog.close_down()
