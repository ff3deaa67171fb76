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
from app.bench.machine import machine_line
from app.bench.memory import memory_figures
from app.bench.network import network_figures
from app.bench.pipeline import pipeline_figures
from app.bench.screen import screen_figures
from app.bench.startup import startup_figures
from app.commands import ExitCode

PIPELINE = "Many pictures: share of the bare engine's pace"
PARTS: dict[str, Callable[..., Iterator[Figure]]] = {
    "The network, 640 x 640 pixels, one picture": network_figures,
    PIPELINE: pipeline_figures,
    "Composition: a prediction becomes a segment map": composition_figures,
    "The hand at work in the window, 24 MP": screen_figures,
    "A photo of 100 MP: how long anything holds up the window": large_figures,
    "Memory of painting": memory_figures,
    "A folder of 100,000 photos": folder_figures,
    "Behind it: the data alone, 24 MP": data_figures,
    "From the end of a stroke into the project, 24 MP": keeping_figures,
    "Start": startup_figures,
}


def run_bench(*, quick: bool, as_json: bool, photos: Path | None = None, only: str = "") -> int:
    """Measure every part whose title contains `only`, and print it; the exit code. `photos`: a folder of real ones."""
    measured: dict[str, list[Figure]] = {}
    if not as_json:
        print(machine_line(), flush=True)
    wanted = {title: part for title, part in PARTS.items() if only.casefold() in title.casefold()}
    if not wanted:
        print(f"No part is called {only}; there are: {'; '.join(PARTS)}.", file=sys.stderr)
        return ExitCode.USAGE
    for title, part in wanted.items():
        print(f"measuring: {title} …", file=sys.stderr, flush=True)
        measured[title] = list(part(quick=quick, photos=photos) if title == PIPELINE else part(quick=quick))
        if not as_json:
            print(f"\n**{title}**\n\n{markdown_table(measured[title])}", flush=True)
    if as_json:
        parts = {title: [asdict(figure) for figure in figures] for title, figures in measured.items()}
        print(json.dumps({"machine": machine_line(), "parts": parts}, indent=1))
    return 0
