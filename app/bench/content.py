"""A made-up picture of any size for measuring: photo, 100 segments, and the answer of a network that fits them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from app.core.arrays import F32, I32, U8
from app.core.segment_map import NETWORK_MAX
from app.core.tile_counts import count_tiles
from inference.prediction import Prediction, SegmentTable

SIDE = 10  # segments across and down
_FINEST = 8  # pixels of the photo per step of a wavy border
_PLANE = (80, 120)  # of the soft masks, as a network gives them for a photo three wide and two high


@dataclass(frozen=True, eq=False)
class Content:
    """`photo` (H, W, 3) RGB, `layer` (H, W) codes 1..100 with wavy borders, `counts` of its tiles."""

    photo: U8
    layer: U8
    counts: I32
    table: SegmentTable
    prediction: Prediction


def made_up(megapixels: float) -> Content:
    """The picture, three wide and two high, the same at every call.

    The last query is unsure of its class, but its soft mask covers the whole photo: that is what a person asks for who
    wants to see a background in which everything else stands.
    """
    height = round(math.sqrt(megapixels * 1e6 / 1.5))
    width = round(height * 1.5)
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (height // 40, width // 40, 3), dtype=np.uint8)
    photo = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
    cells = _cells(height // _FINEST, width // _FINEST)
    layer = np.asarray(cv2.resize(cells, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)
    class_probs = random.random((NETWORK_MAX, 150), dtype=np.float32)
    class_probs /= class_probs.max(axis=1, keepdims=True) / random.random((NETWORK_MAX, 1), dtype=np.float32)
    class_probs[-1] *= 0.2 / class_probs[-1].max()
    prediction = Prediction(class_probs=class_probs, mask_probs=_soft_masks(), size=(height, width))
    return Content(photo, layer, count_tiles(layer), prediction.segment_table(), prediction)


def _cells(height: int, width: int) -> U8:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = np.sin(x / 17) * 9, np.cos(y / 13) * 9
    cell_x = np.clip((x + waves[1]) / width * SIDE, 0, SIDE - 1).astype(np.uint8)
    cell_y = np.clip((y + waves[0]) / height * SIDE, 0, SIDE - 1).astype(np.uint8)
    cells: U8 = cell_y * np.uint8(SIDE) + cell_x + np.uint8(1)
    return cells


def _soft_masks() -> F32:
    """A mask for each cell that fades over its border, (100, h, w); that of the last one is sure everywhere."""
    height, width = _PLANE
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    masks = np.empty((NETWORK_MAX, height, width), np.float32)
    for query in range(NETWORK_MAX):
        row, column = divmod(query, SIDE)
        off_x = np.abs((x + 0.5) / width * SIDE - column - 0.5)
        off_y = np.abs((y + 0.5) / height * SIDE - row - 0.5)
        masks[query] = 0.5 - 0.5 * np.tanh(6 * (np.maximum(off_x, off_y) - 0.5))
    masks[-1] = 0.9
    return masks
