"""Superpixels: pieces of like colour and size that follow the picture's edges, computed where they are looked at.

SLIC (Achanta et al., TPAMI 2012) clusters colour and place from seeds on a lattice. Here the lattice is that of the
whole picture, at the level of its pyramid where a superpixel is at most 64 pixels wide, in large photos 32, and it is
computed tile by tile. A tile is some 400 pixels of the level; it is clustered together with a margin of three
superpixels, and each pixel takes its label from its own tile: the number of its seed in the whole picture. Two tiles
almost always agree along the line between them, so superpixels run across it; where they do not, the line itself parts
them. A superpixel is a connected piece of one label on the whole picture, so each pixel belongs to exactly one,
whatever was computed first.
"""

from __future__ import annotations

import copy
import math
from collections import OrderedDict

import cv2
import numpy as np
from numpy.typing import NDArray

from app.core.arrays import U8, Bool, Intp
from app.core.geometry import Box
from app.core.pyramid import half
from app.core.regions import region_within

Labels = NDArray[np.int32]

SMALLEST_SIZE, LARGEST_SIZE = 8, 400
COMPACTNESS = 10.0

_LARGE = 4_000_000  # pixels of a photo, from where on two of them side by side are hardly told apart
_WIDEST, _WIDEST_IN_LARGE = 64, 32  # pixels of the level: half as many are computed four times as fast
_TILE = 384  # pixels of the level, at most: as many as are clustered while one waits
_MARGIN = 3  # superpixels; what lies further away changes hardly a label
_ROUNDS = 5  # of clustering; more change little but bring in what lies further away
_SMALLEST_SHARE = 4  # pieces smaller than a 4th of a superpixel join a neighbour
_MOST_BYTES = 64 << 20


def prepare() -> None:
    """Load what computing needs: that takes a second, so who will need it soon does it in a worker."""
    from skimage.segmentation import slic  # noqa: F401


