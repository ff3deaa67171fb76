"""Commands to a child process: pause, resume, stop, and an end when nobody is there any more."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from inference.learning.control import Control
from inference.learning.events import Event, Paused, Resumed


class Commands:
    """What the other side writes, one line after the other."""

    def __init__(self) -> None:
        self._lines: queue.Queue[bytes | None] = queue.Queue()

    def send(self, command: str) -> None:
        self._lines.put(f"{command}\n".encode())

    def close(self) -> None:
        self._lines.put(None)

    def __iter__(self) -> Iterator[bytes]:
        while (line := self._lines.get()) is not None:
            yield line


class Heard:
    """A control with the thread in which it hears, what it told, and whether it ended the process."""

    def __init__(self) -> None:
        self.told: queue.Queue[Event] = queue.Queue()
        self.ended = threading.Event()
        self.commands = Commands()
        self.control = Control(tell=self.told.put, end=self.ended.set)
        self.thread = threading.Thread(target=self.control.obey, args=(self.commands,))
        self.thread.start()


@pytest.fixture
def heard() -> Iterator[Heard]:
    heard = Heard()
    yield heard
    heard.commands.close()
    heard.thread.join()


def test_nothing_happens_without_a_command(heard: Heard) -> None:
    heard.control.check()
    assert heard.told.empty()
    assert not heard.ended.is_set()


@contextmanager
def paused_work(heard: Heard) -> Iterator[None]:
    """Work that came to a check after it was paused, and still waits there."""
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            heard.control.check()

    worker = threading.Thread(target=work)
    heard.commands.send("pause")
    worker.start()
    assert heard.told.get(timeout=30) == Paused()
    yield
    over.set()
    heard.control.obey([b"resume\n"])
    worker.join()


def test_work_waits_while_it_is_paused_and_goes_on(heard: Heard) -> None:
    with paused_work(heard):
        with pytest.raises(queue.Empty):
            heard.told.get(timeout=0.3)
        heard.commands.send("resume")
        assert heard.told.get(timeout=30) == Resumed()
        assert not heard.ended.is_set()


@pytest.mark.parametrize("alone", [False, True])
def test_a_stop_ends_it_whatever_the_work_does_and_so_does_an_end_of_who_could_say_it(
    heard: Heard, *, alone: bool
) -> None:
    if alone:
        heard.commands.close()
    else:
        heard.commands.send("stop")
    assert heard.ended.wait(30)


def test_paused_work_can_be_stopped(heard: Heard) -> None:
    with paused_work(heard):
        heard.commands.send("stop")
        assert heard.ended.wait(30)
        assert heard.told.empty()  # it was not resumed
