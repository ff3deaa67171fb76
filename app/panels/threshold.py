"""The threshold: which segments count, seen against how sure the network was, and how much of the picture is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSignalBlocker, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.core.document import ViewMode
from app.panels.choice_bar import Choice, ChoiceBar
from app.panels.elided_label import ElidedLabel
from app.panels.number import SelectAll
from app.panels.slider import GROOVE, Slider
from app.panels.style import HALF, UNIT, accent, muted, tint
from app.panels.texts import NO_VALUE, share_text
from app.panels.ticks import TickBox

if TYPE_CHECKING:
    from app.editing.session import Session

DEFAULT = 0.5
STEPS = 100  # of the slider: hundredths
BARS = 50
REFRESH_MS = 60
SEGMENTS_TIP = "Segments that score more than this count"
SEMANTIC_TIP = (
    "Semantic view: every pixel gets its likeliest class, whatever the score\n"
    "Some models may answer that it is none: there it stays unlabelled"
)
SEMANTIC_NOTE = "Each pixel's likeliest class"  # one line, also in the narrowest panel


class ScoreSlider(Slider):
    """A threshold slider, 0..100 hundredths, under a histogram of the segments' scores weighted by their area."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setRange(0, STEPS)
        self.setPageStep(10)
        self._areas = np.zeros((2, STEPS), np.int64)
        self._note = ""

    def set_areas(self, areas: NDArray[np.int64]) -> None:
        """Pixels per hundredth of score, (2, 100) int64: those that count, those that do not."""
        self._areas = areas
        self.update()

    def set_note(self, note: str) -> None:
        """A sentence in the place of the histogram; empty shows the histogram."""
        self._note = note
        self.update()

    def note(self) -> str:
        """The sentence shown in the place of the histogram, or empty."""
        return self._note

    def bars(self) -> list[tuple[float, float]]:
        """Per bar the heights (counted, not counted), 0..1; a root scale keeps small segments visible."""
        counted, under = self._areas.reshape(2, BARS, -1).sum(axis=2)
        total = counted + under
        height = np.sqrt(total / max(1, total.max()))
        unit = height / np.maximum(1, total)
        return list(zip((unit * counted).tolist(), (unit * under).tolist(), strict=True))

    def sizeHint(self) -> QSize:
        return QSize(22 * UNIT, 7 * UNIT)

    def minimumSizeHint(self) -> QSize:
        return QSize(12 * UNIT, 7 * UNIT)

    def fill_colour(self) -> QColor:
        return super().fill_colour() if self.isEnabled() else QColor(Qt.GlobalColor.transparent)

    def filled(self, _left: float, at: float, right: float, y: float) -> QRectF:
        return QRectF(at, y - GROOVE / 2, right - at, GROOVE)  # what lies over the threshold counts

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self.setSliderDown(False)
            self.setValue(round(DEFAULT * STEPS))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        base = self.height() - 2.5 * UNIT
        plot = QRectF(self.x_of(0), 1, self.x_of(STEPS) - self.x_of(0), base - 1)
        if self._note:
            painter.setPen(muted(self.palette()))
            across = plot.adjusted(0, 0, self.width() - plot.right(), 0)
            painter.drawText(across, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap, self._note)
        else:
            self._paint_bars(painter, plot)
        self.paint_groove(painter, self.height() - 1.25 * UNIT)
        painter.end()

    def _paint_bars(self, painter: QPainter, plot: QRectF) -> None:
        palette = self.palette()
        grey = tint(palette.color(QPalette.ColorRole.WindowText), 0.22)
        on = accent(palette)
        painter.setPen(Qt.PenStyle.NoPen)
        step = plot.width() / BARS
        for index, (over, under) in enumerate(self.bars()):
            x, width = plot.left() + index * step, max(1.0, step - 1)
            if over > 0:
                height = max(1.5, over * plot.height())
                painter.fillRect(QRectF(x, plot.bottom() - height, width, height), on)
            if under > 0:
                height = max(1.5, under * plot.height())
                top = plot.bottom() - over * plot.height() - height
                painter.fillRect(QRectF(x, top, width, height), grey)
        if self.isEnabled():
            at = self.x_of(self.sliderPosition())
            painter.setPen(QPen(tint(palette.color(QPalette.ColorRole.WindowText), 0.5), 1))
            painter.drawLine(round(at), round(plot.top()), round(at), round(plot.bottom()))


