"""From the project on disk to the pictures of a job: on another thread, with a store of its own that only reads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from app.core.learning import Showing, count, gather
from app.core.project.store import ProjectStore
from app.learning.material import Material, without_lesson
from app.workers.lane import CancelToken
from inference.learning.job import LARGEST_SIDE, Job
from inference.learning.settings import LearnSettings
from inference.models import ModelCard

_WHOLE = 1_000_000  # pixels: a short side that no photo has


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be learned from which project, as things were at the moment of asking."""

    root: Path
    file: Path  # of the project
    parent: ModelCard
    settings: LearnSettings
    name: str  # of the new model
    showing: Showing
    saved: Callable[[], Future[None]]  # done once everything that was asked for until then is in the file
    left_out: list[tuple[str, str]] = field(default_factory=list)  # pictures that were refused so far, and why

    def job(
        self,
        folder: Path,
        token: CancelToken,
        *,
        told: Callable[[int, int], object] = lambda _done, _total: None,
        most: int | None = None,
    ) -> Job:
        """Gather the pictures, all or the first, into a job in `folder`. JobError, ProjectError, WeightsError."""
        token.wait(self.saved())
        size = self.parent.input_size
        with closing(ProjectStore.open(self.root, self.file, read_only=True)) as store:
            found = gather(
                store,
                short_side=_WHOLE if size is None else round(LARGEST_SIDE * size),
                held_back=self.settings.held_back,
                showing=self.showing,
                cancelled=lambda: token.cancelled,
                told=told,
                refused=lambda name, sentence: self.left_out.append((name, sentence)),
            )
            some = islice(found, most)
            job = Job.create(folder, parent=self.parent, name=self.name, settings=self.settings, pictures=some)
        self.left_out.extend(without_lesson(job))
        return job


def look_at(root: Path, file: Path, saved: Callable[[], Future[None]], token: CancelToken) -> Material:
    """What there is to learn from. ProjectError where it cannot be read."""
    token.wait(saved())
    with closing(ProjectStore.open(root, file, read_only=True)) as store:
        found = count(store)
        usable = frozenset(found.names)
        corrected = {row.name for row in store.rows() if row.revision and row.name in usable}
        counted = corrected.issubset(store.areas(found.names).names)
    decided = found.decided if counted else 0  # of some of them it would be said as if it were all
    return Material(found.done, found.names, decided, found.refused, bool(corrected))
