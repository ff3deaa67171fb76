"""Export from the window: one job per picture in the engine's lane, by the same code as the command line.

A picture that was never predicted is read and predicted first. What is exported is the state at the moment of asking:
an edit that is being worked out then belongs to it and is waited for, a stroke made later stays unexported.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.answering.predictions import NOW
from app.core.document import DocumentSnapshot, ViewMode
from app.core.export import ExportOptions, export_snapshot
from app.core.export_plan import ExportPlan
from app.core.human_layer import HumanLayer
from app.core.project.records import CHANGED, ExportedState
from app.desk import LATER, Desk
from app.editing.session import Session
from app.keeping.projects import Loaded
from app.workers.lane import CancelToken
from inference.errors import ExpectedError, PhotoError
from inference.photo import read_photo
from inference.segmenter import Segmenter

AHEAD = 100  # pictures in the lane at a time: a hundred thousand would take long to put there


@dataclass
class ExportSummary:
    """What an export did."""

    folder: Path
    written: list[Path] = field(default_factory=list)  # the ADE PNGs
    beside: int = 0  # overlays and detections written beside them
    notes: list[tuple[Path, str]] = field(default_factory=list)  # picture, what is missing beside its ADE PNG or in it
    skipped: list[tuple[Path, str]] = field(default_factory=list)  # picture, reason
    cancelled: int = 0

    def sentence(self) -> str:
        what = self.written[0].name if len(self.written) == 1 else str(len(self.written))
        if self.beside:
            what += f" and {self.beside} overlay or detection file{'s' if self.beside > 1 else ''}"
        parts = [f"{what} written to {self.folder}"]
        if self.skipped:
            parts.append(f"{len(self.skipped)} skipped")
        if self.cancelled:
            parts.append(f"{self.cancelled} cancelled")
        return ", ".join(parts) + "."


@dataclass(frozen=True, eq=False)
class _Asked:
    """What an export is to write of a picture."""

    snapshot: DocumentSnapshot
    state: ExportedState
    own_threshold: float | None = None  # of a picture that is not open

    def with_record(self, loaded: Loaded, *, for_all: bool) -> _Asked:
        """The same of a picture that is not open, with what its project keeps of it. `for_all`: no picture has a
        threshold of its own. PhotoError where the record is of another photo, or cannot be read."""
        stored, snapshot, state = loaded.stored, self.with_answer(loaded).snapshot, self.state
        if stored is None:
            return self
        if loaded.changed and stored.corrections is not None:
            changed = CHANGED.format(name=snapshot.path.name)
            raise PhotoError(f"{changed} Open it to say what becomes of its corrections.")
        corrections = None if stored.corrections is None else HumanLayer.of_patch(stored.corrections)
        own = None if for_all else stored.threshold
        if own is not None:
            snapshot = replace(snapshot, threshold=own)
            state = replace(state, threshold=state.threshold if state.threshold is None else own)
        return _Asked(replace(snapshot, corrections=corrections), replace(state, revision=stored.revision), own)

    def with_answer(self, loaded: Loaded) -> _Asked:
        """The same with the answer that its project keeps of it, if one counts. PhotoError where nobody can tell."""
        if loaded.problem and loaded.info is not None:
            raise PhotoError(loaded.problem)
        if loaded.prediction is None or loaded.stored is None:
            return self
        return replace(self, snapshot=self.snapshot.with_prediction(loaded.prediction, model=loaded.stored.model))


@dataclass(frozen=True, eq=False)
class _Order:
    """What an export is to do, and how the window showed pictures at the moment of asking."""

    plan: ExportPlan
    mode: ViewMode
    threshold: float
    by_class: dict[int, float]
    for_all: bool  # whether no picture has a threshold of its own
    state: ExportedState  # of a picture of which nothing is known
    priority: int

    @classmethod
    def of(cls, session: Session, plan: ExportPlan) -> _Order:
        by_class = tuple(sorted(session.class_thresholds.items()))
        semantic = session.mode is ViewMode.SEMANTIC
        return cls(
            plan=plan,
            mode=session.mode,
            threshold=session.threshold,
            by_class=dict(session.class_thresholds),
            for_all=session.threshold_for_all,
            state=ExportedState(0, session.mode)
            if semantic
            else ExportedState(0, session.mode, session.threshold, by_class, plan.options.rest),
            priority=NOW if len(plan.targets) == 1 else LATER,
        )

    def asked(self, picture: Path, session: Session) -> _Asked:
        """Of one picture: what the session has of it by now, shown as things were at the moment of asking."""
        document, history = session.find(picture), session.history_of(picture)
        threshold = self.threshold
        if not self.for_all:
            own = session.own_threshold(picture) if document is None else document.threshold
            threshold = threshold if own is None else own
        known = DocumentSnapshot.empty(picture, mode=self.mode) if document is None else document.snapshot()
        return _Asked(
            replace(known.in_mode(self.mode), threshold=threshold, class_thresholds=dict(self.by_class)),
            replace(
                self.state,
                revision=0 if history is None else history.revision(),
                threshold=None if self.state.threshold is None else threshold,
            ),
        )


class Exporter(QObject):
    """Runs one export at a time and tells how far it is."""

    progress = Signal(int, int)  # pictures finished, pictures in all
    finished = Signal(object)  # ExportSummary

    def __init__(self, desk: Desk, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._session = session
        self._waiting: set[Path] = set()
        self._rest: Iterator[Path] = iter(())  # pictures that are in no lane yet
        self._unfinished: dict[Path, Callable[[], None]] = {}  # pictures with an edit under way, and what goes on then
        self._total = 0
        self._summary: ExportSummary | None = None
        self._order: _Order | None = None
        self._segmenter: Segmenter | None = None  # of the export under way; used in the lane only
        session.under_way_changed.connect(self._go_on)

    @property
    def running(self) -> bool:
        return bool(self._waiting)

    def start(self, plan: ExportPlan) -> None:
        """Export every target of the plan. The caller has asked about existing files and left out what stays."""
        self._session.end_gesture()
        self._summary = ExportSummary(plan.folder, skipped=list(plan.refused.items()))
        self._segmenter = None
        self._total = len(plan.targets)
        self._waiting = set(plan.targets)
        order, known = _Order.of(self._session, plan), self._session.known()
        first = list(itertools.islice((picture for picture in plan.targets if picture not in known), AHEAD))
        now = {*first, *known}
        self._rest = (picture for picture in plan.targets if picture not in now)
        self._order = order
        for picture in plan.targets.keys() & now if len(plan.targets) > AHEAD else plan.targets:
            self._submit(picture, order)
        self.progress.emit(0, self._total)
        if not self._waiting:
            self._finish()

    def cancel(self) -> None:
        """Leave out what is not written yet; finished files stay."""
        if self._summary is not None and self._waiting:
            self._summary.cancelled = len(self._waiting)
            self._desk.engine_lane.cancel_where(lambda key: isinstance(key, tuple) and key[0] == "export")
            self._waiting.clear()
            self._unfinished.clear()
            self._rest = iter(())
            self._finish()

    def _submit(self, picture: Path, order: _Order) -> None:
        session = self._session
        asked, document = order.asked(picture, session), session.find(picture)
        if document is None or picture not in session.under_way():
            self._queue(asked, order)
            return

        def edited() -> None:
            state = replace(asked.state, revision=session.export_state(picture).revision)
            snapshot = replace(asked.snapshot, corrections=document.snapshot().corrections)
            self._queue(_Asked(snapshot, state), order)

        self._unfinished[picture] = edited

    def _go_on(self, picture: Path) -> None:
        """An edit of a picture began or ended: an export that waited for it goes on."""
        if picture in self._unfinished and picture not in self._session.under_way():
            self._unfinished.pop(picture)()

    def _queue(self, asked: _Asked, order: _Order) -> None:
        picture = asked.snapshot.path
        is_loaded, is_done = self._desk.keeper.is_loaded(picture), self._desk.done_answers.is_done(picture)

        def work(token: CancelToken) -> tuple[_Asked, list[Path], list[str]]:
            full = asked
            if not is_loaded:
                full = asked.with_record(token.wait(self._desk.keeper.look_up(picture)), for_all=order.for_all)
            elif is_done and asked.snapshot.prediction is None:
                full = asked.with_answer(token.wait(self._desk.keeper.look_up(picture)))
            return full, *self._write(full.snapshot, order.plan, token)

        def done(result: tuple[_Asked, list[Path], list[str]]) -> None:
            full, files, notes = result
            if full.own_threshold is not None:
                self._session.know_threshold(picture, full.own_threshold)
            self._desk.keeper.mark_exported(picture, full.state)
            self._one_finished(picture, written=files, notes=notes)

        self._desk.engine_lane.submit(
            work,
            key=("export", picture),
            done=done,
            failed=lambda reason: self._one_finished(picture, reason=reason),
            priority=order.priority,
        )

    def _write(self, snapshot: DocumentSnapshot, plan: ExportPlan, token: CancelToken) -> tuple[list[Path], list[str]]:
        """In the lane: complete the snapshot and write it. The files, the ADE PNG first, and what could not be done.

        Corrections are the user's work: they are written even where photo or network are not to be had.
        """
        notes: list[str] = []
        photo: NDArray[np.uint8] | None = None
        options: ExportOptions = plan.options
        asks = snapshot.prediction is None and not _all_decided(snapshot.corrections)
        try:
            if options.overlay or asks:
                photo = _photo_of(snapshot)
                token.check()
            if asks and photo is not None:
                self._segmenter = self._segmenter or self._desk.model.segmenter()
                prediction = self._segmenter.predict(photo)
                snapshot = snapshot.with_prediction(prediction, model=self._segmenter.card.name)
                token.check()
        except ExpectedError as error:
            if snapshot.prediction is None and snapshot.corrections is None:
                raise
            missing = "your corrections alone" if asks and snapshot.prediction is None else "without the overlay"
            notes.append(f"Written, but {missing}: {error}")
            options = replace(options, overlay=options.overlay and photo is not None)
        stem = plan.targets[snapshot.path]
        written = export_snapshot(snapshot, folder=plan.folder, stem=stem, photo=photo, options=options)
        return written, notes

    def _one_finished(
        self, picture: Path, *, written: list[Path] | None = None, notes: list[str] | None = None, reason: str = ""
    ) -> None:
        if self._summary is None:
            return
        if written is not None:
            self._summary.written.append(written[0])
            self._summary.beside += len(written) - 1
            self._summary.notes += [(picture, note) for note in notes or []]
        else:
            self._summary.skipped.append((picture, reason))
        self._waiting.discard(picture)
        self.progress.emit(self._total - len(self._waiting), self._total)
        if not self._waiting:
            self._finish()
        elif self._order is not None and (following := next(self._rest, None)) is not None:
            self._submit(following, self._order)

    def _finish(self) -> None:
        summary, self._summary = self._summary, None
        self.finished.emit(summary)


def _all_decided(corrections: HumanLayer | None) -> bool:
    """Whether a person decided every pixel, so that the network has nothing to say."""
    return corrections is not None and all(corrections.read(band).all() for band in corrections.bands())


def _photo_of(snapshot: DocumentSnapshot) -> NDArray[np.uint8]:
    """The photo of a picture, as large as what is known of it.

    Raises:
        PhotoError: it cannot be read, or it has another size now.
    """
    photo = read_photo(snapshot.path)
    known = snapshot.shape
    if known is not None and known != photo.shape[:2]:
        raise PhotoError(f"{snapshot.path.name} has changed on disk: it has another size now.")
    return photo
