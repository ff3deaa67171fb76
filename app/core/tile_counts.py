"""How often each code occurs in an array, or in every tile of a layer. It takes no map, so any thread may count."""

from __future__ import annotations

import cv2
import numpy as np

from app.core.arrays import I32, I64, U8

CODES = 256
TILE = 256  # pixels a side; a map keeps its counts for each tile

_SHORT = 4096  # pixels; up to here `np.bincount` is the fastest count
_EXACT = 2**24  # pixels; `cv2.calcHist` answers in float32, which counts up to here one by one
_SHORT_RUN = 8  # pixels; with shorter ones than that, counting runs does not pay
_FEW = 5  # codes; up to here comparing with each is faster than a histogram


def count_codes(codes: U8) -> I64:
    """How often each value occurs in `codes` (any shape, uint8): (256,) int64."""
    if codes.size <= _SHORT:
        return np.bincount(codes.reshape(-1), minlength=CODES).astype(np.int64, copy=False)
    if codes.ndim == 2 and codes.size <= _EXACT:
        return _exact_histogram(codes)
    flat = codes.reshape(1, -1)
    counts = np.zeros(CODES, np.int64)
    for start in range(0, flat.size, _EXACT):
        counts += _exact_histogram(flat[:, start : start + _EXACT])
    return counts


def count_tiles(layer: U8) -> I32:
    """Pixels per code in every tile of a layer (H, W): (tiles down, tiles across, 256) int32."""
    rows = [_count_row(layer[top : top + TILE]) for top in range(0, len(layer), TILE)]
    return np.stack(rows).astype(np.int32)


def _count_row(strip: U8) -> I64:
    """Pixels per code in every tile of a row of tiles (h, W): (number of tiles, 256).

    A network layer consists of areas: along the rows the same code comes many times, and runs are counted much faster
    than pixels.
    """
    width = strip.shape[1]
    lefts = range(0, width, TILE)
    ends = np.empty(strip.shape, np.bool_)
    np.not_equal(strip[:, 1:], strip[:, :-1], out=ends[:, :-1])
    ends[:, TILE - 1 :: TILE] = True
    ends[:, -1] = True
    last = np.flatnonzero(ends)
    if last.size * _SHORT_RUN > strip.size:
        return np.stack([count_codes(strip[:, left : left + TILE]) for left in lefts])
    bins = last % width // TILE * CODES + strip.reshape(-1)[last]
    lengths = np.diff(last, prepend=-1)
    return np.bincount(bins, weights=lengths, minlength=len(lefts) * CODES).astype(np.int64).reshape(-1, CODES)


def count_among(codes: U8, among: list[int], mask: U8 | None) -> I64:
    """Pixels per code, (256,), where `mask` is not 0, of an array (h, w) that holds no codes but `among`, ascending."""
    inside = codes.size if mask is None else cv2.countNonZero(mask)
    counts: I64 = np.zeros(CODES, np.int64)
    if len(among) == 1:
        counts[among] = inside
        return counts
    if mask is not None:
        codes = np.asarray(cv2.copyTo(codes, mask), np.uint8)  # 0 outside of the mask
    if len(among) > _FEW or codes.size <= _SHORT:
        counts = count_codes(codes)
        counts[0] -= codes.size - inside
        return counts
    low, high, *others = among
    total = round(cv2.sumElems(codes)[0])
    for code in others:
        counts[code] = cv2.countNonZero((codes == code).view(np.uint8))
        total -= code * int(counts[code])
        inside -= int(counts[code])
    # How many the last two are follows from their number and their sum.
    counts[high] = (total - low * inside) // (high - low)
    counts[low] = inside - int(counts[high])
    return counts


def _exact_histogram(codes: U8) -> I64:
    counts = cv2.calcHist([codes], [0], None, [CODES], [0, CODES])
    return np.asarray(counts, np.float32).reshape(-1).astype(np.int64)
