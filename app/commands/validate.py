"""`ade-mask-studio validate`: what is wrong with a folder of ADE PNGs; `app.core.validation` looks."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.commands import ExitCode
from app.commands.console import counted, note, print_json, progress


def describe(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.description = (
        "Looks at every PNG of a folder and of those below it, and says each problem: colours, palettes, 16 bits, "
        "classes counted from 0, values over 150, damaged files; with photos also sizes, photos without labels and "
        "labels without a photo. A folder with `annotations` and `images` in it finds its photos itself."
    )
    parser.epilog = (
        "Exit codes: 0 no problem · 1 there are problems · 2 wrong usage · 3 nothing to look at · 130 stopped with "
        "Ctrl-C.\n\nexamples:\n"
        "  ade-mask-studio validate labels/\n"
        "  ade-mask-studio validate labels/ --images photos/ --json"
    )
    add = parser.add_argument
    add("folder", type=Path, metavar="DIR", help="label files")
    add("--images", type=Path, metavar="DIR", help="the photos that they belong to, by stem")
    add("--json", action="store_true", help="print everything as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Look, print, and return the exit code."""
    from app.core.validation import as_record, validate

    with progress(None, unit="file") as advance:
        found = validate(arguments.folder, images=arguments.images, done=advance)
    if arguments.json:
        print_json(as_record(found))
    if not found.files and not found.problems:
        note(f"There are no PNGs in {arguments.folder}.")
        return ExitCode.NO_RESULT
    if not arguments.json:
        for problem in found.problems:
            print(f"{problem.file}: {problem.sentence}")
        print(f"{counted(found.files, 'file')} looked at, {counted(len(found.problems), 'problem')}.")
        if any(problem.convertible for problem in found.problems):
            print("`ade-mask-studio convert` makes ADE PNGs of some of them.")
    return ExitCode.REFUSED if found.problems else ExitCode.DONE
