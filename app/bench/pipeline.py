"""Many pictures one after the other: how much of the bare engine's pace is left with everything around it.

The bare engine is given what it wants in memory. The predict command reads photos, composes labels and writes them; the
window's run keeps its answers in a project. All take turns on the same pictures, a few at a time, so that what else the
machine does falls on all of them alike. What they do beside the engine is told stage by stage.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.bench.figures import Figure
from app.bench.network import SIDE, random_m
from app.bench.stages import stage_figures
from app.core.pictures import list_pictures
from inference.engines import open_engine
from inference.models import ModelCard, find_card
from inference.photo import read_photo
from inference.processors import usable_processors
from inference.segmenter import Segmenter
from resources.samples import sample_paths

if TYPE_CHECKING:
    from app.core.run_progress import RunReport
    from app.predicting.folder_run import FolderRun

PICTURES = 300
AT_ONCE = 30  # pictures for each turn
GOAL = 0.95  # of the bare engine


@dataclass(frozen=True)
class _Turn:
    """What one turn of one way took for each picture, in seconds."""

    wall: float
    processor: float  # of all cores together

    @classmethod
    def of(cls, work: Callable[[], object], count: int) -> _Turn:
        began, busy = time.perf_counter(), time.process_time()
        work()
        return cls((time.perf_counter() - began) / count, (time.process_time() - busy) / count)


@dataclass
class Pace:
    """The ways through the pictures, turn by turn."""

    bare: list[_Turn] = field(default_factory=list)
    together: list[_Turn] = field(default_factory=list)
    command: list[_Turn] = field(default_factory=list)
    window: list[_Turn] = field(default_factory=list)

    def figures(self, name: str) -> Iterator[Figure]:
        busy = median(turn.processor / turn.wall for turn in self.bare)
        yield Figure(
            name=f"{name}: the engine alone, one after the other",
            median=median(1 / turn.wall for turn in self.bare),
            unit="a second",
            note=f"{_processor(self.bare)}, {busy:.2f} of {usable_processors()} cores at work",
        )
        yield Figure(
            name=f"{name}: the engine alone, as many at once as it does best",
            median=median(1 / turn.wall for turn in self.together),
            unit="a second",
            note=_processor(self.together),
        )
        for what, turns in (("predict command", self.command), ("run in the window", self.window)):
            yield Figure(
                name=f"{name}: {what}, share of that",
                median=median(bare.wall / turn.wall for bare, turn in zip(self.bare, turns, strict=True)),
                unit="",
                note=f"{median(1 / turn.wall for turn in turns):.1f} a second, {_processor(turns)}",
                goal=GOAL,
                at_least=True,
            )


def _processor(turns: Sequence[_Turn]) -> str:
    return f"{median(turn.processor for turn in turns) * 1000:.0f} ms of processor time each"


def pipeline_figures(*, quick: bool, photos: Path | None = None) -> Iterator[Figure]:
    """The starter on all cores and on one less, and the published m network, on the photos of a folder or on ours."""
    count = AT_ONCE if quick else PICTURES
    with TemporaryDirectory() as text:
        folder = Path(text)
        pictures = _linked(list_pictures([photos]) if photos else sample_paths(), folder / "photos", count)
        starter, cores = find_card("starter"), usable_processors()
        segmenter = _segmenter(starter)
        yield from measure(segmenter, pictures, folder).figures("starter")
        yield from stage_figures("starter", segmenter, pictures[:AT_ONCE], folder)
        if cores > 1 and hasattr(os, "sched_setaffinity"):
            with _fewer_cores(cores - 1):
                spared = _segmenter(starter)
            yield from measure(spared, pictures, folder).figures(f"starter on {cores - 1} of {cores} cores")
        few = pictures[: 2 if quick else AT_ONCE]
        large = _segmenter(replace(random_m(folder), input_size=SIDE))
        yield from measure(large, few, folder, at_once=10).figures(f"m at {SIDE} pixels")


def measure(segmenter: Segmenter, pictures: Sequence[Path], folder: Path, *, at_once: int = AT_ONCE) -> Pace:
    """Each way to work through the pictures, in turns; `folder` is for what they write."""
    pace = Pace()
    with _window(segmenter, folder) as run:
        for start in range(0, len(pictures), at_once):
            some = pictures[start : start + at_once]
            inputs = [segmenter.prepare(read_photo(path)) for path in some]
            count = len(some)
            pace.bare.append(_Turn.of(partial(_bare, segmenter, inputs), count))
            pace.together.append(_Turn.of(partial(_bare_together, segmenter, inputs), count))
            pace.command.append(_Turn.of(partial(_command, segmenter, some, folder / "labels"), count))
            pace.window.append(_Turn.of(partial(run, some), count))
    return pace


def _bare(segmenter: Segmenter, inputs: Sequence[NDArray[np.uint8]]) -> None:
    for one in inputs:
        segmenter.engine.run(one)


def _bare_together(segmenter: Segmenter, inputs: Sequence[NDArray[np.uint8]]) -> None:
    with ThreadPoolExecutor(segmenter.at_once) as threads:
        for _ in threads.map(segmenter.engine.run, inputs):
            pass


def _command(segmenter: Segmenter, pictures: Sequence[Path], labels: Path) -> None:
    from app.commands.predict_job import PredictJob, Report, predict_photos

    report = Report()
    labels.mkdir(exist_ok=True)
    predict_photos(
        {path: path.stem for path in pictures}, segmenter, PredictJob(paths=tuple(pictures), folder=labels), report
    )
    assert report.written == len(pictures), report.refused


@contextmanager
def _window(segmenter: Segmenter, folder: Path) -> Iterator[Callable[[Sequence[Path]], None]]:
    """What runs the network over pictures as the window does, with a project in the folder of the photos."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from app.answering.model_in_use import ModelChoice, ModelInUse
    from app.editing.session import Session
    from app.keeping.keeper import Keeper
    from app.predicting.folder_run import FolderRun
    from app.settings import Settings
    from app.window import make_application
    from app.workers.lane import Lane

    class Loaded(ModelInUse):
        def segmenter(self) -> Segmenter:
            return segmenter

    make_application()
    engine_lane = Lane("engine")
    keeper = Keeper(Session(Settings()), lambda: segmenter.card.name)
    folder_run = FolderRun(Loaded(ModelChoice(), engine_lane), engine_lane, keeper)
    try:
        yield lambda pictures: _run_through(folder_run, pictures)
    finally:
        folder_run.close()
        keeper.close()
        engine_lane.close()
        for file in (folder / "photos").glob(".ade-mask-studio.sqlite*"):  # what is known need not be predicted
            file.unlink()


