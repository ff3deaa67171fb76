"""Number fields that are ready to be typed over."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QAbstractSpinBox, QWidget


class SelectAll(QObject):
    """Selects a number when its field gets the focus by mouse or key, and on a double click.

    Qt's own double click selects the digits before or after the decimal point only, so that typing 0.3 over 0.11 would
    end as something else.
    """

    def __init__(self, field: QAbstractSpinBox) -> None:
        super().__init__(field)
        self._field = field
        for widget in (field, *field.findChildren(QWidget)):
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.MouseButtonDblClick):
            QTimer.singleShot(0, self._select)
        return super().eventFilter(watched, event)

    def _select(self) -> None:
        """Unless the focus only passed through."""
        if self._field.hasFocus():
            self._field.selectAll()
