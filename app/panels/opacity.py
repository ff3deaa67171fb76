"""How strongly the labels cover the photo: one slider for the toolbar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from app.panels.icons import PaletteIconLabel
from app.panels.slider import Slider
from app.panels.style import HALF, UNIT

if TYPE_CHECKING:
    from app.editing.session import Session


class OpacitySlider(QWidget):
    """0 % shows the photo alone, 100 % the colours alone; follows the session whoever changes it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.slider = Slider(self)
        self.slider.setRange(0, 100)
        self.slider.setSingleStep(5)
        self.slider.setPageStep(20)
        self.slider.setFixedWidth(13 * UNIT)
        self.slider.setAccessibleName("Opacity of the labels")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(UNIT, 0, UNIT, 0)
        row.setSpacing(HALF)
        row.addWidget(PaletteIconLabel("overlay", self))
        row.addWidget(self.slider)
        self.slider.valueChanged.connect(lambda percent: session.set_overlay(opacity=percent / 100))
        session.tables_changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        percent = round(self._session.overlay.opacity * 100)
        self.setToolTip(f"Opacity of the labels: {percent} % (Shift+O fainter, Shift+P stronger; hold V for the photo)")
        with QSignalBlocker(self.slider):
            self.slider.setValue(percent)
