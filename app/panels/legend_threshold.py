"""A small popup that gives one class a threshold of its own, seen against the scores of its segments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.core.document import ViewMode
from app.panels.class_texts import class_label, class_name
from app.panels.elided_label import ElidedLabel
from app.panels.icons import swatch
from app.panels.number import SelectAll
from app.panels.style import HALF, UNIT, paint_edge
from app.panels.threshold import STEPS, ScoreSlider

if TYPE_CHECKING:
    from app.editing.session import Session

SWATCH = 14
WIDTH = 34 * UNIT
SCOPE = "Remembered for the pictures of every folder"
NO_SEGMENTS = "No segment of the network has this class"


class _ClassSlider(ScoreSlider):
    """A threshold slider that a double click gives back to the picture."""

    given_back = Signal()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self.setSliderDown(False)
            self.given_back.emit()


class ClassThreshold(QFrame):
    """Changes count at once. Return or a click elsewhere keeps them, Escape takes them back."""

    def __init__(self, session: Session, class_id: int, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._session = session
        self._class_id = class_id
        self._before = session.class_thresholds.get(class_id)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setBackgroundRole(QPalette.ColorRole.Window)
        self.setAutoFillBackground(True)
        self.setAccessibleName(f"Own threshold of {class_label(class_id)}")
        self._build(class_name(class_id))
        session.tables_changed.connect(self._follow)
        session.prediction_changed.connect(self._follow)
        session.document_changed.connect(self._follow)
        self._follow()

    def _build(self, name: str) -> None:
        self.slider = _ClassSlider(self)
        self.slider.setAccessibleName(f"Threshold of {name}")
        self.slider.setToolTip(f"Segments of {name} that score more than this count")
        self.number = QDoubleSpinBox(self, minimum=0.0, maximum=1.0, singleStep=0.01, decimals=2)
        self.number.setAccessibleName(f"Threshold of {name}")
        self.number.setKeyboardTracking(False)
        self.number.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)
        self.number.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        SelectAll(self.number)
        self.reset = QPushButton("Use the picture's threshold", self)
        self.reset.setAutoDefault(False)
        self.note = QLabel(self)
        self.note.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        colour = QLabel(self)
        colour.setPixmap(swatch(self._class_id, SWATCH))
        title = ElidedLabel(f"Threshold of {name}", self)
        scope = ElidedLabel(SCOPE, self)
        scope.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        head, level, foot = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        head.addWidget(colour)
        head.addWidget(title, 1)
        level.addWidget(self.slider, 1)
        level.addWidget(self.number, 0, Qt.AlignmentFlag.AlignBottom)
        foot.addWidget(self.note, 1)
        foot.addWidget(self.reset)
        for row in (head, level, foot):
            row.setSpacing(UNIT)
        level.setContentsMargins(-HALF, 0, 0, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(UNIT + HALF, UNIT + HALF, UNIT + HALF, UNIT + HALF)
        column.setSpacing(UNIT)
        for row in (head, level, foot):
            column.addLayout(row)
        column.addWidget(scope)
        self.slider.valueChanged.connect(lambda value: self._set(value / STEPS))
        self.slider.given_back.connect(lambda: self._set(None))
        self.number.valueChanged.connect(lambda value: self._set(round(value, 2)))
        self.reset.clicked.connect(lambda: self._set(None))
        self.setFocusProxy(self.slider)

    def open_at(self, place: QPoint, anchor: QWidget) -> None:
        """Open with the upper left corner at global `place`, or as near as the screen of `anchor` allows."""
        room = anchor.screen().availableGeometry()
        hint = self.sizeHint()
        size = QSize(min(max(WIDTH, hint.width()), room.width()), hint.height())
        x = max(room.left(), min(place.x(), room.right() - size.width()))
        y = max(room.top(), min(place.y(), room.bottom() - size.height()))
        self.setGeometry(QRect(QPoint(x, y), size))
        self.show()
        self.slider.setFocus(Qt.FocusReason.PopupFocusReason)  # the arrow keys move it; digits go to the number

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._set(self._before)
            self.close()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.close()
        elif event.text() and event.text() in "0123456789.," and not self.number.hasFocus():
            field = self.number.lineEdit()
            self.number.setFocus(Qt.FocusReason.OtherFocusReason)
            field.clear()
            QApplication.sendEvent(self.number, event)
            QTimer.singleShot(0, lambda: field.end(False))  # after the focus has selected all of it
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        paint_edge(self)

    def _set(self, value: float | None) -> None:
        if value != self._session.class_thresholds.get(self._class_id):
            self._session.set_class_threshold(self._class_id, value)

    def _follow(self) -> None:
        session, document = self._session, self._session.document
        if document is None or session.mode is not ViewMode.SEGMENTS:
            self.close()
            return
        own = session.class_thresholds.get(self._class_id)
        shown = document.threshold if own is None else own
        with QSignalBlocker(self.slider), QSignalBlocker(self.number):
            self.slider.setValue(round(shown * STEPS))
            self.number.setValue(shown)
        areas = document.score_areas(STEPS, class_id=self._class_id)
        self.slider.set_areas(areas)
        self.slider.set_note("" if areas.any() else NO_SEGMENTS)
        self.reset.setEnabled(own is not None)
        self.note.setText(f"The picture's: {document.threshold:.2f}" if own is not None else "As the picture")
