"""The frame that labels have to fit: the photo's size, and how its file says that it is to be turned."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from app.core.arrays import U8
from app.core.files import reason
from inference.errors import PhotoError
from inference.photo import AS_STORED, DAMAGE, orientation_of, upright, upright_shape


class Fit(NamedTuple):
    """How labels may lie on a photo."""

    turns: tuple[bool, ...]  # as the photo is shown (False), as it lies in its file (True), either of them, or neither
    scaled: bool  # they have its proportions, but not its size


@dataclass(frozen=True, slots=True)
class PhotoFrame:
    """A photo's shape (H, W) as it is shown, upright, and its EXIF orientation 1..8."""

    shape: tuple[int, int]
    orientation: int = AS_STORED

    def fit(self, shape: tuple[int, int]) -> Fit:
        """How labels of `shape` (H, W) may lie on it. Where turning leaves the shape as it is, nobody can tell."""
        ways = {False: shape}
        if self.orientation != AS_STORED:
            ways[True] = upright_shape(shape, self.orientation)
        same = tuple(turn for turn, seen in ways.items() if seen == self.shape)
        alike = tuple(turn for turn, seen in ways.items() if self._has_proportions(seen))
        return Fit(same or alike, not same)

    def turned(self, labels: U8) -> U8:
        """Labels (h, w) as they lie in the photo's file, upright."""
        return upright(labels, self.orientation)

    def scaled(self, labels: U8) -> U8:
        """Labels (h, w) brought to the photo's size: each pixel takes the nearest label."""
        height, width = self.shape
        return np.asarray(cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST_EXACT), np.uint8)

    def _has_proportions(self, shape: tuple[int, int]) -> bool:
        """Whether labels of `shape` are the photo made larger or smaller, but for rounding."""
        height, width = self.shape
        return abs(shape[0] * width / height - shape[1]) < 1 or abs(shape[1] * height / width - shape[0]) < 1


def photo_frame(path: Path) -> PhotoFrame:
    """The frame of a photo, from its header: no pixel is decoded. PhotoError where that cannot be read."""
    try:
        with Image.open(path) as image:
            shape, orientation = (image.height, image.width), orientation_of(image)
            if image.format != "TIFF":  # which gives its size upright
                shape = upright_shape(shape, orientation)
    except UnidentifiedImageError:
        raise PhotoError(f"{path.name} is not a picture that can be read.") from None
    except FileNotFoundError:
        raise PhotoError(f"{path.name} does not exist.") from None
    except OSError as error:
        raise PhotoError(f"{path.name} cannot be read: {reason(error)}.") from error
    except DAMAGE as error:
        raise PhotoError(f"{path.name} is damaged.") from error
    return PhotoFrame(shape, orientation)
