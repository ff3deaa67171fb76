"""`python -m inference.training`: train a BiSeNetFormer on labelled photos, measure it, and write its weights."""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from inference.errors import WeightsError
from inference.network.bisenetformer import BiSeNetFormer
from inference.network.config import CONFIGS, NetworkConfig, recognise
from inference.training import calibrate, reliability
from inference.training.criterion import LossSettings
from inference.training.data import DataError, Samples
from inference.training.evaluate import evaluate, figures
from inference.training.schedule import Budget, Minutes, Steps
from inference.training.trainer import RunFiles, Trainer, TrainingSettings, run

TARS_HELP = "tars of NAME.webp photos and NAME.png labels (0 = unknown, 1..150)"


def train(options: argparse.Namespace) -> None:
    settings = TrainingSettings(
        batch_size=options.batch,
        workers=options.workers,
        crops=tuple(options.crops),
        learning_rate=options.rate,
        average_decay=options.average,
        frozen_levels=options.frozen,
        rare=options.rare,
        seed=options.seed,
        losses=LossSettings(points=options.points),
    )
    files = RunFiles(folder=options.folder)
    budget: Budget = Steps(options.steps) if options.steps is not None else Minutes(options.minutes)
    samples = Samples(options.tars)
    trainer = Trainer(CONFIGS[options.network], settings, device=options.device)
    if files.checkpoint.exists():
        trainer.resume(files.checkpoint)
    elif options.start and options.start.suffix == ".pt":
        trainer.start_from_run(options.start)
    elif options.start:
        trainer.start_from(load_file(options.start))
    elif options.imagenet:
        trainer.start_backbone_from(torch.load(options.imagenet, map_location="cpu", weights_only=True))
    if options.teacher:
        trainer.learn_from(network_of(options.teacher))
    run(trainer, samples, budget=budget, files=files)


def network_of(weights: Path) -> BiSeNetFormer:
    """The network of a safetensors file. Raises `WeightsError`."""
    state = load_file(weights)
    network = BiSeNetFormer(recognise({name: tuple(value.shape) for name, value in state.items()})).eval()
    network.load_state_dict(state)
    return network


def export(options: argparse.Namespace) -> None:
    """Averaged weights of a checkpoint, calibrated if labelled photos are named, in half precision."""
    checkpoint = torch.load(options.checkpoint, map_location="cpu", weights_only=True)
    network = BiSeNetFormer(NetworkConfig.from_dict(checkpoint["config"])).eval()
    network.load_state_dict(checkpoint["average"])
    report = {"step": checkpoint["step"], "seconds": round(checkpoint["seconds"])}
    if options.calibrate:
        samples = Samples(options.calibrate)
        chosen = [samples[index] for index in range(0, len(samples), options.every)]
        calibration = calibrate.fit(calibrate.collect(network, chosen, input_size=options.size))
        calibrate.apply(network.state_dict(), calibration)
        report |= asdict(calibration) | {"calibrated_on": len(chosen)}
    state = {
        name: (value.half() if value.is_floating_point() else value).contiguous()
        for name, value in network.state_dict().items()
    }
    save_file(state, options.file, metadata={"format": "pt"})
    options.file.chmod(0o644)
    report["sha256"] = hashlib.sha256(options.file.read_bytes()).hexdigest()
    sys.stdout.write(json.dumps(report) + "\n")


def measure(options: argparse.Namespace) -> None:
    """One JSON line per split, view and input size; a split is a tar."""
    network = network_of(options.weights)
    for tar in options.tars:
        every = Samples([tar])
        samples = [every[index] for index in range(0, len(every), options.every)]
        for size in options.sizes:
            counted = evaluate(network, samples, input_size=size, threshold=options.threshold)
            for view, confusion in counted.items():
                line = figures(confusion, split=tar.stem, view=view, input_size=size, pictures=len(samples))
                sys.stdout.write(json.dumps(asdict(line)) + "\n")
                sys.stdout.flush()


def rely(options: argparse.Namespace) -> None:
    """How often segments of a score are right: one JSON line per tenth of the score, and a picture of that."""
    network = network_of(options.weights)
    table = reliability.reliability(
        reliability.segments_of(calibrate.collect(network, Samples(options.tars), input_size=options.size))
    )
    for row in table:
        numbers = {name: None if math.isnan(value) else round(value, 4) for name, value in asdict(row).items()}
        sys.stdout.write(json.dumps(numbers) + "\n")
    error = round(reliability.calibration_error(table), 4)
    sys.stdout.write(json.dumps({"calibration_error": error, "segments": sum(row.segments for row in table)}) + "\n")
    if options.picture:
        title = f"{options.weights.stem}: {', '.join(tar.stem for tar in options.tars)}"
        options.picture.write_text(reliability.diagram(table, title=title), encoding="utf-8")


