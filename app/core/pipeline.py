"""Many pictures one after the other: reading, thinking and finishing overlap, so that the slowest sets the pace."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

import cv2

from inference.errors import ExpectedError

Item = TypeVar("Item")
Ready = TypeVar("Ready")
Answer = TypeVar("Answer")
Result = TypeVar("Result")

AHEAD = 2
"""Pictures that wait before a stage, at most. With one in each stage, seven photos are in memory at once."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Item, Result]):
    """What became of one picture: a result, or why there is none."""

    item: Item
    result: Result | None = None
    problem: str = ""


class Control:
    """Pauses and stops a run from any thread."""

    def __init__(self) -> None:
        self._go = threading.Event()
        self._go.set()
        self._stopped = threading.Event()

    @property
    def paused(self) -> bool:
        return not self._go.is_set() and not self.stopped

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def pause(self) -> None:
        """Begin no other picture; what is begun is finished."""
        self._go.clear()

    def resume(self) -> None:
        self._go.set()

    def stop(self) -> None:
        """Begin no other picture, ever."""
        self._stopped.set()
        self._go.set()

    def may_go_on(self) -> bool:
        """Wait while paused; False when stopped."""
        self._go.wait()
        return not self.stopped


def run(
    items: Iterable[Item],
    *,
    read: Callable[[Item], Ready],
    think: Callable[[Ready], Answer],
    finish: Callable[[Item, Answer], Result],
    control: Control | None = None,
) -> Generator[Outcome[Item, Result], None, None]:
    """Take each item through `read`, `think` and `finish`; their outcomes, in the order of the items.

    `think` runs on the thread that asks for the outcomes, the others on a thread each, one picture after the other.
    A picture that cannot be read, or finished, for an expected reason does not stop the others; anything unexpected is
    raised here, after what was begun has ended. When the run is stopped, or given up, whatever is being finished is
    finished: no half-written file stays behind.
    """
    control = control or Control()
    waiting = iter(items)
    reading: deque[tuple[Item, Future[Ready]]] = deque()
    finishing: deque[tuple[Item, Future[Result]]] = deque()
    reader, finisher = (ThreadPoolExecutor(1, thread_name_prefix=name) for name in ("read", "finish"))
    try:
        while True:
            for item in [] if control.stopped else islice(waiting, AHEAD + 1 - len(reading)):
                reading.append((item, reader.submit(read, item)))
            if reading:
                wait([reading[0][1]])  # before asking whether to go on: it may be a while until then
            while finishing and control.paused:
                yield _outcome(*finishing.popleft())
            if not reading or not control.may_go_on():
                break
            item, ready = reading.popleft()
            try:
                answer = think(ready.result())
            except (ExpectedError, MemoryError, cv2.error) as error:
                finishing.append((item, _failed(error)))
            else:
                finishing.append((item, finisher.submit(finish, item, answer)))
                del answer
            del ready
            while finishing and (len(finishing) > AHEAD or finishing[0][1].done()):
                yield _outcome(*finishing.popleft())
        while finishing:
            yield _outcome(*finishing.popleft())
    finally:
        reader.shutdown(cancel_futures=True)
        finisher.shutdown()


def _failed(error: Exception) -> Future[Result]:
    future: Future[Result] = Future()
    future.set_exception(error)
    return future


def _outcome(item: Item, future: Future[Result]) -> Outcome[Item, Result]:
    try:
        return Outcome(item, future.result())
    except ExpectedError as error:
        return Outcome(item, problem=str(error))
    except MemoryError:
        return Outcome(item, problem="There is not enough memory for a photo of this size.")
    except cv2.error as error:
        return Outcome(item, problem=f"OpenCV could not go on with this photo: {error.err or error}.")
