"""Parts of the window without what Fusion adds to them.

No style sheets: what one of them reaches, children included, keeps the palette that it has at first, and does not
follow the system from light to dark.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QDockWidget, QStyleOptionToolButton, QToolBar, QToolButton, QWidget

from app.panels.icons import icon


class PlainToolBar(QToolBar):
    """A tool bar without a line around it; Fusion's is glaring on dark.

    Where the window is too small for all of it, a button at its end shows the rest. Fusion's is black, also on dark.
    """

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(title, parent)
        self.orientationChanged.connect(self._draw_more)  # Qt has just drawn its own
        self._draw_more()

    def _draw_more(self) -> None:
        button = self.findChild(QToolButton, "qt_toolbar_ext_button")
        if button is not None:
            button.setIcon(icon("more"))
            button.setToolTip("Show the rest")
            button.setAccessibleName(f"The rest of {self.windowTitle()}")

    def paintEvent(self, _event: QPaintEvent) -> None:
        return


class PlainDock(QDockWidget):
    """A panel whose close button is as clear as the other buttons; Fusion's can hardly be seen on dark."""

    def __init__(self, title: str, parent: QWidget) -> None:
        super().__init__(title, parent)
        self._title = title
        self._draw_close()

    def event(self, event: QEvent) -> bool:
        known = super().event(event)
        if event.type() in (QEvent.Type.Show, QEvent.Type.StyleChange):
            self._draw_close()  # Qt may have drawn its own
        return known

    def _draw_close(self) -> None:
        button = self.findChild(QAbstractButton, "qt_dockwidget_closebutton")
        if button is not None:
            button.setIcon(icon("cancel"))
            button.setToolTip("Close this panel; the View menu shows it again")
            button.setAccessibleName(f"Close {self._title}")


class MenuButton(QToolButton):
    """A button that opens a menu; its text ends in an arrow of its own."""

    def initStyleOption(self, option: QStyleOptionToolButton) -> None:  # noqa: N802 - Qt's name
        super().initStyleOption(option)
        option.features &= ~QStyleOptionToolButton.ToolButtonFeature.HasMenu
