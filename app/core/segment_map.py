"""The segment map: one byte per pixel in two layers, and the count of every code it shows.

| value    | layer   | meaning                          |
|----------|---------|----------------------------------|
| 0        | network | nothing here                     |
| 1..100   | network | query (value - 1) owns the pixel |
| 101..250 | human   | a person decided: class - 100    |
| 251      | human   | a person decided: unlabelled     |

In the human layer 0 means "no decision". Every human value is larger than every network value, so what a pixel shows is
simply the larger of the two layers: the human layer where it decides, the network layer elsewhere.
"""

from __future__ import annotations

from enum import Enum

import numpy as np

from app.core.arrays import I64, U8, Intp
from app.core.geometry import Box
from resources.classes import CLASS_COUNT

CODES = 256
NETWORK_MAX = 100
HUMAN_BASE = 100
HUMAN_UNLABELLED = 251

_ROWS_AT_ONCE = 256  # full passes go in strips: their temporaries stay small whatever the picture's size
_SAMPLED_ROWS = 64
_SHORT = 4096  # pixels; up to here looking for runs does not pay


class Decider(Enum):
    """Who decided what a pixel shows."""

    NOBODY = "nobody"
    NETWORK = "network"
    PERSON = "person"


def human_value(class_id: int) -> int:
    """The human-layer value for a class: 101..250 for 1..150, and 251 for 0, unlabelled."""
    if not 0 <= class_id <= CLASS_COUNT:
        raise ValueError(f"Class {class_id} is not within 0..{CLASS_COUNT}.")
    return HUMAN_BASE + class_id if class_id else HUMAN_UNLABELLED


def is_human_value(value: int) -> bool:
    """True for what the human layer may hold: 0 (no decision) and 101..251."""
    return value == 0 or HUMAN_BASE < value <= HUMAN_UNLABELLED


def count_codes(codes: U8) -> I64:
    """How often each value occurs in `codes` (any shape, uint8): (256,) int64."""
    flat = codes.reshape(-1)
    if flat.size < _SHORT:
        return np.bincount(flat, minlength=CODES).astype(np.int64, copy=False)
    # Maps consist of areas: along the rows the same code comes many times, and counting the runs is much faster.
    ends = np.flatnonzero(flat[1:] != flat[:-1])
    if ends.size > flat.size // 8:
        return np.bincount(flat, minlength=CODES).astype(np.int64, copy=False)
    starts = np.concatenate(([0], ends + 1, [flat.size]))
    return np.bincount(flat[starts[:-1]], weights=np.diff(starts), minlength=CODES).astype(np.int64)


