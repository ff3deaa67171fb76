"""The time that remains counts every stage, by what was measured, and something is told twice a second."""

from __future__ import annotations

import threading

import pytest

from inference.learning import pacing as pacing_module
from inference.learning.events import Event, Stage, StageTold
from inference.learning.pacing import Pacing


class Clock:
    def __init__(self) -> None:
        self.now = 100.0
        self._looks = threading.Semaphore(0)

    def __call__(self) -> float:
        self._looks.release()
        return self.now

    def wait_for_looks(self) -> None:
        """Until somebody else has looked twice: whatever the first look led to is done."""
        while self._looks.acquire(blocking=False):
            pass
        for _ in range(2):
            assert self._looks.acquire(timeout=30)


AMOUNTS = {Stage.FEATURES: 2, Stage.BEFORE: 3, Stage.TRAINING: 10, Stage.AFTER: 3, Stage.WRITING: 1}


def spend(pacing: Pacing, clock: Clock, *, seconds: float) -> None:
    with pacing.part():
        clock.now += seconds


def test_the_time_that_remains_counts_every_stage() -> None:
    clock, told = Clock(), list[Event]()
    pacing = Pacing(AMOUNTS, tell=told.append, clock=clock)
    pacing.begin(Stage.FEATURES)
    spend(pacing, clock, seconds=4)
    assert pacing.left() is None  # nobody knows yet what a step takes
    spend(pacing, clock, seconds=4)
    pacing.begin(Stage.BEFORE)
    for _ in range(3):
        spend(pacing, clock, seconds=2)
    pacing.begin(Stage.TRAINING)
    spend(pacing, clock, seconds=5)
    assert pacing.left() == pytest.approx(9 * 5 + 3 * 2 + 1)
    assert told[0] == StageTold(Stage.FEATURES, 0, 2, None)
    assert told[-1] == StageTold(Stage.TRAINING, 0, 10, None)
    assert pacing.spent == 8 + 6 + 5


def test_what_was_done_earlier_does_not_remain() -> None:
    clock = Clock()
    pacing = Pacing(AMOUNTS, tell=lambda _: None, clock=clock)
    pacing.begin(Stage.FEATURES, done=2)
    pacing.begin(Stage.BEFORE, done=2, seconds=4.0)
    pacing.begin(Stage.TRAINING, done=8)
    spend(pacing, clock, seconds=1)
    assert pacing.left() == pytest.approx(1 * 2 + 1 + 3 * 2 + 1)


def test_seconds_in_which_nothing_was_done_tell_no_rate() -> None:
    pacing = Pacing(AMOUNTS, tell=lambda _: None, clock=Clock())
    pacing.begin(Stage.FEATURES, done=0, seconds=4.0)
    assert pacing.left() is None


def test_every_part_is_told_but_of_steps_the_last_alone() -> None:
    """Of the others each has a point of the curve."""
    clock, told = Clock(), list[StageTold]()
    pacing = Pacing({Stage.FEATURES: 3, Stage.TRAINING: 3}, tell=told.append, clock=clock)  # type: ignore[arg-type]
    for stage in (Stage.FEATURES, Stage.TRAINING):
        pacing.begin(stage)
        for _ in range(3):
            spend(pacing, clock, seconds=1)
    assert [(event.stage, event.done) for event in told] == [
        *((Stage.FEATURES, done) for done in range(4)),
        *((Stage.TRAINING, done) for done in (0, 3)),
    ]


def test_a_stage_may_turn_out_to_be_shorter() -> None:
    clock, told = Clock(), list[Event]()
    pacing = Pacing({Stage.FEATURES: 9, Stage.WRITING: 1}, tell=told.append, clock=clock)
    pacing.begin(Stage.FEATURES)
    spend(pacing, clock, seconds=4)
    pacing.begin(Stage.FEATURES, done=1, amount=3)
    assert told[-1] == StageTold(Stage.FEATURES, 1, 3, 2 * 4 + 1)


