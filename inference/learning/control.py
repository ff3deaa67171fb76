"""What the child process hears from whoever started it: pause, resume, stop; and it ends when nobody is there any more.

Commands are lines on the standard input. The work looks at them between its parts (`Control.check`); where it does not
get there soon after a stop, the process ends at once, which costs what was done since the last checkpoint.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable

from inference.learning.events import Event, Paused, Resumed, Stopped

GRACE = 0.35
"""Seconds that the work has after a stop; with the time that it takes to notice, it ends within half a second. Where
others want the processors too, its own processor time counts, up to ten times as long."""
GRACE_ALONE = 3.0
"""The same where nobody is there any more who waits for it."""


class StopAsked(Exception):
    """Keep what there is and end. No error: it was asked for."""


class Control:
    """The commands so far, and what follows from them."""

    def __init__(
        self,
        *,
        tell: Callable[[Event], None],
        grace: float = GRACE,
        grace_alone: float = GRACE_ALONE,
        end: Callable[[int], object] = os._exit,
    ) -> None:
        self._tell, self._grace, self._grace_alone, self._end = tell, grace, grace_alone, end
        self._changed = threading.Condition()
        self._paused = self._stopping = False
        self._reached = threading.Event()

    def obey(self, lines: Iterable[bytes]) -> None:
        """Take commands until there are no more, which means stop: for a thread of its own."""
        grace = self._grace_alone
        for line in lines:
            command = line.strip()
            if command == b"stop":
                grace = self._grace
                break
            with self._changed:
                self._paused = command == b"pause"
                self._changed.notify_all()
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if not self._is_reached_within(grace):
            self._tell(Stopped())
            self._end(0)

    def _is_reached_within(self, grace: float) -> bool:
        began, worked = time.monotonic(), time.process_time()
        while not self._reached.wait(min(grace, 0.05)):
            passed = time.monotonic() - began
            if passed >= grace and (passed >= 10 * grace or time.process_time() - worked >= grace):
                return False
        return True

    def check(self) -> None:
        """Between two parts of the work: waits while it is paused. Raises `StopAsked`."""
        with self._changed:
            if self._paused and not self._stopping:
                self._tell(Paused())
                self._changed.wait_for(lambda: self._stopping or not self._paused)
                if not self._stopping:
                    self._tell(Resumed())
            if self._stopping:
                self._reached.set()
                raise StopAsked
