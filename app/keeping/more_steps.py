"""Long histories: the picture comes with its newest steps, the others follow when they are read."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.core.errors import PatchError
from app.core.project.records import RawStep, StoredPicture, StoredStep
from app.editing.session import Session
from app.keeping.projects import STEP_BYTES, TORN

REST_MS = 50  # before it is asked again whether every stroke has ended
ENDS = "Undo and redo of {name} go no further than the steps that are here until it is opened again."


@dataclass(frozen=True)
class _Missing:
    """Where the steps of a picture that it came with begin and end."""

    until: int  # the revision before the first of them
    after: int  # that of the last of them
    torn: bool  # whether it ends there because the next are damaged, which was said


@dataclass(frozen=True)
class _Read:
    steps: tuple[StoredStep, ...]
    base: int  # the revision that the first of them was made on
    torn: bool  # whether they end because the next are damaged


class MoreSteps(QObject):
    """Brings the rest of the history of pictures that were opened."""

    said = Signal(str)
    _parsed = Signal(object, object, object)  # Path, _Missing, _Read or what went wrong

    def __init__(self, session: Session, executor: Executor, parent: QObject | None = None) -> None:
        """`executor`: where patches are read, which takes a hundredth of a second for a large one."""
        super().__init__(parent)
        self._session, self._executor = session, executor
        self._wanted: dict[Path, _Missing] = {}
        self._due: dict[Path, tuple[_Missing, _Read]] = {}
        self._at_rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._at_rest.timeout.connect(self._add)
        self._parsed.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def are_coming(self, path: Path) -> bool:
        """Whether older or later steps of a picture are on their way."""
        return path in self._wanted

    def fetch(
        self,
        path: Path,
        stored: StoredPicture,
        read: Callable[[int, int, Callable[[list[RawStep]], None], Callable[[str], None]], None],
    ) -> None:
        """A picture came with some of its steps; `read(until, after, done, failed)` reads the others."""
        revisions = [step.revision for step in stored.steps]
        missing = self._wanted[path] = _Missing(
            stored.base_revision, max([stored.revision, *revisions]), torn=stored.damaged_steps > 0
        )

        def done(raw: list[RawStep]) -> None:
            if self._wanted.get(path) is missing:
                self._executor.submit(parse, raw)

        def parse(raw: list[RawStep]) -> None:
            try:
                self._parsed.emit(path, missing, _read(raw, missing))
            except Exception as error:  # noqa: BLE001 - nobody asks the future for it
                self._parsed.emit(path, missing, error)

        def failed(reason: str) -> None:
            if self._wanted.get(path) is missing:
                self.forget(path)
                self.said.emit(f"{reason} {ENDS.format(name=path.name)}")

        read(missing.until, missing.after, done, failed)

    def stop(self) -> None:
        """Nothing is read any more."""
        self._at_rest.stop()
        self._wanted.clear()
        self._due.clear()

    def forget(self, path: Path) -> None:
        """The picture is closed."""
        self._wanted.pop(path, None)
        self._due.pop(path, None)

    def _take(self, path: Path, missing: _Missing, read: _Read | Exception) -> None:
        if isinstance(read, Exception):
            self.forget(path)
            sys.excepthook(type(read), read, read.__traceback__)
        elif self._wanted.get(path) is missing:
            if read.torn and not missing.torn:
                self.said.emit(TORN.format(name=path.name))
            self._due[path] = missing, read
            self._add()

    def _add(self) -> None:
        """A step under way counts those that are there: it has to end before."""
        if self._due and not self._session.at_rest:
            self._at_rest.start()
            return
        for path, (missing, read) in list(self._due.items()):
            self.forget(path)
            if self._session.history_of(path) is not None:
                self._session.surround(path, read.steps, base=read.base, after=missing.after)


def _read(raw: Sequence[RawStep], missing: _Missing) -> _Read:
    """What can be read without a gap on both sides of the steps that are there, within a budget of memory."""
    earlier, base, left, torn = _until(reversed([step for step in raw if step.revision <= missing.until]), STEP_BYTES)
    later, _, _, torn_later = _until([step for step in raw if step.revision > missing.after], left)
    return _Read((*reversed(earlier), *later), base if earlier else missing.until, torn or torn_later)


def _until(raw: Iterable[RawStep], most: int) -> tuple[list[StoredStep], int, int, bool]:
    """The first steps that are sound and take at most `most` bytes of memory, what the last of them was made on, what
    is left of `most`, and whether they end at a damaged one."""
    steps: list[StoredStep] = []
    previous = 0
    for row in raw:
        try:
            step = row.read()
        except PatchError:
            return steps, previous, most, True
        if step.patch.nbytes > most:
            break
        most -= step.patch.nbytes
        steps.append(step)
        previous = row.previous
    return steps, previous, most, False
