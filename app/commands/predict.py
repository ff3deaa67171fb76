"""`ade-mask-studio predict`: what can be asked for; `predict_job` does it."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.commands.arguments import EXIT_CODES, add_engine_arguments, share


def describe(parser: argparse.ArgumentParser) -> None:
    """The arguments of the command."""
    parser.description = "Writes DIR/<stem>.png (8-bit greyscale, ADE20K numbers, 0 = unlabelled) for every photo."
    parser.epilog = (
        f"{EXIT_CODES} Of two photos that would get the same name the second is refused.\n\n"
        "examples:\n"
        "  ade-mask-studio predict photos/ -o labels/\n"
        "  ade-mask-studio predict photos/ -o labels/ --recursive --mode semantic --resume"
    )
    add = parser.add_argument
    add("paths", nargs="+", type=Path, metavar="PATH", help="photos, or folders whose photos are taken")
    add(
        "--recursive",
        action="store_true",
        help="also the photos in sub-folders; their results lie in the same sub-folders of DIR",
    )
    add("-o", "--output", type=Path, required=True, metavar="DIR", help="folder for the results, made if need be")
    threshold = "a segment counts above this score, 0..1 (default 0.5)"
    add("--threshold", type=share, default=0.5, metavar="T", help=threshold)
    mode = "scores and threshold, or each pixel's likeliest class"
    add("--mode", choices=("segments", "semantic"), default="segments", help=mode)
    add_engine_arguments(parser)
    add(
        "--resume",
        action="store_true",
        help="skip photos whose results are there, whole, and made of the same photo with the same model and options",
    )
    add(
        "--json",
        action="store_true",
        help="also write DIR/<stem>.json, the detections (files alone: nothing is printed as JSON)",
    )
    add("--overlay", action="store_true", help="also write DIR/<stem>_overlay.jpg, the labels over the photo")


def run(arguments: argparse.Namespace) -> int:
    """Predict, and print what became of every photo."""
    from app.commands.predict_job import PredictJob, predict
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
            recursive=arguments.recursive,
            detections=arguments.json,
            overlay=arguments.overlay,
        )
    )
