"""A job of learning of an earlier day: told when its folder is opened, alone or with others, until somebody looks."""

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
    """Looks, elsewhere, whether there is one for a project of the list: first for that of the picture on screen."""

    found = Signal(object)  # EarlierJob, None where there is none

    def __init__(self, desk: Desk, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._listed: dict[Path, Path] = {}  # the roots of the projects of the list, with their files
        self._places: list[tuple[Path, Path]] = []  # where was looked
        self._last: EarlierJob | None = None
        self._lane = Lane("earlier learning", self, may_be_left=True)
        desk.current_changed.connect(lambda _path: self._look())
        desk.keeper.opened.connect(lambda _info: self._look())  # that of a picture in a folder below may come later
        desk.folder.relisted.connect(lambda: self._list({}))
        desk.listing.facts.read_projects.connect(self._list)

    def _list(self, projects: dict[Path, Path]) -> None:
        self._listed = projects
        self._look()

    def _look(self) -> None:
        current = self._desk.current
        info = None if current is None else self._desk.listing.choices.info(current)
        places = list(({} if info is None else {info.root: info.file} | self._listed).items())
        if places != self._places:
            self._places = places
            self._lane.submit(
                lambda _token: next(filter(None, (earlier_job(*place) for place in places)), None),
                key="look",
                done=self._tell,
                failed=self._desk.said.emit,
            )

    def _tell(self, earlier: EarlierJob | None) -> None:
        """Once, not again with every picture of another folder."""
        if earlier != self._last:
            self._last = earlier
            self.found.emit(earlier)

    def is_idle(self) -> bool:
        return self._lane.is_idle()

    def close(self) -> None:
        self._lane.close()


def earlier_job(root: Path, file: Path) -> EarlierJob | None:
    """The job of a project that was stopped, or that is finished and was not looked at; None while it is worked on."""
    try:
        job = Job.open(job_folder(root))
        if job.state is JobState.FINISHED:
            return (
                None if (job.folder / _SEEN).exists() else EarlierJob(root, file, Phase.FINISHED, _finished(job, root))
            )
        with job.alone(seconds=0):  # no longer than that: who wants to go on now is not to be told that somebody does
            pass
        return EarlierJob(root, file, Phase.STOPPED, _stopped(job, root))
    except (ExpectedError, OSError):  # there is none that anybody could go on with, or another process has it
        return None


def mark_seen(job: Job) -> None:
    """Somebody has looked at what came of it."""
    with contextlib.suppress(OSError):  # else it is told once more
        (job.folder / _SEEN).touch()


def _finished(job: Job, root: Path) -> str:
    return f"{job.name} has been learned from the folder {root.name}; what came of it is there to see ({_key()})."


def _stopped(job: Job, root: Path) -> str:
    curve = job.progress()
    where = stopped_where((curve[-1].step, curve[-1].steps) if curve else None)
    can = "can only begin anew" if why_not_on(job) else "can go on"
    return f"Learning {job.name} from the folder {root.name} was stopped {where} and {can} ({_key()})."


def _key() -> str:
    return native(ACTIONS[Act.LEARN].keys[0])
