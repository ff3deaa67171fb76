"""A model that learned answers for the pictures that nobody has corrected: they are predicted anew."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from app.core.run_progress import pictures
from app.desk import Desk
from app.listing.rows import FolderRows
from app.predicting.flow import RunFlow


class LearnRefresh(QObject):
    """Waits for a model to be in use, then runs it over those pictures of a project. Corrections are not touched."""

    def __init__(self, desk: Desk, run_flow: RunFlow, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._run_flow = desk, run_flow
        self._awaited: tuple[str, Path] | None = None  # the model, and the folder of the project
        self._waiting: FolderRows | None = None  # pictures, while a run of the former model comes to its end
        desk.model.replaced.connect(self._replaced)
        desk.model.refused.connect(lambda _reason: self._forget())
        run_flow.run.ended.connect(lambda _report: QTimer.singleShot(0, self, self._run))

    def expect(self, model: str, root: Path) -> None:
        """`model` is about to be in use; it has learned from the project in `root`."""
        self._awaited = model, root

    def _forget(self) -> None:
        self._awaited = None

    def _replaced(self) -> None:
        if self._awaited is None or self._desk.model.name != self._awaited[0]:
            return
        (model, root), self._awaited = self._awaited, None
        self._desk.keeper.read(
            lambda projects: projects.store(root).uncorrected(),
            lambda names: self._predict(model, FolderRows(root, names, range(len(names)))),
        )

    def _predict(self, model: str, rows: FolderRows) -> None:
        are = "is" if len(rows) == 1 else "are"
        anew = f" {pictures(len(rows))} without corrections {are} predicted anew." if rows else ""
        self._desk.said.emit(f"Now using {model}.{anew} What you decided stays.")
        self._waiting = rows or None
        self._run()

    def _run(self) -> None:
        if self._waiting is not None and not self._run_flow.run.running:
            rows, self._waiting = self._waiting, None
            self._run_flow.predict(rows)
