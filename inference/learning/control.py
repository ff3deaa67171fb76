"""What the child process hears from whoever started it: pause, resume, stop; and it ends when nobody is there any more.

Commands are lines on the standard input, heard in a thread of their own. The work looks between its parts whether it
shall pause (`Control.check`); a stop waits for nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from inference.learning.events import Event, Paused, Resumed


class Control:
    """The commands so far, and what follows from them."""

    def __init__(self, *, tell: Callable[[Event], None], end: Callable[[], object]) -> None:
        """`end` keeps what there is and ends the process, whatever the work is doing."""
        self._tell, self._end = tell, end
        self._changed = threading.Condition()
        self._paused = False

    def obey(self, lines: Iterable[bytes]) -> None:
        """Take commands until one says stop or there are no more, which means the same."""
        for line in lines:
            command = line.strip()
            if command == b"stop":
                break
            with self._changed:
                self._paused = command == b"pause"
                self._changed.notify_all()
        self._end()

    def check(self) -> None:
        """Between two parts of the work: waits while it is paused."""
        with self._changed:
            if self._paused:
                self._tell(Paused())
                self._changed.wait_for(lambda: not self._paused)
                self._tell(Resumed())
