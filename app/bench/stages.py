"""Where the processor time of a picture goes when many are gone through: each stage by itself, one after the other."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import TypeVar

from app.bench.figures import Figure
from app.core.document import DocumentSnapshot
from app.core.export import ExportOptions, export_picture, labels_of
from app.core.origin import Origin, Recipe
from app.core.project.packing import rounded
from app.core.project.predictions import PackedAnswer
from app.core.project.store import ProjectStore
from inference.photo import read_photo
from inference.prediction import Prediction
from inference.segmenter import Segmenter

T = TypeVar("T")

BOTH, COMMAND, WINDOW = "both", "predict command", "run in the window"


@dataclass
class _Clock:
    """Processor time of each stage, of all threads together, in milliseconds."""

    spent: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))

    def take(self, who: str, stage: str, work: Callable[[], T]) -> T:
        began = time.process_time()
        result = work()
        self.spent[who, stage].append((time.process_time() - began) * 1000)
        return result


def stage_figures(name: str, segmenter: Segmenter, pictures: Sequence[Path], folder: Path) -> Iterator[Figure]:
    """The mean for each stage, and for each way what it does beside the engine. `folder` is written to."""
    clock = _Clock()
    store = ProjectStore.open(folder, folder / "stages.sqlite")
    try:
        for path in pictures:
            origin, answer = _asked(clock, segmenter, path)
            _written(clock, origin, answer, path, folder)
            _kept(clock, origin, answer, path.name, store)
    finally:
        store.close()
    yield from _rows(name, clock)


def _asked(clock: _Clock, segmenter: Segmenter, path: Path) -> tuple[Origin, Prediction]:
    recipe = Recipe(segmenter.card.name, segmenter.card.sha256, segmenter.input_size, "segments", 0.5)
    origin = clock.take(BOTH, "knowing the file", lambda: Origin.of(path, recipe))
    photo = clock.take(BOTH, "decoding", lambda: read_photo(path))
    size = photo.shape[0], photo.shape[1]
    picture = clock.take(BOTH, "resizing", lambda: segmenter.prepare(photo))
    answer = clock.take("", "engine", lambda: segmenter.run(picture, size=size))
    return origin, clock.take(BOTH, "rounding", lambda: rounded(answer))


def _written(clock: _Clock, origin: Origin, answer: Prediction, path: Path, folder: Path) -> None:
    """What the predict command does with an answer."""
    snapshot = DocumentSnapshot.empty(path).with_prediction(answer)
    labels = clock.take(COMMAND, "composing", lambda: labels_of(snapshot))

    def write() -> None:
        export_picture(folder=folder, stem="stages", labels=labels, options=ExportOptions(), origin=origin)

    clock.take(COMMAND, "writing and reading back", write)


def _kept(clock: _Clock, origin: Origin, answer: Prediction, name: str, store: ProjectStore) -> None:
    """What the window does with it."""
    from app.core.shown_counts import shown_counts

    counts = clock.take(WINDOW, "areas", lambda: shown_counts(answer, None))
    packed = clock.take(WINDOW, "packing", lambda: PackedAnswer.of(answer, counts))
    model, identity = origin.recipe.model, origin.photo
    clock.take(WINDOW, "database", lambda: store.keep_answer(name, packed, model=model, identity=identity))


def _rows(name: str, clock: _Clock) -> Iterator[Figure]:
    means = {key: mean(times) for key, times in clock.spent.items()}
    engine = means.pop(("", "engine"))
    yield Figure(
        name=f"{name}: processor time of the engine", median=engine, note="mean for each picture, one after the other"
    )
    for way in (COMMAND, WINDOW):
        parts = {stage: value for (who, stage), value in means.items() if who in (BOTH, way)}
        largest = sorted(parts.items(), key=lambda part: -part[1])
        yield Figure(
            name=f"{name}: {way}, processor time beside it",
            median=sum(parts.values()),
            note=", ".join(f"{stage} {value:.1f}" for stage, value in largest),
        )
