"""The slow things, as plain functions that run in a lane: decode, predict, compose. None of them knows a widget."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.core.document import ViewMode, compose_layer
from app.core.pictures import list_pictures
from app.core.project.packing import rounded
from app.core.pyramid import build_pyramid
from app.core.segment_map import ShownCounts
from app.core.tile_counts import count_tiles
from app.workers.lane import CancelToken
from inference.errors import PhotoError
from inference.photo import read_photo
from inference.prediction import Prediction, SegmentTable
from inference.segmenter import Segmenter


@dataclass(frozen=True, slots=True)
class ComposedPrediction:
    """A prediction with its network layer at the photo's size.

    `layer`: (H, W) uint8, 0..100; `counts`: `count_tiles` of it; `model`: the name of the one that answered; `seconds`:
    preprocessing and engine, without decoding and composition.
    """

    prediction: Prediction
    layer: NDArray[np.uint8]
    counts: NDArray[np.int32]
    table: SegmentTable
    mode: ViewMode
    model: str
    seconds: float
    shown: ShownCounts | None = None  # what the map will show with it, counted where it has many corrections


def list_readable(paths: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """The pictures of all paths that can be read, and a sentence for each of the others."""
    readable, refused = [], []
    for path in paths:
        try:
            list_pictures([path])
        except PhotoError as error:
            refused.append(str(error))
        else:
            readable.append(path)
    return list_pictures(readable), refused


def load_pyramid(path: Path, token: CancelToken) -> tuple[NDArray[np.uint8], ...]:
    """The photo and its halvings, the photo itself first.

    Raises:
        PhotoError: the file cannot be read as a photo.
    """
    photo = read_photo(path)
    token.check()
    return build_pyramid(photo)


def predict_photo(
    segmenter: Segmenter, photo: NDArray[np.uint8], *, mode: ViewMode, token: CancelToken
) -> ComposedPrediction:
    """Run the network on a photo (H, W, 3) uint8 RGB and compose the view that is shown."""
    started = time.perf_counter()
    prediction = rounded(segmenter.predict(photo))
    seconds = time.perf_counter() - started
    token.check()
    return compose_prediction(prediction, mode=mode, model=segmenter.card.name, seconds=seconds)


def compose_prediction(
    prediction: Prediction, *, mode: ViewMode, model: str, seconds: float = 0.0
) -> ComposedPrediction:
    """The network layer of one view, at the photo's size."""
    layer, table = compose_layer(prediction, mode)
    return ComposedPrediction(prediction, layer, count_tiles(layer), table, mode, model, seconds)
