"""A lane: one background thread that does one thing at a time, in order of urgency.

Two lanes serve the window, one for the engine and one for files, so that neither waits for the other and nothing slow
ever runs on the GUI thread. Results are delivered by a queued signal on the thread that made the lane; a result whose
job was cancelled or replaced in the meantime is dropped.
"""

from __future__ import annotations

import atexit
import contextlib
import heapq
import itertools
import os
import sys
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from typing import Any, TypeVar
from weakref import WeakSet

from PySide6.QtCore import QObject, Qt, Signal

from inference.cancelling import cancellable
from inference.errors import Cancelled, ExpectedError

T = TypeVar("T")
Work = Callable[["CancelToken"], Any]

POLL_SECONDS = 0.1  # how soon a job that waits for another thread notices that it was cancelled
CLOSE_SECONDS = 10.0  # that a lane which is closed is waited for
LEAVE_SECONDS = 0.3  # where its jobs may be left to themselves, such as an engine call that nothing can stop
_left = WeakSet[threading.Thread]()  # of lanes that were closed: while they are at work, nobody needs them afterwards


def stop_those_that_may_be_left(owner: QObject) -> None:
    """Tell all lanes below `owner` that may be left: their last moments then pass together, not one after the other."""
    for lane in owner.findChildren(Lane):
        if lane.may_be_left:
            lane.stop()


def end_without_those_left(code: int) -> None:
    """See to it that the process ends with this exit code at once when the interpreter does, should a lane that was
    closed still be at work then: its library would find no interpreter when it comes back, and crash."""
    left = [thread for thread in _left if thread.is_alive()]
    if left:
        atexit.register(_end, code, left)


def _end(code: int, left: list[threading.Thread]) -> None:
    if any(thread.is_alive() for thread in left):
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(code)


class CancelToken:
    """Tells a running job that its result is no longer wanted."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def event(self) -> threading.Event:
        """Set once the result is no longer wanted."""
        return self._event

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raise `Cancelled` when the job was cancelled; long jobs call it between steps."""
        if self._event.is_set():
            raise Cancelled

    def wait(self, future: Future[T], *, nothing_comes: Callable[[], bool] = lambda: False) -> T:
        """What comes of work on another thread; `Cancelled` when nobody wants this job's result any more, or when
        nothing will come of it."""
        while True:
            try:
                return future.result(POLL_SECONDS)
            except NotYet:
                if future.done():
                    raise
                self.check()
                if nothing_comes():
                    raise Cancelled from None


@dataclass(order=True)
class _Job:
    priority: int
    sequence: int
    key: Hashable = field(compare=False)
    work: Work = field(compare=False)
    done: Callable[[Any], None] = field(compare=False)
    failed: Callable[[str], None] = field(compare=False)
    token: CancelToken = field(compare=False, default_factory=CancelToken)


class Lane(QObject):
    """Runs jobs one after the other on one thread: the smallest priority number first, then in order of arrival."""

    _finished = Signal(object, object, object)  # job, result, error or None

    def __init__(self, name: str, parent: QObject | None = None, *, may_be_left: bool = False) -> None:
        """`may_be_left`: whatever its jobs are at when the program ends may be cut off there, as they write nothing, or
        nothing that could be left half-written."""
        super().__init__(parent)
        self._name, self.may_be_left = name, may_be_left
        self._waiting: list[_Job] = []
        self._jobs: dict[Hashable, _Job] = {}
        self._condition = threading.Condition()
        self._sequence = itertools.count()
        self._closed = threading.Event()
        self._stopped_at = 0.0
        self._thread: threading.Thread | None = None
        self._finished.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def submit(
        self,
        work: Work,
        *,
        key: Hashable,
        done: Callable[[Any], None],
        failed: Callable[[str], None],
        priority: int = 0,
    ) -> None:
        """Run `work` in the lane. A job with the same key is replaced: the latest request wins.

        `done(result)` or `failed(sentence)` is called on the lane's own thread, unless the job is cancelled before.
        """
        with self._condition:
            if self._closed.is_set():
                return
            self._drop(key)
            job = _Job(priority, next(self._sequence), key, work, done, failed)
            self._jobs[key] = job
            heapq.heappush(self._waiting, job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
            self._condition.notify()

    def cancel(self, key: Hashable) -> bool:
        """Drop the job with this key, waiting or running; False when there is none."""
        with self._condition:
            return self._drop(key)

    def cancel_where(self, wanted: Callable[[Hashable], bool]) -> None:
        """Drop every job whose key `wanted` accepts."""
        for key in [key for key in self._jobs if wanted(key)]:
            self.cancel(key)

    def has(self, key: Hashable) -> bool:
        """Whether a job with this key waits, runs, or is about to be delivered."""
        return key in self._jobs

    def is_idle(self) -> bool:
        return not self._jobs

    @property
    def stopped(self) -> bool:
        return self._closed.is_set()

    def stop(self) -> None:
        """Cancel everything and take nothing more; `close` waits no longer than it would have from now on."""
        with self._condition:
            if self._closed.is_set():
                return
            self._stopped_at = time.monotonic()
            self._closed.set()
            for key in list(self._jobs):
                self._drop(key)
            self._condition.notify()

    def close(self, *, timeout: float | None = None) -> None:
        """Cancel everything and wait for the thread to end: a moment where it may be left, or `timeout` seconds."""
        self.stop()
        if self._thread is not None:
            usual = LEAVE_SECONDS if self.may_be_left else CLOSE_SECONDS
            waited = time.monotonic() - self._stopped_at
            self._thread.join(max(0.0, (usual if timeout is None else timeout) - waited))
            if self._thread.is_alive():
                _left.add(self._thread)

    def _drop(self, key: Hashable) -> bool:
        job = self._jobs.pop(key, None)
        if job is None:
            return False
        job.token.cancel()  # a waiting job stays in the heap and is passed over when its turn comes
        return True

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._waiting and not self._closed.is_set():
                    self._condition.wait()
                if self._closed.is_set():
                    return
                job = heapq.heappop(self._waiting)
            result, error = self._perform(job)
            if self._closed.is_set():
                return
            self._finished.emit(job, result, error)

    def _perform(self, job: _Job) -> tuple[Any, Exception | None]:
        try:
            job.token.check()
            with cancellable(job.token.event):
                return job.work(job.token), None
        except Cancelled:
            return None, None
        except Exception as error:  # noqa: BLE001 - a worker outlives any job; `_deliver` says what becomes of errors
            return None, error

    def _deliver(self, job: _Job, result: Any, error: Exception | None) -> None:
        if self._jobs.get(job.key) is not job:
            return
        del self._jobs[job.key]
        if error is None:
            job.done(result)
        elif isinstance(error, ExpectedError):
            job.failed(str(error))
        elif isinstance(error, MemoryError):
            job.failed("There is not enough memory for this; close other pictures or programs and try again.")
        else:
            sys.excepthook(type(error), error, error.__traceback__)
            job.failed(f"Something unexpected went wrong ({type(error).__name__}: {error}).")
