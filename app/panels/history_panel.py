"""The panel of the history: its steps, and below them what they take in memory."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPalette, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.editing.session import Session
from app.panels.elided_label import ElidedLabel
from app.panels.history import HistoryView
from app.panels.style import HALF, UNIT

MB = 2**20
REFRESH_MS = 200


class HistoryPanel(QWidget):
    """The keyboard goes to the list. The line below follows it soon, and only while it can be seen."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.view = HistoryView(session, self)
        self.foot = ElidedLabel("", self)
        self.foot.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self.foot.setContentsMargins(UNIT, HALF, HALF, HALF)
        self.foot.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.view, 1)
        column.addWidget(self.foot)
        self.setFocusProxy(self.view)
        self._soon = QTimer(self, singleShot=True, interval=REFRESH_MS)
        self._soon.timeout.connect(self._sum_up)
        for changed in (self.view.steps.modelReset, self.view.steps.dataChanged):
            changed.connect(self._changed)
        self._sum_up()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._sum_up()

    def _changed(self) -> None:
        if self.isVisible() and not self._soon.isActive():
            self._soon.start()

    def _sum_up(self) -> None:
        history, most = self._session.history, self._session.undo_bytes
        if history is None:
            self.foot.setText("")
            return
        steps = history.stack.count()
        taken = memory_text(self._session.history_bytes())
        self.foot.setText(f"{steps} step{'' if steps == 1 else 's'} · {taken} of {most / MB:.0f} MB")
        self.foot.set_tip(
            f"The steps of all pictures take {taken} in memory. "
            f"Beyond {most / MB:.0f} MB the oldest are let go; what they painted stays."
        )


def memory_text(count: int) -> str:
    """`count` bytes in MB; little is told from nothing."""
    if count < 0.05 * MB:
        return "<0.1 MB" if count else "0 MB"
    return f"{count / MB:.1f} MB"
