"""`python -m inference.training`: train a BiSeNetFormer on tars of labelled photos; run again to resume."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

from inference.network.config import CONFIGS
from inference.training.data import DataError, Samples
from inference.training.schedule import Budget, Minutes, Steps
from inference.training.trainer import RunFiles, Trainer, TrainingSettings, run


def parser() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(prog="python -m inference.training", description=__doc__)
    arguments.add_argument("tars", nargs="+", type=Path, help="tars of NAME.webp photos and NAME.png labels")
    arguments.add_argument("--folder", type=Path, required=True, help="where checkpoint and log go; resumed if present")
    arguments.add_argument("--network", choices=sorted(CONFIGS), default="bisenetformer-m-lite")
    arguments.add_argument("--start", type=Path, help="safetensors of the whole network to start from")
    arguments.add_argument("--imagenet", type=Path, help="ImageNet state dict of EfficientNet-Lite0 for the backbone")
    budget = arguments.add_mutually_exclusive_group(required=True)
    budget.add_argument("--minutes", type=float, help="training time; always ends its schedule, whatever the speed")
    budget.add_argument("--steps", type=int, help="training steps; repeatable")
    defaults = TrainingSettings()
    arguments.add_argument("--batch", type=int, default=defaults.batch_size)
    arguments.add_argument("--crops", type=int, nargs="+", default=list(defaults.crops))
    arguments.add_argument("--rate", type=float, default=defaults.learning_rate)
    arguments.add_argument("--average", type=float, default=defaults.average_decay, help="decay of the weight average")
    arguments.add_argument("--seed", type=int, default=defaults.seed)
    arguments.add_argument("--threads", type=int, help="processor threads")
    return arguments


def main(command_line: list[str] | None = None) -> int:
    options = parser().parse_args(command_line)
    if options.threads:
        torch.set_num_threads(options.threads)
    settings = TrainingSettings(
        batch_size=options.batch,
        crops=tuple(options.crops),
        learning_rate=options.rate,
        average_decay=options.average,
        seed=options.seed,
    )
    files = RunFiles(folder=options.folder)
    budget: Budget = Steps(options.steps) if options.steps is not None else Minutes(options.minutes)
    try:
        samples = Samples(options.tars)
        trainer = Trainer(CONFIGS[options.network], settings)
        if files.checkpoint.exists():
            trainer.resume(files.checkpoint)
        elif options.start:
            trainer.start_from(load_file(options.start))
        elif options.imagenet:
            trainer.start_backbone_from(torch.load(options.imagenet, map_location="cpu", weights_only=True))
        run(trainer, samples, budget=budget, files=files)
    except DataError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
