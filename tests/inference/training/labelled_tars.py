"""Small tars of labelled photos for the tests."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import cv2
import numpy as np

from inference.training.data import Sample


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
