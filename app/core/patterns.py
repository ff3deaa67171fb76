"""Simple patterns that tell classes apart where colours do not: on a bad screen, in print, for other eyes.

All of them are kept in one tile, a bit for each, so that a whole frame is drawn by a look-up and an `and`.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.core.arrays import U8, Bool, Intp

PATTERNS = 8  # numbered 1..8; 0 is plain
PERIOD = 24  # the tile's side, in units of about one logical pixel
_LIGHT_FROM = 100  # luma 0..255
_CLOSE = 0.46  # how much of the colour stays in its ink; the rest is black or white


def pattern_bit(number: int) -> int:
    """The bit of pattern 1..8 in the tile; 0 for plain."""
    if not 0 <= number <= PATTERNS:
        raise ValueError(f"Pattern {number} is not within 0..{PATTERNS}.")
    return 1 << (number - 1) if number else 0


@lru_cache(maxsize=8)
def pattern_tile(unit: int = 1) -> U8:
    """Where every pattern has ink: (24 * unit, 24 * unit) uint8, a bit per pattern; it continues at its own edges."""
    y, x = np.mgrid[0:PERIOD, 0:PERIOD]
    inks: tuple[Bool, ...] = (
        (x + y) % 8 == 0,  # rising
        (x - y) % 8 == 0,  # falling
        y % 8 == 0,  # lying
        x % 8 == 0,  # standing
        _dots(x, y),
        _crosses(x, y),
        ((x + y) % 12 == 0) | ((x - y) % 12 == 0),  # a mesh
        (y % 4 == 0) & ((x + y) % 8 < 4),  # dashes, each row beside the gaps of the last one
    )
    tile = np.zeros((PERIOD, PERIOD), np.uint8)
    for number, ink in enumerate(inks, start=1):
        tile[ink] |= pattern_bit(number)
    tile = np.kron(tile, np.ones((unit, unit), np.uint8))
    tile.flags.writeable = False
    return tile


def _dots(x: Intp, y: Intp) -> Bool:
    """Dots, 2 wide, on a grid of 8 and again between."""
    return _dot(x % 8, y % 8) | _dot((x + 4) % 8, (y + 4) % 8)


def _dot(x: Intp, y: Intp) -> Bool:
    return (x < 2) & (y < 2)


def _crosses(x: Intp, y: Intp) -> Bool:
    """Upright crosses, 5 wide, on a grid of 12 and again between."""
    return _cross(x % 12, y % 12) | _cross((x + 6) % 12, (y + 6) % 12)


def _cross(x: Intp, y: Intp) -> Bool:
    return np.asarray(((x < 5) & (y == 2)) | ((y < 5) & (x == 2)), np.bool_)


def luma(rgb: U8) -> NDArray[np.float64]:
    """How bright colours (n, 3) uint8 are, 0..255: (n,) float64, by ITU-R BT.601."""
    return np.asarray(rgb @ np.array([0.299, 0.587, 0.114]), np.float64)


def ink_colours(rgb: U8) -> U8:
    """A dark ink on light colours and a light one on dark colours, both of the colour's own hue: (n, 3) uint8."""
    light = luma(rgb)[:, None] >= _LIGHT_FROM
    return np.round(np.where(light, rgb * _CLOSE, 255 - (255.0 - rgb) * _CLOSE)).astype(np.uint8)
