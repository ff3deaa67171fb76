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
        self.put_back = self._button("Put back", "Give the classes their own thresholds again, as before the reset")
        self.put_back.setAccessibleName("Put back the thresholds that were reset")
        self.dropped: dict[int, float] = {}  # thresholds that were reset and can be put back
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
        second.addWidget(self.put_back)
        column.addLayout(first)
        column.addWidget(self._second)
        self.show_thresholds({})

    def show_thresholds(self, thresholds: Mapping[int, float]) -> None:
        """How many classes have a threshold of their own; the line goes away when none has, and none was reset."""
        count = len(thresholds)
        if count:
            self.dropped = {}
        self._second.setVisible(count > 0 or bool(self.dropped))
        self.reset.setVisible(count > 0)
        self.put_back.setVisible(bool(self.dropped))
        if self.dropped:
            self._say_dropped()
            return
        what = "class with its own threshold" if count == 1 else "classes with their own threshold"
        self.thresholds.setText(f"{count} {what}" if count else "")
        self.thresholds.set_tip(
            f"{_listed(thresholds)}\n"
            "Remembered, and used in every picture, also of other folders.\n"
            "T in the row of a class, or its context menu, changes or resets that one."
        )

    def offer_back(self, thresholds: Mapping[int, float]) -> None:
        """These were reset just now: they can be put back until a class has a threshold of its own again."""
        self.dropped = dict(thresholds)
        self.show_thresholds({})

    def _say_dropped(self) -> None:
        count = len(self.dropped)
        self.thresholds.setText("1 threshold reset" if count == 1 else f"{count} thresholds reset")
        self.thresholds.set_tip(_listed(self.dropped))

    def _label(self) -> ElidedLabel:
        label = ElidedLabel("", self)
        label.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        return label

    def _button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton(self, autoRaise=True)
        button.setText(text)
        button.setToolTip(tip)
        return button


def _listed(thresholds: Mapping[int, float]) -> str:
    """The first classes with their thresholds, and how many more there are."""
    rows = [f"{class_name(class_id)} {limit:.2f}" for class_id, limit in sorted(thresholds.items())]
    more = [f"and {len(rows) - _LISTED} more"] if len(rows) > _LISTED else []
    return f"{', '.join(rows[:_LISTED] + more)}."
