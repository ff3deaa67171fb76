"""The status bar: what is under the cursor or was just said, zoom, engine, device and time, progress."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QStatusBar, QToolButton, QWidget

from app.panels.elided_label import ElidedLabel
from app.panels.icons import icon
from app.panels.style import UNIT, warning
from inference.engines.making import title
from inference.remote_card import REMOTE

_ENGINE_SHARE = 0.28  # of the bar: what is under the pointer is to be read beside why it is the CPU
SHOWN_FOR = 8000  # ms that a sentence stays before the hover text takes its place again


class _Sentence(QTimer):
    """Something that was said: it is fresh for a while."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, singleShot=True, interval=SHOWN_FOR)
        self.text = ""
        self.timeout.connect(self.forget)

    def say(self, text: str) -> None:
        """Fresh from now on; nothing is when it is empty."""
        self.text = text
        if text:
            self.start()
        else:
            self.stop()

    def forget(self) -> None:
        self.say("")


class StatusBar(QStatusBar):
    """One line; a sentence that was said is never overwritten by the moving mouse while it is fresh.

    A passing sentence is about what the hand just did. It goes before that with the next thing the hand does
    (`end_passing`), and what was said before it and is still fresh is seen again.
    """

    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self._lasting, self._passing = _Sentence(self), _Sentence(self)
        self._hover = ""
        self._text = ElidedLabel()
        self._text.setAccessibleName("Status")
        self._text.setContentsMargins(8, 0, 8, 0)
        self._zoom = self._part("Zoom: screen pixels per picture pixel", "888 %")
        self._engine = self._part("Engine and device", "")
        self._engine_texts: tuple[str, ...] = ("",)  # the first that fits is shown
        self._seconds = self._part("Time of the last prediction", "8888 ms")
        self._export = UnderWay("export", tip="Stop the export; what is written stays", parent=self)
        self._export.cancel_requested.connect(self.cancel_requested)
        self.addWidget(_Still(self._text), 1)
        for widget in (self._zoom, self._engine, self._seconds, self._export):
            self.addPermanentWidget(widget)
        for sentence in (self._lasting, self._passing):
            sentence.timeout.connect(self._show)

    def _part(self, tip: str, widest: str) -> QLabel:
        label = QLabel()
        label.setToolTip(tip)
        label.setAccessibleName(tip)
        label.setMinimumWidth(label.fontMetrics().horizontalAdvance(widest))
        label.setContentsMargins(8, 0, 8, 0)
        return label

    def say(self, sentence: str, *, passing: bool = False) -> None:
        """Show a sentence for a while; an empty one clears the last, and if it is `passing` only a passing one."""
        self._passing.say(sentence if passing else "")
        if not passing:
            self._lasting.say(sentence)
        self._show()

    def add(self, sentence: str) -> None:
        """Say it after what was said and is still fresh, not in its place."""
        said = self._lasting.text
        self.say(said if sentence in said else f"{'' if sentence.startswith(said) else said} {sentence}".strip())

    def end_passing(self) -> None:
        """The hand goes on to something else."""
        self.say("", passing=True)

    def show_hover(self, text: str) -> None:
        self._hover = text
        self._show()

    def _show(self) -> None:
        """The newest sentence that is fresh, else what the pointer is over."""
        said = self._passing.text or self._lasting.text
        self._text.setText(said or self._hover)
        self._text.set_tip(said)

    def show_zoom(self, scale: float | None) -> None:
        if scale is None:
            self._zoom.clear()
            return
        percent = scale * 100
        self._zoom.setText(f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %")

    def show_engine(self, engine: str, device: str, *, reason: str) -> None:
        place = device.upper()
        if reason.startswith(f"{place}, because"):
            place = reason.partition(". ")[0].removesuffix(".")
        self._engine_texts = (f"{title(engine)} · {place}" if engine else "", place)
        self._engine.setToolTip(f"{title(engine)}: {reason}" if engine else reason)
        self._engine.setPalette(self.palette())
        if engine == REMOTE:  # said all the time, not only where the pointer is
            self._engine_texts = (f"Photos are sent to {device}",)
            warned = QPalette(self.palette())
            warned.setColor(QPalette.ColorRole.WindowText, warning(self.palette()))
            self._engine.setPalette(warned)
        self._fit_engine()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_engine()

    def _fit_engine(self) -> None:
        room, metrics = round(_ENGINE_SHARE * self.width()), self._engine.fontMetrics()
        last = metrics.elidedText(self._engine_texts[-1], Qt.TextElideMode.ElideRight, room)
        fitting = (text for text in self._engine_texts if metrics.horizontalAdvance(text) <= room)
        self._engine.setText(next(fitting, last))

    def show_seconds(self, seconds: float | None) -> None:
        self._seconds.setText("" if seconds is None else f"{seconds * 1000:.0f} ms")

    def show_progress(self, finished: int, total: int) -> None:
        """How far the export is; hidden when all is done."""
        self._export.show_progress(finished, total)

    def text(self) -> str:
        """What the line says now."""
        return self._text.text()


class UnderWay(QWidget):
    """How far something is that goes on beside the work, and a button that stops it; hidden while there is nothing."""

    cancel_requested = Signal()
    asked = Signal()  # a click: somebody wants to see more of it

    def __init__(self, what: str, *, tip: str, parent: QWidget, text: str = "%v of %m") -> None:
        """`what` goes on, "export" for instance; `tip` says what stopping it means, `text` is that in the bar."""
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        self._bar = QProgressBar()
        self._bar.setMaximumWidth(160)
        self._bar.setMaximumHeight(14)
        self._bar.setFormat(text)
        self._bar.setAccessibleName(what.capitalize())
        self._cancel = QToolButton(autoRaise=True)
        self._cancel.setIcon(icon("cancel"))
        self._cancel.setToolTip(tip)
        self._cancel.setAccessibleName(f"Cancel {what}")
        self._cancel.clicked.connect(self.cancel_requested)
        layout.addWidget(self._bar)
        layout.addWidget(self._cancel)
        self.hide()

    def show_progress(self, finished: int, total: int) -> None:
        """How far it is; hidden when all is done."""
        self._bar.setMaximum(max(1, total))
        self._bar.setValue(finished)
        self._cancel.show()
        self.setVisible(finished < total)

    def show_ended(self, text: str, *, tip: str) -> None:
        """It has come to an end that nobody has seen yet."""
        self.show_progress(1, 1)
        self.show_text(text, tip=tip)
        self._cancel.hide()
        self.show()

    def show_text(self, text: str, *, tip: str) -> None:
        """Say it in the bar from now on; `tip` tells what a click there shows."""
        if text != self._bar.format():
            self._bar.setFormat(text)
            widest = self._bar.fontMetrics().horizontalAdvance(text.replace("%p", "100"))
            self._bar.setMinimumWidth(min(widest + 2 * UNIT, self._bar.maximumWidth()))
        self._bar.setToolTip(tip)
        self._bar.setCursor(Qt.CursorShape.PointingHandCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()  # else it would not hear of the release

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self._bar.geometry().contains(event.position().toPoint()):
            self.asked.emit()


class _Still(QWidget):
    """Gives a label all the room there is. With any other label each new text, which every move of the pointer may
    bring, would have the whole window laid out again."""

    def __init__(self, label: QLabel) -> None:
        super().__init__()
        self._label = label
        label.setParent(self)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        return QSize(1, self._label.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._label.setFixedSize(event.size())
