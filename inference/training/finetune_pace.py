"""How long a job will take on this machine: a little of each kind of its work is done and timed."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

from inference.engines.engine import is_out_of_memory
from inference.learning.events import PaceTold
from inference.learning.job import PACE, Job
from inference.learning.pictures import most_held_back
from inference.learning.report import MIXES
from inference.learning.settings import Scope
from inference.network.bisenetformer import BiSeNetFormer
from inference.training.features import VIEWS, Features
from inference.training.finetune import Learner, Run
from inference.training.finetune_head import HeadTrainer
from inference.training.finetune_result import load_network
from inference.training.finetune_whole import WholeSettings, WholeTrainer
from inference.training.timing import timed

STEPS = 3  # at most
MOST_SECONDS = 1.0
LONG = 1.0  # seconds for a crop of half the side, from which on smaller ones tell of a whole one
AROUND = 5.0  # seconds for starting, loading and writing


def pace(job: Job, *, pictures: int, check: Callable[[], None]) -> PaceTold:
    """Seconds of a whole job of either scope with so many pictures, of which this one may have only some.

    `check` is called between two parts of the work. Raises what `Run` raises.
    """
    found: dict[Scope, float | None] = {}
    runs = [
        Run(replace(job, settings=replace(job.settings, scope=scope)), tell=lambda _: None, check=check)
        for scope in Scope
    ]
    parent = load_network(job.parent.weights(), job.parent.own_network, device=runs[0].device)
    held_back = _held_back(job, pictures)
    runs[0].try_measuring(parent)  # the first time prepares what all later ones need
    measuring = _seconds_of(lambda: runs[0].try_measuring(parent), runs[0]) if held_back else 0.0
    for run, work in zip(runs, (_head_seconds, _whole_seconds), strict=True):
        try:
            seconds = work(run, parent, pictures=pictures - held_back)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            found[run.settings.scope] = None
        else:
            found[run.settings.scope] = AROUND + measuring * (1 + len(MIXES)) * held_back + seconds
    return PaceTold(head=found[Scope.HEAD], all=found[Scope.ALL])


def _held_back(job: Job, pictures: int) -> int:
    """How many of so many pictures; where not all of them are at hand, as many as may be, for names decide it."""
    if pictures == len(job.pictures):
        return len(job.indices(held_back=True))
    return most_held_back(pictures, job.settings.held_back)


def _head_seconds(run: Run, parent: BiSeNetFormer, *, pictures: int) -> float:
    """For the features that are kept, and for steps, whose views are trained on one after the other."""
    settings = run.head_settings()
    folder = tempfile.TemporaryDirectory(prefix=PACE, dir=run.job.folder, ignore_cleanup_errors=True)
    with folder as name:
        files = [Path(name, "first.safetensors")] * pictures
        features = Features(parent, run.samples, files, input_size=run.job.parent.input_size)
        keeping = _seconds_of(lambda: features.keep(0), run)
        view = _step_seconds(HeadTrainer(parent, features, replace(settings, batch_size=1)), run)
        view += (1 - features.room / pictures) * keeping / len(VIEWS)  # of those found again each time
        return keeping * features.room + view * settings.batch_size * _steps(run, pictures)


def _whole_seconds(run: Run, parent: BiSeNetFormer, *, pictures: int) -> float:
    """For steps alone. A processor takes as long for a crop whatever there is beside it; a graphics card does not, and
    has to show that its memory suffices."""
    settings, steps = run.whole_settings(), _steps(run, pictures)
    if run.device != "cpu":
        return steps * _step_seconds(_whole(run, parent, settings), run)
    alone = replace(settings, batch_size=1)
    quarter, half = (_whole(run, parent, replace(alone, input_size=alone.input_size // part)) for part in (4, 2))
    run.check()
    quarter.find_gradients()  # the first time prepares what all later ones need
    small, large = (_seconds_of(learner.find_gradients, run) for learner in (quarter, half))
    if large > LONG:  # some of the work is the same for every crop, the rest goes by its pixels: 1/16, 1/4 and 1
        crop = large + 4 * max(large - small, 0.0)
    else:
        crop = _seconds_of(_whole(run, parent, alone).find_gradients, run)
    return steps * settings.batch_size * crop


def _steps(run: Run, pictures: int) -> int:
    return run.job.settings.resolved(pictures).steps or 0


def _whole(run: Run, parent: BiSeNetFormer, settings: WholeSettings) -> WholeTrainer:
    return WholeTrainer(parent.config, parent.state_dict(), run.samples, settings, device=run.device)


def _step_seconds(learner: Learner, run: Run) -> float:
    """The middle one of some steps; never the first, which takes memory, chooses algorithms and loads libraries.

    What follows from the gradients takes next to nothing beside them, and PyTorch loads its compiler for it.
    """
    times: list[float] = []
    run.check()
    learner.find_gradients()
    until = time.monotonic() + MOST_SECONDS
    while not times or (len(times) < STEPS and time.monotonic() < until):
        times.append(_seconds_of(learner.find_gradients, run))
    return median(times)


def _seconds_of(work: Callable[[], object], run: Run) -> float:
    run.check()
    return timed(work, device=run.device)
