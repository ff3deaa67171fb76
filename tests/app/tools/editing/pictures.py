"""Small pictures with everything that a large one has: edges in the photo, several tiles, answers that contradict."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.core.arrays import F32, U8, Bool
from app.core.document import ViewMode, compose_layer
from app.core.geometry import Box
from app.core.pyramid import build_pyramid
from app.core.superpixels import Labels, SuperpixelTiles
from inference.prediction import Prediction, SegmentTable

SHAPES = {  # (H, W): less than a tile, and several; two of a size, so that corrections can be copied
    Path("/photos/a.jpg"): (290, 340),
    Path("/photos/b.jpg"): (290, 340),
    Path("/photos/c.jpg"): (29, 37),
    Path("/photos/d.jpg"): (29, 37),
    Path("/photos/e.jpg"): (261, 5),
}
PATHS = tuple(SHAPES)
CLASSES = (1, 3, 4, 13, 17, 150)  # few, so that different answers agree now and then
ANSWERS = 4  # of the network, as if other weights had been used each time


@functools.cache
def pyramid(path: Path) -> tuple[U8, ...]:
    """Flat areas with a little noise."""
    height, width = SHAPES[path]
    random = np.random.default_rng(PATHS.index(path))
    coarse = random.integers(0, 256, (6, 7, 3))
    areas = coarse[np.arange(height)[:, None] * 6 // height, np.arange(width) * 7 // width]
    return build_pyramid(np.clip(areas + random.integers(-9, 10, areas.shape), 0, 255).astype(np.uint8))


@functools.cache
def prediction(shape: tuple[int, int], number: int) -> Prediction:
    """A dozen queries that stand for something, and many that do not."""
    random = np.random.default_rng(number)
    probs: F32 = random.random((100, 150), np.float32) * np.float32(0.001)
    scores = random.random(100, np.float32) * np.float32(0.8)
    scores[:4] = 0.5, 0.6, 0.4, 0.2  # just what a threshold may be
    for query in range(100):
        second = random.choice(CLASSES)
        probs[query, second - 1] = scores[query] / 3
        probs[query, random.choice(CLASSES) - 1] = scores[query]
    masks: F32 = random.random((100, 5, 6), np.float32)
    masks[12:] *= np.float32(0.2)
    return Prediction(probs, masks, shape)


@functools.cache
def answer(shape: tuple[int, int], number: int, mode: ViewMode) -> tuple[Prediction, U8, SegmentTable]:
    """An answer of the network, and the layer and the table that a view makes of it."""
    known = prediction(shape, number)
    layer, table = compose_layer(known, mode)
    if number % 2:
        _fray(layer)
    layer.flags.writeable = False
    return known, layer, table


def _fray(layer: U8) -> None:
    """Single pixels in the middle take the code of another place: regions touch by corners and are full of holes."""
    height, width = layer.shape
    middle = layer[height * 3 // 10 : height * 7 // 10, width * 3 // 10 : width * 7 // 10 + 1]
    random = np.random.default_rng(0)
    middle[...] = np.where(
        random.random(middle.shape) < 0.3, random.permutation(middle.ravel()).reshape(middle.shape), middle
    )


def sure(tiles: SuperpixelTiles, pixel: tuple[int, int]) -> tuple[Box, Bool]:
    """The superpixel at a pixel, computed where that was not done before."""
    while (missing := tiles.missing(*pixel)) is not None:
        tiles.add(missing, tiles.compute(missing))
    region = tiles.region(*pixel)
    assert region is not None
    return region


class ComputedOnce:
    """Superpixels take long to compute: the same ones are computed once, and known again by their labels."""

    def __init__(self, compute: Callable[[SuperpixelTiles, Box], Labels]) -> None:
        self._compute = compute
        self._known: dict[tuple[object, ...], Labels] = {}
        self._tiles: dict[int, Box] = {}

    def __call__(self, tiles: SuperpixelTiles, tile: Box) -> Labels:
        key = (tiles._level.tobytes(), tiles.size, tiles.compactness, tile)
        if key not in self._known:
            self._known[key] = self._compute(tiles, tile)
            self._tiles[id(self._known[key])] = tile
        return self._known[key]

    def tile_of(self, labels: Labels) -> Box:
        return self._tiles[id(labels)]

    @classmethod
    def install(cls, monkeypatch: pytest.MonkeyPatch) -> ComputedOnce:
        once = cls(SuperpixelTiles.compute)
        monkeypatch.setattr(SuperpixelTiles, "compute", lambda tiles, tile: once(tiles, tile))
        return once
