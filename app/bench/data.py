"""What the data layer costs without any drawing, on a 24 MP map, and what may depend on the size on one of 100 MP."""

from __future__ import annotations

from collections.abc import Iterator

from app.bench.figures import Figure
from app.core.benchmark import LARGE_MEASURES, MEASURES, SIZE_24MP, SIZE_100MP, strokes_megabytes

SIZE, LARGE_SIZE = SIZE_24MP, SIZE_100MP


def data_figures(*, quick: bool) -> Iterator[Figure]:
    """Every measure of the core, with its goal."""
    repetitions = 5 if quick else 50
    for size, measures in ((SIZE, MEASURES), (LARGE_SIZE, LARGE_MEASURES)):
        for measure in measures:
            yield Figure.of(measure.title, measure.run(size, repetitions), goal=measure.goal)
    taken = strokes_megabytes(SIZE, diameter=1000, strokes=200)
    yield Figure(name="history of 200 strokes, 1000 px", median=taken, unit="MB", goal=64)