class ThresholdPanel(QWidget):
    """Slider and number for the threshold, its scope, the two views, and the share that stays unlabelled."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._refresh = QTimer(self, singleShot=True, interval=REFRESH_MS)
        self._refresh.timeout.connect(self._show_areas)
        self._build()
        session.document_changed.connect(self.show_document)
        session.prediction_changed.connect(self.show_document)
        session.tables_changed.connect(self.show_document)
        session.pixels_changed.connect(self._pixels_changed)
        self.show_document()

    def _build(self) -> None:
        self.view = ChoiceBar(
            "View of the prediction",
            [
                Choice(ViewMode.SEGMENTS, "Segments", "Each segment has one score; those over the threshold count"),
                Choice(ViewMode.SEMANTIC, "Semantic", "Each pixel takes the class that all segments together favour"),
            ],
            self,
        )
        self.slider = ScoreSlider(self)
        self.slider.setAccessibleName("Threshold")
        self.number = QDoubleSpinBox(self, minimum=0.0, maximum=1.0, singleStep=0.01, decimals=2)
        self.number.setAccessibleName("Threshold")
        self.number.setKeyboardTracking(False)
        SelectAll(self.number)
        self.number.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.number.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.unlabelled = QLabel(self)
        self.unlabelled.setAccessibleName("Share of the picture that is unlabelled")
        self.unlabelled.setToolTip("The share of the picture that no counting segment and no correction labels")
        caption = ElidedLabel("unlabelled", self)
        caption.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        caption.set_tip(self.unlabelled.toolTip())
        self.for_all = TickBox("All pictures", self)
        self.for_all.setAccessibleName("Use this threshold for all pictures")
        self.for_all.setToolTip("On: one threshold for all pictures\nOff: this picture has its own")

        column = QVBoxLayout(self)
        column.setContentsMargins(0, UNIT, 0, 0)
        column.setSpacing(UNIT)
        column.addLayout(_row(self.view, margin=UNIT))
        level = _row(self.slider, self.number, margin=0)  # the groove itself, not its ring, lines up with the rest
        level.setContentsMargins(0, 0, UNIT, 0)
        level.setAlignment(self.number, Qt.AlignmentFlag.AlignBottom)
        column.addLayout(level)
        share = _row(self.unlabelled, caption, self.for_all, margin=UNIT)
        share.setStretch(1, 1)
        share.setSpacing(HALF)
        column.addLayout(share)

        self.view.chosen.connect(self._session.set_mode)
        self.slider.valueChanged.connect(lambda value: self._session.set_threshold(value / STEPS))
        self.number.valueChanged.connect(lambda value: self._session.set_threshold(round(value, 2)))
        self.for_all.toggled.connect(lambda on: self._session.set_threshold_scope(for_all=on))

    def show_document(self) -> None:
        """Show what the session says; changes nothing in it."""
        session, document = self._session, self._session.document
        segments = session.mode is ViewMode.SEGMENTS
        for control in (self.slider, self.number, self.for_all):
            control.setEnabled(document is not None and segments)
        self.view.setEnabled(document is not None)
        self.view.set_choice(session.mode)
        threshold = session.threshold if document is None else document.threshold
        with QSignalBlocker(self.slider), QSignalBlocker(self.number), QSignalBlocker(self.for_all):
            self.slider.setValue(round(threshold * STEPS))
            self.number.setValue(threshold)
            self.for_all.setChecked(session.threshold_for_all)
        tip = SEGMENTS_TIP if segments else SEMANTIC_TIP
        self.slider.set_note("" if segments else SEMANTIC_NOTE)
        self.slider.setToolTip(f"{tip}\nDouble-click: back to {DEFAULT:.2f}" if segments else tip)
        self.slider.setAccessibleDescription(tip)
        self.number.setToolTip(tip)
        self._show_areas()

    def _pixels_changed(self, _box: object) -> None:
        if not self._refresh.isActive():
            self._refresh.start()

    def _show_areas(self) -> None:
        """Histogram and share; a stroke calls for them at most every REFRESH_MS, they cost one small histogram."""
        document = self._session.document
        if document is None or (document.layer_mode is None and not document.has_corrections):
            self.slider.set_areas(np.zeros((2, STEPS), np.int64))
            self.unlabelled.setText(NO_VALUE)
            return
        self.slider.set_areas(document.score_areas(STEPS))
        areas = document.areas()
        self.unlabelled.setText(share_text(int(areas[0]), int(areas.sum())))


def _row(*widgets: QWidget, margin: int) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(margin, 0, margin, 0)
    row.setSpacing(UNIT)
    for widget in widgets:
        row.addWidget(widget)
    return row
