"""Many pictures one after the other: reading, thinking and finishing overlap, so that the slowest sets the pace."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Generic, Self, TypeVar

import cv2

from inference.cancelling import cancellable
from inference.errors import Cancelled, ExpectedError

Item = TypeVar("Item")
Ready = TypeVar("Ready")
Answer = TypeVar("Answer")
Result = TypeVar("Result")

AHEAD = 2
"""Pictures that wait before a stage, at most. With one in each stage, seven photos are in memory at once, and one more
for each that the network looks at beside the first."""


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
    at_once: int = 1,
) -> Generator[Outcome[Item, Result], None, None]:
    """Take each item through `read`, `think` and `finish`; their outcomes, in the order of the items.

    None of them runs on the thread that asks for the outcomes: `think` is done for `at_once` pictures at the same time,
    the others for one after the other. A picture that cannot be read, or finished, for an expected reason does not stop
    the others; anything unexpected is raised here, after what was begun has ended. When the run is stopped, or given
    up, whatever the network was asked for is finished: no work is thrown away, and no half-written file stays behind.
    Who gives it up only does not wait for other machines: what knows of `inference.cancelling` ends at once.
    """
    control = control or Control()
    waiting = iter(items)
    reading: deque[tuple[Item, Future[Ready]]] = deque()
    with _Stages(think, finish, at_once) as stages, ThreadPoolExecutor(1, thread_name_prefix="read") as reader:
        try:
            while True:
                for item in [] if control.stopped else islice(waiting, AHEAD + at_once - len(reading)):
                    reading.append((item, reader.submit(read, item)))
                if reading:
                    wait([reading[0][1]])  # before asking whether to go on: it may be a while until then
                if control.paused:
                    yield from stages.rest()
                if not reading or not control.may_go_on():
                    break
                stages.take(*reading.popleft())
                yield from stages.due()
            yield from stages.rest()
        finally:
            reader.shutdown(cancel_futures=True)


class _Stages(Generic[Item, Ready, Answer, Result]):
    """Thinking and finishing, as far as they are begun; at the end of its context they have ended."""

    def __init__(
        self, think: Callable[[Ready], Answer], finish: Callable[[Item, Answer], Result], at_once: int
    ) -> None:
        self._think, self._finish, self._at_once = think, finish, at_once
        self._thinker = ThreadPoolExecutor(at_once, thread_name_prefix="think")
        self._finisher = ThreadPoolExecutor(1, thread_name_prefix="finish")
        self._thinking: deque[tuple[Item, Future[Answer]]] = deque()
        self._finishing: deque[tuple[Item, Future[Result]]] = deque()
        self._given_up = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, problem: type[BaseException] | None, *_: object) -> None:
        if problem is not None and not issubclass(problem, Exception):  # Ctrl-C, or nobody asks for the outcomes
            self._given_up.set()
        try:
            while self._thinking:
                self._thought()
        finally:
            self._thinker.shutdown()
            self._finisher.shutdown()

    def take(self, item: Item, ready: Future[Ready]) -> None:
        """Begin to think of what was read; returns when another one may be begun."""
        self._thinking.append((item, self._thinker.submit(self._wanted, ready)))
        if len(self._thinking) == self._at_once:
            self._thought()

    def due(self) -> Iterator[Outcome[Item, Result]]:
        """What has ended, and what has to before there is room for more."""
        while self._finishing and (len(self._finishing) > AHEAD or self._finishing[0][1].done()):
            yield _outcome(*self._finishing.popleft())

    def rest(self) -> Iterator[Outcome[Item, Result]]:
        """All that is begun."""
        while self._thinking or self._finishing:
            if self._thinking:
                self._thought()
            yield _outcome(*self._finishing.popleft())

    def _wanted(self, ready: Future[Ready]) -> Answer:
        with cancellable(self._given_up):
            return self._think(ready.result())

    def _thought(self) -> None:
        """The oldest of the pictures that are thought of goes on to be finished."""
        item, thought = self._thinking.popleft()
        try:
            answer = thought.result()
        except Cancelled:  # by who gave the run up
            return
        except (ExpectedError, MemoryError, cv2.error) as error:
            self._finishing.append((item, _failed(error)))
        else:
            self._finishing.append((item, self._finisher.submit(self._finish, item, answer)))


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
