"""Export from the window: one job per picture in the engine's lane, by the same code as the command line.

A picture that was never predicted is read and predicted first. What is exported is the state at the moment of asking; a
stroke made meanwhile stays unexported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.core.document import DocumentSnapshot
from app.core.export import ExportOptions, export_snapshot
from app.desk import LATER, NOW, Desk
from app.session import Session
from app.workers.lane import CancelToken
from inference.photo import read_photo


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """Which pictures go where. `targets`: picture → stem of its files; `refused`: picture → why it is left out."""

    folder: Path
    targets: dict[Path, str]
    refused: dict[Path, str]
    existing: tuple[Path, ...]  # ADE PNGs that are there already


@dataclass
class ExportSummary:
    """What an export did."""

    folder: Path
    written: list[Path] = field(default_factory=list)  # the ADE PNGs
    skipped: list[tuple[Path, str]] = field(default_factory=list)  # picture, reason
    cancelled: int = 0

    def sentence(self) -> str:
        parts = [f"{len(self.written)} written to {self.folder}"]
        if self.skipped:
            parts.append(f"{len(self.skipped)} skipped")
        if self.cancelled:
            parts.append(f"{self.cancelled} cancelled")
        return ", ".join(parts) + "."


def plan_export(pictures: Sequence[Path], folder: Path) -> ExportPlan:
    """Give each picture its `<stem>.png`; of two pictures with one stem the later one is refused, never overwritten."""
    targets: dict[Path, str] = {}
    refused: dict[Path, str] = {}
    owners: dict[str, Path] = {}
    for picture in pictures:
        owner = owners.setdefault(picture.stem.casefold(), picture)
        if owner is picture:
            targets[picture] = picture.stem
        else:
            refused[picture] = f"{owner.name} has the same name and takes {picture.stem}.png."
    existing = tuple(path for stem in targets.values() if (path := folder / f"{stem}.png").exists())
    return ExportPlan(folder, targets, refused, existing)


class Exporter(QObject):
    """Runs one export at a time and tells how far it is."""

    progress = Signal(int, int)  # pictures finished, pictures in all
    finished = Signal(object)  # ExportSummary

    def __init__(self, desk: Desk, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._session = session
        self._waiting: set[Path] = set()
        self._total = 0
        self._summary: ExportSummary | None = None

    @property
    def running(self) -> bool:
        return bool(self._waiting)

    def start(self, plan: ExportPlan, options: ExportOptions) -> None:
        """Export every target of the plan. The caller has asked about existing files and left out what stays."""
        self._summary = ExportSummary(plan.folder, skipped=list(plan.refused.items()))
        self._total = len(plan.targets)
        self._waiting = set(plan.targets)
        priority = NOW if len(plan.targets) == 1 else LATER
        for picture, stem in plan.targets.items():
            self._submit(picture, stem, folder=plan.folder, options=options, priority=priority)
        self.progress.emit(0, self._total)
        if not self._waiting:
            self._finish()

    def cancel(self) -> None:
        """Leave out what is not written yet; finished files stay."""
        if self._summary is not None and self._waiting:
            self._summary.cancelled = len(self._waiting)
            self._desk.engine_lane.cancel_where(lambda key: isinstance(key, tuple) and key[0] == "export")
            self._waiting.clear()
            self._finish()

    def _submit(self, picture: Path, stem: str, *, folder: Path, options: ExportOptions, priority: int) -> None:
        document = self._session.find(picture)
        if document is None:
            snapshot = DocumentSnapshot.empty(picture, threshold=self._session.threshold, mode=self._session.mode)
        else:
            snapshot = document.snapshot()
        revision = self._session.revision(picture)

        def work(token: CancelToken) -> Path:
            ready, photo = snapshot, None
            if options.overlay or ready.prediction is None:
                photo = read_photo(picture)
                token.check()
            if ready.prediction is None and photo is not None:
                ready = ready.with_prediction(self._desk.segmenter().predict(photo))
                token.check()
            model = self._desk.segmenter().card.name if options.detections else None
            return export_snapshot(ready, folder=folder, stem=stem, photo=photo, options=options, model=model)[0]

        def done(written: Path) -> None:
            self._session.mark_exported(picture, revision=revision)
            self._one_finished(picture, written=written)

        self._desk.engine_lane.submit(
            work,
            key=("export", picture),
            done=done,
            failed=lambda reason: self._one_finished(picture, reason=reason),
            priority=priority,
        )

    def _one_finished(self, picture: Path, *, written: Path | None = None, reason: str = "") -> None:
        if self._summary is None:
            return
        if written is not None:
            self._summary.written.append(written)
        else:
            self._summary.skipped.append((picture, reason))
        self._waiting.discard(picture)
        self.progress.emit(self._total - len(self._waiting), self._total)
        if not self._waiting:
            self._finish()

    def _finish(self) -> None:
        summary, self._summary = self._summary, None
        self.finished.emit(summary)
