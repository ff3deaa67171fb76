"""`ade-mask-studio finetune` with a process that a test plays in place of the training."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.cli import parse, run
from inference.learning.events import Event, Finished, PaceTold, Stage, StageTold, StepTold, Stopped
from inference.learning.job import Job
from inference.learning.report import LearnReport
from tests.inference.learning.jobs import report

PICTURES = 6
STEPS = [StepTold(step, 40, 3 / step, step * 1.5, 60.0 - step) for step in (10, 20, 40)]


class Learning:
    """What a test has the training do, and what it was asked to do."""

    def __init__(self) -> None:
        self.report = report()
        self.told: list[Event] = [StageTold(Stage.FEATURES, 1, 6), StageTold(Stage.FEATURES, 6, 6), *STEPS]
        self.last: Event | None = None  # instead of a result
        self.jobs: list[Job] = []
        self.stopped = 0
        self.paces = 0

    def pace(self, job: Job) -> PaceTold:
        self.paces += 1
        return PaceTold(head=200.0, all=7_300.0)

    def process(self, job: Job, *, told: Callable[[Event], None]) -> Process:
        self.jobs.append(job)
        return Process(self, job, told)


class Process:
    """In place of `LearnProcess`: does in `start` what the test says."""

    def __init__(self, learning: Learning, job: Job, told: Callable[[Event], None]) -> None:
        self._learning, self._job, self._told = learning, job, told

    def start(self) -> None:
        for event in self._learning.told:
            if isinstance(event, StepTold):
                self._job.add_progress(event)
                self._job.checkpoint.write_bytes(b"so far")
            self._told(event)
        if self._learning.last is None:
            put_result(self._job, self._learning.report)
        self._told(self._learning.last or Finished(self._learning.report))

    def stop(self) -> None:
        self._learning.stopped += 1
        self._told(Stopped())

    def wait(self, seconds: float | None = None) -> bool:
        return True


def put_result(job: Job, found: LearnReport) -> None:
    job.result.parent.mkdir()
    job.result.write_bytes(b"the weights")
    network = job.parent.network.to_dict()
    card = {"name": job.name, "file": job.result.name, "network": network, "input_size": 288, "lineage": {"steps": 40}}
    job.result.with_suffix(".json").write_text(json.dumps(card), encoding="utf-8")
    job.report_file.write_text(json.dumps(found.to_json()), encoding="utf-8")


def finetune(*arguments: str | Path) -> int:
    return run(parse(["finetune", *map(str, arguments)]))


def asked(*arguments: str) -> dict[str, Any]:
    return vars(parse(["finetune", "photos", "-o", "mine", *arguments]))
