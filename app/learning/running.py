"""How far the learning is, with the loss as it falls, and how to hold it: the second page of learning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.core.run_progress import pictures
from app.dialogs import heading, show_left_out
from app.learning.standing import Phase, Standing
from app.learning.texts import left_text, stage_text, stopped_where
from app.panels.elided_label import ElidedLabel
from app.panels.loss_curve import LossCurve
from app.panels.style import HALF, UNIT, warning
from inference.learning.events import StepTold

_STEPS = 1000  # of the bar
_GOES_ON = "You can go on working meanwhile; this dialog may be closed."
_PAUSED = "Nothing is computed until it goes on."
_KEPT = "What is learned so far is kept, also when the program is closed."


class RunningPage(QWidget):
    """Follows one job."""

    pause_asked = Signal()
    resume_asked = Signal()  # after a pause
    stop_asked = Signal()
    go_on_asked = Signal()  # after a stop, or at another day
    anew_asked = Signal()
    unwanted = Signal()  # the window may go

    def __init__(self) -> None:
        super().__init__()
        self._standing = Standing()
        self._left_out: list[tuple[str, str]] = []
        self._title = heading("")
        self._title.setWordWrap(True)
        self._stage, self._left = ElidedLabel(), QLabel()
        self._left.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._bar = QProgressBar(maximum=_STEPS, textVisible=False)
        self._bar.setAccessibleName("How much of the learning is done")
        self._bar.setMaximumHeight(UNIT)
        self.curve = LossCurve()
        self._problem = QLabel(wordWrap=True)
        self._note = QLabel(wordWrap=True)
        for label in (self._problem, self._note):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        head = QHBoxLayout()
        head.setSpacing(UNIT)
        head.addWidget(self._stage, 1)
        head.addWidget(self._left)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(UNIT)
        layout.addWidget(self._title)
        layout.addLayout(head)
        layout.addWidget(self._bar)
        layout.addSpacing(HALF)
        layout.addWidget(self.curve, 1)
        layout.addWidget(self._problem)
        layout.addLayout(self._notes())
        layout.addLayout(self._buttons())

    def _notes(self) -> QHBoxLayout:
        self._reasons = QPushButton("&Reasons…")
        self._reasons.setAutoDefault(False)
        self._reasons.clicked.connect(self._show_reasons)
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        row.addWidget(self._note, 1)
        row.addWidget(self._reasons, 0, Qt.AlignmentFlag.AlignBottom)
        return row

    def _buttons(self) -> QHBoxLayout:
        self._close, self._anew = QPushButton("&Close"), QPushButton("&Begin anew…")
        self._stop, self._pause = QPushButton("&Stop"), QPushButton("&Pause")
        self._anew.setToolTip("Choose again what to learn from; what was learned so far is kept until that begins")
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        row.addWidget(self._close)
        row.addStretch(1)
        for button in (self._anew, self._stop, self._pause):
            row.addWidget(button)
        for button in (self._close, self._anew, self._stop):
            button.setAutoDefault(False)
        self._close.clicked.connect(self.unwanted)
        self._anew.clicked.connect(self.anew_asked)
        self._stop.clicked.connect(self.stop_asked)
        self._pause.clicked.connect(self._pause_or_go_on)
        return row

    def begin(self, name: str, told: Iterable[StepTold]) -> None:
        """Follow a job of which these points of the loss are known."""
        self._title.setText(name)
        points = list(told)
        self._left_out = []
        self.curve.begin(points[-1].steps if points else 1, ((point.step, point.loss) for point in points))

    def show_left_out(self, left_out: Sequence[tuple[str, str]]) -> None:
        """Pictures that could not be learned from, and why."""
        self._left_out = list(left_out)
        self._show()

    def add(self, told: StepTold) -> None:
        """One point of the loss curve more."""
        self.curve.add(told.step, told.loss, total=told.steps)

    def show_standing(self, standing: Standing) -> None:
        stops = standing.phase is Phase.STOPPED is not self._standing.phase
        self._standing = standing
        self._show()
        if stops:  # the button that was pressed is gone
            self.default().setFocus()

    def default(self) -> QPushButton:
        """What Return means on this page."""
        return self._anew if self._standing.stuck else self._pause

    def first(self) -> QWidget:
        """What has the keyboard first: the button comes and goes."""
        return self.curve

    def _show(self) -> None:
        standing, phase = self._standing, self._standing.phase
        runs, stopped = phase in (Phase.RUNNING, Phase.PAUSED), phase is Phase.STOPPED
        self._stage.setText(self._stopped_text() if stopped else stage_text(standing))
        self._left.setText(left_text(standing))
        share = standing.done / max(1, standing.total) if phase is Phase.READING else standing.share
        self._bar.setVisible(not stopped)
        self._bar.setValue(round(_STEPS * share))
        self._pause.setText("&Pause" if phase in (Phase.RUNNING, Phase.READING, Phase.STOPPING) else "&Go on")
        self._pause.setEnabled(runs or stopped)
        self._pause.setVisible(not standing.stuck)
        self._stop.setVisible(not stopped)
        self._stop.setEnabled(runs or phase is Phase.READING)
        self._anew.setVisible(stopped)
        self._problem.setText(standing.problem)
        self._problem.setVisible(bool(standing.problem))
        warned = QPalette(self.palette())
        warned.setColor(QPalette.ColorRole.WindowText, warning(self.palette()))
        self._problem.setPalette(warned)
        kept = "" if standing.stuck or phase is Phase.READING else _KEPT
        self._stop.setToolTip(kept)
        self._show_note(kept if stopped else f"{_PAUSED if phase is Phase.PAUSED else _GOES_ON} {kept}".strip())

    def _show_note(self, note: str) -> None:
        count = len(self._left_out)
        left_out = f"{pictures(count)} could not be learned from." if count else ""
        self._note.setText(f"{note} {left_out}".strip())
        self._reasons.setVisible(count > 0)

    def _stopped_text(self) -> str:
        last = self.curve.last_step
        rest = "; what is left is to try how much of it helps" if last is not None and last[0] == last[1] else ""
        return f"Stopped {stopped_where(last)}{rest}"

    def _pause_or_go_on(self) -> None:
        if self._standing.phase is Phase.RUNNING:
            self.pause_asked.emit()
        elif self._standing.phase is Phase.PAUSED:
            self.resume_asked.emit()
        elif self._standing.phase is Phase.STOPPED:
            self.go_on_asked.emit()

    def _show_reasons(self) -> None:
        show_left_out(self._left_out, parent=self)
