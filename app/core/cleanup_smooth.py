"""The majority vote in a disc."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.arrays import U8
from app.core.geometry import Box
from app.core.tile_counts import count_codes

_Votes = NDArray[np.uint16]


def smoothed(labels: U8, inner: Box, radius: int) -> U8:
    """The labels that win in the disc around each pixel of `inner`, (h, w) uint8.

    `labels` (H, W) uint8 holds `inner` and `radius` pixels around it as far as the picture reaches. Ties: the pixel's
    own label, else the smallest class, unlabelled last.
    """
    own = labels[inner.slices]
    padding = (
        max(0, radius - inner.y0),
        max(0, radius - (labels.shape[0] - inner.y1)),
        max(0, radius - inner.x0),
        max(0, radius - (labels.shape[1] - inner.x1)),
    )
    winner, most, for_own = own.copy(), np.zeros(own.shape, np.uint16), np.zeros(own.shape, np.uint16)
    present = np.flatnonzero(count_codes(labels))
    for label in sorted(present, key=lambda label: (label - 1) % 256):
        voters = cv2.copyMakeBorder((labels == label).view(np.uint8), *padding, cv2.BORDER_CONSTANT, value=0)
        votes = disc_sums(np.asarray(voters, np.uint8), radius)
        np.copyto(for_own, votes, where=own == label)
        more = votes > most
        np.copyto(winner, np.uint8(label), where=more)
        np.copyto(most, votes, where=more)
    np.copyto(winner, own, where=for_own == most)
    return winner


def disc_sums(ones: U8, radius: int) -> _Votes:
    """How many ones lie within `radius` of each pixel that is as far from the sides: (H - 2r, W - 2r) uint16.

    `ones` (H, W) uint8 0 or 1, at most 65,535 pixels wide; radius up to 144.
    """
    height, width = ones.shape[0] - 2 * radius, ones.shape[1] - 2 * radius
    before = np.zeros((ones.shape[0], ones.shape[1] + 1), np.uint16)
    np.cumsum(ones, axis=1, dtype=np.uint16, out=before[:, 1:])
    sums = np.zeros((height, width), np.uint16)
    for dy in range(radius + 1):
        half = math.isqrt(radius * radius - dy * dy)
        start, end = radius - half, radius + half + 1
        rows = before[:, end : end + width] - before[:, start : start + width]
        sums += rows[radius + dy : radius + dy + height]
        if dy:
            sums += rows[radius - dy : radius - dy + height]
    return sums
