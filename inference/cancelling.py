"""Work that waits for somebody else, a server for instance, learns here that nobody wants its result any more.

Whoever starts such work says so around it, however many calls lie between the two:

    with cancellable(event):
        segmenter.predict(photo)     # raises `Cancelled` soon after `event` is set
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_event: ContextVar[threading.Event | None] = ContextVar("cancelled", default=None)


@contextmanager
def cancellable(event: threading.Event) -> Iterator[None]:
    """What runs on this thread while the context lasts is wanted no more once `event` is set."""
    before = _event.set(event)
    try:
        yield
    finally:
        _event.reset(before)


def is_cancelled() -> bool:
    """Whether nobody wants the result of what runs on this thread."""
    event = _event.get()
    return event is not None and event.is_set()
