"""Prints what was measured, part by part, as soon as each part is done."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from app.bench.composition import composition_figures
from app.bench.data import data_figures
from app.bench.figures import Figure, markdown_table
from app.bench.folder import folder_figures
from app.bench.keeping import keeping_figures
from app.bench.large import large_figures
from app.bench.learning import learning_figures
from app.bench.machine import machine_line
from app.bench.memory import memory_figures
from app.bench.network import network_figures
from app.bench.pipeline import pipeline_figures
from app.bench.screen import screen_figures
from app.bench.startup import startup_figures
from app.commands import ExitCode
from inference.errors import ExpectedError

ENGINES = "Engines: the network, one picture at a time"
COMPOSITION = "Composition: a prediction becomes a segment map"
HAND = "The hand at work in the window, 24 MP"
START = "Start"
LEARNING = "Learning from corrections: what the next photos need"
PIPELINE = "Many pictures: share of the bare engine's pace"
PARTS: dict[str, Callable[..., Iterator[Figure]]] = {
    ENGINES: network_figures,
    PIPELINE: pipeline_figures,
    COMPOSITION: composition_figures,
    HAND: screen_figures,
    "A photo of 100 MP: how long anything holds up the window": large_figures,
    "Memory of painting": memory_figures,
    "A folder of 100,000 photos": folder_figures,
    "Behind it: the data alone, 24 MP": data_figures,
    "From the end of a stroke into the project, 24 MP": keeping_figures,
    START: startup_figures,
    LEARNING: learning_figures,
}
AT_A_GLANCE = (ENGINES, COMPOSITION, HAND, START)
"""What a quick look is about where nothing was asked for by name."""


def run_bench(
    *, quick: bool, as_json: bool, photos: Path | None = None, labelled: Path | None = None, only: str = ""
) -> int:
    """Measure every part whose title contains `only`, and print it; the exit code. `photos`: a folder of real ones;
    `labelled`: one of photos with true labels, without which the part about learning is left out.

    Quick without `only` leaves out all but the parts that tell how the program feels. A part that cannot be measured
    here says why, and the others follow.
    """
    wanted = [title for title in PARTS if only.casefold() in title.casefold()]
    if quick and not only:
        wanted = [title for title in wanted if title in AT_A_GLANCE] or wanted
    if labelled is None and wanted == [LEARNING]:
        print(f"{LEARNING}: that takes photos with known labels, --labelled DIR.", file=sys.stderr)
        return ExitCode.USAGE
    wanted = [title for title in wanted if title != LEARNING or labelled is not None]
    inputs: dict[str, dict[str, Path | None]] = {PIPELINE: {"photos": photos}, LEARNING: {"labelled": labelled}}
    if not wanted:
        print(f"No part is called {only}; there are: {'; '.join(PARTS)}.", file=sys.stderr)
        return ExitCode.USAGE
    measured: dict[str, list[Figure]] = {}
    failed = 0
    if not as_json:
        print(machine_line(), flush=True)
    for number, title in enumerate(wanted, start=1):
        print(f"measuring {number} of {len(wanted)}: {title} …", file=sys.stderr, flush=True)
        try:
            measured[title] = list(PARTS[title](quick=quick, **inputs.get(title, {})))
        except ExpectedError as error:
            measured[title] = [Figure(name="not measured", median=None, note=str(error))]
            failed += 1
        if not as_json:
            print(f"\n**{title}**\n\n{markdown_table(measured[title])}", flush=True)
    if as_json:
        parts = {title: [asdict(figure) for figure in figures] for title, figures in measured.items()}
        print(json.dumps({"machine": machine_line(), "parts": parts}, indent=1))
    return ExitCode.NO_RESULT if failed == len(wanted) else ExitCode.REFUSED if failed else ExitCode.DONE
