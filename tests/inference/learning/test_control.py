"""Commands to a child process: pause, resume, stop, and an end when nobody is there any more."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from inference.learning.control import Control, StopAsked
from inference.learning.events import Event, Paused, Resumed, Stopped


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
    """A control with its thread, what it told, and how it ended the process."""

    def __init__(self, *, grace: float) -> None:
        self.told: queue.Queue[Event] = queue.Queue()
        self.ended: list[int] = []
        self.commands = Commands()
        self.control = Control(tell=self.told.put, grace=grace, grace_alone=2 * grace, end=self.ended.append)
        self.thread = threading.Thread(target=self.control.obey, args=(self.commands,))
        self.thread.start()


@pytest.fixture
def heard() -> Iterator[Heard]:
    heard = Heard(grace=60.0)
    yield heard
    heard.commands.close()
    work_until_stopped(heard.control)
    heard.thread.join()


def work_until_stopped(control: Control) -> None:
    with suppress(StopAsked):
        while True:
            control.check()


def test_nothing_happens_without_a_command(heard: Heard) -> None:
    heard.control.check()
    assert heard.told.empty()


def work(heard: Heard, *, until: type[Event]) -> threading.Thread:
    """Checks again and again; returns once `until` was told."""
    worker = threading.Thread(target=work_until_stopped, args=(heard.control,))
    worker.start()
    while not isinstance(heard.told.get(timeout=30), until):
        pass
    return worker


def test_work_waits_while_it_is_paused_and_goes_on(heard: Heard) -> None:
    heard.commands.send("pause")
    worker = work(heard, until=Paused)
    assert heard.told.empty()
    heard.commands.send("resume")
    assert heard.told.get(timeout=30) == Resumed()
    heard.commands.send("stop")
    worker.join()
    assert heard.ended == []  # the work itself ends, with its checkpoint


def test_paused_work_can_be_stopped(heard: Heard) -> None:
    heard.commands.send("pause")
    worker = work(heard, until=Paused)
    heard.commands.send("stop")
    worker.join()
    assert heard.told.empty()  # it was not resumed


def test_nobody_there_means_stop(heard: Heard) -> None:
    heard.commands.close()
    work_until_stopped(heard.control)
    with pytest.raises(StopAsked):
        heard.control.check()


@pytest.mark.parametrize("alone", [False, True])
def test_work_that_does_not_listen_is_ended(*, alone: bool) -> None:
    heard = Heard(grace=0.0)
    if alone:
        heard.commands.close()
    else:
        heard.commands.send("stop")
    heard.thread.join()
    assert heard.told.get_nowait() == Stopped()
    assert heard.ended == [0]
