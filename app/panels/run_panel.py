"""The strip under the pictures while the network runs over many of them: how far it is, and how to hold it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.core.run_progress import Progress, RunReport, Unfinished
from app.panels.elided_label import ElidedLabel
from app.panels.icons import icon
from app.panels.style import HALF, UNIT, accent, tint

CALM_MS = 200  # between two looks at the numbers: faster ones cannot be read
_BAR = 4  # device-independent pixels


class RunPanel(QWidget):
    """Shows one run, or what became of the last one; hidden when there is nothing to say."""

    pause_asked = Signal(bool)  # pause, or go on
    cancel_asked = Signal()
    go_on_asked = Signal()
    reasons_asked = Signal()
    put_away = Signal()  # the person has read what there is

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._progress: Progress | None = None  # the latest
        self._trouble = ""
        self.title = ElidedLabel("", self)
        self.bar = _Bar(self)
        self.place, self.pace = self._line(), self._line()
        self.message = QLabel(self)
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.pause = self._button("pause", "Pause: begin no other picture")
        self.cancel = self._button("cancel", "Stop the run; what is done stays")
        self.close_button = self._button("cancel", "Put this away")
        self.go_on = self._word("Go on", "Predict the pictures that are left")
        self.reasons = self._word("Reasons…", "List the pictures that could not be predicted, and why")
        self._build()
        self.pause.clicked.connect(lambda: self.pause_asked.emit(not self._is_paused()))
        self.cancel.clicked.connect(self.cancel_asked)
        self.go_on.clicked.connect(self.go_on_asked)
        self.reasons.clicked.connect(self.reasons_asked)
        self.close_button.clicked.connect(self._put_away)
        self._calm = QTimer(self, singleShot=True, interval=CALM_MS)
        self._calm.timeout.connect(self._draw)
        self.hide()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(UNIT, UNIT, HALF, UNIT)
        column.setSpacing(HALF)
        self._running, self._ended = QWidget(self), QWidget(self)
        running, ended = QVBoxLayout(self._running), QVBoxLayout(self._ended)
        for part in (running, ended):
            part.setContentsMargins(0, 0, 0, 0)
            part.setSpacing(HALF)
        head = QHBoxLayout()
        head.setSpacing(0)
        head.addWidget(self.title, 1)
        head.addWidget(self.pause)
        head.addWidget(self.cancel)
        running.addLayout(head)
        running.addWidget(self.bar)
        running.addWidget(self.place)
        running.addWidget(self.pace)
        told = QHBoxLayout()
        told.setSpacing(HALF)
        told.addWidget(self.message, 1)
        told.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        ended.addLayout(told)
        self._words = QWidget(self._ended)
        words = QHBoxLayout(self._words)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(HALF)
        words.addWidget(self.go_on)
        words.addWidget(self.reasons)
        words.addStretch(1)
        ended.addWidget(self._words)
        column.addWidget(self._running)
        column.addWidget(self._ended)

    def _line(self) -> ElidedLabel:
        label = ElidedLabel("", self)
        label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        return label

    def _button(self, name: str, tip: str) -> QToolButton:
        button = QToolButton(self, autoRaise=True)
        button.setIcon(icon(name))
        button.setToolTip(tip)
        button.setAccessibleName(tip.partition(":")[0])
        return button

    def _word(self, text: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tip)
        button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        return button

    # --- told by the run -------------------------------------------------------------------------------------------

    def show_progress(self, progress: Progress) -> None:
        """How far it is; looked at now and then, as pictures may come quicker than one can read."""
        begins = self._progress is None or self._progress.paused != progress.paused
        self._progress = progress
        if begins:
            self._draw()
        elif not self._calm.isActive():
            self._calm.start()

    def show_trouble(self, reason: str) -> None:
        """Why the run waits, a sentence; empty when it does no more."""
        self._trouble = reason
        if self._progress is not None:
            self._draw()

    def show_report(self, report: RunReport) -> None:
        """What became of it; it goes away by itself where there is nothing to decide or to read."""
        self._tell(report.sentence(), go_on=report.unfinished, reasons=bool(report.refused))
        self.setVisible(report.unfinished or bool(report.refused))

    def offer(self, unfinished: Unfinished) -> None:
        """A run of an earlier time was not finished."""
        if self._progress is None:
            self._tell(unfinished.sentence(), go_on=True, reasons=False)
            self.show()

    def clear(self) -> None:
        """There is nothing to say any more; a run that goes on is still shown."""
        if self._progress is None:
            self.hide()

    def _tell(self, sentence: str, *, go_on: bool, reasons: bool) -> None:
        self._calm.stop()
        self._progress = None
        self.message.setText(sentence)
        self.go_on.setVisible(go_on)
        self.reasons.setVisible(reasons)
        self._words.setVisible(go_on or reasons)
        self._running.hide()
        self._ended.show()

    def _put_away(self) -> None:
        self.hide()
        self.put_away.emit()

    def _is_paused(self) -> bool:
        return self._progress is not None and self._progress.paused

    def _draw(self) -> None:
        progress = self._progress
        if progress is None:
            return
        paused = progress.paused
        self.title.setText("Paused" if paused else f"Predicting {progress.current}".rstrip())
        self.place.setText(progress.place())
        self.pace.setText(f"Waiting. {self._trouble}" if self._trouble and not paused else progress.pace())
        self.bar.show_share(progress.done / max(1, progress.total), calm=paused or bool(self._trouble))
        self.pause.setIcon(icon("play" if paused else "pause"))
        self.pause.setToolTip("Go on" if paused else "Pause: begin no other picture")
        self.pause.setAccessibleName("Go on" if paused else "Pause")
        self._ended.hide()
        self._running.show()
        self.show()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A thin line parts it from the list above."""
        painter = QPainter(self)
        painter.fillRect(0, 0, self.width(), 1, tint(self.palette().color(QPalette.ColorRole.Text), 0.14))
        painter.end()


class _Bar(QWidget):
    """How much is done, as a thin line; grey while nothing goes on."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._share, self._calm = 0.0, False
        self.setFixedHeight(_BAR)
        self.setAccessibleName("Progress of the run")

    @property
    def share(self) -> float:
        """0..1."""
        return self._share

    def show_share(self, share: float, *, calm: bool) -> None:
        if (share, calm) != (self._share, self._calm):
            self._share, self._calm = share, calm
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(1, _BAR)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        text = self.palette().color(QPalette.ColorRole.Text)
        room = QRectF(0, 0, self.width() - HALF, _BAR)
        painter.setBrush(tint(text, 0.14))
        painter.drawRoundedRect(room, _BAR / 2, _BAR / 2)
        if self._share > 0:
            painter.setBrush(tint(text, 0.45) if self._calm else accent(self.palette()))
            room.setWidth(max(_BAR, room.width() * self._share))
            painter.drawRoundedRect(room, _BAR / 2, _BAR / 2)
        painter.end()
