"""Labels from files become corrections, one picture after the other and each one undo step, while work goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.core.arrays import I64
from app.core.human_layer import HumanLayer
from app.core.import_labels import Conversion, Existing, Finding, Revision, read, revised
from app.core.parts import Check
from app.core.project.records import StoredStep
from app.core.project.store import ProjectStore
from app.core.tables import empty_table
from app.core.tile_counts import count_codes
from app.editing.session import Session
from app.keeping.keeper import Keeper
from app.keeping.projects import Standing
from app.workers.lane import CancelToken, Lane
from inference.errors import ExpectedError

TEXT = "Import labels"  # as the step is called in the history


@dataclass(frozen=True, slots=True)
class Order:
    """Labels to bring into a picture: from which file, and how they are made of it (None: as they are)."""

    finding: Finding
    choice: Conversion | None = None


@dataclass
class ImportSummary:
    """What became of an import."""

    brought: list[Path] = field(default_factory=list)  # pictures that have the labels now
    unchanged: list[Path] = field(default_factory=list)  # pictures that had them before, or were to be left as they are
    refused: list[tuple[Path, str]] = field(default_factory=list)  # picture, reason
    cancelled: int = 0

    def sentence(self) -> str:
        if self.brought:
            what = self.brought[0].name if len(self.brought) == 1 else f"{len(self.brought)} pictures"
            parts = [f"Labels brought into {what}"]
        else:
            parts = ["No labels brought in"]
        parts += [f"{len(self.unchanged)} left as they were"] * bool(self.unchanged)
        parts += [f"{len(self.refused)} could not be used"] * bool(self.refused)
        parts += [f"{self.cancelled} cancelled"] * bool(self.cancelled)
        return ", ".join(parts) + "."


@dataclass(frozen=True)
class _Worked:
    """A picture that nobody has opened, and what is to be written of it."""

    standing: Standing
    revision: Revision | None  # None where it is left as it is
    counts: I64


class Importer(QObject):
    """Runs one import at a time.

    A picture that is open changes through the session, so that undo works at once and no stroke is lost; any other in
    its project, where the step waits until the picture is opened. Which of the two is decided when all is worked out:
    whoever opens it meanwhile sees to it that it is worked out anew.
    """

    progress = Signal(int, int)  # pictures done, pictures in all
    finished = Signal(object)  # ImportSummary
    brought = Signal(object)  # Path of a picture that has its labels, in the session or in its project
    _kept = Signal(object, object)  # ticket, why a step could not be written; empty where it is

    def __init__(self, session: Session, keeper: Keeper, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._keeper = session, keeper
        self._lane = Lane("import", self)
        self._orders: list[tuple[Path, Order]] = []
        self._existing = Existing.REPLACE
        self._summary: ImportSummary | None = None
        self._total = 0
        self._current: tuple[Path, Order] | None = None
        self._ticket = object()  # of the picture that is worked on
        keeper.loaded.connect(self._record_loaded)
        keeper.changed_on_disk.connect(self._record_loaded)
        session.under_way_changed.connect(self._edit_ended)
        session.document_changed.connect(self._perhaps_closed)
        self._in_session = False  # whether the session works on the current picture
        self._waits = False  # whether it waits for its record, or for an edit that is under way
        self._kept.connect(self._written, Qt.ConnectionType.QueuedConnection)

    @property
    def running(self) -> bool:
        return self._summary is not None

    def start(self, orders: Mapping[Path, Order], existing: Existing) -> None:
        """Bring in the labels of these pictures, in this order. Not while another import runs."""
        self._orders, self._existing = list(orders.items())[::-1], existing
        self._summary, self._total = ImportSummary(), len(orders)
        self._go_on()

    def cancel(self) -> None:
        """Leave out what is not brought in yet; what is stays, and can be undone."""
        if self._summary is None:
            return
        self._summary.cancelled = len(self._orders) + (self._current is not None)
        self._orders.clear()
        current, self._current, self._ticket = self._current, None, object()
        self._lane.cancel("import")
        if current is not None and self._in_session:
            self._session.stop_edit(current[0])
        self._end()

    def close(self) -> None:
        """Stop, and wait for the thread."""
        self._summary = self._current = None
        self._ticket, self._in_session, self._waits = object(), False, False
        self._lane.close()

    # --- one after the other ---------------------------------------------------------------------------------------

    def _go_on(self) -> None:
        """With the next picture, at the next turn of the event loop: thousands may be refused one after the other."""
        ticket = self._ticket = object()
        QTimer.singleShot(0, self, lambda: self._next() if ticket is self._ticket else None)

    def _next(self) -> None:
        self.progress.emit(self._total - len(self._orders), self._total)
        if not self._orders:
            self._end()
            return
        self._current = self._orders.pop()
        self._begin()

    def _end(self) -> None:
        summary, self._summary, self._current = self._summary, None, None
        self.progress.emit(0, 0)
        self.finished.emit(summary)

    def _begin(self) -> None:
        """Work on the current picture, from the start."""
        assert self._current is not None
        path, order = self._current
        self._in_session = self._waits = False
        ticket = self._ticket = object()
        if refusal := self._keeper.refusal(path):
            self._done(ticket, problem=refusal)
        elif self._session.find(path) is None and not self._keeper.is_met(path):
            self._begin_closed(ticket, path, order)
        elif not self._keeper.is_loaded(path) or path in self._session.under_way():
            self._waits = True
            if not self._keeper.is_loaded(path):
                self._keeper.load(path)
        elif not self._keeper.keeps(path):
            self._done(ticket, problem=f"Nothing can be kept of {path.name}: there is no project that holds it.")
        else:
            self._begin_open(ticket, path, order)

    def _done(self, ticket: object, *, changed: bool = False, problem: str = "") -> None:
        """The current picture has its labels, or never will."""
        if self._ticket is not ticket or self._summary is None or self._current is None:
            return
        path = self._current[0]
        self._current, self._in_session = None, False
        if problem:
            self._summary.refused.append((path, problem))
        elif changed:
            self._summary.brought.append(path)
            self.brought.emit(path)
        else:
            self._summary.unchanged.append(path)
        self._go_on()

    # --- a picture that is open ------------------------------------------------------------------------------------

    def _begin_open(self, ticket: object, path: Path, order: Order) -> None:
        problems: list[str] = []

        def work(before: HumanLayer | None, check: Check) -> Revision | None:
            try:
                return _revision(order, before, self._existing, check)
            except ExpectedError as error:
                problems.append(str(error))
                return None

        def done(revision: Revision | None) -> None:
            changed = revision is not None and revision.step is not None
            self._done(ticket, changed=changed, problem=next(iter(problems), ""))

        self._in_session = True
        if not self._session.revise(path, TEXT, work, done=done):
            self._in_session, self._waits = False, True

    def _edit_ended(self, path: Path) -> None:
        """An edit of a picture began or ended: the import waited for it, or was itself stopped by the person."""
        if self._current is None or self._current[0] != path or path in self._session.under_way():
            return
        if self._in_session:
            self._done(self._ticket, problem="It was stopped before the labels were there.")
        elif self._waits:
            self._begin()

    def _perhaps_closed(self) -> None:
        """A picture that the session worked on was closed, as its file or its project is another one: once more."""
        if self._in_session and self._current is not None and self._session.find(self._current[0]) is None:
            self._begin()

    def _record_loaded(self, path: Path) -> None:
        if self._waits and self._current is not None and self._current[0] == path:
            self._begin()

    # --- a picture that is not open --------------------------------------------------------------------------------

    def _begin_closed(self, ticket: object, path: Path, order: Order) -> None:
        self._lane.submit(
            lambda token: self._worked_out(path, order, token),
            key="import",
            done=partial(self._keep, ticket, path),
            failed=lambda problem: self._done(ticket, problem=problem),
        )

    def _worked_out(self, path: Path, order: Order, token: CancelToken) -> _Worked:
        """On the thread of the import."""
        standing = token.wait(self._keeper.standing(path))
        before = None if standing.corrections is None else HumanLayer.of_patch(standing.corrections)
        revision = _revision(order, before, self._existing, token.check)
        counts = np.zeros(256, np.int64)
        if revision is not None:
            layer = HumanLayer.of_patch(revision.corrections)
            for band in layer.bands():
                counts += count_codes(layer.read(band))
        return _Worked(standing, revision, counts)

    def _keep(self, ticket: object, path: Path, worked: _Worked) -> None:
        """Write the step, unless somebody has opened the picture meanwhile: then the session has to know of it."""
        revision, standing, counts = worked.revision, worked.standing, worked.counts
        if self._session.find(path) is not None or self._keeper.is_met(path):
            self._begin()
            return
        if revision is None or revision.step is None:
            self._done(ticket)
            return
        step = StoredStep(self._keeper.new_revision(standing.info), TEXT, revision.step)

        def keep(store: ProjectStore, name: str) -> None:
            store.set_identity(name, standing.identity)
            store.keep_areas(name, counts, empty_table())
            store.record_step(name, step, after=standing.revision, shape=step.patch.shape)

        future = self._keeper.in_store(path, keep)
        future.add_done_callback(lambda future: self._kept.emit(ticket, _problem_of(future)))

    def _written(self, ticket: object, problem: str) -> None:
        self._done(ticket, changed=not problem, problem=problem)


def _revision(order: Order, before: HumanLayer | None, existing: Existing, check: Callable[[], Any]) -> Revision | None:
    """What the labels make of the corrections `before`; None where they are to be left as they are."""
    if before is not None and existing is Existing.SKIP:
        return None
    labels = read(order.finding, order.choice)
    check()
    return revised(labels, before, keep=existing is Existing.KEEP)


def _problem_of(future: Future[None]) -> str:
    error = future.exception()
    if error is None:
        return ""
    return str(error) if isinstance(error, ExpectedError) else f"It could not be written ({type(error).__name__})."