class SegmentMap:
    """Two (H, W) uint8 layers and the histogram of the codes they show; nothing else is kept at full size.

    The network layer is replaced as a whole by `set_network`. The human layer changes through `app.core.patches` only.
    """

    def __init__(self, height: int, width: int) -> None:
        if height < 1 or width < 1:
            raise ValueError(f"A segment map cannot be {width} x {height} pixels.")
        self._network: U8 = np.zeros((height, width), np.uint8)
        self._human: U8 = np.full(
            (height, width), 0, np.uint8
        )  # touched now: the first stroke need not wait for memory
        self._histogram: I64 = np.zeros(CODES, np.int64)
        self._histogram[0] = height * width
        self._network_view, self._human_view = _read_only(self._network), _read_only(self._human)

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W)"""
        height, width = self._human.shape
        return height, width

    @property
    def box(self) -> Box:
        """All pixels."""
        return Box.of_shape(self.shape)

    @property
    def network(self) -> U8:
        """The network layer, (H, W) uint8 0..100, read-only."""
        return self._network_view

    @property
    def human(self) -> U8:
        """The human layer, (H, W) uint8 0 or 101..251, read-only."""
        return self._human_view

    def set_network(self, layer: U8) -> None:
        """Replace the network layer by `layer`, (H, W) uint8 0..100, which the map keeps: do not write it afterwards.

        ValueError, and nothing changed, for another shape or larger values.
        """
        if layer.shape != self.shape or layer.dtype != np.uint8:
            raise ValueError(f"A network layer of {layer.shape} {layer.dtype} does not fit a map of {self.shape}.")
        layer = np.ascontiguousarray(layer)
        histogram = np.zeros(CODES, np.int64)
        for top in range(0, self.shape[0], _ROWS_AT_ONCE):
            strip = layer[top : top + _ROWS_AT_ONCE]
            if int(strip.max()) > NETWORK_MAX:
                raise ValueError(f"A network layer holds 0..{NETWORK_MAX}, not {int(strip.max())}.")
            histogram += count_codes(np.maximum(strip, self._human[top : top + _ROWS_AT_ONCE]))
        self._network, self._network_view, self._histogram = layer, _read_only(layer), histogram

    def shown(self, box: Box | None = None) -> U8:
        """The codes shown in `box` (default: everywhere): a copy, (h, w) uint8. The box must lie on the map."""
        part = (self.box if box is None else box).slices
        return np.maximum(self._network[part], self._human[part])

    def code_at(self, x: int, y: int) -> int:
        """The code that pixel (x, y) shows. IndexError outside the map."""
        if not self.box.contains(x, y):
            raise IndexError(f"Pixel ({x}, {y}) lies outside a map of {self.shape}.")
        return max(int(self._network[y, x]), int(self._human[y, x]))

    def sample(self, ys: Intp, xs: Intp) -> U8:
        """The codes shown at rows `ys` and columns `xs`: (len(ys), len(xs)) uint8.

        For drawing at screen resolution: the cost follows the output, not the picture. Rows and columns may come in
        any order and may repeat. IndexError for one outside the map.
        """
        if not len(ys) or not len(xs):
            return np.zeros((len(ys), len(xs)), np.uint8)
        box = Box(int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1)
        if box != box.clip(self.shape):
            raise IndexError(f"Rows or columns outside a map of {self.shape} were asked for.")
        ys, xs = ys - box.y0, xs - box.x0
        if box.height > len(ys) or box.width > len(xs):
            return self._sample_reduced(box, ys, xs)
        codes = self.shown(box)  # pixels as large as the screen's or larger: look each up once, then repeat it
        if not _is_range(xs, box.width):
            codes = codes.take(xs, axis=1, mode="clip")
        return codes if _is_range(ys, box.height) else codes.take(ys, axis=0, mode="clip")

    def _sample_reduced(self, box: Box, ys: Intp, xs: Intp) -> U8:
        network, human = self._network[box.slices], self._human[box.slices]
        codes = np.empty((len(ys), len(xs)), np.uint8)
        for top in range(0, len(ys), _SAMPLED_ROWS):  # few rows at a time stay in the cache between the two steps
            rows = ys[top : top + _SAMPLED_ROWS]
            strip = np.maximum(network[rows], human[rows])
            strip.take(xs, axis=1, out=codes[top : top + _SAMPLED_ROWS], mode="clip")
        return codes

    def histogram(self) -> I64:
        """Pixels per code shown, (256,) int64: a copy. Kept up to date by every edit, which counts what it changes."""
        return self._histogram.copy()

    @property
    def decided(self) -> int:
        """How many pixels a person decided."""
        return int(self._histogram[HUMAN_BASE + 1 :].sum())

    def write_human(self, box: Box, content: int | U8) -> None:
        """Make the human layer in `box` equal to `content`, one value or (h, w) of them, and recount the box.

        Only `app.core.patches` calls this: that is what makes every change of the human layer reversible.
        """
        network, human = self._network[box.slices], self._human[box.slices]
        self._histogram -= count_codes(np.maximum(network, human))
        human[...] = content
        if isinstance(content, int) and content:
            self._histogram[content] += box.area
        else:
            self._histogram += count_codes(np.maximum(network, human))


def _is_range(indices: Intp, length: int) -> bool:
    return len(indices) == length and bool(np.array_equal(indices, np.arange(length)))


def _read_only(layer: U8) -> U8:
    view = layer.view()
    view.flags.writeable = False
    return view
