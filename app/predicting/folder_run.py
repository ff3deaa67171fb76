"""The network runs on many pictures while the person goes on working; what it says is kept in their projects."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from app.answering.model_in_use import ModelInUse
from app.core.arrays import U8
from app.core.human_layer import HumanLayer
from app.core.pipeline import Control, Outcome, run
from app.core.project.packing import rounded
from app.core.run_progress import Progress, RunReport
from app.core.shown_counts import shown_counts
from app.keeping.keeper import Keeper
from app.keeping.projects import Known
from app.workers.lane import CancelToken, Lane
from inference.errors import PhotoError
from inference.photo import read_photo
from inference.prediction import Prediction
from inference.segmenter import Segmenter

T = TypeVar("T")

BEHIND = 7  # priority in the engine's lane: after the picture in hand and its neighbours
RECENT = 100  # pictures that the rate is measured over


@dataclass(frozen=True)
class _Ready:
    """A photo on its way to the network; `picture` is None where the answer is known already."""

    known: Known
    picture: U8 | None
    size: tuple[int, int]


@dataclass
class _Run:
    """One run; a second one gets its own."""

    paths: Sequence[Path]
    control: Control = field(default_factory=Control)
    ends: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT))  # when the last pictures were done
    predicted: int = 0
    known: int = 0
    refused: list[tuple[Path, str]] = field(default_factory=list)
    ended_by: str = ""  # the model that took the place of the one that answers here

    def progress(self) -> Progress:
        done = self.predicted + self.known + len(self.refused)
        took = self.ends[-1] - self.ends[0] if len(self.ends) > 1 else 0.0
        return Progress(
            done=done,
            total=len(self.paths),
            refused=len(self.refused),
            current=self.paths[done].name if done < len(self.paths) else "",
            rate=(len(self.ends) - 1) / took if took > 0 else None,
            paused=self.control.paused,
        )

    def report(self, problem: str = "") -> RunReport:
        left = len(self.paths) - self.predicted - self.known - len(self.refused)
        if left and self.ended_by and not problem:
            problem = f"Stopped, because {self.ended_by} is in use now."
        return RunReport(self.predicted, self.known, tuple(self.refused), self.control.stopped, problem, left)


class FolderRun(QObject):
    """One run at a time, on threads of its own; the engine is asked through its lane, where the hand goes first."""

    progressed = Signal(object)  # Progress
    predicted = Signal(object)  # Path of a picture whose answer is in its project now
    unreadable = Signal(object, str)  # Path of a photo that cannot be read, and why
    ended = Signal(object)  # RunReport
    _told = Signal(object, object)  # _Run, Outcome

    def __init__(self, model: ModelInUse, engine_lane: Lane, keeper: Keeper, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model, self._engine_lane, self._keeper = model, engine_lane, keeper
        self._lane = Lane("folder", self)
        self._run: _Run | None = None
        self._numbers = itertools.count()
        self._told.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        model.replaced.connect(self._model_replaced)

    @property
    def running(self) -> bool:
        return self._run is not None

    @property
    def paused(self) -> bool:
        return self._run is not None and self._run.control.paused

    def start(self, paths: Sequence[Path]) -> bool:
        """Run the network on these pictures, in this order; False while another run goes on.

        Those that the model has answered for already, and whose files are the same, are passed over: so a run that
        was stopped goes on where it was when it is started again. `paths` is not copied and must not change.
        """
        if self._run is not None or not paths:
            return False
        started = self._run = _Run(paths)

        def done(_answer: object) -> None:
            self._end(started.report())

        def failed(reason: str) -> None:
            self._end(started.report(reason))

        self._lane.submit(lambda token: self._work(started, token), key="run", done=done, failed=failed)
        self.progressed.emit(started.progress())
        return True

    def pause(self) -> None:
        """Begin no other picture until `resume`."""
        if self._run is not None:
            self._run.control.pause()
            self.progressed.emit(self._run.progress())

    def resume(self) -> None:
        if self._run is not None:
            self._run.ends.clear()  # the pause says nothing of the rate
            self._run.control.resume()
            self.progressed.emit(self._run.progress())

    def stop(self) -> None:
        """Begin no other picture; what is done stays, and another start goes on from there."""
        if self._run is not None:
            self._run.control.stop()

    def _model_replaced(self) -> None:
        """The rest would be another model's, and what is done is worth nothing to that one."""
        if self._run is not None:
            self._run.ended_by = self._model.name
        self.stop()

    def close(self) -> None:
        """Stop, and wait for the picture under way."""
        self.stop()
        self._lane.close()

    # --- on the thread of the run ----------------------------------------------------------------------------------

    def _work(self, run_: _Run, token: CancelToken) -> None:
        def waited(future: Future[T], *, lane_has: Callable[[], bool] = lambda: True) -> T:
            """What comes of work in another lane; Cancelled when nothing will."""

            def nothing_comes() -> bool:
                held = not lane_has() or bool(self._keeper.trouble)  # the lane keeps what it cannot write
                return run_.control.stopped and held

            return token.wait(future, nothing_comes=nothing_comes)

        def in_engine(work: Callable[[], T]) -> T:
            key: Hashable = ("folder", next(self._numbers))
            future = _submitted(self._engine_lane, work, key)
            return waited(future, lane_has=lambda: self._engine_lane.has(key))

        segmenter = in_engine(self._model.segmenter)
        stages = _Stages(segmenter, self._keeper, in_engine, waited, self.unreadable.emit)
        outcomes = run(
            run_.paths,
            read=stages.read,
            think=stages.think,
            finish=stages.finish,
            control=run_.control,
            at_once=segmenter.at_once,
        )
        with closing(outcomes):
            for outcome in outcomes:
                self._told.emit(run_, outcome)

    def _tell(self, run_: _Run, outcome: Outcome[Path, bool]) -> None:
        if outcome.problem or outcome.result:
            run_.ends.append(time.monotonic())  # what was known says nothing of the rate
        if outcome.problem:
            run_.refused.append((outcome.item, outcome.problem))
        elif outcome.result:
            run_.predicted += 1
            self._model.report()  # memory may have run out on the way
            self.predicted.emit(outcome.item)
        else:
            run_.known += 1
        if run_ is self._run:
            self.progressed.emit(run_.progress())

    def _end(self, report: RunReport) -> None:
        self._run = None
        self.ended.emit(report)


