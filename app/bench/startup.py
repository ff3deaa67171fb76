"""How long a person waits after starting the program, and how much memory it takes: fresh processes, from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import cv2

from app.bench.figures import Figure
from inference.errors import ExpectedError
from inference.photo import read_photo
from resources.samples import sample_paths

PATIENCE = 600  # s for one start
LARGE = (4000, 6000)  # 24 MP


class ProbeError(ExpectedError):
    """A start that did not come to its end."""


def startup_figures(*, quick: bool) -> Iterator[Figure]:
    """Time to window, photo and mask on a sample photo, and peak memory at 24 MP."""
    sample = sample_paths()[0]
    repeats = 1 if quick else 3
    with TemporaryDirectory() as folder:
        # The very first start finds neither cache nor settings.
        first = probe("window", sample, cache=Path(folder, "cache"))
        yield Figure(name="very first start: window painted", median=first["window"], unit="s")
        yield Figure(name="very first start: first mask", median=first["mask"], unit="s")
        later = [probe("window", sample, cache=Path(folder, "cache")) for _ in range(repeats)]
        for name, what in (("window", "window painted"), ("photo", "photo shown"), ("mask", "first mask")):
            seconds = [one[name] for one in later]
            yield Figure(name=f"later start: {what}", median=median(seconds), unit="s", note=f"{repeats} times")
        large = Path(folder, "large.jpg")
        cv2.imwrite(str(large), cv2.resize(read_photo(sample), LARGE[::-1])[:, :, ::-1])
        for job, what in (("window", "window"), ("predict", "predict command")):
            run = probe(job, large, cache=Path(folder, "cache"))
            yield Figure(name=f"24 MP photo, {what}: start to mask", median=run["mask"], unit="s")
            if run["peak"] is not None:
                yield Figure(name=f"24 MP photo, {what}: peak memory", median=run["peak"], unit="MB")


def probe(job: str, photo: Path, *, cache: Path) -> dict[str, float]:
    """What `app.bench.probe` found in a fresh process with cache and settings in `cache`. ProbeError if it failed."""
    own = {"XDG_CACHE_HOME": str(cache), "XDG_CONFIG_HOME": str(cache)}  # the user's settings are not to be touched
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"} | own
    command = [sys.executable, "-m", "app.bench.probe", job, str(photo), str(time.time())]
    try:
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=True)
    except subprocess.SubprocessError as error:
        told = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise ProbeError(f"A fresh start for measuring ({job}) failed: {told[-1]}") from error
    figures: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return figures
