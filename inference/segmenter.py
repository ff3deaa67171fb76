"""Photo in, prediction out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.engines import Attempt, Engine
from inference.errors import EngineError
from inference.models import ModelCard
from inference.prediction import Prediction
from inference.preprocess import prepare


@dataclass(frozen=True)
class Segmenter:
    """A model on an engine, ready to look at photos."""

    card: ModelCard
    engine: Engine
    input_size: int | None  # short side at which the network sees a photo; None: the photo's own
    attempts: tuple[Attempt, ...] = ()  # engines that were tried first and could not be used, with the reasons

    @property
    def at_once(self) -> int:
        """How many threads had best call `run` at the same time, where there are many pictures."""
        return self.engine.at_once

    def predict(self, image: NDArray[np.uint8]) -> Prediction:
        """A photo (H, W, 3) uint8 RGB → its prediction. Raises `EngineError` when the device gives up, and `ValueError`
        for an array that is no photo."""
        return self.run(self.prepare(image), size=(image.shape[0], image.shape[1]))

    def prepare(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A photo (H, W, 3) uint8 RGB → what the network sees of it, (h, w, 3): what can be done beside the engine.
        Raises `ValueError` for an array that is no photo."""
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
            raise ValueError(f"A photo is (H, W, 3) uint8, not {image.shape} {image.dtype}.")
        return prepare(image, input_size=self.input_size)

    def run(self, picture: NDArray[np.uint8], *, size: tuple[int, int]) -> Prediction:
        """The prediction for a photo of `size` (H, W) of which `prepare` made `picture`. Raises `EngineError`."""
        class_probs, mask_probs = self.engine.run(picture)
        height, width = size
        if not (np.isfinite(class_probs).all() and np.isfinite(mask_probs).all()):
            raise EngineError(
                f"The network gave numbers that are not finite for a photo of {width}×{height} pixels on "
                f"{self.engine.device}; another device or engine may manage."
            )
        return Prediction(class_probs, mask_probs, (height, width))
