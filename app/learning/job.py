"""The job of learning of a project, as the window follows it: gathered, run in a child process, measured, kept."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from app.learning.going_on import why_not_on
from app.learning.standing import ACTIVE, Phase, Standing
from app.workers.lane import CancelToken, Lane
from inference import weights_store
from inference.errors import ExpectedError
from inference.learning.events import (
    Event,
    Finished,
    Paused,
    Refused,
    Resumed,
    Stage,
    StageTold,
    StepTold,
    Stopped,
)
from inference.learning.job import Job, JobState
from inference.learning.process import LearnProcess
from inference.learning.report import LearnReport
from inference.models import ModelCard

Told = Callable[[int, int], None]
_ELSEWHERE = "It is being learned just now, by another window or one that has just ended."
_ANEW = "Begin anew: no correction is lost."
CLOSING_SECONDS = 0.4  # for each of the threads, while the window closes


class LearnJob(QObject):
    """One job at a time; everything slow happens on other threads and in another process."""

    changed = Signal()  # `standing` is another one
    stepped = Signal(object)  # StepTold
    finished = Signal(object)  # LearnReport
    refused = Signal(str)  # why a job could not be begun, or its result not be kept
    kept = Signal(object, object)  # ModelCard of a result that is in the store now, and the Job that it comes from
    _told = Signal(object, object)  # LearnProcess, Event
    _read = Signal(object, int, int)  # ticket, pictures that were read, of how many

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.job: Job | None = None
        self.left_out: Sequence[tuple[str, str]] = ()  # pictures that it could not take, and why, as far as is known
        self.reading = ""  # the name of the model for which pictures are read
        self.standing = Standing()
        self._lane = Lane("learning", self)
        self.process: LearnProcess | None = None
        self._closed = threading.Event()
        self._ticket = object()
        self._began, self._spent = time.monotonic(), 0.0  # when it went on, and seconds of work until then
        self._told.connect(self._hear, Qt.ConnectionType.QueuedConnection)
        self._read.connect(self._have_read, Qt.ConnectionType.QueuedConnection)

    @property
    def active(self) -> bool:
        """Whether it is under way."""
        return self.standing.phase in ACTIVE

    def is_idle(self) -> bool:
        return self._lane.is_idle() and not self.active

    def open(self, folder: Path) -> None:
        """Look whether there is a job that was begun earlier; not while one is under way."""
        if self.active:
            return
        before = None if self.job is None else self.job.folder
        if before != folder.resolve():
            self.left_out = ()
        try:
            self.job = Job.open(folder)
        except ExpectedError:  # none, or nothing that anybody could go on with
            self.job = None
            self._set(Standing())
            return
        phase = Phase.FINISHED if self.job.state is JobState.FINISHED else Phase.STOPPED
        problem = _ELSEWHERE if phase is Phase.STOPPED and _runs(self.job) else ""
        other = (phase, self.job.folder) != (self.standing.phase, before)  # else it may say why it was stopped
        if other or problem or self.standing.problem == _ELSEWHERE:
            self._set(Standing(phase, problem=problem))
        self._look_at_parent()

    def _look_at_parent(self) -> None:
        """Whether it can go on: elsewhere, for the file of a model may be large."""
        job = self.job
        if job is None or self.standing.phase is not Phase.STOPPED:
            return

        def seen(why: str) -> None:
            now = self.standing
            if self.job is job and now.phase is Phase.STOPPED and (why or now.stuck):
                self._set(replace(now, problem=f"{why} {_ANEW}" if why else "", stuck=bool(why)))

        self._lane.submit(lambda _token: why_not_on(job), key="parent", done=seen, failed=self.refused.emit)

    def report(self) -> LearnReport | None:
        """What came of it. None before it is finished, and where that can be read no more."""
        try:
            return None if self.job is None else self.job.report()
        except ExpectedError:
            return None

    def progress(self) -> list[StepTold]:
        """The loss so far."""
        try:
            return [] if self.job is None else self.job.progress()
        except ExpectedError:
            return []

    # --- running ---------------------------------------------------------------------------------------------------

    def begin(
        self, gather: Callable[[CancelToken, Told], Job], *, name: str = "", left_out: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Make a job, elsewhere, and run it. `gather` adds to `left_out`; `name`: of the new model."""
        if self.active:
            return
        ticket = self._ticket = object()
        self.reading = name

        def run(job: Job) -> None:
            self.left_out = left_out
            self._run(job)

        def told(done: int, total: int) -> None:
            if not self._closed.is_set():
                self._read.emit(ticket, done, total)

        def failed(reason: str) -> None:
            self._set(Standing(Phase.STOPPED if self.job is not None else Phase.NOTHING, problem=reason))
            self.refused.emit(reason)

        self._set(Standing(Phase.READING))
        self._lane.submit(lambda token: gather(token, told), key="gather", done=run, failed=failed)

    def go_on(self) -> None:
        """Run the job that was stopped."""
        if self.job is not None and self.standing.phase is Phase.STOPPED and not self.standing.stuck:
            self._run(self.job)

    def pause(self) -> None:
        if self.process is not None and self.standing.phase is Phase.RUNNING:
            self.process.pause()

    def resume(self) -> None:
        if self.process is not None and self.standing.phase is Phase.PAUSED:
            self.process.resume()

    def stop(self) -> None:
        """End soon; what is learned so far is kept, unless pictures are still gathered."""
        if self.standing.phase is Phase.READING:
            self._lane.cancel("gather")
            self._set(Standing(Phase.STOPPED if self.job is not None else Phase.NOTHING))
        elif self.process is not None and self.active:
            self.process.stop()
            self._update(phase=Phase.STOPPING)

    def _run(self, job: Job) -> None:
        self.job = job
        process = LearnProcess(job, told=lambda event: self._pass_on(process, event), gentle=True)
        before = self.progress()[-1:]  # of an earlier day
        self._began, self._spent = time.monotonic(), sum(told.seconds for told in before)
        try:
            process.start()
        except ExpectedError as error:
            self._set(Standing(Phase.STOPPED, problem=str(error)))
            self.refused.emit(str(error))
            return
        self.process = process
        self._set(Standing(Phase.RUNNING, share=sum(_share(told.seconds, told.left) for told in before)))

    def _pass_on(self, process: LearnProcess, event: Event) -> None:
        """On the thread of the process."""
        if not self._closed.is_set():
            self._told.emit(process, event)

    # --- hearing ---------------------------------------------------------------------------------------------------

    def _have_read(self, ticket: object, done: int, total: int) -> None:
        if ticket is self._ticket and self.standing.phase is Phase.READING:
            self._update(done=done, total=total)

    def _hear(self, process: LearnProcess, event: Event) -> None:
        if process is not self.process:
            return
        if isinstance(event, StageTold):
            self._update(stage=event.stage, done=event.done, total=event.total, left=event.left)
        elif isinstance(event, StepTold):
            self._update(stage=Stage.TRAINING, done=event.step, total=event.steps, left=event.left)
            self.stepped.emit(event)
        elif isinstance(event, Paused) and self.standing.phase is Phase.RUNNING:
            self._spent += time.monotonic() - self._began
            self._update(phase=Phase.PAUSED)
        elif isinstance(event, Resumed) and self.standing.phase is Phase.PAUSED:
            self._began = time.monotonic()
            self._update(phase=Phase.RUNNING)
        elif isinstance(event, Stopped | Refused):
            self.process = None
            self._set(Standing(Phase.STOPPED, problem=event.reason if isinstance(event, Refused) else ""))
            self._look_at_parent()
        elif isinstance(event, Finished):
            self.process = None
            self._set(Standing(Phase.FINISHED, share=1.0))
            self.finished.emit(event.report)

    def _update(
        self,
        *,
        phase: Phase | None = None,
        stage: Stage | None = None,
        done: int | None = None,
        total: int | None = None,
        left: float | None = None,
    ) -> None:
        """The share of the time never goes back, however the guess of what is left changes."""
        now, told = self.standing, stage is not None
        left = left if told else now.left
        work = self._spent + (time.monotonic() - self._began if now.phase is Phase.RUNNING else 0.0)
        share = max(now.share, _share(work, left)) if told else now.share
        self._set(
            Standing(
                now.phase if phase is None else phase,
                now.stage if stage is None else stage,
                now.done if done is None else done,
                now.total if total is None else total,
                left,
                share,
            )
        )

    def _set(self, standing: Standing) -> None:
        self.standing = standing
        self.changed.emit()

    # --- what becomes of it ----------------------------------------------------------------------------------------

    @property
    def keeping(self) -> bool:
        """Whether its result is on its way into the store."""
        return self.job is not None and self._lane.has(("keep", self.job.folder))

    def keep(self) -> None:
        """Take the result into the store; `kept` or `refused` tells, and the job is gone once it is there."""
        job = self.job
        if job is None or self.keeping or self.standing.phase is not Phase.FINISHED:
            return

        def work(_token: CancelToken) -> ModelCard:
            card = weights_store.add(job.result, name=job.name)
            shutil.rmtree(job.folder, ignore_errors=True)
            return card

        def done(card: ModelCard) -> None:
            self._forget(job)
            self.kept.emit(card, job)

        self._lane.submit(work, key=("keep", job.folder), done=done, failed=self.refused.emit)

    def discard(self) -> None:
        """Nobody wants what was learned."""
        job = self.job
        if job is None or self.keeping or self.active:
            return

        def work(_token: CancelToken) -> None:
            shutil.rmtree(job.folder, ignore_errors=True)

        self._lane.submit(work, key="discard", done=lambda _none: None, failed=self.refused.emit)
        self._forget(job)

    def _forget(self, job: Job) -> None:
        if self.job is not None and self.job.folder == job.folder:
            self.job = None
            self._set(Standing())

    def close(self) -> None:
        """The window closes: what is learned so far is kept by the process itself, which ends soon after this."""
        self._closed.set()
        process, self.process = self.process, None
        if process is not None:
            process.stop()
        self._lane.close(timeout=CLOSING_SECONDS)
        if process is not None:
            process.wait(CLOSING_SECONDS)


def _runs(job: Job) -> bool:
    """Whether a process works on it that is none of ours."""
    try:
        with job.alone(seconds=0):
            return False
    except ExpectedError:
        return True
    except OSError:  # nobody can tell
        return False


def _share(work: float, left: float | None) -> float:
    """What so many seconds are of all, 0..1; 0 where nobody knows what is left."""
    return 0.0 if left is None else work / max(work + left, 1e-6)
