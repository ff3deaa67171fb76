"""What Python does beside the work, kept from holding up the window: its search for garbage, and whose turn it is.

Most objects go as soon as nobody has them. Those that have each other, such as functions that call themselves later,
are found by a search through everything made lately, now and then through everything. Python begins one after so many
new objects, on whichever thread made the last, and all threads wait: with a list of 100,000 names in the making for 6
to 40 ms. While the window is open that happens here alone: in the GUI thread, where Qt's objects have to go anyway, and
when nothing is under way. What was there before the window is left out for good, so that one search takes some 4 to 10
ms; and so is what a search found in use that took longer, such as the modules of an engine that was loaded since.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import thread_time

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

TICK_MS = 2_000
MANY = 700  # new objects that are worth a search: as many as Python waits for
PATIENCE = 15  # ticks without a calm moment before there is a search nevertheless
SLOW_SECONDS = 0.02  # of a search, not counting what other threads do meanwhile
TURN_SECONDS = 0.001  # how long a thread goes on when another one wants to


class Tidying(QObject):
    """Looks for objects that nobody needs, in calm moments."""

    def __init__(self, calm: Callable[[], bool], parent: QObject | None = None) -> None:
        """`calm`: whether nothing is under way."""
        super().__init__(parent)
        self._calm = calm
        self._waited = 0
        self._timer = QTimer(self, interval=TICK_MS)
        self._timer.timeout.connect(self.tidy)
        self._timer.start()

    def tidy(self) -> None:
        """Search now, if there is a reason to and nobody is kept waiting."""
        if gc.get_count()[0] < MANY:
            return
        self._waited += 1
        held = QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton
        if (self._calm() and not held) or self._waited > PATIENCE:
            self._waited = 0
            began = thread_time()
            gc.collect()
            if thread_time() - began > SLOW_SECONDS:
                gc.freeze()


@contextmanager
def attentive(calm: Callable[[], bool], parent: QObject) -> Iterator[Tidying]:
    """Until the end, nothing that Python does beside the work holds up the window for long.

    Threads take shorter turns: what the window does calls Qt again and again, and each time has to wait for its turn
    while another thread works in Python. What is there at the beginning has to stay until the end.
    """
    turn = sys.getswitchinterval()
    gc.collect()
    gc.freeze()
    gc.disable()
    sys.setswitchinterval(TURN_SECONDS)
    try:
        yield Tidying(calm, parent)
    finally:
        sys.setswitchinterval(turn)
        gc.enable()
        gc.unfreeze()
