"""Patterns over the labels: a second colour for the pixels where the pattern of their class has ink."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from app.core.arrays import U8, U32
from app.core.patterns import PATTERNS, pattern_bit, pattern_tile

_BITS = np.array([pattern_bit(number) for number in range(PATTERNS + 1)], np.uint8)


@dataclass(frozen=True, slots=True)
class Hatching:
    """How patterns are drawn: `bits` (256,) uint8, the pattern's bit of each code; `inks` (256,) uint32 like colours.

    `unit`: device pixels that a pattern's smallest part is wide.
    """

    bits: U8
    inks: U32
    unit: int

    @classmethod
    def of(cls, patterns: U8, inks: U32, *, unit: int) -> Hatching | None:
        """From the pattern 0..8 of each code, (256,) uint8; None when all are plain."""
        return cls(_BITS[patterns], inks, unit) if patterns.any() else None


def draw_patterns(codes: U8, hatching: Hatching, *, at: tuple[int, int], out: U32) -> None:
    """Draw ink over what is drawn already in `out` (h, w) uint32.

    `at`: how far codes[0, 0] lies right of and below the picture's corner, in device pixels, so that patterns move with
    the picture.
    """
    bits = np.asarray(cv2.LUT(codes, hatching.bits), np.uint8)
    _keep_inked(bits, pattern_tile(hatching.unit), at)
    inks = cv2.LUT(codes, hatching.inks.view(np.int32))
    cv2.copyTo(inks, bits, out.view(np.int32))


def _keep_inked(bits: U8, tile: U8, at: tuple[int, int]) -> None:
    """`bits` and the tile, which is repeated over them: in place."""
    (height, width), side = bits.shape, len(tile)
    columns = np.arange(at[0], at[0] + width) % side
    rows = np.roll(tile, -at[1], axis=0).take(columns, axis=1)
    whole = height // side * side
    blocks = bits[:whole].reshape(-1, side, width)
    np.bitwise_and(blocks, rows, out=blocks)
    np.bitwise_and(bits[whole:], rows[: height - whole], out=bits[whole:])
