"""`ade-mask-studio evaluate`: predicted label files against true ones; `app.core.evaluation` compares them."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.commands import ExitCode
from app.commands.arguments import EXIT_CODES, whole
from app.commands.console import counted, note, print_json, print_refused, print_table, progress
from inference.errors import ExpectedError


def describe(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.description = (
        "Compares ADE PNGs of the same stem, pixel by pixel: mean IoU in both conventions, accuracies, every class, "
        "the largest confusions. Pixels whose truth is 0 do not count; a prediction of 0 elsewhere is a miss."
    )
    parser.epilog = (
        f"{EXIT_CODES}\n\nexamples:\n"
        "  ade-mask-studio evaluate --pred labels/ --truth annotations/validation/\n"
        "  ade-mask-studio evaluate --pred labels/ --truth annotations/ --report report.html --json"
    )
    add = parser.add_argument
    add("--pred", type=Path, required=True, metavar="DIR", help="predictions, with those in sub-folders")
    add("--truth", type=Path, required=True, metavar="DIR", help="true labels, with those in sub-folders")
    add("--report", type=Path, metavar="FILE.html", help="also write a page with confusion matrix and worst pictures")
    add("--images", type=Path, metavar="DIR", help="photos, to be shown in that page")
    add("--jobs", type=whole, metavar="N", help="how many pictures at once (default: one for each processor)")
    add("--json", action="store_true", help="print everything as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Compare, print, and return the exit code."""
    from app.core.evaluation import as_record, evaluate, pair_up, photos_of
    from app.core.evaluation_report import class_rows, measures, mistake_rows, write_report

    if arguments.images is not None and arguments.report is None:
        note("--images is for --report: photos are shown in that page.")
        return ExitCode.USAGE
    pairs = pair_up(arguments.pred, arguments.truth)
    photos = {} if arguments.images is None else photos_of(arguments.truth, arguments.images)
    with progress(len(pairs.files), unit="picture") as advance:
        found = evaluate(pairs, jobs=arguments.jobs, done=advance)
    if not found.pictures:
        if arguments.json:
            print_json(as_record(found))
        print_refused(found.refused)
        note("Nothing could be compared.")
        return ExitCode.NO_RESULT
    if arguments.json:
        print_json(as_record(found))
    else:
        print_table(("class", "IoU", "accuracy", "true pixels", "predicted"), class_rows(found))
        if mistakes := mistake_rows(found.confusion):
            print_table(("truth", "taken for", "pixels", "share"), mistakes)
        print_table(("measure", "value"), measures(found))
    if pairs.spare:
        note(f"Left alone: {counted(pairs.spare, 'prediction')} without a truth.")
    print_refused(found.refused)
    if arguments.report is not None:
        try:  # last, since what was found is worth telling without it
            write_report(arguments.report, found, title=f"{arguments.pred} against {arguments.truth}", photos=photos)
        except ExpectedError as error:
            note(str(error))
            return ExitCode.REFUSED
    return ExitCode.REFUSED if found.refused else ExitCode.DONE
