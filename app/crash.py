"""Where unexpected errors end: saved work first, then a record of the defect, then one sentence in the window."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from datetime import datetime
from pathlib import Path
from types import TracebackType

import platformdirs
from PySide6.QtCore import qVersion

from app.core.export import ExportOptions, export_snapshot
from app.core.export_plan import plan_export
from app.main_window import MainWindow
from inference.errors import ExpectedError

log = logging.getLogger(__name__)


class CrashHook:
    """The `sys.excepthook` of the window, which stays open: going on is what saves most.

    At the first defect the labels of every picture with corrections not yet exported are written to a folder of their
    own in the user's data, as ADE PNGs; the corrections themselves stay in memory and can be exported as ever.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._file = Path(platformdirs.user_log_dir("ade-mask-studio", appauthor=False)) / "errors.log"
        self._rescued: set[tuple[Path, int]] = set()

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._window.close()
            return
        saved = self._rescue()
        text = "".join(traceback.format_exception(kind, error, trace))
        if sys.__stderr__ is not None:
            sys.__stderr__.write(text)
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as stream:
                stream.write(f"Qt {qVersion()}, process {os.getpid()}\n{text}\n")
        except OSError:
            log.warning("the error log %s cannot be written", self._file)
        kept = f"copies of your corrections are in {saved}" if saved is not None else "your corrections are kept"
        self._window.say(f"Something unexpected went wrong; {kept}. Details are in {self._file}.")

    def _rescue(self) -> Path | None:
        """Write what no export has written yet, each state once; the folder, or None when there was nothing to do."""
        session = self._window.session
        session.end_gesture()
        states = {path: session.export_state(path).revision for path in session.unexported()}
        wanted = [path for path, revision in states.items() if (path, revision) not in self._rescued]
        if not wanted:
            return None
        stamp = f"{datetime.now():%Y-%m-%d %H-%M-%S}"
        folder = platformdirs.user_data_path("ade-mask-studio", appauthor=False) / "rescued" / stamp
        plan = plan_export(wanted, folder, ExportOptions())
        for path, stem in plan.targets.items():
            document = session.find(path)
            try:
                if document is not None:
                    snapshot = document.snapshot()
                    export_snapshot(snapshot, folder=folder, stem=stem, photo=None, options=plan.options)
                    self._rescued.add((path, states[path]))
            except ExpectedError as problem:
                log.warning("%s could not be rescued: %s", path, problem)
        return folder if folder.exists() else None
