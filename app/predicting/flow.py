"""The network over many pictures, as the window has it: what is asked for, what is told, what is gone on with later."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.core.run_progress import RunReport, Unfinished
from app.desk import Desk
from app.dialogs import show_reasons
from app.keeping.open_project import ProjectInfo
from app.keeping.projects import Projects
from app.listing.rows import FolderRows
from app.panels.run_panel import RunPanel
from app.predicting.folder_run import FolderRun

_RUN = "run"
"""Under this key a project knows of a run that was not finished."""


class RunFlow(QObject):
    """One run at a time. Its project remembers it until it is finished, or put away unfinished."""

    started = Signal()

    def __init__(self, desk: Desk, panel: RunPanel, window: QWidget) -> None:
        super().__init__(window)
        self._desk, self._keeper, self._panel, self._window = desk, desk.keeper, panel, window
        self._folder: Path | None = None  # one of the project that remembers the run
        self._paths: Sequence[Path] | None = None  # what the run is over; None: all pictures
        self._report = RunReport()
        self.run = FolderRun(desk.model, desk.engine_lane, desk.keeper, self)
        self.run.progressed.connect(panel.show_progress)
        self.run.predicted.connect(self._keeper.answered)
        self.run.unreadable.connect(desk.could_not_be_read)
        self.run.ended.connect(self._ended)
        self._keeper.lane.trouble_changed.connect(panel.show_trouble)
        self._keeper.opened.connect(self._opened)
        panel.pause_asked.connect(self._pause)
        panel.cancel_asked.connect(self.run.stop)
        panel.go_on_asked.connect(self.go_on)
        panel.reasons_asked.connect(lambda: show_reasons(self._report, parent=self._window))
        panel.put_away.connect(self._forget)

    def predict_all(self) -> None:
        """Run over all pictures that are open."""
        self._start(FolderRows.of(self._desk.folder), are_all=True)

    def predict_shown(self) -> None:
        """Run over the pictures that the list shows, in its order."""
        folder = self._desk.folder
        self._start(FolderRows.of(folder, folder.rows), are_all=len(folder.rows) == len(folder))

    def predict(self, paths: Sequence[Path]) -> None:
        """Run over these pictures: a sequence that does not change."""
        self._start(paths, are_all=False)

    def go_on(self) -> None:
        """Run over what the last run has left."""
        if self._paths is None:
            self.predict_all()
        else:
            self.predict(self._paths)

    def stop(self) -> None:
        """Begin no other picture: the window may be about to close."""
        self.run.stop()

    def close(self) -> None:
        """The window closes: what is done is kept, and the next start offers to go on."""
        self.run.close()

    def _start(self, paths: Sequence[Path], *, are_all: bool) -> None:
        if not paths or self.run.running:
            text = "The network goes through pictures already." if paths else "There is no picture to predict."
            self._desk.said.emit(text)
            return
        if refusal := self._keeper.refusal(paths[0]):
            self._desk.said.emit(refusal)
            return
        folder = self._folder = paths[0].parent
        self._paths = None if are_all else paths
        total, named = len(paths), self._paths
        self._keeper.write(lambda projects: _remember(projects, folder, total, named))
        self.run.start(paths)
        self.started.emit()

    def _pause(self, pause: bool) -> None:  # noqa: FBT001 - a slot
        if pause:
            self.run.pause()
        else:
            self.run.resume()

    def _ended(self, report: RunReport) -> None:
        self._report = report
        if not report.unfinished:
            self._forget()
        self._panel.show_report(report)
        if not self._panel.isVisible():
            self._desk.said.emit(report.sentence())

    def _forget(self) -> None:
        """Nothing is left to go on with."""
        folder, self._folder, self._paths = self._folder, None, None
        if folder is not None:
            self._keeper.write(lambda projects: projects.store(folder).set_value(_RUN, None))

    def _opened(self, info: ProjectInfo) -> None:
        """Another project is open: perhaps a run over its pictures was not finished."""
        self._panel.clear()
        if not info.refusal:
            self._keeper.read(
                lambda projects: Unfinished.of_json(projects.store(info.root).value(_RUN)),
                lambda unfinished: self._offer(info.root, unfinished),
            )

    def _offer(self, root: Path, unfinished: Unfinished | None) -> None:
        if unfinished is None or self.run.running:
            return
        self._folder = root
        self._paths = None if unfinished.names is None else [root / name for name in unfinished.names]
        self._panel.offer(unfinished)


def _remember(projects: Projects, folder: Path, total: int, paths: Sequence[Path] | None) -> None:
    """Keep what a run is over, as far as it lies in the project of `folder`; all of its pictures need no names."""
    store = projects.store(folder)
    start = f"{store.root.as_posix().rstrip('/')}/"
    texts = (path.as_posix() for path in paths or ())
    names = tuple(text[len(start) :] for text in texts if text.startswith(start))
    store.set_value(_RUN, Unfinished(total, None if paths is None else names).to_json())
