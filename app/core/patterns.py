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
_CLOSE = 0.4  # how much of the colour stays in its ink; the rest is black or white


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
        (x + y) % 8 < 2,  # rising
        (x - y) % 8 < 2,  # falling
        y % 8 < 2,  # lying
        x % 8 < 2,  # standing
        _dots(x, y),
        _crosses(x, y),
        ((x + y) % 12 < 1) | ((x - y) % 12 < 1),  # a fine mesh
        (x // 4 + y // 4) % 2 == 0,  # checks
    )
    tile = np.zeros((PERIOD, PERIOD), np.uint8)
    for number, ink in enumerate(inks, start=1):
        tile[ink] |= pattern_bit(number)
    tile = np.kron(tile, np.ones((unit, unit), np.uint8))
    tile.flags.writeable = False
    return tile


def _dots(x: Intp, y: Intp) -> Bool:
    """Round dots, 4 wide, on a grid of 12 and again between."""
    return _dot(x % 12, y % 12) | _dot((x + 6) % 12, (y + 6) % 12)


def _dot(x: Intp, y: Intp) -> Bool:
    return (abs(2 * x - 3) + abs(2 * y - 3) <= 4) & (x <= 3) & (y <= 3)


def _crosses(x: Intp, y: Intp) -> Bool:
    """Upright crosses, 6 wide, on a grid of 12 and again between."""
    return _cross(x % 12, y % 12) | _cross((x + 6) % 12, (y + 6) % 12)


def _cross(x: Intp, y: Intp) -> Bool:
    return ((x <= 5) & (y >= 2) & (y <= 3)) | ((y <= 5) & (x >= 2) & (x <= 3))


def luma(rgb: U8) -> NDArray[np.float64]:
    """How bright colours (n, 3) uint8 are, 0..255: (n,) float64, by ITU-R BT.601."""
    return np.asarray(rgb @ np.array([0.299, 0.587, 0.114]), np.float64)


def ink_colours(rgb: U8) -> U8:
    """A dark ink on light colours and a light one on dark colours, both of the colour's own hue: (n, 3) uint8."""
    light = luma(rgb)[:, None] >= _LIGHT_FROM
    return np.round(np.where(light, rgb * _CLOSE, 255 - (255.0 - rgb) * _CLOSE)).astype(np.uint8)
