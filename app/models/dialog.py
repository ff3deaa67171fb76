"""One place for everything about the network: its models, and what runs them."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QStyle, QTabWidget, QVBoxLayout, QWidget

from app.desk import Desk
from app.models.devices_page import DevicesPage, Trials
from app.models.fetches import ModelFetches
from app.models.models_page import ModelsPage
from app.models.remote_panel import RemotePanel
from app.panels.style import UNIT

_SIZE = QSize(860, 660)


class ModelDialog(QDialog):
    """Beside the work, which goes on: nothing that is done here waits for it, and it waits for nothing here."""

    def __init__(self, desk: Desk, fetches: ModelFetches, *, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Models and devices")
        self.resize(_SIZE.boundedTo(parent.screen().availableSize() - QSize(32, 64)))
        self._trials = Trials(self)
        self.models = ModelsPage(desk, fetches)
        self.devices = DevicesPage(desk, self._trials)
        self.remote = RemotePanel(desk)
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._tabs.addTab(self.models, "&Models")
        self._tabs.addTab(self.devices, "&Devices")
        self._tabs.addTab(self.remote, "&Remote")
        self._tabs.currentChanged.connect(self._page_changed)
        buttons = QDialogButtonBox()
        buttons.addButton("&Close", QDialogButtonBox.ButtonRole.RejectRole).setAutoDefault(False)
        buttons.rejected.connect(self.reject)
        edge = self.style().pixelMetric(QStyle.PixelMetric.PM_LayoutRightMargin)
        buttons.setContentsMargins(0, 0, edge, 0)  # as far from the edge as what stands above it in the page
        layout = QVBoxLayout(self)
        layout.setSpacing(UNIT)
        layout.addWidget(self._tabs, 1)
        layout.addWidget(buttons)

    def show_model(self, name: str) -> None:
        """Come to the front with the card of a model."""
        self._tabs.setCurrentWidget(self.models)
        self.models.choose(name)
        self.show()
        self.raise_()
        self.activateWindow()

    def is_idle(self) -> bool:
        return self._trials.is_idle() and self.remote.is_idle()

    def close_down(self) -> None:
        """End what is tried; for the window that closes."""
        self._trials.close()
        self.remote.close_down()

    def _page_changed(self, _index: int) -> None:
        if self._tabs.currentWidget() is self.devices:
            self.devices.begin()
