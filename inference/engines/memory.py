"""An engine that gets by with the memory there is: a smaller picture, then the CPU, and it says so."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.engines.engine import Answer, Engine, OutOfMemory
from inference.engines.making import title
from inference.errors import EngineError
from inference.preprocess import MINIMUM_SIDE, STRIDE

_SMALLER = 0.5  # of the pixels, at each step
_STEPS = 2  # down to half of each side; smaller things than that are lost, and the CPU does better
_SMALLEST = 2 * MINIMUM_SIDE  # long side in pixels from which on a picture is left as it is


class FrugalEngine:
    """Runs another engine. Where that has no memory left it is given a smaller picture, and from then on no picture is
    larger than the one that went; where that does not help either, the CPU takes over. Nothing ever becomes larger
    again: what failed once would fail in the middle of the next photo. `notes` says what was done, in sentences."""

    def __init__(self, engine: Engine, *, on_cpu: Callable[[], Engine] | None) -> None:
        """`on_cpu` opens what takes over in the end; None where the engine is on the CPU already."""
        self._engine = engine
        self._on_cpu = on_cpu
        self._steps = 0
        self._most: int | None = None  # pixels of a picture that there is memory for
        self._lock = threading.Lock()  # of what is decided; pictures run beside one another
        self.notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self._engine.name

    @property
    def device(self) -> str:
        return self._engine.device

    @property
    def reason(self) -> str:
        return self._engine.reason

    @property
    def at_once(self) -> int:
        return self._engine.at_once

    def run(self, image: NDArray[np.uint8]) -> Answer:
        """See `Engine.run`; the mask grid is that of a smaller picture where the memory asks for one. Raises
        `OutOfMemory` where nothing helps."""
        while True:
            engine, most = self._engine, self._most
            picture = shrunk(image, most=most)
            try:
                return engine.run(picture)
            except OutOfMemory as error:
                with self._lock:
                    if (engine, most) == (self._engine, self._most):  # else another picture has met the same
                        self._give_way(error, picture.shape[:2])

    def _give_way(self, error: OutOfMemory, size: tuple[int, ...]) -> None:
        """Decide on what is asked next, after a picture of this size (h, w). Raises the error where nothing is left."""
        pixels = size[0] * size[1]
        if self._steps < _STEPS and max(size) > _SMALLEST:
            self._steps += 1
            self._most = int(pixels * _SMALLER)
            self._say(
                f"{title(self.name)} ran out of memory on {self.device}, so the network sees pictures of "
                f"{self._most / 1e6:.2g} megapixels at most: fine details may be missed."
            )
        else:
            self._engine = self._open_on_cpu(error)
            self._on_cpu = None
            self._steps = _STEPS
            self._most = pixels  # not more than what has failed, whatever the CPU could do
            self._say(self._engine.reason)

    def _open_on_cpu(self, error: OutOfMemory) -> Engine:
        if self._on_cpu is None:
            raise error
        try:
            return self._on_cpu()
        except EngineError as refusal:
            raise OutOfMemory(f"{error} The CPU cannot take over: {refusal}") from error

    def _say(self, sentence: str) -> None:
        self.notes = (*self.notes, sentence)


def shrunk(image: NDArray[np.uint8], *, most: int | None) -> NDArray[np.uint8]:
    """A prepared picture (h, w, 3) with at most `most` pixels, sides multiples of 8 and at least 32; itself where it is
    small enough."""
    height, width = image.shape[:2]
    if most is None or height * width <= most:
        return image
    scale = math.sqrt(most / (height * width))
    rows, columns = (max(MINIMUM_SIDE, math.floor(side * scale / STRIDE) * STRIDE) for side in (height, width))
    small = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def notes_of(engine: Engine) -> tuple[str, ...]:
    """What an engine had to do without, in sentences, the first first."""
    return engine.notes if isinstance(engine, FrugalEngine) else ()
