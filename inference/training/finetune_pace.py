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
from inference.learning.job import Job
from inference.learning.settings import Scope
from inference.network.bisenetformer import BiSeNetFormer
from inference.training.features import FeatureFiles, keep_features
from inference.training.finetune import Learner, Run
from inference.training.finetune_head import HeadTrainer
from inference.training.finetune_result import load_network

STEPS = 6  # at most
MOST_SECONDS = 3.0
AROUND = 5.0  # seconds for starting, loading and writing


def pace(job: Job, *, pictures: int, check: Callable[[], None]) -> PaceTold:
    """Seconds of a whole job of either scope with so many pictures, of which this one may have only some.

    Raises what `Run` raises, `StopAsked` between two parts.
    """
    found: dict[Scope, float | None] = {}
    for scope in Scope:
        run = Run(replace(job, settings=replace(job.settings, scope=scope)), tell=lambda _: None, check=check)
        parent = load_network(job.parent.weights(), job.parent.own_network, device=run.device)
        try:
            found[scope] = _seconds(run, parent, pictures=pictures, check=check)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            found[scope] = None
    return PaceTold(head=found[Scope.HEAD], all=found[Scope.ALL])


def _seconds(run: Run, parent: BiSeNetFormer, *, pictures: int, check: Callable[[], None]) -> float:
    folder = tempfile.TemporaryDirectory(prefix="pace-", dir=run.job.folder, ignore_cleanup_errors=True)
    with folder as name:
        file = Path(name, "features.safetensors")
        check()
        run.try_measuring(parent)  # the first time prepares something
        check()
        measuring = _timed(lambda: run.try_measuring(parent))
        check()
        features, learner = 0.0, None
        if run.settings.scope is Scope.HEAD:
            sample, size = run.samples[0], run.job.parent.input_size
            features = _timed(lambda: keep_features(parent, sample, file, input_size=size))
            learner = HeadTrainer(parent, FeatureFiles([file], device=run.device), run.head_settings())
        step = _step_seconds(learner or run.learner(parent), check=check)
    share = run.settings.held_back
    held_back = max(1, round(share * pictures)) if share else 0
    steps = run.job.settings.resolved(pictures - held_back).steps or 0
    return AROUND + features * (pictures - held_back) + measuring * 2 * held_back + step * steps


def _step_seconds(learner: Learner, *, check: Callable[[], None]) -> float:
    """The middle one of some steps. The first, which takes memory and chooses algorithms, counts where it is slow."""
    times: list[float] = []
    while len(times) < STEPS and sum(times) < MOST_SECONDS:
        check()
        times.append(_timed(learner.train_step))
    return median(times[1:] or times)


def _timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began
