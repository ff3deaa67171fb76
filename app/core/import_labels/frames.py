"""The frame that labels have to fit: the photo's size, and how its file says that it is to be turned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from app.core.arrays import U8
from app.core.files import reason
from inference.errors import PhotoError

_ORIENTATION_TAG = 0x0112
_TURNS: dict[int, Callable[[U8], object]] = {
    2: lambda labels: cv2.flip(labels, 1),
    3: lambda labels: cv2.rotate(labels, cv2.ROTATE_180),
    4: lambda labels: cv2.flip(labels, 0),
    5: cv2.transpose,
    6: lambda labels: cv2.rotate(labels, cv2.ROTATE_90_CLOCKWISE),
    7: lambda labels: cv2.flip(cv2.rotate(labels, cv2.ROTATE_90_CLOCKWISE), 0),
    8: lambda labels: cv2.rotate(labels, cv2.ROTATE_90_COUNTERCLOCKWISE),
}
"""EXIF orientation (tag 274) → what turns what is in the file upright."""


class Fit(NamedTuple):
    """How labels may lie on a photo."""

    turns: tuple[bool, ...]  # as the photo is shown (False), as it lies in its file (True), either of them, or neither
    scaled: bool  # they have its proportions, but not its size


@dataclass(frozen=True, slots=True)
class PhotoFrame:
    """A photo's shape (H, W) as it is shown, upright, and its EXIF orientation 1..8."""

    shape: tuple[int, int]
    orientation: int = 1

    def fit(self, shape: tuple[int, int]) -> Fit:
        """How labels of `shape` (H, W) may lie on it. Where turning leaves the shape as it is, nobody can tell."""
        ways = {
            turn: self._turned(shape) if turn else shape for turn in (False, *[True] * (self.orientation in _TURNS))
        }
        same = tuple(turn for turn, upright in ways.items() if upright == self.shape)
        alike = tuple(turn for turn, upright in ways.items() if self._has_proportions(upright))
        return Fit(same or alike, not same)

    def turned(self, labels: U8) -> U8:
        """Labels (h, w) as they lie in the photo's file, upright."""
        turn = _TURNS.get(self.orientation)
        return labels if turn is None else np.asarray(turn(labels), np.uint8)

    def scaled(self, labels: U8) -> U8:
        """Labels (h, w) brought to the photo's size: each pixel takes the nearest label."""
        height, width = self.shape
        return np.asarray(cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)

    def _has_proportions(self, shape: tuple[int, int]) -> bool:
        """Whether labels of `shape` are the photo made larger or smaller, but for rounding."""
        height, width = self.shape
        return abs(shape[0] * width / height - shape[1]) < 1 or abs(shape[1] * height / width - shape[0]) < 1

    def _turned(self, shape: tuple[int, int]) -> tuple[int, int]:
        return (shape[1], shape[0]) if self.orientation >= 5 else shape


def photo_frame(path: Path) -> PhotoFrame:
    """The frame of a photo, from its header: no pixel is decoded. PhotoError where that cannot be read."""
    try:
        with Image.open(path) as image:
            width, height = image.size
            orientation = int(image.getexif().get(_ORIENTATION_TAG, 1))
            orientation = orientation if orientation in _TURNS else 1
            if orientation >= 5 and image.format != "TIFF":  # which gives its size upright
                width, height = height, width
    except UnidentifiedImageError:
        raise PhotoError(f"{path.name} is not a picture that can be read.") from None
    except FileNotFoundError:
        raise PhotoError(f"{path.name} does not exist.") from None
    except OSError as error:
        raise PhotoError(f"{path.name} cannot be read: {reason(error)}.") from error
    except (SyntaxError, ValueError, EOFError, LookupError, ArithmeticError, TypeError) as error:
        raise PhotoError(f"{path.name} is damaged.") from error
    return PhotoFrame((height, width), orientation)
