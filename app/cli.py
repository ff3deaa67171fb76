"""The command line: what can be typed, and what is told apart from opening the window.

`ade-mask-studio [PATH …]` opens the window; a first argument that is the name of a command runs that command without
one (a file of that name is given as `./predict`). Nothing here or below imports Qt, and the heavy parts are imported
when they are needed, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import io
import math
import re
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from app.commands import ExitCode
from inference.errors import ExpectedError

PROGRAM = "ade-mask-studio"
COMMANDS = ("predict", "bench")
RESERVED = ("evaluate", "validate", "convert", "doctor", "weights", "finetune")  # commands of coming versions


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Arguments without the program's name → a namespace; `command` is None for the window (`paths`, `screenshot`).

    Wrong usage says one sentence and leaves with exit code 2, as argparse does.
    """
    if argv and argv[0] in COMMANDS:
        return build_parser().parse_args(argv)
    if argv and argv[0] in RESERVED:
        build_window_parser().error(
            f"the command {argv[0]} comes with a later version; a file of that name is given as ./{argv[0]}"
        )
    arguments = build_window_parser().parse_args(argv)
    arguments.command = None
    return arguments


def run(arguments: argparse.Namespace) -> int:
    """Runs the command that `parse` found and returns the exit code; expected errors become one sentence on stderr."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files need not be text
    try:
        match arguments.command:
            case "predict":
                return _predict(arguments)
            case "bench":
                from app.bench.command import run_bench

                return run_bench(
                    quick=arguments.quick, as_json=arguments.json, photos=arguments.photos, only=arguments.only
                )
            case unknown:
                raise AssertionError(f"no such command: {unknown}")
    except ExpectedError as error:
        print(error, file=sys.stderr)
        return ExitCode.NO_RESULT
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return ExitCode.INTERRUPTED


def build_window_parser() -> argparse.ArgumentParser:
    """The arguments of the window."""
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Opens the window on photos or folders of photos.",
        epilog=f"Commands that need no window: {', '.join(COMMANDS)}. Try: {PROGRAM} predict --help",
    )
    _add_version(parser)
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="photos or folders to open")
    # For the pictures in the documentation: predicts the first photo, saves a picture of the window and leaves.
    parser.add_argument("--screenshot", type=Path, metavar="FILE", help=argparse.SUPPRESS)
    return parser


def build_parser() -> argparse.ArgumentParser:
    """The commands that need no window."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Semantic masks for photos, without a window.")
    _add_version(parser)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_predict(commands)
    _add_bench(commands)
    return parser


def _add_version(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {version_text()}")


def version_text() -> str:
    """The version of this program, as it was installed."""
    try:
        return version(PROGRAM)
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "(not installed)"


def _add_predict(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "predict",
        help="label pictures for photos and folders of photos",
        description="Writes DIR/<stem>.png (8-bit greyscale, ADE20K numbers, 0 = unlabelled) for every photo.",
        epilog="Exit codes: 0 done · 1 something in the input was refused, all else was done · 2 wrong usage · "
        "3 no result. Of two photos that would get the same name the second is refused.",
    )
    add = parser.add_argument
    add("paths", nargs="+", type=Path, metavar="PATH", help="photos, or folders whose photos are taken")
    add("-o", "--output", type=Path, required=True, metavar="DIR", help="folder for the results, made if need be")
    add(
        "--threshold",
        type=_threshold,
        default=0.5,
        metavar="T",
        help="a segment counts above this score, 0..1 (default 0.5)",
    )
    add("--mode", choices=("segments", "semantic"), default="segments", help="scores and threshold, or every pixel")
    add("--model", default="starter", metavar="NAME|FILE", help="a known model or a file with weights")
    add("--engine", choices=("auto", "torch", "onnx"), default="auto", help="what runs the network")
    add("--device", type=_device, default="auto", metavar="auto|cpu|cuda[:n]", help="where it runs")
    add(
        "--resume",
        action="store_true",
        help="skip photos whose results are there, whole, and made of the same photo with the same model and options",
    )
    add("--json", action="store_true", help="also write DIR/<stem>.json, the detections")
    add("--overlay", action="store_true", help="also write DIR/<stem>_overlay.jpg, the labels over the photo")


def _add_bench(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "bench",
        help="how fast everything is on this machine",
        description="Measures engines, composition, painting and start-up on this machine and prints a table.",
    )
    parser.add_argument("--quick", action="store_true", help="fewer repetitions and smaller pictures")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--photos", type=Path, metavar="DIR", help="real photos for the part with many pictures")
    parser.add_argument("--only", default="", metavar="TEXT", help="only the parts whose titles contain this")


def _threshold(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


def _device(text: str) -> str:
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not auto, cpu, cuda or cuda:n")
    return text


def _predict(arguments: argparse.Namespace) -> int:
    from app.commands.predict import PredictJob, predict
    from app.core.document import ViewMode

    return predict(
        PredictJob(
            paths=tuple(arguments.paths),
            folder=arguments.output,
            threshold=arguments.threshold,
            mode=ViewMode(arguments.mode),
            model=arguments.model,
            engine=arguments.engine,
            device=arguments.device,
            resume=arguments.resume,
            detections=arguments.json,
            overlay=arguments.overlay,
        )
    )
