"""Counts what is on pictures from what their project keeps of them: lists are filtered and sorted by that.

Most pictures are counted as they are on screen. Those that are worked on in the semantic view, or without an answer of
the network, are not; and of some pictures projects of earlier versions know an answer or corrections, but no counts.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.core.arrays import I64
from app.core.project.areas import FolderAreas, pack_areas
from app.core.project.store import ProjectStore
from app.core.shown_counts import shown_counts
from app.core.tables import empty_table
from app.keeping.projects import Countable
from inference.errors import ExpectedError
from inference.prediction import SegmentTable

PAUSE_MS = 20  # between two pictures that nobody waits for: the other half of the time is everybody else's

Ask = Callable[[Path], "Future[Countable | None]"]
Write = Callable[[Path, Callable[[ProjectStore, str], None]], "Future[None]"]


class Counting(QObject):
    """One picture at a time, beside the window and the project lane; those of a list while no hand is at work."""

    counted = Signal(object, object)  # Path, FolderAreas of that picture alone
    _ended = Signal()  # with one of those that nobody waits for
    _broken = Signal(object)  # what went wrong that cannot be expected

    def __init__(
        self,
        executor: Executor,
        ask: Callable[[Path], Future[Countable | None]],
        write: Callable[[Path, Callable[[ProjectStore, str], None]], object],
        *,
        may_count: Callable[[], bool],
        parent: QObject | None = None,
    ) -> None:
        """`ask`: what there is to count of a picture; `write`: have what is kept of one changed; both from any thread.
        `may_count`: whether there is time for pictures that nobody waits for."""
        super().__init__(parent)
        self._executor, self._ask, self._write, self._may_count = executor, ask, write, may_count
        self._root, self._names = Path(), deque[str]()
        self._busy = False
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._next)
        self._ended.connect(self._go_on, Qt.ConnectionType.QueuedConnection)
        self._broken.connect(_tell, Qt.ConnectionType.QueuedConnection)

    def count(self, path: Path) -> Future[None]:
        """Count a picture that was worked on: what was known of it is of an earlier state."""
        return self._executor.submit(self._count, path, over=True)

    def keep(self, path: Path, counts: I64, table: SegmentTable, *, threshold: float | None, over: bool = True) -> None:
        """Keep what is on a picture, as in `ProjectStore.keep_areas`; from any thread. `threshold`: its own; `over`:
        also where something is known of it."""
        packed = pack_areas(counts, table)

        def keep(store: ProjectStore, name: str) -> None:
            if store.put_areas(name, packed, over=over):
                self.counted.emit(path, FolderAreas.of_packed([(name, threshold, packed)]))

        self._write(path, keep)

    def fill_in(self, root: Path, names: Iterable[str]) -> None:
        """Count these pictures of the folder `root`, of which nothing is known, and no others any more."""
        self._root, self._names = root, deque(names)
        self._go_on()

    def stop(self) -> None:
        """Nothing more is begun."""
        self._names.clear()

    def _go_on(self) -> None:
        if self._names:
            self._pause.start()

    def _next(self) -> None:
        if not self._names or self._busy:
            return
        if not self._may_count():
            self._pause.start()
            return
        self._busy = True
        self._executor.submit(self._fill, self._root / self._names.popleft())

    def _fill(self, path: Path) -> None:
        self._count(path, over=False)
        self._busy = False
        self._ended.emit()

    def _count(self, path: Path, *, over: bool) -> None:
        """`over` what is known of it, if anything is."""
        try:
            known = self._ask(path).result()
            if known is not None:
                counts = shown_counts(known.prediction, known.corrections)
                table = empty_table() if known.prediction is None else known.prediction.segment_table()
                self.keep(path, counts, table, threshold=known.threshold, over=over)
        except ExpectedError:  # it is said when the picture is opened
            return
        except Exception as error:  # noqa: BLE001 - nobody asks the future for it
            self._broken.emit(error)


def _tell(error: Exception) -> None:
    sys.excepthook(type(error), error, error.__traceback__)
