"""The commands that need no window: one file each, called by `app.cli`."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command tells the shell; scripts rely on these numbers."""

    DONE = 0
    REFUSED = 1  # something in the input was refused, all else was done
    USAGE = 2
    NO_RESULT = 3
    INTERRUPTED = 130  # 128 + SIGINT, as shells have it
