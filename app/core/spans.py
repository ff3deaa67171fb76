"""Sets of pixels as runs along rows: what brushes and closed outlines are before they become masks.

Runs cost what the outline of a set costs, not its area; masks are made from them where pixels are written, as a whole
or band by band, so that a line or an outline across 100 megapixels never needs a mask of that size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.core.arrays import I64, Bool
from app.core.geometry import NOTHING, Box

BAND = 256  # rows; bands lie on the grid of the tiles that pixels are written in


@dataclass(frozen=True)
class Spans:
    """The pixels starts <= x < stops of each of `rows`: (N,) int64 each, in image coordinates.

    Runs are ordered by row, then from left to right; they do not overlap, and none is empty.
    """

    rows: I64
    starts: I64
    stops: I64

    @classmethod
    def of(cls, rows: I64, starts: I64, stops: I64) -> Spans:
        """Runs of which some may be empty (starts >= stops): those are left out."""
        some = starts < stops
        return cls(rows, starts, stops) if some.all() else cls(rows[some], starts[some], stops[some])

    @property
    def box(self) -> Box:
        """The smallest box around all pixels."""
        if not len(self.rows):
            return NOTHING
        return Box(int(self.starts.min()), int(self.rows[0]), int(self.stops.max()), int(self.rows[-1]) + 1)

    def mask(self, box: Box) -> Bool:
        """The pixels as a mask (h, w) of `box`, which holds them all."""
        if box.empty:
            return np.zeros(box.shape, np.bool_)
        edges = np.empty(2 * len(self.rows) + 2, np.int64)
        edges[0], edges[-1] = 0, box.area
        corner = (self.rows - box.y0) * box.width - box.x0
        np.add(corner, self.starts, out=edges[1:-1:2])
        np.add(corner, self.stops, out=edges[2:-1:2])
        # Row after row, a mask is one sequence of zeros and ones by turns: nothing writes it faster than their lengths.
        ones = np.zeros(len(edges) - 1, np.bool_)
        ones[1::2] = True
        return np.repeat(ones, np.diff(edges)).reshape(box.shape)

    def whole(self) -> tuple[Box, Bool]:
        """The smallest box around all pixels, and their mask (h, w)."""
        box = self.box
        return box, self.mask(box)

    def between(self, top: int, bottom: int) -> Spans:
        """What lies in the rows top <= y < bottom."""
        first, stop = np.searchsorted(self.rows, (top, bottom))
        return Spans(self.rows[first:stop], self.starts[first:stop], self.stops[first:stop])

    def clip(self, box: Box) -> Spans:
        """What lies in the box."""
        rows = self.between(box.y0, box.y1)
        return Spans.of(rows.rows, np.maximum(rows.starts, box.x0), np.minimum(rows.stops, box.x1))

    def parts(self, height: int = BAND) -> Iterator[tuple[Box, Bool]]:
        """The same pixels as (box, mask), cut along a grid of `height` rows that starts at row 0.

        Each box is as small as the pixels between its two grid lines allow; where there are none, there is no part.
        """
        for top in range(self.box.y0 // height * height, self.box.y1, height):
            band = self.between(top, top + height)
            if len(band.rows):
                yield band.whole()
