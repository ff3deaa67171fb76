"""How pictures get onto the desk: dialogs, drops, the recent ones, the samples, the buttons of an empty window."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QMimeData
from PySide6.QtWidgets import QFileDialog, QMainWindow, QMenu

from app.canvas.signs import EmptySign
from app.desk import Desk
from app.settings import RECENT_PATHS, Settings
from app.workers.lane import CancelToken, Lane
from inference.photo import PHOTO_SUFFIXES
from resources.samples import sample_paths

Offer = Callable[[list[Path], Callable[[], None]], None]
"""Given paths, and what to do with them if nothing else comes of them."""


class Opening:
    """Asks for photos and folders and remembers what was opened; `menu` lists the recent ones, and `welcome` offers the
    last of them that is still there."""

    def __init__(
        self,
        window: QMainWindow,
        desk: Desk,
        *,
        menu: QMenu,
        welcome: EmptySign,
        settings: Settings,
        labels: Offer,
    ) -> None:
        """`labels`: takes what is dropped where it is labels for the pictures of the list, else gives it back."""
        self._window = window
        self._desk = desk
        self._menu = menu
        self._welcome = welcome
        self._last: Path | None = None  # of the recent ones, the first that is there
        self._lane = Lane("recent", window, may_be_left=True)  # a drive that does not answer keeps one waiting
        self._labels = labels
        self._recent = tuple(settings.recent_paths)
        desk.listing.opened.connect(self._opened)
        desk.listing.not_opened.connect(self._not_opened)
        desk.listing.changed.connect(self._offer_last)
        welcome.open_requested.connect(self.ask_for_photos)
        welcome.again_requested.connect(self._open_last)
        welcome.samples_requested.connect(self.open_samples)
        self._fill_menu()

    def open(self, paths: Sequence[Path], *, below: bool | None = None) -> None:
        """Open files and folders, as from the command line, a drop or the recent list; `below` as in `Desk.open`."""
        if paths:
            self._desk.open([Path(os.path.abspath(path)) for path in paths], below=below)  # noqa: PTH100 - links stay as they are

    def open_dropped(self, data: QMimeData) -> None:
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        self._labels(paths, lambda: self.open(paths))

    def open_samples(self) -> None:
        self._desk.open(sample_paths())

    def ask_for_photos(self) -> None:
        patterns = " ".join(f"*{suffix} *{suffix.upper()}" for suffix in sorted(PHOTO_SUFFIXES))
        files, _ = QFileDialog.getOpenFileNames(
            self._window, "Open photos", self._start_folder(), f"Photos ({patterns});;All files (*)"
        )
        self.open([Path(file) for file in files])

    def ask_for_folder(self, *, below: bool) -> None:
        """Ask for a folder, to be listed with or without those in it; opened otherwise, it is as it was last."""
        title = "Open folder with sub-folders" if below else "Open folder"
        folder = QFileDialog.getExistingDirectory(self._window, title, self._start_folder())
        if folder:
            self.open([Path(folder)], below=below)

    def remembered(self, settings: Settings) -> Settings:
        """`settings` with the recent paths, for the next start."""
        return replace(settings, recent_paths=self._recent)

    def _opened(self, paths: tuple[Path, ...]) -> None:
        """Only what had photos is worth remembering."""
        path = str(paths[0] if len(paths) == 1 else paths[0].parent)
        self._recent = (path, *(other for other in self._recent if other != path))[:RECENT_PATHS]
        self._fill_menu()

    def _not_opened(self, paths: tuple[Path, ...]) -> None:
        """What has no photos any more is no use in the list."""
        gone = {str(path) for path in paths}
        self._recent = tuple(path for path in self._recent if path not in gone)
        self._fill_menu()

    def _start_folder(self) -> str:
        if self._desk.current is not None:
            return str(self._desk.current.parent)
        recent = [Path(path) for path in self._recent]
        return str(next((path if path.is_dir() else path.parent for path in recent if path.exists()), Path.home()))

    def _fill_menu(self) -> None:
        self._menu.clear()
        for text in self._recent:
            action = self._menu.addAction(text.replace(str(Path.home()), "~", 1).replace("&", "&&"))
            action.setToolTip(text)
            action.triggered.connect(lambda _checked=False, text=text: self.open([Path(text)]))
        self._menu.setEnabled(bool(self._recent))
        if recent := [Path(text) for text in self._recent]:
            self._lane.submit(
                lambda token: _there(recent, token),
                key="last",
                done=self._found,
                failed=lambda _reason: self._found(None),
            )
        else:
            self._found(None)

    # --- the last one ----------------------------------------------------------------------------------------------

    def _found(self, last: Path | None) -> None:
        self._last = last
        self._offer_last()

    def _offer_last(self) -> None:
        """Not while something else is being opened: the button would be gone at once."""
        last = None if self._desk.listing.looking else self._last
        self._welcome.offer_again("" if last is None else last.name or str(last), tip="" if last is None else str(last))

    def _open_last(self) -> None:
        if self._last is not None:
            self.open([self._last])


def _there(paths: Sequence[Path], token: CancelToken) -> Path | None:
    """The first that is there; what cannot be looked at is not."""
    for path in paths:
        token.check()
        if os.path.exists(path):  # noqa: PTH110 - that of a Path raises
            return path
    return None
