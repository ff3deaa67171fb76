"""Where unexpected errors end: a record of the defect first, then saved work, then one sentence in the window."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path
from types import TracebackType

import platformdirs
from PySide6.QtCore import qVersion

from app.core.export import ExportOptions, export_snapshot
from app.main_window import MainWindow

log = logging.getLogger(__name__)


class CrashHook:
    """The `sys.excepthook` of the window, which stays open: going on is what saves most.

    What a project keeps is safe already. Of every other picture with corrections not yet exported, the labels are
    written at the first defect to a folder of their own in the user's data, as ADE PNGs; the corrections themselves
    stay in memory and can be exported as ever.
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._file = Path(platformdirs.user_log_dir("ade-mask-studio", appauthor=False)) / "errors.log"
        self._rescued: set[tuple[Path, int]] = set()

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._window.close()
            return
        text = "".join(traceback.format_exception(kind, error, trace))
        if sys.__stderr__ is not None:
            sys.__stderr__.write(text)
        self._record(text)
        saved = self._rescue()
        kept = f"copies of your corrections are in {saved}" if saved is not None else "your corrections are kept"
        self._window.say(f"Something unexpected went wrong; {kept}. Details are in {self._file}.")

    def _record(self, text: str) -> None:
        """Add the defect to the log. That comes first: what a defect leaves behind may break the rescue as well."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as stream:
                stream.write(f"Qt {qVersion()}, process {os.getpid()}\n{text}\n")
        except OSError:
            log.warning("the error log %s cannot be written", self._file)

    def _rescue(self) -> Path | None:
        """Write what no export has written yet, each state once; the folder, or None when nothing was written.

        Whatever goes wrong with one picture, be it memory or a library, the others are written all the same.
        """
        session, keeper = self._window.session, self._window.desk.keeper
        try:
            session.end_gesture()
        except Exception:
            log.exception("the stroke in hand could not be ended")  # what it painted is in the picture already
        stamp = f"{datetime.now():%Y-%m-%d %H-%M-%S}"
        folder = platformdirs.user_data_path("ade-mask-studio", appauthor=False) / "rescued" / stamp
        written = False
        for path in [path for path in session.unexported() if not keeper.is_safe(path)]:
            try:
                written |= self._rescue_picture(path, folder)
            except Exception:
                log.exception("%s could not be rescued", path)
                self._record(f"{path} could not be rescued:\n{traceback.format_exc()}")
        return folder if written else None

    def _rescue_picture(self, path: Path, folder: Path) -> bool:
        """Write the labels of one picture; False when this state of it has been written before."""
        session = self._window.session
        session.settle(path)
        document, state = session.find(path), (path, session.export_state(path).revision)
        if document is None or state in self._rescued:
            return False
        stem = next(stem for stem in _stems(path) if not (folder / f"{stem}.png").exists())
        export_snapshot(document.snapshot(), folder=folder, stem=stem, photo=None, options=ExportOptions())
        self._rescued.add(state)
        return True


def _stems(path: Path) -> Iterator[str]:
    """Names for the copy of a picture, best first: pictures of several folders may have the same one."""
    yield path.stem
    yield from (f"{path.stem} ({number})" for number in count(2))
