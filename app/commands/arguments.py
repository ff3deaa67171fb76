"""What several commands let people type: kinds of values, and groups of arguments that mean the same everywhere."""

from __future__ import annotations

import argparse
import math
import re

EXIT_CODES = (
    "Exit codes: 0 done · 1 something in the input was refused, all else was done · 2 wrong usage · 3 no result · "
    "130 stopped with Ctrl-C."
)

ENGINE = "what runs the network; remote sends the photos to the publisher of the model: they leave this machine"


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Which model runs on what: `model`, `engine`, `device`, as for `load_segmenter`."""
    add = parser.add_argument
    add("--model", default="starter", metavar="NAME|FILE", help="a known model or a file with weights")
    add("--engine", choices=("auto", "onnx", "openvino", "torch", "remote"), default="auto", help=ENGINE)
    add(
        "--device",
        type=device,
        default="auto",
        metavar="auto|cpu|cuda[:n]|…",
        help="where it runs: also tensorrt[:n], mps, gpu[:n], npu",
    )


def share(text: str) -> float:
    """A number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")
    return value


def device(text: str) -> str:
    """A device that may exist."""
    if not re.fullmatch(r"auto|cpu|(cuda|tensorrt|gpu)(:\d+)?|mps|npu", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not auto, cpu, cuda or cuda:n, nor another kind of device")
    return text


def whole(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1")
    return int(text)
