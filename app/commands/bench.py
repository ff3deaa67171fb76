"""`ade-mask-studio bench`: which figures to measure; `app.bench` measures them."""

from __future__ import annotations

import argparse
from pathlib import Path


def describe(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.description = (
        "Measures engines, composition, painting, large folders and start-up on this machine, and prints Markdown "
        "tables that can be pasted as they are. All of it takes a quarter of an hour."
    )
    parser.epilog = (
        "Exit codes: 0 done · 1 a part could not be measured, the others were · 2 wrong usage · 3 no result · 130 "
        "stopped with Ctrl-C.\n\nexamples:\n"
        "  ade-mask-studio bench --quick\n"
        "  ade-mask-studio bench --only network --json > engines.json\n"
        "  ade-mask-studio bench --only pictures --photos photos/\n"
        "  ade-mask-studio bench --only learning --labelled street/"
    )
    add = parser.add_argument
    add("--quick", action="store_true", help="engines, composition, painting and start-up alone, less often: a minute")
    add("--json", action="store_true", help="print the figures as JSON")
    add("--photos", type=Path, metavar="DIR", help="real photos for the part with many pictures")
    labelled = "folder with images and annotations as ADE20K has them, for the part about learning from corrections"
    add("--labelled", type=Path, metavar="DIR", help=labelled)
    add("--only", default="", metavar="TEXT", help="only the parts whose titles contain this")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    from app.bench.command import run_bench

    return run_bench(
        quick=arguments.quick,
        as_json=arguments.json,
        photos=arguments.photos,
        labelled=arguments.labelled,
        only=arguments.only,
    )
