"""`ade-mask-studio doctor`: what can run a model on this machine, and why the rest cannot; `app.diagnosis` looks."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from app.commands import ExitCode
from app.commands.console import note, print_json, print_table, progress

if TYPE_CHECKING:
    from app.diagnosis import Diagnosis
    from inference.engines.trials import Trial

_NONE = "–"


def describe(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.description = (
        "Tries every engine on every device with one real photo, each in a process of its own, and says what can be "
        "used, how fast it is, how far it agrees with the reference engine, why the rest is refused and how to mend "
        "that. What was found is remembered until a driver or a library is another one."
    )
    parser.epilog = (
        "Exit codes: 0 something can run the model · 2 wrong usage, also a model that is unknown · 3 nothing can · "
        "130 stopped with Ctrl-C.\n\n"
        "examples:\n"
        "  ade-mask-studio doctor\n"
        "  ade-mask-studio doctor --fresh --model model_final.pth --json"
    )
    add = parser.add_argument
    add("--model", default="starter", metavar="NAME|FILE", help="a known model or a file with weights")
    add("--fresh", action="store_true", help="try again what is known from before")
    add("--json", action="store_true", help="print everything as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Look, print, and return the exit code."""
    from app.cli import version_text
    from app.diagnosis import as_record, diagnose
    from inference.engines.devices import every_pair
    from inference.models import known_card

    known_card(arguments.model)
    with progress(len(every_pair()), unit="trial") as advance:
        tried: list[Trial] = []

        def report(trial: Trial) -> None:
            tried.append(trial)
            advance(len(tried))

        found = diagnose(arguments.model, version=version_text(), fresh=arguments.fresh, report=report)
    if arguments.json:
        print_json(as_record(found))
    else:
        _print(found)
    return ExitCode.DONE if found.chosen is not None else ExitCode.NO_RESULT


def _print(found: Diagnosis) -> None:
    from inference.engines.making import title

    print(f"ADE Mask Studio {found.version} · {found.machine}")
    print(f"NVIDIA    {found.driver}")
    print(f"Display   {found.display}")
    print(f"Keyring   {found.keyring}\n")
    width = max(map(len, found.places))
    for what, where in found.places.items():
        print(f"{what:{width}}  {where}")
    print()
    if found.problem:
        note(f"Nothing here can predict. {found.problem}")
        return
    rows = [_row(title(trial.engine), trial) for trial in found.trials]
    print_table((found.model, "device", "ms a photo", "agreement", ""), rows)
    for trial in found.trials:
        if not trial.usable:
            print(f"{title(trial.engine)} on {trial.device} is refused. {trial.reason}")
            if trial.fix:
                print(f"    {trial.fix}")
    chosen = found.chosen
    print("Nothing here can predict." if chosen is None else f"{title(chosen.engine)} on {chosen.device} predicts.")


def _row(engine: str, trial: Trial) -> tuple[str, ...]:
    milliseconds = _NONE if trial.milliseconds is None else f"{trial.milliseconds:.0f}"
    agreement = _NONE if trial.agreement is None else f"{trial.agreement:.2%}"
    known = ", known" if trial.cached else ""
    return engine, trial.device, milliseconds, agreement, f"{'usable' if trial.usable else 'refused'}{known}"