def at_least(least: int) -> Callable[[str], int]:
    """How a count is read from the command line."""

    def count(text: str) -> int:
        if (number := int(text)) < least:
            raise argparse.ArgumentTypeError(f"{number} is too few, it takes at least {least}")
        return number

    return count


def parser() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(prog="python -m inference.training", description=__doc__)
    arguments.add_argument("--threads", type=int, help="processor threads")
    commands = arguments.add_subparsers(required=True)
    add_train(commands.add_parser("train", help="train, or go on where the folder's checkpoint stopped"))

    out = commands.add_parser("export", help=export.__doc__)
    out.add_argument("checkpoint", type=Path)
    out.add_argument("file", type=Path, help="where the safetensors go")
    out.add_argument("--calibrate", type=Path, nargs="+", help=f"fit the scores on these {TARS_HELP}")
    out.add_argument("--every", type=int, default=10, help="use every so-manieth photo for that")
    out.add_argument("--size", type=int, default=288, help="short side of the photos for that")
    out.set_defaults(command=export)

    score = commands.add_parser("evaluate", help=measure.__doc__)
    score.add_argument("weights", type=Path)
    score.add_argument("tars", nargs="+", type=Path, help=TARS_HELP)
    score.add_argument("--sizes", type=int, nargs="+", default=[288], help="short sides")
    score.add_argument("--every", type=int, default=1, help="use every so-manieth photo, for a quick look")
    score.add_argument("--threshold", type=float, default=0.5, help="of the segments view")
    score.set_defaults(command=measure)

    rely_on = commands.add_parser("reliability", help=rely.__doc__)
    rely_on.add_argument("weights", type=Path)
    rely_on.add_argument("tars", nargs="+", type=Path, help=TARS_HELP)
    rely_on.add_argument("--size", type=int, default=288, help="short side of the photos")
    rely_on.add_argument("--picture", type=Path, help="where an SVG of it goes")
    rely_on.set_defaults(command=rely)
    return arguments


def add_train(arguments: argparse.ArgumentParser) -> None:
    arguments.add_argument("tars", nargs="+", type=Path, help=TARS_HELP)
    arguments.add_argument("--folder", type=Path, required=True, help="where checkpoint and log go")
    arguments.add_argument("--network", choices=sorted(CONFIGS), default="bisenetformer-m-lite")
    arguments.add_argument("--start", type=Path, help="what to start from: safetensors, or the checkpoint.pt of a run")
    imagenet_help = "ImageNet state dict of the EfficientNet-Lite that the network has as its backbone"
    arguments.add_argument("--imagenet", type=Path, help=imagenet_help)
    teacher_help = "safetensors of a network whose answers are learned from, too; exported without --calibrate"
    arguments.add_argument("--teacher", type=Path, help=teacher_help)
    budget = arguments.add_mutually_exclusive_group(required=True)
    budget.add_argument("--minutes", type=float, help="training time; always ends its schedule, whatever the speed")
    budget.add_argument("--steps", type=int, help="training steps; repeatable")
    defaults = TrainingSettings()
    batch_help = "photos of one worker, at least 2: one photo alone has no statistics to normalise its mean by"
    arguments.add_argument("--batch", type=at_least(2), default=defaults.batch_size, help=batch_help)
    arguments.add_argument("--workers", type=int, default=defaults.workers, help="batches of one step, a thread each")
    crops_help = "sides of the square crops, which share the run equally in this order"
    arguments.add_argument("--crops", type=int, nargs="+", default=list(defaults.crops), help=crops_help)
    points_help = "points at which a mask is compared; 12544 as published, the default for speed on small crops"
    arguments.add_argument("--points", type=at_least(1), default=defaults.losses.points, help=points_help)
    arguments.add_argument("--rate", type=float, default=defaults.learning_rate)
    arguments.add_argument("--average", type=float, default=defaults.average_decay, help="decay of the weight average")
    frozen_help = "backbone outputs whose layers are not trained; 0 when the backbone starts from nothing"
    arguments.add_argument("--frozen", type=int, choices=range(5), default=defaults.frozen_levels, help=frozen_help)
    rare_help = "share of the photos; classes found in fewer draw their photos more often; 0: every photo once a pass"
    arguments.add_argument("--rare", type=float, default=defaults.rare, help=rare_help)
    arguments.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    arguments.add_argument("--seed", type=int, default=defaults.seed)
    arguments.set_defaults(command=train)


def main(command_line: list[str] | None = None) -> int:
    options = parser().parse_args(command_line)
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        options.command(options)
    except (DataError, WeightsError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
