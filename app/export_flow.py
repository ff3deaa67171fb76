"""The conversation around an export: folder and options, existing files asked about once, progress, summary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from app.core.export import ExportOptions, Rest
from app.desk import Desk
from app.dialogs import ExportDialog, SummaryDialog
from app.exporter import Exporter, ExportPlan, ExportSummary, plan_export
from app.session import Session
from app.settings import Settings


class ExportFlow(QObject):
    """Asks what is needed, then lets the exporter work."""

    progress = Signal(int, int)
    said = Signal(str)
    settings_changed = Signal(dict)  # remembered export choices

    def __init__(self, desk: Desk, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._exporter = Exporter(desk, session, self)
        self._exporter.progress.connect(self.progress)
        self._exporter.finished.connect(self._finished)
        self._then: Callable[[], object] | None = None

    def ask(self, pictures: Sequence[Path], settings: Settings, *, then: Callable[[], object] | None = None) -> None:
        """Ask for folder and options and export `pictures`; `then` is called when nothing was skipped."""
        if self._exporter.running:
            self.said.emit("An export is under way; wait for it or cancel it first.")
            return
        remembered = ExportOptions(
            rest=Rest.SEMANTIC if settings.export_semantic_rest else Rest.THRESHOLD,
            overlay=settings.export_overlay,
            detections=settings.export_detections,
        )
        folder = settings.export_folder or str(pictures[0].parent / "labels")
        dialog = ExportDialog(pictures, folder=folder, options=remembered, parent=self._window)
        if not dialog.exec():
            return
        target, options = dialog.folder(), dialog.options()
        self.settings_changed.emit(
            {
                "export_folder": str(target),
                "export_semantic_rest": options.rest is Rest.SEMANTIC,
                "export_overlay": options.overlay,
                "export_detections": options.detections,
            }
        )
        plan = self._about_existing(plan_export(pictures, target))
        if plan is not None:
            self._then = then
            self._exporter.start(plan, options)

    def cancel(self) -> None:
        self._then = None
        self._exporter.cancel()

    @property
    def running(self) -> bool:
        return self._exporter.running

    def _about_existing(self, plan: ExportPlan) -> ExportPlan | None:
        """Ask once what happens to files that are there already; None when the user changes their mind."""
        if not plan.existing:
            return plan
        count = len(plan.existing)
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Files exist")
        which = plan.existing[0].name if count == 1 else f"{count} of {len(plan.targets)} files"
        box.setText(f"{which} already exist{'s' if count == 1 else ''} in {plan.folder}.")
        replace_them = box.addButton("Replace", QMessageBox.ButtonRole.DestructiveRole)
        skip = box.addButton("Skip existing", QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(skip)
        box.exec()
        if box.clickedButton() is replace_them:
            return plan
        if box.clickedButton() is not skip:
            return None
        existing = {path.stem for path in plan.existing}
        kept = {picture: stem for picture, stem in plan.targets.items() if stem not in existing}
        left_out = {
            picture: f"{stem}.png exists and was kept." for picture, stem in plan.targets.items() if stem in existing
        }
        return replace(plan, targets=kept, refused={**plan.refused, **left_out})

    def _finished(self, summary: ExportSummary) -> None:
        self.progress.emit(0, 0)
        self.said.emit(summary.sentence())
        then, self._then = self._then, None
        if then is not None and not summary.skipped and not summary.cancelled:
            then()
        elif summary.skipped or len(summary.written) > 1:
            dialog = SummaryDialog(summary, parent=self._window)
            dialog.open()
