"""`ade-mask-studio weights`: the models on this machine and those that can be fetched; `inference.weights_store` keeps
them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.commands import ExitCode
from app.commands.arguments import EXIT_CODES
from app.commands.console import counted, note, print_json, print_table
from inference.errors import ExpectedError

if TYPE_CHECKING:
    from inference.downloads import Progress
    from inference.models import ModelCard


def describe(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.description = (
        "Fetches published weights, takes in a file of one's own, and says what is here. Nothing is used that was not "
        "loaded strictly and run once; the hash of the first download is compared ever after."
    )
    parser.epilog = (
        f"{EXIT_CODES}\n\nexamples:\n"
        "  ade-mask-studio weights list\n"
        "  ade-mask-studio weights fetch bisenetformer-m-ade\n"
        "  ade-mask-studio weights add model_final.pth --name bisenetformer-m-ade\n"
        "  ade-mask-studio predict photos/ -o labels/ --model bisenetformer-m-ade\n\n"
        "environment:\n"
        "  ADE_MASK_STUDIO_MODELS       the folder where weights are kept\n"
        "  ADE_MASK_STUDIO_WEIGHTS_URL  a mirror with a folder for each model"
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name: str, purpose: str) -> argparse.ArgumentParser:
        added = actions.add_parser(
            name, help=purpose, description=f"{purpose.capitalize()}.", formatter_class=parser.formatter_class
        )
        added.add_argument("--json", action="store_true", help="print the outcome as JSON")
        return added

    action("list", "all models: which are here, how large and how good they are")
    fetch = action("fetch", "download weights; what was interrupted is gone on with")
    fetch.add_argument("names", nargs="+", metavar="NAME", help="a published model")
    add = action("add", "take in a file that is here already, for example where there is no network")
    add.add_argument("file", type=Path, metavar="FILE", help="a .safetensors, .pth, .pt or .onnx file")
    add.add_argument("--name", metavar="NAME", help="the published model whose file this is, or a name of one's own")
    action("verify", "compare all files with the hashes that were kept")
    path = action("path", "the folder with the weights, or the file of a model")
    path.add_argument("name", nargs="?", metavar="NAME", help="a model that is here")
    remove = action("remove", "delete the weights of a model and forget their hash")
    remove.add_argument("name", metavar="NAME", help="a model that was fetched or added")


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked, print what came of it, and return the exit code."""
    actions: dict[str, Callable[[argparse.Namespace], int]] = {
        "list": _list,
        "fetch": _fetch,
        "add": _add,
        "verify": _verify,
        "path": _path,
        "remove": _remove,
    }
    return actions[arguments.action](arguments)


def _list(arguments: argparse.Namespace) -> int:
    from inference.ledger import read_ledger, store_folder
    from inference.models import known_models

    read_ledger()  # a damaged one is not passed over in silence here
    records = [_record(card) for card in known_models()]
    if arguments.json:
        print_json({"folder": str(store_folder()), "models": records})
    else:
        print_table(("model", "weights", "size", "mean IoU"), [_row(record) for record in records])
        note(f"What is fetched or added lies in {store_folder()}.")
    return ExitCode.DONE


def _fetch(arguments: argparse.Namespace) -> int:
    from inference.models import find_card, known_card
    from inference.weights_store import fetch

    for name in arguments.names:
        known_card(name)  # a slip of the hand is told before anything is fetched
    fetched: list[ModelCard] = []
    refused: dict[str, str] = {}
    for name in dict.fromkeys(arguments.names):
        try:
            card = find_card(name)
            note(f"{card.name}, licence: {card.licence}")
            with _bytes(card.name) as progress:
                fetched.append(fetch(card, progress=progress))
        except ExpectedError as error:
            refused[name] = str(error)
            note(f"{name}: {error}")
    if arguments.json:
        reasons = [{"name": name, "reason": reason} for name, reason in refused.items()]
        print_json({"fetched": [_record(card) for card in fetched], "refused": reasons})
    else:
        for card in fetched:
            _print_taken(card)
    if not fetched:
        return ExitCode.NO_RESULT
    return ExitCode.REFUSED if refused else ExitCode.DONE


