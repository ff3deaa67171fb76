"""How long a person waits after starting the program, and how much memory it takes: fresh processes, from outside."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import cv2

from app.bench.figures import Figure
from app.bench.fresh import probe
from inference.photo import read_photo
from resources.samples import sample_paths

LARGE = (4000, 6000)  # 24 MP


def startup_figures(*, quick: bool) -> Iterator[Figure]:
    """Time to window, photo and mask on a sample photo, and peak memory at 24 MP."""
    sample = sample_paths()[0]
    repeats = 1 if quick else 3
    with TemporaryDirectory() as folder:
        # The very first start finds neither cache nor settings.
        first = start("window", sample, cache=Path(folder, "cache"))
        yield Figure(name="very first start: window painted", median=first["window"], unit="s")
        yield Figure(name="very first start: first mask", median=first["mask"], unit="s")
        later = [start("window", sample, cache=Path(folder, "cache")) for _ in range(repeats)]
        for name, what in (("window", "window painted"), ("photo", "photo shown"), ("mask", "first mask")):
            seconds = [one[name] for one in later]
            yield Figure(name=f"later start: {what}", median=median(seconds), unit="s", note=f"{repeats} times")
        large = Path(folder, "large.jpg")
        cv2.imwrite(str(large), cv2.resize(read_photo(sample), LARGE[::-1])[:, :, ::-1])
        for job, what in (("window", "window"), ("predict", "predict command")):
            run = start(job, large, cache=Path(folder, "cache"))
            yield Figure(name=f"24 MP photo, {what}: start to mask", median=run["mask"], unit="s")
            if run["peak"] is not None:
                yield Figure(name=f"24 MP photo, {what}: peak memory", median=run["peak"], unit="MB")


def start(job: str, photo: Path, *, cache: Path) -> dict[str, float]:
    """What `app.bench.probe` found in a fresh process. ProbeError if it failed."""
    arguments = job, str(photo), str(time.time())
    return probe("app.bench.probe", *arguments, cache=cache, what=f"A fresh start for measuring ({job})")
