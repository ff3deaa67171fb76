"""The conversation around an import: files looked at, one dialog that says what they are, progress, summary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from app.chrome.status_bar import UnderWay
from app.core.catalogue import Exported
from app.core.import_labels import ImportPlan, Survey, inspect_plan, look_like_labels, plan_import, survey
from app.core.pictures import PictureStatus
from app.desk import Desk
from app.dialogs import choose
from app.editing.session import Session
from app.importing.dialog import ImportDialog, ImportReport
from app.importing.importer import Importer, ImportSummary
from app.workers.lane import CancelToken, Lane

Report = Callable[[str, int, int], None]
_STEPS = 200  # how often progress is told at most


class ImportFlow(QObject):
    """Asks what is needed, then lets the importer work."""

    _looked = Signal(object, str, int, int)  # ticket, what is looked at, how many so far, of how many

    def __init__(self, desk: Desk, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._desk, self._session, self._window = desk, session, window
        self._lane = Lane("look", self)
        self._importer = Importer(session, desk.keeper, self)
        tip = "Stop the import; what is brought in stays and can be undone"
        self.sign = UnderWay("import", tip=tip, parent=window)  # for the status bar
        self.sign.cancel_requested.connect(self._importer.cancel)
        self._importer.progress.connect(self.sign.show_progress)
        self._importer.finished.connect(self._finished)
        self._importer.brought.connect(self._brought)
        self._dialog: ImportDialog | None = None
        self._ticket = object()
        self._looked.connect(self._show_progress)

    def ask(self, paths: Sequence[Path] = ()) -> None:
        """Ask for label files, unless `paths` are given, and for what is to become of them; then bring them in."""
        if self._importer.running:
            self._desk.said.emit("An import is under way; wait for it or cancel it first.")
            return
        if not len(self._desk.folder):
            self._desk.said.emit("Open the pictures first: labels are brought into those of the list.")
            return
        if not self._desk.folder.complete:
            self._desk.said.emit("The list of pictures is still being read; import labels when all of them are there.")
            return
        self._session.end_gesture()
        beside = self._desk.folder.root if self._desk.current is None else self._desk.current.parent
        dialog = self._dialog = ImportDialog(folder=str(beside), parent=self._window)
        dialog.wanted.connect(self._look)
        dialog.unwanted.connect(self._look_no_more)
        if paths:
            dialog.look_at(paths)
        accepted, self._dialog = bool(dialog.exec()), None
        if accepted:
            self._importer.start(dialog.orders(), dialog.existing())
        dialog.deleteLater()

    def offer(self, paths: list[Path], otherwise: Callable[[], None]) -> None:
        """What was dropped: where it seems to be labels for pictures of the list, the person is asked about it."""
        root, names = self._desk.folder.root, self._desk.folder.catalogue.names
        if not names or self._importer.running:
            otherwise()
            return

        def looked(labels: bool) -> None:  # noqa: FBT001 - the answer of the lane
            answer = self._ask_about_drop() if labels else 1
            if answer == 0:
                self.ask(paths)
            elif answer == 1:
                otherwise()

        self._lane.submit(
            lambda _token: look_like_labels(paths, [root / name for name in names]),
            key="drop",
            done=looked,
            failed=lambda _problem: otherwise(),
        )

    def _ask_about_drop(self) -> int | None:
        return choose(
            self._window,
            title="Labels or pictures?",
            text="These files seem to be labels for pictures of the list.",
            choices=("Import labels", "Open as pictures"),
            cancel="Cancel",
        )

    @property
    def running(self) -> bool:
        return self._importer.running

    def close(self) -> None:
        """The window closes: what is brought in stays."""
        self._importer.close()
        self._lane.close()

    # --- looking ---------------------------------------------------------------------------------------------------

    def _look(self, paths: list[Path]) -> None:
        root, names = self._desk.folder.root, self._desk.folder.catalogue.names
        ticket = self._ticket = object()

        def report(text: str, done: int, total: int) -> None:
            self._looked.emit(ticket, text, done, total)

        self._lane.submit(
            lambda token: self._looked_at(paths, [root / name for name in names], token, report),
            key="look",
            done=lambda found: None if self._dialog is None else self._dialog.show_survey(found),
            failed=lambda problem: None if self._dialog is None else self._dialog.show_problem(problem),
        )

    def _look_no_more(self) -> None:
        self._ticket = object()
        self._lane.cancel("look")

    def _show_progress(self, ticket: object, text: str, done: int, total: int) -> None:
        if self._dialog is not None and ticket is self._ticket:
            self._dialog.show_progress(text, done, total)

    def _looked_at(self, paths: Sequence[Path], pictures: Sequence[Path], token: CancelToken, report: Report) -> Survey:
        """In the lane."""

        def check(text: str, total: int) -> Callable[[int], None]:
            def passed(done: int) -> None:
                token.check()
                if done % (total // _STEPS + 1) == 0:
                    report(f"{text}: {done:,} of {total:,}", done, total)

            return passed

        plan: ImportPlan = plan_import(paths, pictures)
        total = len(plan.files)
        findings = inspect_plan(plan, check=check("Looking at the files", total))

        def is_corrected(picture: Path) -> bool:
            return token.wait(self._desk.keeper.standing(picture)).corrections is not None

        return survey(plan, findings, is_corrected, check=check("Looking at the pictures", total))

    def _brought(self, picture: Path) -> None:
        """The session tells of pictures that are open; of the others nobody else does."""
        folder = self._desk.folder
        if self._session.find(picture) is None:
            self._session.forget_export(picture)
            if folder.status(picture) in (PictureStatus.NEW, PictureStatus.PREDICTED):
                folder.learn(picture, status=PictureStatus.IN_WORK)
            if folder.facts(picture).exported is Exported.CURRENT:
                folder.learn(picture, exported=Exported.CHANGED)

    def _finished(self, summary: ImportSummary) -> None:
        self._desk.said.emit(summary.sentence())
        if summary.refused:
            report = ImportReport(summary, parent=self._window)
            report.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            report.open()
