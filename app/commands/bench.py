"""`ade-mask-studio bench`: which figures to measure; `app.bench` measures them."""

from __future__ import annotations

import argparse
from pathlib import Path


def describe(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.description = "Measures engines, composition, painting and start-up on this machine and prints a table."
    parser.epilog = "example:\n  ade-mask-studio bench --quick --only network"
    add = parser.add_argument
    add("--quick", action="store_true", help="fewer repetitions and smaller pictures")
    add("--json", action="store_true", help="print the figures as JSON")
    add("--photos", type=Path, metavar="DIR", help="real photos for the part with many pictures")
    add("--only", default="", metavar="TEXT", help="only the parts whose titles contain this")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    from app.bench.command import run_bench

    return run_bench(quick=arguments.quick, as_json=arguments.json, photos=arguments.photos, only=arguments.only)
