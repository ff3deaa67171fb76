"""A map at screen resolution: what lies at some of its rows and columns, at a cost that follows the output."""

from __future__ import annotations

import numpy as np

from app.core.arrays import U8, Intp

_ROWS = 64  # at a time: they stay in the cache from one step to the next


def sample_largest(below: U8, above: U8 | None, ys: Intp, xs: Intp) -> U8:
    """The larger value of two layers (h, w) at rows `ys` and columns `xs`: a new array (len(ys), len(xs)) uint8.

    `above` is None where it is empty. Rows and columns lie on the layers, may come in any order and may repeat.
    """
    height, width = below.shape
    if height > len(ys) or width > len(xs):
        return _reduced(below, above, ys, xs)
    codes = below if above is None else np.maximum(below, above)
    # Pixels are as large as the screen's or larger here: look each up once, then repeat it.
    if not _is_range(xs, width):
        codes = codes.take(xs, axis=1, mode="clip")
    if not _is_range(ys, height):
        codes = codes.take(ys, axis=0, mode="clip")
    return codes.copy() if codes is below else codes


def _reduced(below: U8, above: U8 | None, ys: Intp, xs: Intp) -> U8:
    codes = np.empty((len(ys), len(xs)), np.uint8)
    for top in range(0, len(ys), _ROWS):
        rows = ys[top : top + _ROWS]
        strip = below[rows]
        if above is not None:
            np.maximum(strip, above[rows], out=strip)
        strip.take(xs, axis=1, out=codes[top : top + _ROWS], mode="clip")
    return codes


def _is_range(indices: Intp, length: int) -> bool:
    return len(indices) == length and bool(np.array_equal(indices, np.arange(length)))
