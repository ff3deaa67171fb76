"""The conversation around an export: folder and options, existing files asked about once, progress, summary."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import platformdirs
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.core.catalogue import STATUSES
from app.core.document import ViewMode
from app.core.export import ExportOptions, Rest
from app.core.export_plan import ExportPlan, plan_export
from app.core.pictures import PictureStatus
from app.desk import Desk
from app.dialogs import ExportDialog, SummaryDialog, choose
from app.editing.session import Session
from app.exporting.exporter import Exporter, ExportSummary
from app.listing.rows import FolderRows
from app.settings import Settings
from resources.samples import sample_paths

T = TypeVar("T")

MOST_NAMES = 1_000  # of files that are there already, in the question about them
_FOLDER = "export folder"  # the choice in a project
_PLAN = "export plan"  # the work in the lane for files


class ExportFlow(QObject):
    """Asks what is needed, then lets the exporter work."""

    progress = Signal(int, int)
    said = Signal(str)
    settings_changed = Signal(dict)  # remembered export choices

    def __init__(self, desk: Desk, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._exporter = Exporter(desk, session, self)
        self._exporter.progress.connect(self.progress)
        self._exporter.finished.connect(self._finished)
        self._session = session
        self._then: Callable[[], object] | None = None
        self._quiet = False

    def ask(self, pictures: Sequence[Path], settings: Settings, *, then: Callable[[], object] | None = None) -> None:
        """Ask for folder and options and export `pictures`; `then` is called when nothing was skipped."""
        if self.running:
            self.said.emit("An export is under way; wait for it or cancel it first.")
            return
        remembered = ExportOptions(
            rest=Rest.SEMANTIC if settings.export_semantic_rest else Rest.THRESHOLD,
            overlay=settings.export_overlay,
            detections=settings.export_detections,
        )
        source = str(pictures[0].parent)
        folder = self._folder(pictures[0], settings)
        wanted, left_out, unreadable = self._sorted_out(pictures)
        if not wanted:
            self.said.emit("None of the pictures can be read, so there is nothing to export.")
            return
        dialog = ExportDialog(
            wanted,
            folder=folder,
            options=remembered,
            semantic=self._session.mode is ViewMode.SEMANTIC,
            skipped=left_out,
            parent=self._window,
        )
        if not dialog.exec():
            return
        target, options = dialog.folder(), dialog.options()
        self.settings_changed.emit(
            {
                "export_folder": str(target),
                "export_source": source,
                "export_semantic_rest": options.rest is Rest.SEMANTIC,
                "export_overlay": options.overlay,
                "export_detections": options.detections,
            }
        )
        self._desk.listing.choices.set(pictures[0], _FOLDER, str(target))
        self._session.rest = options.rest
        self._desk.states.refresh_all()  # what was exported the other way is not what would be exported now
        self._then, self._quiet = then, False
        sources = FolderRows.of(self._desk.folder)
        self._work(
            lambda: _with_existing(plan_export(wanted, target, options, sources=sources).without(unreadable())),
            lambda planned: self._about_existing(*planned),
        )

    def _work(self, work: Callable[[], T], done: Callable[[T], Any]) -> None:
        """Work something out that takes a while for very many pictures: elsewhere, until somebody cancels."""

        def failed(reason: str) -> None:
            self.progress.emit(0, 0)
            self.said.emit(reason)

        self._desk.file_lane.submit(lambda _token: work(), key=_PLAN, done=done, failed=failed)
        self.progress.emit(0, 1)

    def _sorted_out(self, pictures: Sequence[Path]) -> tuple[Sequence[Path], int, Callable[[], dict[Path, str]]]:
        """Those that can be exported, how many cannot, and what makes a table of these and the reasons, which for very
        many takes a while."""
        if not isinstance(pictures, FolderRows):
            unreadable = {path: reason for path in pictures if (reason := self._reason_to_skip(path))}
            return [path for path in pictures if path not in unreadable], len(unreadable), lambda: unreadable
        folder, rows = self._desk.folder, np.asarray(pictures.rows, np.intp)
        refused = folder.catalogue.status == STATUSES.index(PictureStatus.UNREADABLE)
        for path in self._session.known():
            if (row := folder.row(path)) >= 0 and not self._reason_to_skip(path):
                refused[row] = False
        root, names, others = folder.root, folder.catalogue.names, rows[refused[rows]]
        _, reasons, _ = folder.state()

        def table() -> dict[Path, str]:
            return {root / names[row]: reasons.get(names[row], "") for row in others.tolist()}

        return FolderRows.of(folder, rows[~refused[rows]]), len(others), table

    def _folder(self, picture: Path, settings: Settings) -> str:
        """Where the labels of the picture's project went last, else where those of its folder did."""
        chosen = self._desk.listing.choices.get(picture, _FOLDER)
        if isinstance(chosen, str) and chosen:
            return chosen
        beside = settings.export_source != str(picture.parent)
        return str(_folder_beside(picture)) if beside else settings.export_folder

    def _reason_to_skip(self, picture: Path) -> str:
        """Why there is nothing to export; corrections can always be exported."""
        document = self._session.find(picture)
        return "" if document is not None and document.has_corrections else self._desk.folder.problem(picture)

    def cancel(self, *, quiet: bool = False) -> None:
        """Stop the export; what is written stays. `quiet`: the window closes, so nobody waits for a summary."""
        self._then, self._quiet = None, quiet
        if self._desk.file_lane.cancel(_PLAN):
            self.progress.emit(0, 0)
        self._exporter.cancel()

    @property
    def running(self) -> bool:
        return self._exporter.running or self._desk.file_lane.has(_PLAN)

    def _about_existing(self, plan: ExportPlan, existing: Mapping[Path, list[Path]], names: Sequence[str]) -> None:
        """Ask once what happens to files that are there already, and begin unless the user changes their mind."""
        self.progress.emit(0, 0)
        if not existing:
            self._exporter.start(plan)
            return
        which = names[0] if len(names) == 1 else f"{len(names)} files"
        more = [f"and {len(names) - MOST_NAMES:,} more"] if len(names) > MOST_NAMES else []
        answer = choose(
            self._window,
            title="Replace?",
            text=f"{which} already exist{'s' if len(names) == 1 else ''} in {plan.folder}. Replace?",
            choices=("Replace", "Skip existing") if len(plan.targets) > 1 else ("Replace",),
            cancel="Cancel",
            default=1 if len(plan.targets) > 1 else 0,
            details="\n".join([*names[:MOST_NAMES], *more]) if len(names) > 1 else "",
        )
        if answer == 0:
            self._exporter.start(plan)
        elif answer == 1:
            self._work(
                lambda: plan.without({picture: _kept(files) for picture, files in existing.items()}), self._start
            )

    def _start(self, plan: ExportPlan) -> None:
        self.progress.emit(0, 0)
        self._exporter.start(plan)

    def _finished(self, summary: ExportSummary) -> None:
        self.progress.emit(0, 0)
        self.said.emit(summary.sentence())
        then, self._then = self._then, None
        if then is not None and not summary.skipped and not summary.cancelled:
            then()
        elif not self._quiet and (summary.skipped or summary.notes or len(summary.written) > 1):
            dialog = SummaryDialog(summary, parent=self._window)
            dialog.open()


def _with_existing(plan: ExportPlan) -> tuple[ExportPlan, dict[Path, list[Path]], list[str]]:
    """A plan, the files that are there already by their pictures, and what these are called."""
    existing = plan.existing()
    return plan, existing, [file.name for files in existing.values() for file in files]


def _kept(files: Sequence[Path]) -> str:
    return f"{' and '.join(file.name for file in files)} kept."


def _folder_beside(picture: Path) -> Path:
    """Where labels go when nobody has said so yet: beside the photos, but never into the application itself."""
    if picture in sample_paths():
        return platformdirs.user_documents_path() / "ADE labels"
    return picture.parent / "labels"
