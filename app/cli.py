"""The command line: what can be typed, and what is told apart from opening the window.

`ade-mask-studio [PATH …]` opens the window; a first argument that is the name of a command runs that command without
one (a file of that name is given as `./predict`). Nothing here or below imports Qt, and the heavy parts are imported
when they are needed, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import atexit
import difflib
import gc
import io
import os
import sys
import textwrap
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from app.commands import COMMANDS, ExitCode
from app.commands.console import print_json
from inference.errors import ExpectedError, UnknownModelError

PROGRAM = "ade-mask-studio"
SHELLS = ("bash", "zsh", "tcsh")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """Arguments without the program's name → a namespace; `command` is None for the window (`paths`, `screenshot`).

    Wrong usage says one sentence and leaves with exit code 2, as argparse does.
    """
    if argv and argv[0] in COMMANDS:
        return build_parser().parse_args(argv)
    if argv and (meant := _meant(argv[0])) is not None:
        build_window_parser().error(f"there is no command and no file called {argv[0]}; did you mean {meant}?")
    arguments = build_window_parser().parse_args(argv)
    arguments.command = None
    return arguments


def _meant(word: str) -> str | None:
    """The command that was mistyped, None where a word is more like a photo: one that is there, or named as a file."""
    if os.path.lexists(word) or Path(word).name != word or Path(word).suffix:
        return None
    return next(iter(difflib.get_close_matches(word.casefold(), COMMANDS, n=1, cutoff=0.65)), None)


def run(arguments: argparse.Namespace) -> int:
    """Runs the command that `parse` found and returns the exit code.

    Expected errors become one sentence on stderr, and with --json a record on stdout as well, so that who parses that
    always can; `predict` alone prints no JSON.
    """
    atexit.register(gc.freeze)  # the last searches for garbage take longer than all else at the end, after Ctrl-C too
    try:
        code = _run(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()  # here, where it can still be told that it fails
        return code
    except OSError:
        trouble = _trouble_of_streams()
        if trouble is None:
            raise
        if isinstance(trouble, BrokenPipeError):
            return ExitCode.UNREAD
        print(f"The results cannot be written: {trouble.strerror}.", file=sys.stderr)
        return ExitCode.NO_RESULT


def _run(arguments: argparse.Namespace) -> int:
    try:
        return int(import_module(f"app.commands.{arguments.command}").run(arguments))
    except ExpectedError as error:
        print(error, file=sys.stderr)
        if arguments.json and arguments.command != "predict":
            print_json({"error": str(error)})
        return ExitCode.USAGE if isinstance(error, UnknownModelError) else ExitCode.NO_RESULT
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return ExitCode.INTERRUPTED


def _trouble_of_streams() -> OSError | None:
    """Why stdout, or else stderr, cannot be written, None where both can; what it holds is dropped, so that it can end.

    An empty line is written, as only that tells.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.write("\n")
            stream.flush()
        except OSError as error:
            with Path(os.devnull).open("wb") as nowhere:
                os.dup2(nowhere.fileno(), stream.fileno())
            return error
    return None


def let_output_name_everything() -> None:
    """Names of files need not be text, and stdout need not know every character: what it lacks is spelled out."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def build_window_parser() -> argparse.ArgumentParser:
    """The arguments of the window."""
    width = max(map(len, COMMANDS))
    listed = "\n".join(f"  {name:{width}}  {purpose}" for name, purpose in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Opens the window on photos or folders of photos.",
        epilog=f"commands that need no window (each has its own --help):\n{listed}",
        formatter_class=_HelpFormatter,
    )
    _add_version(parser)
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="photos or folders to open")
    parser.add_argument(
        "--print-completion",
        action=_PrintCompletion,
        choices=SHELLS,
        metavar="SHELL",
        help=f"print what makes a shell complete this command ({', '.join(SHELLS)}), and leave",
    )
    # For the pictures in the documentation: predicts the first photo, saves a picture of the window and leaves.
    parser.add_argument("--screenshot", type=Path, metavar="FILE", help=argparse.SUPPRESS)
    return parser


def build_parser() -> argparse.ArgumentParser:
    """The commands that need no window."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description="Semantic masks for photos, without a window.")
    _add_version(parser)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, purpose in COMMANDS.items():
        command = commands.add_parser(name, help=purpose, formatter_class=_HelpFormatter)
        import_module(f"app.commands.{name}").describe(command)
    return parser


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Sentences are as wide as the terminal; lines that are set in, such as examples, stay as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines = (line if line.startswith(" ") else textwrap.fill(line, width) for line in text.splitlines())
        return "\n".join(indent + line for line in lines)


class _PrintCompletion(argparse.Action):
    """Prints a script for the shell that was named, and leaves."""

    def __call__(self, parser: argparse.ArgumentParser, *given: object) -> None:
        print(completion(str(given[1])))
        parser.exit()


def completion(shell: str) -> str:
    """The script that makes one of `SHELLS` complete commands, options, published models and the names of files."""
    import shtab

    from inference.models import shipped_models

    published = [card.name for card in shipped_models() if card.url is not None]
    names = " ".join(card.name for card in shipped_models())

    def describe_files(parser: argparse.ArgumentParser) -> None:
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                for listed in action._choices_actions:  # zsh shows a line of each: what it is for goes on to one
                    command = action.choices[listed.dest]
                    command.description = listed.help
                    describe_files(command)
            elif action.metavar == "NAME":
                action.choices = published
            elif action.metavar == "NAME|FILE":
                action.complete = {"bash": _MODEL, "zsh": _MODEL, "tcsh": "f"}  # type: ignore[attr-defined]
            elif action.type is Path or action.metavar == "MODEL":
                action.complete = shtab.DIRECTORY if action.metavar == "DIR" else shtab.FILE  # type: ignore[attr-defined]

    parser = build_parser()
    describe_files(parser)
    own = _OWN_COMPLETION.get(shell, "").replace("NAMES", names)
    script = str(shtab.complete(parser, shell=shell, preamble=own))
    # What is no command is a photo or a folder for the window: then bash completes files as it does of itself.
    script = script.replace("complete -o bashdefault -F", "complete -o bashdefault -o default -F")
    script = script.replace("': :_shtab_ade_mask_studio_commands'", "': :_ade_mask_studio_command_or_photo'")
    last = "        weights) _shtab_ade_mask_studio_weights ;;\n"
    return script.replace(last, f"{last}        *) _files ;;\n")


_MODEL = "_ade_mask_studio_model_or_file"  # bash shows a folder as one where the function has "_file" in its name
_OWN_COMPLETION = {
    "bash": f"""{_MODEL}() {{
  compgen -W "NAMES" -- "$1"
  compgen -f -- "$1"
}}""",
    "zsh": f"""{_MODEL}() {{
  _alternative 'models:model:(NAMES)' 'files:file with weights:_files'
}}
_ade_mask_studio_command_or_photo() {{
  _alternative 'commands:command:_shtab_ade_mask_studio_commands' 'files:photo or folder:_files'
}}""",
}


def _add_version(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {version_text()}")


def version_text() -> str:
    """The version of this program, as it was installed."""
    try:
        return version(PROGRAM)
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "(not installed)"
