"""Three stages that overlap: order, problems, pausing, stopping, and that they do overlap."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from typing import Any, NoReturn

import pytest

from app.core.pipeline import AHEAD, Control, Outcome, run
from inference.cancelling import is_cancelled
from inference.errors import Cancelled, EngineError, PhotoError

PATIENCE = 20  # seconds, for threads that must meet


def double(number: int) -> int:
    return 2 * number


def add(item: int, answer: int) -> int:
    return item + answer


def outcomes(
    count: int,
    *,
    read: Callable[[int], int] = double,
    think: Callable[[int], int] = double,
    finish: Callable[[int, int], int] = add,
    control: Control | None = None,
    at_once: int = 1,
) -> Generator[Outcome[int, int], None, None]:
    return run(range(count), read=read, think=think, finish=finish, control=control, at_once=at_once)


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_every_item_goes_through_all_stages_in_order(at_once: int) -> None:
    assert [outcome.result for outcome in outcomes(20, at_once=at_once)] == [5 * number for number in range(20)]
    assert list(outcomes(0, at_once=at_once)) == []


def test_so_many_are_thought_of_at_once_and_no_more() -> None:
    together = threading.Barrier(2)
    lock, busy, most = threading.Lock(), 0, 0

    def think(number: int) -> int:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        together.wait(PATIENCE)
        with lock:
            busy -= 1
        return double(number)

    found = list(outcomes(20, think=think, at_once=2))
    assert [outcome.result for outcome in found] == [5 * number for number in range(20)]
    assert most == 2


@pytest.mark.parametrize("at_once", [1, 2])
@pytest.mark.parametrize("stage", ["read", "think", "finish"])
def test_what_is_refused_in_a_stage_does_not_stop_the_others(stage: str, at_once: int) -> None:
    def refuse(number: int, answer: int | None = None) -> int:
        if number in (3, 6, 12):  # read sees 3; think and finish of others
            raise PhotoError(f"{number} cannot be used.")
        return double(number) if answer is None else add(number, answer)

    stages: dict[str, Any] = {stage: refuse}
    found = list(outcomes(8, at_once=at_once, **stages))
    assert [outcome.item for outcome in found] == list(range(8))
    refused = [outcome for outcome in found if outcome.problem]
    assert refused
    assert all(outcome.result is None and outcome.problem.endswith("cannot be used.") for outcome in refused)
    assert all(outcome.result == 5 * outcome.item for outcome in found if not outcome.problem)


def test_too_little_memory_is_a_reason_like_others() -> None:
    def hungry(_number: int) -> NoReturn:
        raise MemoryError

    assert ["memory" in outcome.problem for outcome in outcomes(2, read=hungry)] == [True, True]


@pytest.mark.parametrize("at_once", [1, 2])
@pytest.mark.parametrize("stage", ["read", "think", "finish"])
def test_a_bug_is_not_swallowed(stage: str, at_once: int) -> None:
    def broken(_number: int, _answer: int = 0) -> NoReturn:
        raise ZeroDivisionError

    stages: dict[str, Any] = {stage: broken}
    with pytest.raises(ZeroDivisionError):
        list(outcomes(5, at_once=at_once, **stages))


def test_all_three_stages_are_busy_at_once() -> None:
    together = threading.Barrier(3)
    met = threading.Event()

    def meet(number: int, wanted: int) -> None:
        if number == wanted and not met.is_set():
            together.wait(PATIENCE)
            met.set()

    def read(number: int) -> int:
        meet(number, 2)
        return number

    def think(number: int) -> int:
        meet(number, 1)
        return number

    def finish(item: int, _answer: int) -> int:
        meet(item, 0)
        return item

    assert [outcome.result for outcome in outcomes(5, read=read, think=think, finish=finish)] == list(range(5))
    assert met.is_set()


def test_reading_runs_only_so_far_ahead() -> None:
    """Photos are large: a fast disk must not fill the memory."""
    begun: list[int] = []

    def read(number: int) -> int:
        begun.append(number)
        return number

    for outcome in outcomes(30, read=read):
        assert len(begun) <= outcome.item + 1 + 2 * (AHEAD + 1) + 1


def test_the_network_runs_only_so_far_ahead_of_a_slow_disk() -> None:
    """Answers are large as well: those that wait to be written must not fill the memory."""
    thought: list[int] = []
    far = threading.Event()

    def think(number: int) -> int:
        thought.append(number)
        if number > 2 * (AHEAD + 1):
            far.set()
        return number

    def finish(item: int, _answer: int) -> int:
        if item == 0:
            assert not far.wait(0.3)
        return item

    assert [outcome.item for outcome in outcomes(30, think=think, finish=finish)] == list(range(30))
    assert far.is_set()


def test_a_pause_tells_of_all_that_was_begun_beside_one_another() -> None:
    control = Control()
    thought: list[int] = []

    def think(number: int) -> int:
        thought.append(number)
        if number == 4:
            control.pause()
        return number

    found: list[int] = []
    for outcome in outcomes(10, think=think, control=control, at_once=2):
        found.append(outcome.item)
        if control.paused and len(found) == len(thought):  # all that was begun is told, and nothing else was begun
            threading.Timer(0.01, control.resume).start()
    assert found == list(range(10))


def test_a_pause_begins_nothing_and_goes_on_later() -> None:
    control = Control()
    thought: list[int] = []

    def think(number: int) -> int:
        thought.append(number)
        if len(thought) == 3:
            control.pause()
        return number

    found: list[int] = []
    for outcome in outcomes(10, think=think, control=control):
        found.append(outcome.item)
        if control.paused and found == [0, 1, 2]:  # all that was begun is told, and nothing else was begun
            assert len(thought) == 3
            threading.Timer(0.01, control.resume).start()
    assert found == list(range(10))


def test_a_stop_finishes_what_was_begun_and_begins_nothing_else() -> None:
    control = Control()
    finished: list[int] = []

    def finish(item: int, answer: int) -> int:
        finished.append(item)
        return answer

    def think(number: int) -> int:
        if number == 8:
            control.stop()
        return number

    found = [outcome.item for outcome in outcomes(100, think=think, finish=finish, control=control)]
    assert found == finished == [0, 1, 2, 3, 4]


def test_who_pauses_and_then_stops_is_not_waited_for() -> None:
    control = Control()
    control.pause()
    control.stop()
    assert list(outcomes(5, control=control)) == []
    assert not control.paused


@pytest.mark.parametrize("at_once", [1, 2])
def test_who_gives_up_finds_everything_finished_that_was_begun(at_once: int) -> None:
    begun: list[int] = []
    finished: list[int] = []

    def think(number: int) -> int:
        begun.append(number // 2)
        return number

    def finish(item: int, answer: int) -> int:
        finished.append(item)
        return answer

    results = outcomes(50, think=think, finish=finish, at_once=at_once)
    next(results)
    results.close()
    assert finished == sorted(begun)


@pytest.fixture
def control_c() -> Iterator[None]:
    """A suite that runs in the background of a shell does not hear Ctrl-C, unless it asks to."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(sys.platform == "win32", reason="another kind of signal")
@pytest.mark.parametrize("at_once", [1, 2])
@pytest.mark.usefixtures("control_c")
def test_control_c_does_not_wait_for_other_machines(at_once: int) -> None:
    """Who asks such a machine looks at `is_cancelled`, as the remote engine does."""
    left = threading.Barrier(at_once)

    def think(number: int) -> int:
        if left.wait(PATIENCE) == 0:
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        for _ in range(100 * PATIENCE):
            if is_cancelled():
                raise Cancelled
            threading.Event().wait(0.01)
        return number

    with pytest.raises(KeyboardInterrupt):
        list(outcomes(50, think=think, at_once=at_once))


def test_problems_of_the_engine_are_told_like_those_of_photos() -> None:
    def think(_number: int) -> NoReturn:
        raise EngineError("The device gave up.")

    assert [outcome.problem for outcome in outcomes(2, think=think)] == ["The device gave up."] * 2