@dataclass(frozen=True)
class _Stages:
    """What is done with each picture, and where."""

    segmenter: Segmenter
    keeper: Keeper
    in_engine: Callable[[Callable[[], Any]], Any]
    waited: Callable[[Future[Any]], Any]
    unreadable: Callable[[Path, str], None]

    @property
    def _model(self) -> str:
        return self.segmenter.card.name

    def read(self, path: Path) -> _Ready:
        known: Known = self.waited(self.keeper.ask(path, self._model))
        if known.predicted:
            return _Ready(known, None, (0, 0))
        try:
            photo = read_photo(path)
        except PhotoError as error:
            self.unreadable(path, str(error))
            raise
        height, width = photo.shape[:2]
        return _Ready(known, self.segmenter.prepare(photo), (height, width))

    def think(self, ready: _Ready) -> tuple[_Ready, Prediction | None]:
        picture = ready.picture
        if picture is None:
            return ready, None
        if self.segmenter.at_once == 1:
            return ready, rounded(self.in_engine(lambda: self.segmenter.run(picture, size=ready.size)))
        self.in_engine(lambda: None)  # the picture in hand and its neighbours first; then beside one another
        return ready, rounded(self.segmenter.run(picture, size=ready.size))

    def finish(self, path: Path, answer: tuple[_Ready, Prediction | None]) -> bool:
        """Keep the answer; False where there is nothing new."""
        ready, prediction = answer
        if prediction is None:
            return False
        known, corrections = ready.known, ready.known.corrections
        counts = shown_counts(prediction, None if corrections is None else HumanLayer.of_patch(corrections))
        self.waited(
            self.keeper.keep_answer(path, prediction, model=self._model, identity=known.identity, counts=counts)
        )
        return True


def _submitted(lane: Lane, work: Callable[[], T], key: Hashable) -> Future[T]:
    future: Future[T] = Future()

    def do(_token: CancelToken) -> None:
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 - raised again where the result is waited for
            future.set_exception(error)

    lane.submit(do, key=key, done=lambda _none: None, failed=lambda _reason: None, priority=BEHIND)
    return future