def _run_through(folder_run: FolderRun, pictures: Sequence[Path]) -> None:
    from PySide6.QtCore import QEventLoop

    loop = QEventLoop()
    reports: list[RunReport] = []
    folder_run.ended.connect(reports.append)
    folder_run.ended.connect(loop.quit)
    folder_run.start(pictures)
    loop.exec()
    folder_run.ended.disconnect(loop.quit)
    assert reports[-1].predicted == len(pictures), reports[-1]


def _segmenter(card: ModelCard) -> Segmenter:
    engine, _ = open_engine(card)
    return Segmenter(card, engine, card.input_size)


@contextmanager
def _fewer_cores(count: int) -> Iterator[None]:
    """What is opened here believes that there are only so many."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(before)[:count]))
    try:
        yield
    finally:
        for thread in Path("/proc/self/task").iterdir():  # threads inherit the cores of the one that made them
            with suppress(OSError):
                os.sched_setaffinity(int(thread.name), before)


def _linked(photos: Sequence[Path], folder: Path, count: int) -> list[Path]:
    """So many photos in a folder of their own, repeated as need be."""
    folder.mkdir()
    pictures = []
    for number in range(count):
        photo = photos[number % len(photos)].resolve()
        pictures.append(folder / f"{number:04}{photo.suffix}")
        try:
            pictures[-1].symlink_to(photo)
        except OSError:
            shutil.copy(photo, pictures[-1])
    return pictures
