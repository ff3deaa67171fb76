"""Parts of the tool bars without what Fusion adds to them.

No style sheets: what one of them reaches, children included, keeps the palette that it has at first, and does not
follow the system from light to dark.
"""

from __future__ import annotations

from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QStyleOptionToolButton, QToolBar, QToolButton


class PlainToolBar(QToolBar):
    """A tool bar without a line around it; Fusion's is glaring on dark."""

    def paintEvent(self, _event: QPaintEvent) -> None:
        return


class MenuButton(QToolButton):
    """A button that opens a menu; its text ends in an arrow of its own."""

    def initStyleOption(self, option: QStyleOptionToolButton) -> None:  # noqa: N802 - Qt's name
        super().initStyleOption(option)
        option.features &= ~QStyleOptionToolButton.ToolButtonFeature.HasMenu
