"""A job of learning of an earlier day: told when its folder is opened, until somebody looks at it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.chrome.actions import ACTIONS, Act, native
from app.desk import Desk
from app.learning.going_on import why_not_on
from app.learning.names import job_folder
from app.learning.standing import Phase
from app.learning.texts import stopped_where
from app.workers.lane import Lane
from inference.errors import ExpectedError
from inference.learning.job import Job, JobState

_SEEN = "seen"
"""A file in the folder of a finished job: somebody has looked at what came of it."""


@dataclass(frozen=True)
class EarlierJob:
    """One that nobody works on."""

    root: Path  # of the project that it learns from
    file: Path  # of that
    phase: Phase  # STOPPED or FINISHED
    sentence: str  # how it stands


class EarlierJobs(QObject):
    """Looks, elsewhere, whether there is one for the project of the picture on screen whenever that is another one."""

    found = Signal(object)  # EarlierJob, None where there is none

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._root: Path | None = None  # of the project of the picture on screen
        self._lane = Lane("earlier learning", self, may_be_left=True)
        desk.current_changed.connect(lambda _path: self._look())
        desk.keeper.opened.connect(lambda _info: self._look())  # that of a picture in a folder below may come later

    def _look(self) -> None:
        current = self._desk.current
        info = None if current is None else self._desk.listing.choices.info(current)
        root = None if info is None else info.root
        if root == self._root:
            return
        self._root = root
        self._lane.cancel("look")
        self.found.emit(None)
        if info is not None:
            root, file = info.root, info.file
            self._lane.submit(
                lambda _token: earlier_job(root, file),
                key="look",
                done=self.found.emit,
                failed=self._desk.said.emit,
            )

    def is_idle(self) -> bool:
        return self._lane.is_idle()

    def close(self) -> None:
        self._lane.close()


def earlier_job(root: Path, file: Path) -> EarlierJob | None:
    """The job of a project that was stopped, or that is finished and was not looked at; None while it is worked on."""
    try:
        job = Job.open(job_folder(root))
        if job.state is JobState.FINISHED:
            return None if (job.folder / _SEEN).exists() else EarlierJob(root, file, Phase.FINISHED, _finished(job))
        with job.alone(seconds=0):  # no longer than that: who wants to go on now is not to be told that somebody does
            pass
        return EarlierJob(root, file, Phase.STOPPED, _stopped(job))
    except (ExpectedError, OSError):  # there is none that anybody could go on with, or another process has it
        return None


def mark_seen(job: Job) -> None:
    """Somebody has looked at what came of it."""
    with contextlib.suppress(OSError):  # else it is told once more
        (job.folder / _SEEN).touch()


def _finished(job: Job) -> str:
    return f"{job.name} has been learned from this folder; what came of it is there to see ({_key()})."


def _stopped(job: Job) -> str:
    curve = job.progress()
    where = stopped_where((curve[-1].step, curve[-1].steps) if curve else None)
    can = "can only begin anew" if why_not_on(job) else "can go on"
    return f"Learning {job.name} from this folder was stopped {where} and {can} ({_key()})."


def _key() -> str:
    return native(ACTIONS[Act.LEARN].keys[0])
