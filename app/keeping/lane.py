"""The thread that owns the project files: what a person did is written at once, in order, and never dropped."""

from __future__ import annotations

import itertools
import logging
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from app.core.errors import ProjectError
from inference.errors import ExpectedError

log = logging.getLogger(__name__)

T = TypeVar("T")

RETRY_SECONDS = 2.0


@dataclass(frozen=True)
class _Job:
    sequence: int
    work: Callable[[], Any]
    done: Callable[[Any], None]
    failed: Callable[[str], None]


class ProjectLane(QObject):
    """Runs writes and reads one after the other; a read sees every write that was asked for before it.

    A write that fails for want of room or permission stays first in line and is tried again, now and then and with
    each new write; those behind it wait, and reads pass by. So work goes on in memory and is saved when it can be.
    """

    pending_changed = Signal(int)  # writes that wait because the first of them cannot be made; 0 when none does
    trouble_changed = Signal(str)  # why they wait; empty when they do no more
    _ended = Signal(object, object, object)  # job, result, error or None
    _stuck = Signal(int, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._writes: deque[_Job] = deque()
        self._reads: deque[_Job] = deque()
        self._condition = threading.Condition()
        self._sequence = itertools.count()
        self._blocked = False  # the first write cannot be made for now
        self._busy = False
        self._closing = False
        self._last: Callable[[], None] = lambda: None
        self._undelivered = 0
        self.pending, self.trouble = 0, ""
        self._thread: threading.Thread | None = None
        self._ended.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._stuck.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def write(
        self,
        work: Callable[[], Any],
        *,
        done: Callable[[Any], None] = lambda _result: None,
        failed: Callable[[str], None] = lambda _reason: None,
    ) -> None:
        """Do `work`, which raises ProjectError when it cannot be done now, sooner or later; then `done(result)`.

        `failed(sentence)` where it can never be done.
        """
        self._submit(self._writes, work, done, failed)

    def read(self, work: Callable[[], Any], *, done: Callable[[Any], None], failed: Callable[[str], None]) -> None:
        """Do `work`, then `done(result)` or `failed(sentence)`, on the thread that made the lane."""
        self._submit(self._reads, work, done, failed)

    def ask(self, work: Callable[[], T]) -> Future[T]:
        """`read` for other threads, which wait for the answer."""
        future: Future[T] = Future()
        self._submit(self._reads, _answering(work, future), _nobody, _nobody)
        return future

    def hand_over(self, work: Callable[[], T]) -> Future[T]:
        """`write` for other threads, which wait until it is made: they must not be faster than the disk."""
        future: Future[T] = Future()
        self._submit(self._writes, _answering(work, future, retried=True), _nobody, _nobody)
        return future

    def is_idle(self) -> bool:
        """Whether nothing waits, runs or is about to be delivered; what waits for room on the disk does not count."""
        with self._condition:
            waiting = len(self._reads) + (0 if self._blocked else len(self._writes))
            return not waiting and not self._busy and not self._undelivered

    def try_again(self) -> None:
        """Try now what could not be written before."""
        with self._condition:
            self._blocked = False
            self._condition.notify_all()

    @property
    def unwritten(self) -> int:
        """How many writes are not made yet."""
        return len(self._writes)

    @property
    def is_stuck(self) -> bool:
        """Whether the first of them cannot be made for now."""
        return self._blocked

    def flush(self, *, timeout: float) -> bool:
        """Wait until every write is made, or cannot be, at most `timeout` seconds; whether it has come to that."""
        with self._condition:
            return self._condition.wait_for(lambda: self._blocked or not (self._writes or self._busy), timeout)

    def close(self, *, last: Callable[[], None] = lambda: None, timeout: float = 10.0) -> int:
        """Make what writes can be made, then do the `last` of all and end the thread; how many were not made."""
        if self._thread is None or not self._thread.is_alive():  # nobody is there any more who could write
            return len(self._writes)
        self.flush(timeout=timeout)
        with self._condition:
            self._closing, self._last = True, last
            self._condition.notify_all()
        self._thread.join(timeout)
        return len(self._writes)

    def _submit(
        self, queue: deque[_Job], work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[str], None]
    ) -> None:
        with self._condition:
            queue.append(_Job(next(self._sequence), work, done, failed))
            self._blocked = self._blocked and queue is self._reads  # a new write is a reason to try again
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="project", daemon=True)
                self._thread.start()
            self._condition.notify_all()

    def _run(self) -> None:
        while True:
            with self._condition:
                while (job := self._next()) is None and not self._closing:
                    if not self._condition.wait(RETRY_SECONDS if self._blocked else None):
                        self._blocked = False
                if job is not None:
                    self._busy = True
            if job is None:
                self._last()
                return
            result, error = _perform(job)
            with self._condition:
                self._busy = False
                if self._settle(job, error):
                    self._ended.emit(job, result, error)  # on its way before anybody who waits goes on
                self._condition.notify_all()

    def _next(self) -> _Job | None:
        """What was asked for first; a write stays in its queue until it is made."""
        write = self._writes[0] if self._writes and not self._blocked else None
        if self._reads and (write is None or self._reads[0].sequence < write.sequence):
            return self._reads.popleft()
        return write

    def _settle(self, job: _Job, error: Exception | None) -> bool:
        """Whether `job` has ended; else it is a write that stays the first in line."""
        is_write = bool(self._writes) and self._writes[0] is job
        if is_write and isinstance(error, ProjectError) and error.may_pass:
            self._blocked = True
            self._stuck.emit(len(self._writes), str(error))
            return False
        if is_write:
            self._writes.popleft()
            self._stuck.emit(0, "")
        self._undelivered += 1
        return True

    def _tell(self, pending: int, reason: str) -> None:
        before = self.pending, self.trouble
        self.pending, self.trouble = pending, reason
        if before[0] != pending:
            self.pending_changed.emit(pending)
        if before[1] != reason:
            self.trouble_changed.emit(reason)

    def _deliver(self, job: _Job, result: Any, error: Exception | None) -> None:
        with self._condition:
            self._undelivered -= 1
        if error is None:
            job.done(result)
        elif isinstance(error, ExpectedError):
            log.warning("project: %s", error)
            job.failed(str(error))
        else:
            sys.excepthook(type(error), error, error.__traceback__)
            job.failed(f"Something unexpected went wrong ({type(error).__name__}: {error}).")


def _nobody(_answer: object) -> None:
    """Whoever asked has the answer already."""


def _answering(work: Callable[[], T], future: Future[T], *, retried: bool = False) -> Callable[[], None]:
    """`work` whose answer goes to `future`; where it is `retried`, what may pass is raised instead."""

    def do() -> None:
        try:
            future.set_result(work())
        except Exception as error:
            if retried and isinstance(error, ProjectError) and error.may_pass:
                raise
            future.set_exception(error)

    return do


def _perform(job: _Job) -> tuple[Any, Exception | None]:
    try:
        return job.work(), None
    except Exception as error:  # noqa: BLE001 - the thread outlives any job; `_deliver` says what becomes of errors
        return None, error
