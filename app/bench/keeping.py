"""How soon a project has what was done, and how soon a picture with a long history is back, on a 24 MP map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import cv2
import numpy as np
from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEventLoop

from app.bench.data import SIZE
from app.bench.figures import Figure
from app.bench.fresh import PATIENCE, ProbeError
from app.core.geometry import Box
from app.core.project.packing import rounded
from app.core.project.records import identify
from app.core.segment_map import human_value
from app.editing.session import Session
from app.keeping.keeper import Keeper
from app.settings import Settings
from inference.prediction import Prediction

GOAL = 100  # ms from the end of a gesture until it is in the project
STROKES = 20, 100
_DIAMETER = 1000  # pixels
_DABS = 12


def keeping_figures(*, quick: bool) -> Iterator[Figure]:
    """Strokes alone, strokes while a run of the network keeps its answers, and the way back of all of them."""
    strokes = STROKES[0 if quick else 1]
    with TemporaryDirectory() as text:
        photo = Path(text, "photo.png")
        cv2.imwrite(str(photo), np.zeros((8, 8, 3), np.uint8))
        work = _Work(photo)
        times = [work.stroke(number) for number in range(strokes)]
        yield Figure.of(f"a stroke of {_DIAMETER} px is in the project", times, goal=GOAL)
        times = [work.stroke(number, answer=_answer(number)) for number in range(strokes)]
        yield Figure.of("the same while a run over the folder keeps an answer", times, goal=GOAL)
        work.close()
        start = perf_counter()
        work = _Work(photo)
        taken = (perf_counter() - start) * 1000
        work.close()
        name = f"a picture with {2 * strokes} such steps is back"
        yield Figure(name=name, median=taken, note="project, newest steps, map")


class _Work:
    """A session and its keeper over one photo of 24 MP."""

    def __init__(self, photo: Path) -> None:
        self._application = QCoreApplication.instance() or QCoreApplication([])
        self._photo = photo
        self._session = Session(Settings())
        self._keeper = Keeper(self._session, lambda: "bench")
        self._session.show(photo)
        self._keeper.load(photo)
        self._until(lambda: self._keeper.is_loaded(photo))
        self._session.attach_photo(photo, (np.zeros((*SIZE, 3), np.uint8),))

    def stroke(self, number: int, *, answer: Prediction | None = None) -> float:
        """Paint, and wait until the project has it: milliseconds from the end of the gesture."""
        if answer is not None:
            other = self._photo.with_name("other.png")
            identity, counts = identify(self._photo), np.zeros(256, np.int64)
            self._keeper.keep_answer(other, answer, model="bench", identity=identity, counts=counts)
        gesture = self._session.begin_edit("Brush")
        assert gesture is not None
        random, half = np.random.default_rng(number), _DIAMETER // 2
        ys, xs = np.ogrid[-half:half, -half:half]
        disc = ys * ys + xs * xs < half * half
        x, y = (int(random.integers(0, side - 2 * _DIAMETER)) for side in (SIZE[1], SIZE[0]))
        for dab in range(_DABS):
            box = Box.at(x + dab * _DIAMETER // _DABS, y, width=_DIAMETER, height=_DIAMETER)
            gesture.paint(box, disc, human_value(1 + number % 150))
        ends: list[float] = []
        start = perf_counter()
        gesture.commit()
        self._keeper.lane.read(lambda: ends.append(perf_counter()), done=lambda _none: None, failed=_fail)
        self._until(lambda: bool(ends))
        self._until(self._keeper.is_saved)
        return (ends[0] - start) * 1000

    def close(self) -> None:
        self._keeper.close()
        self._session.close_all()

    def _until(self, condition: Callable[[], bool]) -> None:
        limit = QDeadlineTimer(PATIENCE * 1000)
        while not condition():
            if limit.hasExpired():
                raise ProbeError("The project did not answer.")
            self._application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 5)


def _fail(sentence: str) -> None:
    raise ProbeError(sentence)


def _answer(number: int) -> Prediction:
    """Of the size of the real ones."""
    random = np.random.default_rng(number)
    classes = random.dirichlet(np.full(151, 0.05), 100)[:, :150].astype(np.float32)
    return rounded(Prediction(classes, random.random((100, 160, 160), np.float32), SIZE))
