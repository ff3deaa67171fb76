"""Whether an engine computes what the network means: its answer makes sense, and its labels are the reference's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.engines.engine import Engine
from inference.engines.making import make_engine, title
from inference.errors import EngineError
from inference.models import PUBLISHED_INPUT_SIZE, ModelCard
from inference.network.config import NetworkConfig
from inference.photo import read_photo
from inference.prediction import MAXIMUM_SEGMENTS, Prediction
from inference.preprocess import STRIDE, prepare
from resources.classes import CLASS_COUNT
from resources.samples import sample_paths

LEAST_AGREEMENT = 0.99
"""Share of pixels that must get the label which the reference engine gives them."""
SAMPLES = ("astronaut", "castle", "street")
"""The stored photographs that are compared: one person, one building, one crowd of things."""
_LARGEST = 320  # short side in pixels; the reference is slow, and a larger picture tells nothing more
_SLOPE = (64, 96)  # height and width of the picture that an engine must get through before it counts


def check_answer(card: ModelCard, engine: Engine) -> None:
    """One real inference; raises `EngineError` if it fails or gives what no network gives."""
    height, width = _SLOPE
    slope = np.linspace(0, 255, height * width * 3).reshape(height, width, 3).astype(np.uint8)
    class_probs, mask_probs = engine.run(slope)
    queries = len(class_probs) if class_probs.ndim else 0
    classes = (CLASS_COUNT,) if isinstance(card.network, NetworkConfig) else (CLASS_COUNT, CLASS_COUNT + 1)
    fits = class_probs.shape in [(queries, count) for count in classes] and 1 <= queries <= MAXIMUM_SEGMENTS
    if not fits or mask_probs.ndim != 3 or len(mask_probs) != queries or not _is_grid(card, mask_probs.shape[1:]):
        raise EngineError(f"{title(engine.name)} on {engine.device} gave outputs of shapes that do not fit.")
    if not (np.isfinite(class_probs).all() and np.isfinite(mask_probs).all()):
        raise EngineError(f"{title(engine.name)} on {engine.device} gave numbers that are not finite.")


def _is_grid(card: ModelCard, shape: tuple[int, ...]) -> bool:
    if isinstance(card.network, NetworkConfig):
        return shape == (_SLOPE[0] // STRIDE, _SLOPE[1] // STRIDE)
    return min(shape) >= 1  # a network of somebody else may answer at any size


def reference_engine(card: ModelCard) -> Engine:
    """What other engines are compared with: ONNX Runtime on the CPU in float32, PyTorch there where that has no graph.

    Raises `EngineError` where neither can run it, `WeightsError` for the weights.
    """
    try:
        reference = make_engine(card, "onnx", "cpu")
        check_answer(card, reference)
    except EngineError:
        return make_engine(card, "torch", "cpu")
    return reference


def agreement(card: ModelCard, engine: Engine) -> float:
    """The share of pixels, 0..1, whose labels are those of the reference engine, in the stored photograph where it is
    lowest: an engine that goes wrong on one kind of picture is not made good by the others.

    Every pixel counts with its class, however low the score: a threshold would hide differences. Raises `EngineError`
    where one of the two gives up.
    """
    reference = reference_engine(card)
    if (engine.name, engine.device) == (reference.name, reference.device):
        return 1.0
    same = [(labels_by(engine, picture) == labels_by(reference, picture)).mean() for picture in pictures(card)]
    return float(min(same))


def pictures(card: ModelCard) -> list[NDArray[np.uint8]]:
    """The stored photographs as the network sees them, (h, w, 3) uint8 RGB each."""
    input_size = min(card.input_size or PUBLISHED_INPUT_SIZE, _LARGEST)
    return [prepare(read_photo(path), input_size=input_size) for path in _samples()]


def _samples() -> list[Path]:
    return [path for path in sample_paths() if path.stem in SAMPLES]


def labels_by(engine: Engine, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A prepared picture (h, w, 3) uint8 RGB → its labels (h, w) by that engine."""
    height, width = picture.shape[:2]
    return Prediction(*engine.run(picture), (height, width)).labels(threshold=0)
