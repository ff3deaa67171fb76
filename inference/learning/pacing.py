"""How far a job is, told at least twice a second, and how long it still takes: by what its parts took so far."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from inference.learning.events import Event, Stage, StageTold

BEAT = 0.4  # seconds
_NEWEST = 0.05  # weight of the newest part, once there are many
_WRITING = 1.0  # seconds


class Pacing:
    """The parts of each stage (pictures or steps), how many are done, and how long one takes."""

    def __init__(
        self,
        amounts: Mapping[Stage, int],
        *,
        tell: Callable[[Event], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._amounts, self._tell, self._clock = dict(amounts), tell, clock
        self._done = dict.fromkeys(self._amounts, 0)
        self._counted = dict.fromkeys(self._amounts, 0)
        self._rates: dict[Stage, float] = {Stage.WRITING: _WRITING}  # seconds of one part
        self.spent = 0.0  # seconds on all parts, without pauses
        self._stage: Stage | None = None
        self._since: float | None = None  # when the part that runs began
        self._told = clock()
        self._lock = threading.RLock()

    def begin(self, stage: Stage, *, done: int = 0, seconds: float = 0.0, amount: int | None = None) -> None:
        """A stage begins, of which some may have been done in earlier processes, in so many seconds where known.

        `amount`: how many parts it has, where that is another number than was thought.
        """
        with self._lock:
            self._stage, self._done[stage] = stage, done
            self._amounts[stage] = self._amounts[stage] if amount is None else amount
            if done and seconds:
                self._rates[stage] = seconds / done
            self._say()

    def expect(self, stage: Stage, seconds: float) -> None:
        """What one part of a stage takes, as far as that is known before there was any."""
        with self._lock:
            self._rates.setdefault(stage, seconds)

    @contextmanager
    def part(self) -> Iterator[None]:
        """Around each part of the work; pauses lie between parts."""
        stage = self._stage
        assert stage is not None
        began = self._clock()
        with self.busy():
            yield
        with self._lock:
            self._count(stage, self._clock() - began)
            if stage is not Stage.TRAINING or self._done[stage] == self._amounts[stage]:
                self._say()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Around work that is no part of a stage and may take a moment."""
        with self._lock:
            self._since = self._clock()
        try:
            yield
        finally:
            with self._lock:
                self._since = None

    def told(self) -> None:
        """Something else was told meanwhile."""
        with self._lock:
            self._told = self._clock()

    def left(self) -> float | None:
        """Seconds until all stages are done; None while nobody knows."""
        with self._lock:
            total = 0.0
            for stage, amount in self._amounts.items():
                missing = amount - self._done[stage]
                # The result is measured on the same pictures as the parent was.
                rate = self._rates.get(stage, self._rates.get(Stage.BEFORE) if stage is Stage.AFTER else None)
                if missing > 0 and rate is None:
                    return None
                total += missing * (rate or 0.0)
            running = 0.0 if self._since is None else self._clock() - self._since
            return max(total - running, 0.0)

    @contextmanager
    def beating(self) -> Iterator[None]:
        """While this lasts, something is told at least twice a second, unless the work is paused."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(BEAT / 4):
                with self._lock:
                    if self._since is not None and self._clock() - self._told >= BEAT:
                        self._say()

        thread = threading.Thread(target=beat, name="beat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _count(self, stage: Stage, seconds: float) -> None:
        self.spent += seconds
        self._done[stage] += 1
        self._counted[stage] += 1
        # The first part in a process takes longer than all others (libraries load): it counts until there is a second.
        counting = max(self._counted[stage] - 1, 1)
        before = self._rates[stage] if counting > 1 else seconds
        self._rates[stage] = before + max(1 / counting, _NEWEST) * (seconds - before)

    def _say(self) -> None:
        if self._stage is None:  # nothing has begun yet
            return
        self._told = self._clock()
        self._tell(StageTold(self._stage, self._done[self._stage], self._amounts[self._stage], self.left()))
