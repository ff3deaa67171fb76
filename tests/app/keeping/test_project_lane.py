"""What a person did is written in order and never dropped, whatever the disk says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

import app.keeping.lane
from app.core.errors import ProjectError
from app.keeping.lane import ProjectLane
from app.workers.lane import Lane


@pytest.fixture
def lane(qtbot: QtBot) -> Iterator[ProjectLane]:
    lane = ProjectLane()
    yield lane
    lane.close()


class Disk:
    """Takes what is written, unless it is full."""

    def __init__(self) -> None:
        self.written: list[int] = []
        self.full = False
        self.tries = 0

    def write(self, number: int) -> int:
        self.tries += 1
        if self.full:
            raise ProjectError("The disk is full.", may_pass=True)
        self.written.append(number)
        return number


def test_a_read_sees_every_write_before_it_and_none_after_it(lane: ProjectLane, qtbot: QtBot) -> None:
    disk, seen = Disk(), []
    for number in range(50):
        lane.write(lambda number=number: disk.write(number))
        lane.read(lambda: len(disk.written), done=seen.append, failed=pytest.fail)
    qtbot.waitUntil(lane.is_idle)
    assert seen == list(range(1, 51))
    assert disk.written == list(range(50))


def test_answers_come_on_the_thread_that_made_the_lane(lane: ProjectLane, qtbot: QtBot) -> None:
    threads: list[threading.Thread] = []
    worker: list[threading.Thread] = []
    lane.write(
        lambda: worker.append(threading.current_thread()), done=lambda _: threads.append(threading.current_thread())
    )
    qtbot.waitUntil(lambda: bool(threads))
    assert threads == [threading.main_thread()]
    assert worker[0] is not threading.main_thread()


def test_a_full_disk_stops_writes_but_no_reads_and_loses_nothing(
    lane: ProjectLane, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.keeping.lane, "RETRY_SECONDS", 600.0)
    disk, read, said, pending = Disk(), [], [], []
    lane.trouble_changed.connect(said.append)
    lane.pending_changed.connect(pending.append)
    disk.full = True
    for number in range(3):
        lane.write(lambda number=number: disk.write(number))
    qtbot.waitUntil(lambda: pending[-1:] == [3])
    lane.read(lambda: list(disk.written), done=read.append, failed=pytest.fail)
    qtbot.waitUntil(lambda: bool(read))
    assert read == [[]]
    assert said == ["The disk is full."]
    disk.full = False
    lane.write(lambda: disk.write(3))  # the next stroke is a reason to try again
    qtbot.waitUntil(lambda: pending[-1] == 0)
    assert disk.written == [0, 1, 2, 3]
    assert said == ["The disk is full.", ""]


def test_it_tries_again_by_itself(lane: ProjectLane, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.keeping.lane, "RETRY_SECONDS", 0.01)
    disk = Disk()
    disk.full = True
    lane.write(lambda: disk.write(7))
    qtbot.waitUntil(lambda: disk.tries >= 3)
    disk.full = False
    qtbot.waitUntil(lambda: disk.written == [7])


def test_a_write_that_can_never_be_made_is_told_and_does_not_hold_up_the_others(
    lane: ProjectLane, qtbot: QtBot
) -> None:
    disk = Disk()

    def foreign() -> None:
        raise ProjectError("This is no project.")

    lane.write(foreign)
    lane.write(lambda: disk.write(1))
    qtbot.waitUntil(lane.is_idle)
    assert disk.written == [1]


def test_an_unexpected_error_reaches_the_crash_hook(
    lane: ProjectLane, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[type[BaseException]] = []
    failed: list[str] = []
    monkeypatch.setattr("sys.excepthook", lambda kind, _error, _trace: seen.append(kind))
    lane.read(lambda: 1 // 0, done=pytest.fail, failed=failed.append)
    qtbot.waitUntil(lambda: bool(failed))
    assert seen == [ZeroDivisionError]


def test_closing_makes_every_write_that_can_be_made(qtbot: QtBot) -> None:
    lane, disk, gate = ProjectLane(), Disk(), threading.Event()
    lane.write(lambda: gate.wait(10))
    for number in range(20):
        lane.write(lambda number=number: disk.write(number))
    gate.set()
    assert lane.close() == 0
    assert disk.written == list(range(20))


def test_closing_tells_what_could_not_be_written(qtbot: QtBot) -> None:
    lane, disk = ProjectLane(), Disk()
    disk.full = True
    for number in range(4):
        lane.write(lambda number=number: disk.write(number))
    assert lane.flush(timeout=10)
    assert lane.unwritten == 4
    disk.full = False
    lane.try_again()
    assert lane.flush(timeout=10)
    assert lane.unwritten == 0
    assert disk.written == [0, 1, 2, 3]
    disk.full = True
    lane.write(lambda: disk.write(9))
    lane.write(lambda: disk.write(10))
    ended: list[bool] = []
    assert lane.close(last=lambda: ended.append(True)) == 2
    assert ended == [True]


def test_waiting_for_a_slow_disk_ends_when_it_was_to(lane: ProjectLane, qtbot: QtBot) -> None:
    gate = threading.Event()
    lane.write(lambda: gate.wait(10))
    assert not lane.flush(timeout=0.01)
    assert not lane.is_stuck
    gate.set()
    assert lane.flush(timeout=10)


def test_who_asked_for_a_write_that_can_never_be_made_is_told(lane: ProjectLane, qtbot: QtBot) -> None:
    told: list[str] = []

    def foreign() -> None:
        raise ProjectError("This is no project.")

    lane.write(foreign, failed=told.append)
    qtbot.waitUntil(lane.is_idle)
    assert told == ["This is no project."]


def test_other_lanes_go_on_meanwhile(lane: ProjectLane, qtbot: QtBot, tmp_path: Path) -> None:
    other, gate, done = Lane("files"), threading.Event(), []
    lane.write(lambda: gate.wait(10))
    other.submit(lambda _token: 1, key="a", done=done.append, failed=pytest.fail)
    qtbot.waitUntil(lambda: done == [1])
    gate.set()
    other.close()


def test_what_comes_after_the_end_is_not_waited_for(lane: ProjectLane, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk()
    lane.write(lambda: disk.write(1))
    assert lane.close() == 0
    monkeypatch.setattr(lane, "flush", lambda **_: pytest.fail("it waits"))
    lane.write(lambda: disk.write(2))
    assert lane.close() == 1
    assert disk.written == [1]
