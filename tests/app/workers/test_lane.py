"""Jobs run one after the other, the latest request wins, and errors arrive as sentences."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.workers import lane as lane_module
from app.workers.lane import CancelToken, Lane, stop_those_that_may_be_left
from inference.errors import Cancelled, ExpectedError


@pytest.fixture
def lane(qtbot: QtBot) -> Iterator[Lane]:
    lane = Lane("test")
    yield lane
    lane.close()


class Gate:
    """A job that waits until it is let through, so that others queue up behind it."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()

    def __call__(self, token: CancelToken) -> str:
        self.entered.set()
        assert self.opened.wait(10)
        token.check()
        return "gate"


def test_result_arrives_on_the_gui_thread(lane: Lane, qtbot: QtBot) -> None:
    seen: list[tuple[object, threading.Thread]] = []
    workers: list[threading.Thread] = []

    def work(_token: CancelToken) -> int:
        workers.append(threading.current_thread())
        return 42

    lane.submit(work, key="a", done=lambda r: seen.append((r, threading.current_thread())), failed=pytest.fail)
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [(42, threading.main_thread())]
    assert workers[0] is not threading.main_thread()


def test_urgent_jobs_overtake_and_equal_ones_keep_their_order(lane: Lane, qtbot: QtBot) -> None:
    gate, order = Gate(), []
    lane.submit(gate, key="gate", done=lambda _: None, failed=pytest.fail)
    assert gate.entered.wait(10)
    for key, priority in (("late", 9), ("first", 5), ("second", 5), ("now", 0)):
        lane.submit(lambda _t, key=key: key, key=key, priority=priority, done=order.append, failed=pytest.fail)
    gate.opened.set()
    qtbot.waitUntil(lambda: len(order) == 4)
    assert order == ["now", "first", "second", "late"]


def test_latest_request_with_a_key_wins_even_over_a_running_one(lane: Lane, qtbot: QtBot) -> None:
    gate, results = Gate(), []
    lane.submit(gate, key="same", done=results.append, failed=pytest.fail)
    assert gate.entered.wait(10)
    lane.submit(lambda _t: "waiting", key="same", done=results.append, failed=pytest.fail)
    lane.submit(lambda _t: "latest", key="same", done=results.append, failed=pytest.fail)
    gate.opened.set()
    qtbot.waitUntil(lambda: bool(results))
    qtbot.waitUntil(lane.is_idle)
    assert results == ["latest"]


def test_cancelled_result_is_dropped(lane: Lane, qtbot: QtBot) -> None:
    gate, results = Gate(), []
    lane.submit(gate, key="a", done=results.append, failed=pytest.fail)
    assert gate.entered.wait(10)
    assert lane.cancel("a")
    assert not lane.cancel("a")
    gate.opened.set()
    lane.submit(lambda _t: "b", key="b", done=results.append, failed=pytest.fail)
    qtbot.waitUntil(lambda: bool(results))
    assert results == ["b"]


def test_expected_error_is_its_own_sentence(lane: Lane, qtbot: QtBot) -> None:
    sentences: list[str] = []

    def work(_token: CancelToken) -> None:
        raise ExpectedError("The photo is missing.")

    lane.submit(work, key="a", done=pytest.fail, failed=sentences.append)
    qtbot.waitUntil(lambda: bool(sentences))
    assert sentences == ["The photo is missing."]


