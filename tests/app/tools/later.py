"""A runner whose work waits until a test says so: what a hand does meanwhile can be told apart."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from inference.errors import ExpectedError


@dataclass(eq=False)
class Job:
    work: Callable[[Callable[[], None]], Any]
    done: Callable[[Any], None]
    failed: Callable[[str], None]
    text: str


class Later:
    """Keeps what it is given, one job for each key."""

    def __init__(self) -> None:
        self.jobs: dict[Hashable, Job] = {}

    def __call__(
        self,
        work: Callable[[Callable[[], None]], Any],
        *,
        key: Hashable,
        done: Callable[[Any], None],
        failed: Callable[[str], None],
        text: str,
    ) -> Callable[[], None]:
        self.jobs.pop(key, None)
        job = self.jobs[key] = Job(work, done, failed, text)

        def cancel() -> None:
            if self.jobs.get(key) is job:
                del self.jobs[key]

        return cancel

    def finish_one(self) -> None:
        """Do the job that waits for longest."""
        job = self.jobs.pop(next(iter(self.jobs)))
        try:
            result = job.work(lambda: None)
        except ExpectedError as error:
            job.failed(str(error))
        else:
            job.done(result)

    def finish(self) -> None:
        """Do them all, and those that come of them."""
        while self.jobs:
            self.finish_one()
