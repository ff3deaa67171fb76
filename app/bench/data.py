"""What the data layer costs without any drawing, on a 24 MP map."""

from __future__ import annotations

from collections.abc import Iterator

from app.bench.figures import Figure
from app.core.benchmark import MEASURES, SIZE_24MP

SIZE = SIZE_24MP


def data_figures(*, quick: bool) -> Iterator[Figure]:
    """Every measure of the core, with the goal it has at 24 MP."""
    repetitions = 5 if quick else 50
    for measure in MEASURES:
        yield Figure.of(measure.title, measure.run(SIZE, repetitions), note=f"goal {measure.goal:g} ms")