def _add(arguments: argparse.Namespace) -> int:
    from inference.models import shipped_models
    from inference.weights_store import add

    card = add(arguments.file, name=arguments.name)
    if arguments.json:
        print_json(_record(card))
    else:
        _print_taken(card)
    alike = [one.name for one in shipped_models() if one.url is not None and one.network == card.network]
    if alike and card.name not in alike:
        note(f"Its network is that of {alike[0]}; if it is the published file, add it with --name {alike[0]} instead.")
    return ExitCode.DONE


def _verify(arguments: argparse.Namespace) -> int:
    from inference.weights_store import verify

    found = verify()
    if arguments.json:
        print_json([{"name": one.name, "file": str(one.path), "ok": one.ok, "reason": one.reason} for one in found])
    else:
        for one in found:
            print(f"{one.name}: {one.reason} {one.path}")
    bad = sum(not one.ok for one in found)
    if bad:
        note(f"{counted(bad, 'model')} cannot be used.")
    return ExitCode.REFUSED if bad else ExitCode.DONE


def _path(arguments: argparse.Namespace) -> int:
    from inference.models import find_card
    from inference.weights_store import store_folder

    path = store_folder() if arguments.name is None else find_card(arguments.name).weights()
    if arguments.json:
        print_json({"path": str(path)})
    else:
        print(path)
    return ExitCode.DONE


def _remove(arguments: argparse.Namespace) -> int:
    from inference.weights_store import remove

    remove(arguments.name)
    if arguments.json:
        print_json({"removed": arguments.name})
    else:
        print(f"{arguments.name} was removed.")
    return ExitCode.DONE


def _print_taken(card: ModelCard) -> None:
    from inference.downloads import size_text

    if card.file is not None:
        print(f"{card.name}: {card.file} ({size_text(card.file.stat().st_size)}, SHA-256 {card.sha256})")


def _record(card: ModelCard) -> dict[str, Any]:
    """A model as plain data."""
    from inference.weights_store import address_of, expected_size, fetched_so_far

    return {
        "name": card.name,
        "aliases": list(card.aliases),
        "file": None if card.file is None else str(card.file),
        "size": None if card.file is None else card.file.stat().st_size,
        "expected_size": expected_size(card),
        "fetched_so_far": fetched_so_far(card),
        "url": address_of(card),
        "sha256": card.sha256,
        "input_size": card.input_size,
        "licence": card.licence,
        "trained_on": card.trained_on,
        "limits": card.limits,
        "figures": [{"checked_on": one.checked_on, "view": one.view, **one.measures} for one in card.figures],
        "lineage": dict(card.lineage),
    }


def _row(record: dict[str, Any]) -> list[str]:
    from inference.downloads import size_text

    if record["size"] is not None:
        state, size = "here", size_text(record["size"])
    else:
        begun, expected = record["fetched_so_far"], record["expected_size"]
        state = f"{size_text(begun)} of it here" if begun else "lost" if record["sha256"] else "not fetched"
        size = "" if expected is None else f"about {size_text(expected)}"
    # Those of a model that learned are of a few pictures of one's own, and say nothing beside the others'.
    figures = [] if record["lineage"] else record["figures"]
    mean_iou = next((one["mean IoU"] for one in figures if "mean IoU" in one), "–")
    return [record["name"], state, size, mean_iou]


@contextmanager
def _bytes(name: str) -> Iterator[Callable[[Progress], None]]:
    """A bar that counts bytes and knows how many were here before. None where stderr is no terminal."""
    from tqdm import tqdm

    with tqdm(
        desc=name, unit="B", unit_scale=True, disable=None, dynamic_ncols=True, file=sys.stderr, leave=False
    ) as bar:

        def show(progress: Progress) -> None:
            if bar.n == 0:
                bar.initial = progress.done  # for the rate
            bar.total = progress.total
            bar.update(progress.done - bar.n)

        yield show
        bar.refresh()  # what came within a moment is shown as well
