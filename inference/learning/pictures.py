"""The pictures of a job: what a person decided on them, and how much each pixel weighs."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.learning.settings import LearnSettings, Untouched
from inference.preprocess import stretched

U8 = NDArray[np.uint8]

DECIDED = 255
"""In `LearnPicture.trust`: a person decided this pixel."""
FULL_SCORE = 200
"""In `LearnPicture.trust`: nobody decided this pixel, and the segment that owns it has the score 1."""


@dataclass(frozen=True, eq=False)
class LearnPicture:
    """One finished picture."""

    name: str
    photo: U8  # (h, w, 3) RGB
    labels: U8  # (h, w) 0..150, as an export would write them
    trust: U8  # (h, w): `DECIDED`, or round(`FULL_SCORE` · score of the segment that owns the pixel); 0: nobody
    held_back: bool  # as far as its name says; see `held_back_of`


def is_held_back(name: str, share: float) -> bool:
    """Whether a picture may be held back: by a hash of its name, so that it is the same ones in every job."""
    return place_of(name) < share


def held_back_of(
    names: Sequence[str], share: float, *, known: Sequence[bool], wanted: Sequence[bool] | None = None
) -> list[bool]:
    """Which pictures of a job are not trained on: at most this share of them, rounded up, but never all.

    Of those that are `wanted` (None: by `is_held_back`) it is the first in the order of their places, which are nearly
    the same ones when there are more pictures. Of two or more it is at least one, unless the share is 0. `known`: the
    parent has learned from it, so that it is taken only where there is no other.
    """
    count = len(names)
    order = sorted(range(count), key=lambda index: (known[index], place_of(names[index])))
    allowed = [is_held_back(name, share) for name in names] if wanted is None else wanted
    most = most_held_back(count, share)
    taken = [index for index in order if allowed[index] and not known[index]][:most]
    if not taken and most:
        taken = order[:1]
    held_back = frozenset(taken)
    return [index in held_back for index in range(count)]


def most_held_back(count: int, share: float) -> int:
    """How many of so many pictures `held_back_of` holds back at most."""
    return max(min(math.ceil(share * count - 1e-9), count - 1), 0)  # 7 % of 100 are 7.000000000000001


def place_of(name: str) -> float:
    """A number 0..1 that belongs to a name for ever, evenly spread over many names."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2.0**64


def kept_pixels(picture: LearnPicture, settings: LearnSettings) -> NDArray[np.bool_]:
    """(h, w): nobody decided these, and they are trained on anyhow."""
    if settings.untouched is Untouched.IGNORE:
        return np.zeros(picture.labels.shape, np.bool_)
    sure = (picture.trust <= FULL_SCORE) & (picture.trust >= max(1, round(FULL_SCORE * settings.kept_score)))
    return np.asarray(sure & (picture.labels > 0))


def weights_of(picture: LearnPicture, settings: LearnSettings) -> U8:
    """How much each pixel weighs in the training, (h, w) 0..255; nothing is known of pixels without a label."""
    kept = np.uint8(round(255 * settings.kept_weight))
    weights = np.where(kept_pixels(picture, settings), kept, np.uint8(0))
    decided = (picture.trust == DECIDED) & (picture.labels > 0)
    return np.asarray(np.where(decided, np.uint8(255), weights), np.uint8)


def no_larger_than(picture: LearnPicture, *, short_side: int) -> LearnPicture:
    """The picture with a short side of at most `short_side` pixels; labels and trust are never mixed."""
    height, width = picture.labels.shape
    scale = short_side / min(height, width)
    if scale >= 1:
        return picture
    rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    labels, trust = (
        cv2.resize(plane, (columns, rows), interpolation=cv2.INTER_NEAREST_EXACT).astype(np.uint8, copy=False)
        for plane in (picture.labels, picture.trust)
    )
    return replace(picture, photo=stretched(picture.photo, rows=rows, columns=columns), labels=labels, trust=trust)
