"""How long a piece of the work takes, of which one tells of all."""

from __future__ import annotations

import time
from collections.abc import Callable

CROWD = 1.5
"""On a processor nothing is told to take longer than its processor time by this factor: how many others want it at this
moment says little of the whole job."""


def timed(work: Callable[[], object], *, device: str) -> float:
    """Seconds that it takes."""
    began, worked = time.monotonic(), time.process_time()
    work()
    seconds = time.monotonic() - began
    return min(seconds, CROWD * (time.process_time() - worked)) if device == "cpu" else seconds