def test_the_rate_follows_a_machine_that_becomes_slower() -> None:
    clock = Clock()
    pacing = Pacing({Stage.TRAINING: 1203}, tell=lambda _: None, clock=clock)
    pacing.begin(Stage.TRAINING)
    for seconds in (2.0, 1.0, 3.0):
        spend(pacing, clock, seconds=seconds)
    assert pacing.left() == pytest.approx(1200 * 2)
    for seconds in [1.0] * 100 + [4.0] * 100:
        spend(pacing, clock, seconds=seconds)
    assert 3.9 * 1000 < (pacing.left() or 0) < 4 * 1000


def test_a_first_part_that_takes_long_counts_until_there_is_a_second() -> None:
    clock = Clock()
    pacing = Pacing({Stage.TRAINING: 100}, tell=lambda _: None, clock=clock)
    pacing.begin(Stage.TRAINING)
    expected = ((60.0, 99 * 60), (1.0, 98 * 1), (2.0, 97 * 1.5), (3.0, 96 * 2))
    for seconds, left in expected:
        spend(pacing, clock, seconds=seconds)
        assert pacing.left() == pytest.approx(left)
    assert pacing.spent == 66


def test_the_first_part_after_going_on_counts_until_there_is_a_second() -> None:
    clock = Clock()
    pacing = Pacing({Stage.TRAINING: 100}, tell=lambda _: None, clock=clock)
    pacing.begin(Stage.TRAINING, done=50, seconds=50.0)
    for seconds in (60.0, 2.0):
        spend(pacing, clock, seconds=seconds)
    assert pacing.left() == pytest.approx(48 * 2)


def test_a_long_part_is_told_while_it_runs() -> None:
    clock, told = Clock(), list[Event]()
    beaten = threading.Event()

    def tell(event: Event) -> None:
        told.append(event)
        if len(told) == 2:
            beaten.set()

    pacing = Pacing({Stage.TRAINING: 2, Stage.WRITING: 1}, tell=tell, clock=clock)
    pacing.begin(Stage.TRAINING)
    spend(pacing, clock, seconds=10)
    with pacing.beating(), pacing.part():
        clock.now += 3
        assert beaten.wait(30)
    assert told[1] == StageTold(Stage.TRAINING, 1, 2, 10 + 1 - 3)


def test_a_part_that_takes_longer_than_all_should_leaves_nothing() -> None:
    clock = Clock()
    pacing = Pacing({Stage.TRAINING: 2, Stage.WRITING: 1}, tell=lambda _: None, clock=clock)
    pacing.begin(Stage.TRAINING)
    spend(pacing, clock, seconds=10)
    with pacing.part():
        clock.now += 60
        assert pacing.left() == 0.0


def test_nothing_is_told_while_nothing_is_done() -> None:
    clock, told = Clock(), list[Event]()
    pacing = Pacing({Stage.TRAINING: 2}, tell=told.append, clock=clock)
    pacing.begin(Stage.TRAINING)
    ran = threading.Event()
    looked = pacing._clock
    with pacing.beating():
        clock.now += 100
        pacing._clock = lambda: (ran.set(), looked())[1]
        assert not ran.wait(0.5)
    assert len(told) == 1


def test_what_was_told_lately_is_not_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing_module, "BEAT", 0.04)
    clock, told = Clock(), list[Event]()
    pacing = Pacing({Stage.TRAINING: 2}, tell=told.append, clock=clock)
    with pacing.beating(), pacing.busy():
        clock.now += 10
        clock.wait_for_looks()
        assert not told  # nothing has begun
        pacing.begin(Stage.TRAINING)
        clock.now += 0.03
        clock.wait_for_looks()
        assert len(told) == 1
        pacing.told()
        clock.now += 0.03
        clock.wait_for_looks()
        assert len(told) == 1
        clock.now += 0.03
        clock.wait_for_looks()
    assert len(told) == 2


def test_work_between_stages_is_told_too_once_one_has_begun() -> None:
    clock, told = Clock(), list[Event]()
    beaten = threading.Event()

    def tell(event: Event) -> None:
        told.append(event)
        if len(told) == 2:
            beaten.set()

    pacing = Pacing({Stage.TRAINING: 2}, tell=tell, clock=clock)
    with pacing.beating():
        with pacing.busy():
            clock.now += 3
        pacing.begin(Stage.TRAINING)
        with pacing.busy():
            clock.now += 3
            assert beaten.wait(30)
    assert told == [StageTold(Stage.TRAINING, 0, 2, None)] * 2
    assert pacing.spent == 0
