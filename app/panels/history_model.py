"""The steps of the picture on screen, from how it was opened to the newest."""

from __future__ import annotations

from enum import Enum, IntEnum

from PySide6.QtCore import QAbstractListModel, QObject, Qt, QTimer

from app.editing.history import PatchCommand
from app.editing.session import Session
from app.panels.rows import ROOT, Index
from app.panels.texts import share_text

OPENED = "Opened"
EARLIER = "Earlier corrections"
FOLLOW_MS = 30  # after a step: the picture is on screen before the list says so, and a held key moves the mark once


class StepRole(IntEnum):
    """Data of a step beside its text."""

    STATE = Qt.ItemDataRole.UserRole + 1
    SHARE = Qt.ItemDataRole.UserRole + 2  # how much of the picture it changed, as text; empty for the first row


class StepState(Enum):
    """Where a step lies."""

    DONE = "done"
    CURRENT = "current step"  # the picture is as it was right after this one
    UNDONE = "undone"


class HistoryModel(QAbstractListModel):
    """Row 0 is the picture before the first step that is kept, row n the n-th step: rows are what `go_to_step` takes.

    The steps themselves stay in the undo stack, and only those that are drawn are asked for.
    """

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._count = 0
        self._stood = -1  # where the picture stood when the rows were drawn
        self._follow = QTimer(self, singleShot=True, interval=FOLLOW_MS)
        self._follow.timeout.connect(self._say_moved)
        session.undo_group.activeStackChanged.connect(self._another_picture)
        session.undo_group.indexChanged.connect(self._stepped)
        self._another_picture()

    @property
    def current_row(self) -> int:
        """Where the picture stands; -1 when there is none."""
        history = self._session.history
        return -1 if history is None else history.stack.index()

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else self._count

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        history = self._session.history
        if not index.isValid() or history is None:
            return None
        step = history.stack.command(index.row() - 1) if index.row() else None
        patch = step.patch if isinstance(step, PatchCommand) else None
        share = "" if patch is None else share_text(patch.changed, patch.shape[0] * patch.shape[1])
        text = (EARLIER if history.base else OPENED) if step is None else step.text()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return text
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(text, share)
            case Qt.ItemDataRole.AccessibleTextRole:
                state = self._state(index.row())
                words = [text, share, "" if state is StepState.DONE else state.value]
                return ", ".join(word for word in words if word)
            case StepRole.STATE:
                return self._state(index.row())
            case StepRole.SHARE:
                return share
            case _:
                return None

    @staticmethod
    def _tip(text: str, share: str) -> str:
        if share:
            return f"{text}: {share} of the picture"
        if text == EARLIER:
            return "The oldest steps were let go to save memory; what they painted stays"
        return "The picture without corrections"

    def _state(self, row: int) -> StepState:
        if row == self.current_row:
            return StepState.CURRENT
        return StepState.DONE if row < self.current_row else StepState.UNDONE

    def _another_picture(self) -> None:
        self.beginResetModel()
        self._count, self._stood = self._rows(), self.current_row
        self.endResetModel()

    def _stepped(self) -> None:
        """Rows are only added and taken away at the end, at once; how they look follows."""
        count, now = self._count, self._rows()
        if now > count:
            self.beginInsertRows(ROOT, count, now - 1)
            self._count = now
            self.endInsertRows()
        elif now < count:
            self.beginRemoveRows(ROOT, now, count - 1)
            self._count = now
            self.endRemoveRows()
        if not self._follow.isActive():
            self._follow.start()

    def _say_moved(self) -> None:
        """What is new or stands elsewhere lies between where the picture stood and where it stands now."""
        now = self._count
        if not now:
            return
        stood, self._stood = self._stood, self.current_row
        first, last = sorted(min(max(row, 0), now - 1) for row in (stood, self._stood))
        apart = [(first, first), (last, last)] if last - first == 1 else [(first, last)]
        for start, end in apart:  # a view paints a single row alone, and all it shows for more
            self.dataChanged.emit(self.index(start), self.index(end))

    def _rows(self) -> int:
        history = self._session.history
        return 0 if history is None else history.stack.count() + 1
