"""How much of a picture each code covers, without a map of it: for lists that are filtered and sorted by that."""

from __future__ import annotations

import cv2
import numpy as np

from app.core.arrays import I64
from app.core.human_layer import HumanLayer
from app.core.tile_counts import count_codes
from inference.prediction import Prediction
from inference.preprocess import STRIDE

FEW_CELLS = 4096  # of a mask; of so few, more points are counted in each


def shown_counts(prediction: Prediction | None, human: HumanLayer | None) -> I64:
    """Pixels of each code shown, (256,) int64: exact under corrections, else of some points in every cell of the masks.

    What a folder is filtered and sorted by are shares, and composing every photo for them would take as long as the
    network. Segments that own no cell of the masks are left out: so shares are off by less than 0.001. Corrections of
    another size belong to another photo, and what becomes of them is asked when that is opened: they do not count.
    Without an answer of the network the corrections are all there is.
    """
    if prediction is None:
        return np.zeros(256, np.int64) if human is None else _decided_counts(human)
    if human is None or human.shape != prediction.size:
        planes = prediction.mask_probs * prediction.scores[:, None, None]
        kept = np.unique(planes.argmax(axis=0))
        step = STRIDE // (4 if planes[0].size <= FEW_CELLS else 2)  # pixels that the network saw from point to point
        rows, columns = (side * STRIDE // step for side in planes.shape[1:])
        wide = cv2.resize(np.ascontiguousarray(planes[kept].transpose(1, 2, 0)), (columns, rows))
        owners = kept[wide.reshape(rows, columns, -1).argmax(axis=2)] + 1
        return np.bincount(owners.ravel(), minlength=256).astype(np.int64) * step**2
    codes = prediction.segment_map()
    for band in human.bands():
        np.maximum(codes[band.slices], human.read(band), out=codes[band.slices])
    return np.asarray(count_codes(codes), np.int64)


def _decided_counts(human: HumanLayer) -> I64:
    counts = np.zeros(256, np.int64)
    for band in human.bands():
        counts += count_codes(human.read(band))
    return counts
