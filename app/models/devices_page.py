"""What can run a model on this machine: every engine on every device as it really did, or why it cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.desk import Desk
from app.panels.style import UNIT
from app.workers.lane import CancelToken, Lane
from inference.engines.making import title
from inference.engines.trials import Trial, try_devices
from inference.models import ModelCard, find_card

_COLUMNS = ("Engine", "Device", "Works", "Time", "Same labels", "Remarks")
_REMARKS = len(_COLUMNS) - 1
_ROW = QSize(0, 3 * UNIT)
_TRIAL = Qt.ItemDataRole.UserRole


class Trials(QObject):
    """Tries every engine on every device in a thread of its own, and tells each as soon as it is known."""

    tried = Signal(object)  # Trial
    ended = Signal()
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane = Lane("trials", self, may_be_left=True)

    def start(self, card: Callable[[], ModelCard], *, fresh: bool) -> None:
        """Begin; `fresh` believes nothing that was found earlier."""

        def work(token: CancelToken) -> None:
            def report(trial: Trial) -> None:
                token.check()
                self.tried.emit(trial)

            try_devices(card(), fresh=fresh, report=report)

        self._lane.submit(work, key="trials", done=lambda _none: self.ended.emit(), failed=self.failed.emit)

    def is_idle(self) -> bool:
        return self._lane.is_idle()

    def stop(self) -> None:
        self._lane.cancel("trials")

    def close(self) -> None:
        """Stop and wait for the thread to end."""
        self._lane.close()


class DevicesPage(QWidget):
    """A table of engines and devices; the one chosen is explained below, and can be taken."""

    def __init__(self, desk: Desk, trials: Trials) -> None:
        super().__init__()
        self._desk, self._trials = desk, trials
        self._tried = ""  # the model of which the table tells
        self._list = QTreeWidget()
        self._list.setColumnCount(len(_COLUMNS))
        self._list.setHeaderLabels(list(_COLUMNS))
        self._list.setRootIsDecorated(False)
        self._list.setUniformRowHeights(True)
        self._list.setAccessibleName("Engines and devices")
        header = self._list.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        self._now = QLabel()
        self._why = QLabel()
        for label in (self._now, self._why):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._why.setMinimumHeight(self._why.fontMetrics().lineSpacing() * 4)
        self._why.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._again = QPushButton("&Try all again")
        self._again.setToolTip("Run a picture on every engine and device once more, whatever was found earlier")
        self._fastest = QPushButton("Use the &fastest")
        self._take = QPushButton("&Use this one")
        for button in (self._again, self._fastest, self._take):
            button.setAutoDefault(False)
        buttons = QHBoxLayout()
        buttons.addWidget(self._again)
        buttons.addStretch(1)
        buttons.addWidget(self._fastest)
        buttons.addWidget(self._take)
        layout = QVBoxLayout(self)
        layout.setSpacing(UNIT)
        layout.addWidget(self._now)
        layout.addWidget(self._list, 1)
        layout.addWidget(self._why)
        layout.addLayout(buttons)
        self._connect()
        self._explain()
        self._show_use()

    def _connect(self) -> None:
        self._list.currentItemChanged.connect(lambda *_: self._explain())
        self._again.clicked.connect(lambda: self.start(fresh=True))
        self._fastest.clicked.connect(lambda: self._choose("auto", "auto"))
        self._take.clicked.connect(self._take_this)
        self._trials.tried.connect(self._add)
        self._trials.ended.connect(self._ended)
        self._trials.failed.connect(self._failed)
        self._desk.engine_changed.connect(lambda _status: self._show_use())

    def begin(self) -> None:
        """Try everything, once for each model; what is known from earlier starts comes at once."""
        if self._tried != self._desk.model.local.model:
            self.start(fresh=False)

    def start(self, *, fresh: bool) -> None:
        """Try everything, from the start if `fresh`."""
        self._list.clear()
        self._again.setEnabled(False)
        self._why.setText("Each is tried with a real picture; one that was never used here takes a few seconds…")
        model = self._tried = self._desk.model.local.model
        self._trials.start(lambda: find_card(model), fresh=fresh)

    def _add(self, trial: Trial) -> None:
        works = "yes" if trial.usable else "no"
        time = "" if trial.milliseconds is None else f"{trial.milliseconds:.0f} ms"
        same = "" if trial.agreement is None else f"{100 * trial.agreement:.2f} %"
        item = QTreeWidgetItem([title(trial.engine), trial.device, works, time, same])
        item.setData(0, _TRIAL, trial)
        item.setSizeHint(_REMARKS, _ROW)  # the one column that is not as wide as its contents
        self._remark(item)  # before it is shown: a row that changes as it comes is painted in part
        self._list.addTopLevelItem(item)

    def _remark(self, item: QTreeWidgetItem) -> None:
        """Why it is refused, or that it is the one in use: to be read without asking for each."""
        trial = item.data(0, _TRIAL)
        remark = "in use" if self._in_use(trial) else trial.reason
        item.setText(_REMARKS, remark)
        item.setToolTip(_REMARKS, "" if trial.usable else remark)

    def _in_use(self, trial: Trial) -> bool:
        status = self._desk.engine_status
        return status is not None and (status.engine, status.device) == (trial.engine, trial.device)

    def _items(self) -> list[QTreeWidgetItem]:
        return [item for row in range(self._list.topLevelItemCount()) if (item := self._list.topLevelItem(row))]

    def _ended(self) -> None:
        self._again.setEnabled(True)
        self._why.setText("")
        items = self._items()
        if items and not self._list.selectedItems():
            in_use = (item for item in items if self._in_use(item.data(0, _TRIAL)))
            self._list.setCurrentItem(next(in_use, items[0]))
        self._explain()

    def _failed(self, reason: str) -> None:
        self._again.setEnabled(True)
        self._why.setText(reason)

    def _chosen(self) -> Trial | None:
        current = self._list.currentItem()  # not what is selected: a click changes that later, or to nothing
        trial = current.data(0, _TRIAL) if current is not None else None
        return trial if isinstance(trial, Trial) else None

    def _explain(self) -> None:
        trial = self._chosen()
        self._take.setEnabled(trial is not None and trial.usable)
        if trial is not None:
            self._why.setText("\n".join(filter(None, (trial.reason, trial.fix, trial.versions))))

    def _show_use(self) -> None:
        status, choice = self._desk.engine_status, self._desk.choice
        asked = "the fastest that works" if (choice.engine, choice.device) == ("auto", "auto") else "as you chose"
        if status is None:
            self._now.setText(f"No picture has needed the network yet; it will be {asked}.")
        else:
            self._now.setText(f"In use: {title(status.engine)} on {status.device}, {asked}. {status.reason}")
        for item in self._items():
            self._remark(item)
        self._list.viewport().update()
        self._fastest.setEnabled((choice.engine, choice.device) != ("auto", "auto"))

    def _take_this(self) -> None:
        trial = self._chosen()
        if trial is not None:
            self._choose(trial.engine, trial.device)

    def _choose(self, engine: str, device: str) -> None:
        self._desk.use_here(replace(self._desk.model.local, engine=engine, device=device))
