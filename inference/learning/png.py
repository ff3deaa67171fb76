"""Pixels of a job as PNG files: lossless, small, and quick to read."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.files import shown
from inference.learning.errors import JobError

U8 = NDArray[np.uint8]


def write_picture(path: Path, pixels: U8) -> None:
    """Pixels (H, W) or RGB (H, W, 3). Raises `OSError`."""
    ordered = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR) if pixels.ndim == 3 else pixels
    path.write_bytes(cv2.imencode(".png", ordered, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes())


def read_picture(path: Path) -> U8:
    """The pixels again. Raises `JobError`."""
    try:
        pixels = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    except (OSError, cv2.error) as error:  # cv2.error: there is nothing in the file
        raise JobError(f"The stored picture {shown(path)} cannot be read.") from error
    if pixels is None:
        raise JobError(f"The stored picture {shown(path)} is damaged.")
    ordered = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB) if pixels.ndim == 3 else pixels
    return np.asarray(ordered, np.uint8)
