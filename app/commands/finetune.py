"""`ade-mask-studio finetune`: what can be asked for; `finetune_job` does it."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

from app.commands.arguments import share, whole

MOST_HELD_BACK = 0.9
_SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))


def describe(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.description = (
        "Learns from your corrections: the pictures of a project that are marked done teach a model, and some of them "
        "are held back to compare it before and after. Nothing in the project is changed."
    )
    parser.epilog = (
        "Exit codes: 0 the new model is recommended · 1 it is there, but it got worse, or nobody can tell, or pictures "
        "were left out · 2 wrong usage · 3 no result · 130 stopped with Ctrl-C.\n\nexamples:\n"
        "  ade-mask-studio finetune photos/ -o mine.safetensors\n"
        "  ade-mask-studio finetune photos/ -o mine.safetensors --resume\n"
        "  ade-mask-studio finetune photos/ -o mine.safetensors --model bisenetformer-m-ade --train all --device cuda\n"
        "  ade-mask-studio predict photos/ -o labels/ --model mine.safetensors"
    )
    add = parser.add_argument
    add("project", type=Path, metavar="PROJECT", help="a folder of photos that was opened in the window, or its file")
    where = "the file of the new model, .safetensors; its card lies beside it"
    add("-o", "--output", type=model_file, required=True, metavar="MODEL", help=where)
    add("--model", default="starter", metavar="NAME|FILE", help="the model to begin with")
    add(
        "--train",
        choices=("head", "all"),
        help="head: the decoder alone, on features that are found once, in minutes on a CPU; all: the whole network "
        "(default: all on a CUDA device, else head)",
    )
    add(
        "--untouched",
        choices=("keep", "ignore"),
        default="keep",
        help="pixels that nobody decided: keep those that the network was sure of, or ignore them all",
    )
    add("--kept-score", type=share, default=0.5, metavar="S", help="from this score on they are kept (default 0.5)")
    weight = "what they weigh beside one that was decided, 0..1 (default 1)"
    add("--kept-weight", type=share, default=1.0, metavar="W", help=weight)
    held_back = "this share of the pictures is not learned from but compared on (default 0.2)"
    add("--held-back", type=held_back_share, default=0.2, metavar="SHARE", help=held_back)
    add("--steps", type=whole, metavar="N", help="how long to learn (default: by the number of pictures)")
    add("--device", type=device, default="auto", metavar="auto|cpu|cuda[:n]", help="where to learn")
    add("--resume", action="store_true", help="go on where the same command was stopped, with what was asked for then")
    add("--json", action="store_true", help="print the report as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Learn, print the report, and return the exit code."""
    from app.commands.finetune_job import FinetuneJob, finetune
    from inference.learning.settings import LearnSettings, Scope, Untouched

    return finetune(
        FinetuneJob(
            project=arguments.project,
            weights=arguments.output,
            model=arguments.model,
            scope=None if arguments.train is None else Scope(arguments.train),
            settings=LearnSettings(
                untouched=Untouched(arguments.untouched),
                kept_score=arguments.kept_score,
                kept_weight=arguments.kept_weight,
                held_back=arguments.held_back,
                steps=arguments.steps,
                device=arguments.device,
            ),
            resume=arguments.resume,
            as_json=arguments.json,
        )
    )


def model_file(text: str) -> Path:
    """Where a model may be written; what it ends in need not be said."""
    path = Path(text)
    if not path.name or path.is_dir() or text.endswith(_SEPARATORS):
        raise argparse.ArgumentTypeError(f"{text!r} is a folder; say what the model in it is to be called")
    if path.suffix.lower() in (".pth", ".pt", ".onnx", ".json"):
        raise argparse.ArgumentTypeError(f"a model is written as .safetensors, not as {path.suffix}")
    return path if path.suffix == ".safetensors" else path.with_name(f"{path.name}.safetensors")


def held_back_share(text: str) -> float:
    """A share that leaves something to learn from."""
    value = share(text)
    if value > MOST_HELD_BACK:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to {MOST_HELD_BACK}")
    return value


def device(text: str) -> str:
    """A device that PyTorch may learn on."""
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not auto, cpu, cuda or cuda:n")
    return text
