"""`ade-mask-studio convert`: label files of other kinds, and ADE PNGs for tools that count classes from 0."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from app.commands import ExitCode
from app.commands.arguments import EXIT_CODES
from app.commands.console import counted, note, print_json, print_refused, progress

_COUNTINGS = ("ade", "zero-based")


def describe(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.description = (
        "Writes 8-bit greyscale PNGs: palettes become greyscale, 16 bits 8, classes counted from 0 count from 1, 255 "
        "becomes unlabelled, or the other way round. Nothing is guessed: what can be meant in two ways is refused "
        "until you say which, and so are colours, of which some stand for two classes."
    )
    parser.epilog = (
        f"{EXIT_CODES}\n\nexamples:\n"
        "  ade-mask-studio convert old/ -o labels/\n"
        "  ade-mask-studio convert old/ -o labels/ --from zero-based\n"
        "  ade-mask-studio convert labels/ -o for_mmseg/ --to zero-based"
    )
    add = parser.add_argument
    add("paths", nargs="+", type=Path, metavar="PATH", help="PNGs, or folders of them with their sub-folders")
    add("-o", "--output", type=Path, required=True, metavar="DIR", help="where the new files go, made if need be")
    add("--from", dest="source", choices=_COUNTINGS, help="how the files number their classes (default: as is clear)")
    add("--to", choices=_COUNTINGS, default="ade", help="how the new ones do (default: ade)")
    add("--overwrite", action="store_true", help="replace files that are there already")
    add("--json", action="store_true", help="print what became of each file as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Convert, print what was done with how many files, and return the exit code."""
    from app.core.conversion import STEPS, Counting, convert, plan_conversion

    plan = plan_conversion(arguments.paths, arguments.output, overwrite=arguments.overwrite)
    source = None if arguments.source is None else Counting(arguments.source)
    with progress(STEPS * len(plan.targets), unit="step") as advance:
        found = convert(plan, source=source, target=Counting(arguments.to), done=advance)
    if arguments.json:
        written = [
            {"file": str(file), "written": str(plan.targets[file]), "conversion": how}
            for file, how in found.written.items()
        ]
        refused = [{"file": str(file), "reason": reason} for file, reason in found.refused.items()]
        print_json({"written": written, "refused": refused})
    else:
        for how, count in Counter(found.written.values()).most_common():
            print(f"{count:,} x {how}")
        print(f"{counted(len(found.written), 'file')} written to {arguments.output}.")
    print_refused(found.refused)
    if not found.written:
        note("Nothing was converted.")
        return ExitCode.NO_RESULT
    return ExitCode.REFUSED if found.refused else ExitCode.DONE
