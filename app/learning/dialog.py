"""Learning from corrections in one window beside the work: what to learn from, how far it is, whether it helped."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtWidgets import QDialog, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from app.learning.report import ReportPage
from app.learning.running import RunningPage
from app.learning.setup import SetupPage
from app.panels.style import UNIT

_SIZE = QSize(600, 640)
_ROOM = QSize(32, 64)  # of the screen, around the window


class LearnDialog(QDialog):
    """Three pages, of which one is shown. It waits for nothing, and nothing waits for it."""

    activated = Signal()  # somebody came back to it: there may be more pictures by now

    def __init__(self, *, refusal_of_name: Callable[[str], str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Learn from my corrections")
        self.resize(_SIZE.boundedTo(parent.screen().availableSize() - _ROOM))
        self.setup = SetupPage(refusal_of_name=refusal_of_name)
        self.running = RunningPage()
        self.report = ReportPage()
        self._pages = QStackedWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * UNIT, 3 * UNIT, 3 * UNIT, 2 * UNIT)
        layout.addWidget(self._pages)
        for page in (self.setup, self.running, self.report):
            self._pages.addWidget(page)
            page.unwanted.connect(self.close)

    @property
    def page(self) -> QWidget | None:
        """What is shown."""
        return self._pages.currentWidget()

    def show_page(self, page: SetupPage | RunningPage | ReportPage) -> None:
        """Have this page on top; Return is for its main button, and only for that."""
        changes = self.page is not page or not self.isVisible()
        self._pages.setCurrentWidget(page)
        for button in self.findChildren(QPushButton):
            button.setDefault(button is page.default())
        if changes:
            page.first().setFocus()

    def come_up(self) -> None:
        """To the front, with the keyboard."""
        self.show()
        self.raise_()
        self.activateWindow()

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.WindowActivate:
            self.activated.emit()
        return super().event(event)