def test_defect_reaches_the_crash_hook_and_does_not_end_the_lane(lane: Lane, qtbot: QtBot) -> None:
    sentences: list[str] = []
    results: list[int] = []
    with qtbot.capture_exceptions() as exceptions:
        lane.submit(lambda _t: 1 // 0, key="a", done=pytest.fail, failed=sentences.append)
        lane.submit(lambda _t: 7, key="b", done=results.append, failed=pytest.fail)
        qtbot.waitUntil(lambda: results == [7])
    assert [kind for kind, *_ in exceptions] == [ZeroDivisionError]
    assert "ZeroDivisionError" in sentences[0]


def test_cancelling_thousands_of_waiting_jobs_costs_no_more_than_making_them(lane: Lane, qtbot: QtBot) -> None:
    gate, results = Gate(), []
    lane.submit(gate, key="gate", done=lambda _: None, failed=pytest.fail)
    assert gate.entered.wait(10)
    for number in range(20_000):
        lane.submit(lambda _t: None, key=number, done=results.append, failed=pytest.fail)
    lane.submit(lambda _t: "kept", key="kept", done=results.append, failed=pytest.fail)
    lane.cancel_where(lambda key: isinstance(key, int))
    gate.opened.set()
    qtbot.waitUntil(lambda: bool(results))
    assert results == ["kept"]
    assert lane.is_idle()


def test_closing_waits_for_the_running_job_and_takes_no_more(qtbot: QtBot) -> None:
    lane, gate = Lane("closing"), Gate()
    lane.submit(gate, key="a", done=pytest.fail, failed=pytest.fail)
    assert gate.entered.wait(10)
    gate.opened.set()
    lane.close()
    lane.submit(lambda _t: None, key="b", done=pytest.fail, failed=pytest.fail)
    assert lane.is_idle()
    assert not [thread for thread in threading.enumerate() if thread.name == "closing"]


def test_what_may_be_left_is_not_waited_for_and_the_process_ends_all_the_same(qtbot: QtBot) -> None:
    """An engine call, for instance, which nothing can stop."""
    lane, gate = Lane("left", may_be_left=True), Gate()
    lane.submit(gate, key="a", done=pytest.fail, failed=pytest.fail)
    assert gate.entered.wait(10)
    lane.close()
    assert [thread for thread in threading.enumerate() if thread.name == "left"]
    gate.opened.set()
    script = """
import threading
from PySide6.QtCore import QCoreApplication
from app.workers.lane import Lane, end_without_those_left

application, entered = QCoreApplication([]), threading.Event()

def work(_token):
    entered.set()
    threading.Event().wait(60)

lane = Lane("left", may_be_left=True)
lane.submit(work, key=1, done=print, failed=print)
entered.wait()
lane.close()
print("closed")
end_without_those_left(7)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=50)
    assert (ended.returncode, ended.stdout, ended.stderr) == (7, "closed\n", "")


def test_a_thread_that_was_left_is_let_go_of_once_it_has_ended(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """With it goes all that it holds: the crash hook, and by that the window with its photos and its engine."""
    monkeypatch.setattr(lane_module, "LEAVE_SECONDS", 0.0)
    lane, gate = Lane("left", may_be_left=True), Gate()
    lane.submit(gate, key="a", done=pytest.fail, failed=pytest.fail)
    assert gate.entered.wait(10)
    lane.close()
    thread = lane._thread
    assert thread in lane_module._left
    held = weakref.ref(thread)
    gate.opened.set()
    thread.join(10)
    del lane, thread
    gc.collect()
    assert held() is None


def test_lanes_that_may_be_left_share_one_moment(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, gate = QObject(), Gate()
    between = QObject(owner)
    left, other = Lane("left", between, may_be_left=True), Lane("other", between)
    left.submit(gate, key="a", done=pytest.fail, failed=pytest.fail)
    assert gate.entered.wait(10)
    stop_those_that_may_be_left(owner)
    assert left.stopped
    assert left.is_idle()
    assert not other.stopped
    monkeypatch.setattr(lane_module, "LEAVE_SECONDS", 30.0)
    clock = time.monotonic
    monkeypatch.setattr(
        "app.workers.lane.time.monotonic", lambda: clock() + 30.0
    )  # so long others have waited meanwhile
    begun = clock()
    left.close()
    assert clock() - begun < 20
    gate.opened.set()
    other.close()


def test_a_wait_ends_with_the_result_its_error_or_when_nothing_will_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.workers.lane.POLL_SECONDS", 0.001)
    token, done, failed, never = CancelToken(), Future[int](), Future[int](), Future[int]()
    done.set_result(7)
    failed.set_exception(TimeoutError("of the work itself"))
    assert token.wait(done, nothing_comes=lambda: True) == 7
    with pytest.raises(TimeoutError, match="of the work itself"):
        token.wait(failed)
    asked = iter([False, False, True])
    with pytest.raises(Cancelled):
        token.wait(never, nothing_comes=lambda: next(asked))
    assert next(asked, None) is None
    token.cancel()
    with pytest.raises(Cancelled):
        token.wait(never)
