"""A network for the tests that answers at once, or when its gate opens, and what a desk has of its answers."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from app.core.geometry import Box
from app.core.segment_map import human_value
from app.desk import Desk
from inference.errors import EngineError
from inference.prediction import Prediction


@dataclass
class Named:
    name: str
    device: str = "cpu"
    reason: str = "for the test"


@dataclass
class FakeSegmenter:
    """Answers at once, or when its gate opens; remembers the widths of the photos it saw, in order."""

    card: Named = field(default_factory=lambda: Named("fake"))
    engine: Named = field(default_factory=lambda: Named("onnx"))
    gate: threading.Event = field(default_factory=threading.Event)
    entered: threading.Event = field(default_factory=threading.Event)
    seen: list[int] = field(default_factory=list)
    refuse_width: int = 0
    at_once: int = 1
    closes_after: int = 0  # photos; then the gate closes behind itself

    def predict(self, photo: np.ndarray) -> Prediction:
        return self.run(self.prepare(photo), size=photo.shape[:2])

    def prepare(self, photo: np.ndarray) -> np.ndarray:
        return photo

    def run(self, photo: np.ndarray, *, size: tuple[int, int]) -> Prediction:
        self.entered.set()
        assert self.gate.wait(10)
        self.seen.append(photo.shape[1])
        if len(self.seen) == self.closes_after:
            self.gate.clear()
        if photo.shape[1] == self.refuse_width:
            raise EngineError("The engine has no memory left for this photo.")
        probs = np.full((100, 150), 0.001, np.float32)
        probs[0, photo.shape[1] % 150] = 0.9
        masks = np.full((100, 4, 6), 0.1, np.float32)
        masks[0] = 0.8
        return Prediction(probs, masks, size)


def predicted(desk: Desk, path: Path) -> bool:
    document = desk.session.find(path)
    return document is not None and document.layer_mode is not None


def correct_corner(desk: Desk, *, value: int = 7) -> None:
    gesture = desk.session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(Box(0, 0, 5, 5), None, human_value(value))
    gesture.commit()
