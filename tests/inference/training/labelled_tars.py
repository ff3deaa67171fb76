"""Small tars of labelled photos for the tests."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import cv2
import numpy as np

from inference.training.data import Sample

SIDE, CELL = 96, 8
COLOURS = np.array(
    [
        *([200, 60, 50], [60, 190, 70], [70, 90, 210], [210, 200, 60]),
        *([150, 70, 190], [80, 200, 200], [240, 240, 240], [30, 30, 30]),
    ]
)


def two_tone(name: str = "two", *, height: int = 64, width: int = 80) -> Sample:
    """A dark floor (4) under a bright sky (3); the horizon is a diagonal, so that no mirroring hides a mistake."""
    y, x = np.mgrid[0:height, 0:width]
    sky = y < height / 3 + x / 4
    photo = np.where(sky[..., None], np.uint8([90, 160, 250]), np.uint8([110, 60, 20]))
    return Sample(name, photo.astype(np.uint8), np.where(sky, 3, 4).astype(np.uint8))


def write_tar(path: Path, samples: list[Sample]) -> Path:
    with tarfile.open(path, "w") as tar:
        for sample in samples:
            photo = cv2.cvtColor(sample.photo, cv2.COLOR_RGB2BGR)
            lossless = [cv2.IMWRITE_WEBP_QUALITY, 101]
            for suffix, pixels, how in ((".webp", photo, lossless), (".png", sample.labels, [])):
                content = cv2.imencode(suffix, pixels, how)[1].tobytes()
                member = tarfile.TarInfo(sample.name + suffix)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return path


def scene(number: int) -> Sample:
    """Ground under a background and a block before both: three of eight classes, each of a colour of its own.

    Borders lie between the cells of a mask, where a network with masks at an eighth of the size can have them.
    """
    random = np.random.default_rng(number)
    back, ground, block = random.permutation(len(COLOURS))[:3]
    places = np.full((SIDE, SIDE), back)
    places[CELL * int(random.integers(5, 8)) :] = ground
    (top, left), (height, width) = CELL * random.integers(1, 6, 2), CELL * random.integers(3, 6, 2)
    places[top : top + height, left : left + width] = block
    photo = COLOURS[places] + random.integers(-12, 13, (SIDE, SIDE, 3))
    return Sample(str(number), photo.clip(0, 255).astype(np.uint8), (places + 1).astype(np.uint8))
