"""The foot of the legend: what is shown, hidden, locked or has a threshold of its own, and the ways back."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from app.panels.class_texts import class_name
from app.panels.elided_label import ElidedLabel
from app.panels.style import HALF, UNIT

_LISTED = 12  # thresholds that the tooltip lists


class LegendFoot(QWidget):
    """One line that says what the table shows; below it, while there are any, the classes with their own threshold."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = self._label()
        self.show_all = self._button("Show all", "End solo and show every hidden class")
        self.show_all.setAccessibleName("Show all classes")
        self.thresholds = self._label()
        self.reset = self._button("Reset", "Every class uses the picture's threshold again, in every picture")
        self.reset.setAccessibleName("Reset the thresholds of all classes")
        self._second = QWidget(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(UNIT, HALF, HALF, HALF)
        column.setSpacing(0)
        first, second = QHBoxLayout(), QHBoxLayout(self._second)
        for row, label, button in ((first, self.state, self.show_all), (second, self.thresholds, self.reset)):
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(UNIT)
            row.addWidget(label, 1)
            row.addWidget(button)
            label.setMinimumHeight(button.sizeHint().height())  # a button that comes and goes moves nothing
        column.addLayout(first)
        column.addWidget(self._second)
        self.show_thresholds({})

    def show_thresholds(self, thresholds: Mapping[int, float]) -> None:
        """How many classes have a threshold of their own; the line goes away when none has."""
        count = len(thresholds)
        self._second.setVisible(count > 0)
        what = "class with its own threshold" if count == 1 else "classes with their own threshold"
        self.thresholds.setText(f"{count} {what}" if count else "")
        rows = [f"{class_name(class_id)} {limit:.2f}" for class_id, limit in sorted(thresholds.items())]
        more = [f"and {count - _LISTED} more"] if count > _LISTED else []
        self.thresholds.set_tip(
            f"{', '.join(rows[:_LISTED] + more)}.\n"
            "Remembered, and used in every picture, also of other folders.\n"
            "T in the row of a class, or its context menu, changes or resets that one."
        )

    def _label(self) -> ElidedLabel:
        label = ElidedLabel("", self)
        label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        return label

    def _button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton(self, autoRaise=True)
        button.setText(text)
        button.setToolTip(tip)
        return button