class SuperpixelTiles:
    """The superpixels of one photo, as far as they were computed; what was not looked at for longest is forgotten.

    `compute` may run in another thread; everything else belongs to one thread. All boxes are in pixels of the photo.
    """

    def __init__(
        self,
        pyramid: tuple[U8, ...],
        size: int,
        *,
        compactness: float = COMPACTNESS,
        most_bytes: int = _MOST_BYTES,
    ) -> None:
        """`pyramid`: the photo (H, W, 3) RGB uint8 and its halvings; `size` of a superpixel in pixels, 8..400.

        `compactness` weighs place against colour: distance in units of `size` against difference in CIELAB; from 1
        (follows every edge) to 40 (nearly squares).
        """
        if not SMALLEST_SIZE <= size <= LARGEST_SIZE:
            raise ValueError(f"A superpixel is {SMALLEST_SIZE} to {LARGEST_SIZE} pixels wide, not {size}.")
        self.size, self.compactness = size, compactness
        self._photo = Box.of_shape(pyramid[0].shape)
        widest = _WIDEST if self._photo.area < _LARGE else _WIDEST_IN_LARGE
        self._depth = max(0, math.ceil(math.log2(size / widest)))
        self._side = round(size / (1 << self._depth))
        levels = list(pyramid[: self._depth + 1])
        while len(levels) <= self._depth:
            levels.append(half(levels[-1]))
        self._level, self._bounds = levels[-1], Box.of_shape(levels[-1].shape)
        self._cells = _TILE // self._side  # superpixels along the side of a tile
        self._step = self._cells * self._side  # pixels of the level along the side of a tile
        self._stride = self._bounds.width // self._side + 2 * _MARGIN + self._cells + 1
        self._most_bytes = most_bytes
        self._tiles: OrderedDict[Box, Labels] = OrderedDict()  # by box on the level, the latest used last

    def fork(self) -> SuperpixelTiles:
        """The same superpixels for another thread, as far as they were computed; from here on each goes its way."""
        other = copy.copy(self)
        other._tiles = self._tiles.copy()
        return other

    @property
    def nbytes(self) -> int:
        """What the labels kept take, in bytes."""
        return sum(labels.nbytes for labels in self._tiles.values())

    @property
    def grain(self) -> int:
        """How fine the edges are: 1, 2, 4, 8 or 16 pixels. Superpixels are made of squares of that side."""
        return 1 << self._depth

    def tile_at(self, x: int, y: int) -> Box:
        """The tile that holds pixel (x, y). IndexError outside the photo."""
        if not self._photo.contains(x, y):
            raise IndexError(f"Pixel ({x}, {y}) lies outside {self._photo}.")
        return self._full(self._near(Box.at(x >> self._depth, y >> self._depth, width=1, height=1))[0])

    def missing(self, x: int, y: int) -> Box | None:
        """The tile to be computed and added next so that `region` can answer for (x, y); None when it can."""
        tiles = self._find(x, y)[2]
        return self._full(tiles[0]) if tiles else None

    def region(self, x: int, y: int) -> tuple[Box, Bool] | None:
        """The superpixel at (x, y): box and mask (h, w) bool; None while a tile that it reaches was not computed.

        Its edges are as fine as `grain`, which is the pixel up to a size of 64, in large photos of 32. IndexError
        outside the photo.
        """
        box, mask, missing = self._find(x, y)
        if missing:
            return None
        scale, full = self.grain, self._full(box)
        return full, mask.repeat(scale, axis=0).repeat(scale, axis=1)[: full.height, : full.width]

    def compute(self, tile: Box) -> Labels:
        """The labels of a tile, (h, w) int32, at the resolution that `add` expects: slow, for a worker."""
        core = self._reduced(tile)
        left, top = core.x0 - _MARGIN * self._side, core.y0 - _MARGIN * self._side
        across = self._cells + 2 * _MARGIN
        window = Box.at(left, top, width=across * self._side, height=across * self._side)
        inside = window.intersect(self._bounds)
        # Beyond the picture its edge goes on, so that every window has the same lattice.
        colours = cv2.copyMakeBorder(
            self._level[inside.slices],
            inside.y0 - window.y0, window.y1 - inside.y1, inside.x0 - window.x0, window.x1 - inside.x1,
            cv2.BORDER_REPLICATE,
        )  # fmt: skip
        seeds = _clustered(np.asarray(colours, np.uint8), across=across, compactness=self.compactness)
        rows, columns = top // self._side + _MARGIN, left // self._side + _MARGIN  # of the first seed in the picture
        labels = (seeds // across + rows) * self._stride + seeds % across + columns
        labels = _without_scraps(labels[inside.move(-left, -top).slices], least=self._side**2 // _SMALLEST_SHARE)
        return np.ascontiguousarray(labels[core.move(-inside.x0, -inside.y0).slices], np.int32)

    def add(self, tile: Box, labels: Labels) -> None:
        """Keep what `compute` gave for a tile."""
        key = self._reduced(tile)
        if labels.shape != key.shape:
            raise ValueError(f"The labels of tile {tile} have shape {key.shape}, not {labels.shape}.")
        self._tiles[key] = labels
        self._tiles.move_to_end(key)
        while self.nbytes > self._most_bytes and len(self._tiles) > 1:
            self._tiles.popitem(last=False)

    def _find(self, x: int, y: int) -> tuple[Box, Bool, list[Box]]:
        """On the level: the superpixel as far as it is known, and the tiles it may reach that are missing."""
        own, column, row = self._reduced(self.tile_at(x, y)), x >> self._depth, y >> self._depth
        if own not in self._tiles:
            return Box(column, row, column + 1, row + 1), np.ones((1, 1), np.bool_), [own]
        label = self._tiles[own][row - own.y0, column - own.x0]

        def read(window: Box) -> U8:
            same = np.zeros(window.shape, np.bool_)
            for tile in self._near(window):
                if (labels := self._tiles.get(tile)) is not None:
                    part = tile.intersect(window)
                    there = same[part.move(-window.x0, -window.y0).slices]
                    np.equal(labels[part.move(-tile.x0, -tile.y0).slices], label, out=there)
            return same.view(np.uint8)

        box, mask = region_within(read, self._bounds, column, row)
        reached = list(self._near(box.grow(1).intersect(self._bounds)))
        for tile in reached:
            if tile in self._tiles:
                self._tiles.move_to_end(tile)
        return box, mask, [tile for tile in reached if tile not in self._tiles]

    def _near(self, box: Box) -> list[Box]:
        """The tiles, on the level, that a box of the level touches."""
        return [
            Box.at(part.x0 // self._step * self._step, part.y0 // self._step * self._step,
                   width=self._step, height=self._step).intersect(self._bounds)
            for part in box.tiles(self._step)
        ]  # fmt: skip

    def _full(self, box: Box) -> Box:
        """A box of the level in pixels of the photo."""
        return Box(*(side << self._depth for side in box)).intersect(self._photo)

    def _reduced(self, tile: Box) -> Box:
        """A tile in pixels of the level."""
        left, top = tile.x0 >> self._depth, tile.y0 >> self._depth
        return Box.at(left, top, width=self._step, height=self._step).intersect(self._bounds)


def _clustered(colours: U8, *, across: int, compactness: float) -> Intp:
    """SLIC from `across` x `across` seeds: (n, n, 3) RGB → (n, n), the seed of each pixel, counted row by row."""
    from skimage.segmentation import slic  # see `prepare`

    lab = cv2.cvtColor(colours.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    # slic stretches the values it is given to 0..1. A compactness stretched alike undoes that: else a tile with a
    # bright spot in it would be clustered by another measure than its neighbours.
    span = float(lab.max() - lab.min()) or 1.0
    seeds = slic(
        lab,
        n_segments=across * across,
        compactness=compactness / span,
        max_num_iter=_ROUNDS,
        convert2lab=False,
        enforce_connectivity=False,  # it would number the pieces anew
        start_label=0,
    )
    return np.asarray(seeds, np.intp)


def _without_scraps(labels: Intp, *, least: int) -> Intp:
    """Connected pieces (by edges) of fewer than `least` pixels take the label of the neighbour they border most."""
    from skimage.measure import label

    pieces = np.asarray(label(labels, background=-1, connectivity=1), np.intp) - 1
    areas = np.bincount(pieces.ravel())
    names = np.zeros(len(areas), np.intp)
    names[pieces] = labels
    settled = areas >= least
    settled[areas.argmax()] = True
    here, there, length = _borders(pieces)
    while not settled.all():
        useful = ~settled[here] & settled[there]
        order = np.lexsort((there[useful], -length[useful], here[useful]))
        scraps, first = np.unique(here[useful][order], return_index=True)
        names[scraps] = names[there[useful][order][first]]
        settled[scraps] = True
    return names[pieces]


def _borders(pieces: Intp) -> tuple[Intp, Intp, Intp]:
    """Which pieces lie beside each other, both ways round, and along how many pixels."""
    count = int(pieces.max()) + 1
    sides = ((pieces[:, :-1], pieces[:, 1:]), (pieces[:-1], pieces[1:]))
    pairs = np.concatenate([one[one != other] * count + other[one != other] for one, other in sides])
    both = np.concatenate((pairs, pairs % count * count + pairs // count))
    codes, length = np.unique(both, return_counts=True)
    return codes // count, codes % count, length
