"""Small jobs of learning, run in this process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from inference.learning.events import Event
from inference.learning.job import Job
from inference.learning.pictures import LearnPicture
from inference.learning.report import LearnReport
from inference.learning.settings import LearnSettings, Scope
from inference.training.finetune import Run
from tests.inference.learning.jobs import finished_picture, finished_pictures, small_job

STEPS = 3


@dataclass(frozen=True)
class Finish:
    """A job that nothing interrupted, and what it told."""

    job: Job
    report: LearnReport
    told: list[Event]


def finish(job: Job) -> Finish:
    """Do what is left of a job."""
    told: list[Event] = []
    return Finish(job, Run(job, tell=told.append, check=nothing).finish(), told)


def two_held_back() -> list[LearnPicture]:
    """Four pictures to learn from, and two others."""
    return [*finished_pictures(), finished_picture("5.jpg", held_back=True)]


def small_run(folder: Path, *, scope: Scope = Scope.HEAD) -> Finish:
    return finish(small_job(folder, settings=settings(scope), pictures=two_held_back()))


def settings(scope: Scope = Scope.HEAD, *, steps: int = STEPS) -> LearnSettings:
    return LearnSettings(scope=scope, steps=steps, learning_rate=1e-3, device="cpu")


def nothing() -> None:
    """Nobody says pause."""
