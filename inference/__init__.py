"""Photo in, prediction out:

    from inference import load_segmenter
    labels = load_segmenter("starter").predict(image).labels(threshold=0.5)

Importing this package loads nothing heavy; `load_segmenter` loads what the chosen engine needs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from inference.segmenter import Segmenter

__all__ = ["Segmenter", "load_segmenter"]


def load_segmenter(
    model: str | Path = "starter",
    engine: str = "auto",
    device: str = "auto",
    *,
    input_size: int | Literal["card"] | None = "card",
) -> Segmenter:
    """A model by name or weights file (.safetensors, .pth, .pt, .onnx), on the fastest engine that really runs here.

    An `.onnx` file may be anybody's: `inference.foreign`. `engine`: auto, onnx, openvino or torch; `device`: auto, cpu,
    cuda or cuda:n, tensorrt or tensorrt:n, mps, and gpu, gpu:n or npu by Intel. `input_size`: short side in pixels at
    which the network sees a photo, "card" for what the model card says, None for the photo's own size.
    With the engine "remote" the photos leave this machine, see `inference.remote`; "auto" never means that.
    Raises `WeightsError` or `EngineError` with one sentence.
    """
    if engine == "remote":
        from inference.remote import load_remote

        return load_remote(model, device=device)
    from inference.engines import open_engine
    from inference.errors import EngineError
    from inference.models import INPUT_SIZES, find_card
    from inference.segmenter import Segmenter

    if isinstance(input_size, int) and input_size not in INPUT_SIZES:
        raise EngineError(f"An input size of {input_size} cannot be used: it must lie between 32 and 8192 pixels.")
    card = find_card(model)
    opened, attempts = open_engine(card, engine=engine, device=device)
    return Segmenter(card, opened, card.input_size if input_size == "card" else input_size, attempts)


def __getattr__(name: str) -> Any:
    if name == "Segmenter":
        from inference.segmenter import Segmenter

        return Segmenter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
