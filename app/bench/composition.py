"""From soft masks to a segment map: ours against resizing every mask, on a real prediction."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from app.bench.figures import Figure
from inference import load_segmenter
from inference.composition import compose, compose_plain
from inference.photo import read_photo
from resources.samples import sample_paths

MEGAPIXELS = (2, 12, 24, 48)

Planes = NDArray[np.float32]
Labels = NDArray[np.uint8]


def composition_figures(*, quick: bool) -> Iterator[Figure]:
    """Median time of each method at 2 to 48 MP, for the starter's answer to a sample photo."""
    photo = read_photo(sample_paths()[0])
    prediction = load_segmenter().predict(photo)
    planes = prediction.mask_probs * prediction.scores[:, None, None]
    height, width = photo.shape[:2]
    for megapixels in MEGAPIXELS[: 2 if quick else None]:
        scale = (megapixels * 1e6 / (height * width)) ** 0.5
        size = (round(height * scale), round(width * scale))
        ours = _times(compose, planes, size, repeats=5 if quick else 7)
        if quick and megapixels != MEGAPIXELS[0]:  # what we are compared with takes ten seconds and more
            yield Figure.of(f"{megapixels} MP, ours", ours)
            continue
        every = _times(resize_every_mask, planes, size, repeats=1)
        gain = f"{len(ours)} times · {every[0] / np.median(ours):.1f} times as fast as resizing every mask"
        yield Figure.of(f"{megapixels} MP, ours", ours, note=gain)
        yield Figure(name=f"{megapixels} MP, every mask resized by OpenCV", median=every[0])
        if quick:
            continue
        exact = _times(compose_plain, planes, size, repeats=1)
        yield Figure(name=f"{megapixels} MP, every mask resized, exact (the yardstick of the tests)", median=exact[0])


def resize_every_mask(planes: Planes, *, size: tuple[int, int]) -> Labels:
    """The plain method as quickly as a library does it: OpenCV resizes each mask, and the best so far is kept."""
    best = np.full(size, -np.inf, np.float32)
    winners = np.zeros(size, np.uint8)
    for index, plane in enumerate(planes):
        wide = cv2.resize(plane, size[::-1], interpolation=cv2.INTER_LINEAR)
        better = wide > best
        np.copyto(winners, np.uint8(index), where=better)
        np.copyto(best, wide, where=better)
    return winners


def _times(method: Callable[..., Labels], planes: Planes, size: tuple[int, int], *, repeats: int) -> list[float]:
    """Milliseconds of each repetition."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        method(planes, size=size)
        times.append((time.perf_counter() - start) * 1000)
    return times
