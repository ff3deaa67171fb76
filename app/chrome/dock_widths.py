"""How wide the panels are to be: a narrow window may squeeze them, a wider one gives them their width back."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow

_SIDES = (Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea)


class DockWidths(QObject):
    """Watches a window: Qt squeezes docks when there is no room, and leaves them so when there is room again.

    Widths are device-independent pixels. What the person drags is what is wanted from then on.
    """

    def __init__(self, window: QMainWindow, docks: Mapping[QDockWidget, int]) -> None:
        """`docks`: how wide each is to be until somebody drags it."""
        super().__init__(window)
        self._window = window
        self._wanted = dict(docks)
        self._at_press: dict[QDockWidget, int] = {}
        self._later = QTimer(self, singleShot=True, interval=0)  # once Qt has laid the window out
        self._later.timeout.connect(self._give_back)
        window.installEventFilter(self)
        self._resize(self._wanted)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        match event.type():
            case QEvent.Type.Resize:
                self._later.start()
            case QEvent.Type.MouseButtonPress:  # perhaps of a separator: those belong to the window itself
                self._at_press = {dock: dock.width() for dock in self._shown()}
            case QEvent.Type.MouseButtonRelease:
                dragged = {dock: dock.width() for dock, width in self._at_press.items() if dock.width() != width}
                self._wanted |= dragged
                self._at_press = {}
            case _:
                pass
        return False

    def remembered(self) -> str:
        """The wanted widths, to be given to `restore` at the next start."""
        return " ".join(str(width) for width in self._wanted.values())

    def restore(self, remembered: object) -> None:
        """Want what `remembered` says; anything it cannot have said is passed over."""
        numbers = remembered.split() if isinstance(remembered, str) else []
        if len(numbers) == len(self._wanted) and all(number.isdecimal() for number in numbers):
            widest = self._window.screen().size().width()
            self._wanted = {dock: min(int(number), widest) for dock, number in zip(self._wanted, numbers, strict=True)}

    def _shown(self) -> list[QDockWidget]:
        return [dock for dock in self._wanted if dock.isVisible() and self._window.dockWidgetArea(dock) in _SIDES]

    def _columns(self) -> list[QDockWidget]:
        """One panel of each side: those above each other are equally wide."""
        return list({self._window.dockWidgetArea(dock): dock for dock in self._shown()}.values())

    def _give_back(self) -> None:
        centre = self._window.centralWidget()
        assert centre is not None
        room = centre.width() - centre.minimumSizeHint().expandedTo(centre.minimumSize()).width()
        widths = {}
        for dock in self._columns():
            missing = max(0, min(self._wanted[dock] - dock.width(), room))
            widths[dock] = dock.width() + missing
            room -= missing
        if any(dock.width() != width for dock, width in widths.items()):
            self._resize(widths)

    def _resize(self, widths: Mapping[QDockWidget, int]) -> None:
        self._window.resizeDocks(list(widths), list(widths.values()), Qt.Orientation.Horizontal)
