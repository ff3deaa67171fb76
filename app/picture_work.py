"""How far the work on pictures is: what a person says of the one on screen, or of those selected in the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QAction, QDesktopServices, QKeySequence

from app.chrome.actions import Act
from app.core.arrays import U8, Intp
from app.core.catalogue import STATUSES
from app.core.pictures import PictureStatus
from app.listing.folder import FINISHED, Folder
from app.listing.memory import ListMemory
from app.panels.note_editor import NoteEditor

if TYPE_CHECKING:
    from app.main_window import MainWindow

IN_MENU = (
    (Act.DONE, Act.SKIP, Act.BACK_TO_WORK),
    (Act.NOTE,),
    (Act.PREDICT_SELECTED,),
    (Act.SHOW_FILE,),
)
_FINISHED = [STATUSES.index(status) for status in FINISHED - {PictureStatus.UNREADABLE}]
_UNREADABLE = STATUSES.index(PictureStatus.UNREADABLE)


@dataclass(frozen=True, eq=False)
class _Marked:
    """Pictures of a folder that were marked, and how far each was before."""

    root: Path | None = None
    listed: Sequence[str] = ()  # the names in the catalogue
    rows: Intp = field(default_factory=lambda: np.zeros(0, np.intp))  # of those that were marked
    codes: U8 = field(default_factory=lambda: np.zeros(0, np.uint8))

    @classmethod
    def of(cls, folder: Folder, rows: Intp) -> _Marked:
        return cls(folder.root, folder.catalogue.names, rows, folder.catalogue.status[rows].copy())

    def now(self, folder: Folder) -> Intp:
        """The rows by now, -1 of those that are not listed any more."""
        same = self.listed is folder.catalogue.names
        return self.rows if same else folder.catalogue.rows([self.listed[row] for row in self.rows.tolist()])

    def text(self) -> str:
        """The picture and its verb, or how many and theirs."""
        if len(self.rows) == 1:
            return f"{Path(self.listed[self.rows[0]]).name} is"
        return f"{len(self.rows):,} pictures are".replace(",", " ")


class PictureWork(QObject):
    """With the keyboard in the list it is about what is selected there, elsewhere about the picture on screen."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._folder, self._list, self._window = window.desk.folder, window.image_list, window
        self._actions = window.actions_by_id
        self._marked = _Marked()
        self.note_editor = NoteEditor(self._list)
        self.note_editor.written.connect(self._folder.set_note)
        self.memory = ListMemory(self._folder, window.desk.listing.choices, self)
        self._list.set_menu(self._menu())
        view = self._list.view
        for changed in (self._list.selection_changed, view.focus_changed, self._folder.relisted, self._folder.changed):
            changed.connect(self._show_what_can_be_done)
        grid = self._actions[Act.PICTURE_GRID]
        self._list.grid_changed.connect(grid.setChecked)
        grid.setChecked(window.settings.picture_grid)
        self._show_what_can_be_done()

    def concerned(self) -> Intp:
        """The rows of the catalogue that an action is about."""
        if self._list.view.hasFocus() and self._list.view.selected_count():
            return self._list.selected_rows()
        current = self._list.current_path()
        return np.array([] if current is None else [self._folder.row(current)], np.intp)

    def _one(self) -> Path | None:
        """The picture, where an action is about one alone."""
        rows = self.concerned()
        return self._folder.path(int(rows[0])) if rows.size == 1 else None

    # --- what can be done ------------------------------------------------------------------------------------------

    def finish(self, status: PictureStatus) -> None:
        """Done or skipped; then comes the next unfinished picture, unless it was about others."""
        rows, current = self.concerned(), self._list.current_path()
        leaves = current is not None and self._folder.row(current) in rows
        rows = rows[self._folder.catalogue.status[rows] != _UNREADABLE]
        before = _Marked.of(self._folder, rows)
        self._folder.set_statuses(rows, status)
        if (self._folder.catalogue.status[rows] == STATUSES.index(status)).any():  # else it was said why not
            self._marked = before
            key = self._actions[Act.BACK_TO_WORK].shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            self._window.say(f"{before.text()} {status.value}. {key} takes that back.")
        if leaves:
            self.go_on()

    def go_on(self) -> None:
        """To the next unfinished picture."""
        path = self._folder.next_unfinished(self._list.current_path())
        if path is None:
            shown = "in the list as it is filtered" if len(self._folder.rows) < len(self._folder) else "in the list"
            self._window.say(f"There is no other unfinished picture {shown}.")
        else:
            self._window.go_to(path)

    def back_to_work(self) -> None:
        """Neither done nor skipped after all. Where no picture concerned is either, those that were marked last are as
        before: who marks one is at the next by the time it shows that it was the wrong key."""
        rows = self.concerned()
        rows = rows[np.isin(self._folder.catalogue.status[rows], _FINISHED)]
        marked, self._marked = self._marked, _Marked()
        if rows.size or marked.root != self._folder.root:
            self._folder.set_statuses(rows, PictureStatus.IN_WORK)
            text = _Marked.of(self._folder, rows).text() if rows.size else ""
            self._window.say(f"{text} in work again." if text else "")
            return
        rows = marked.now(self._folder)
        for code in np.flatnonzero(np.bincount(marked.codes[rows >= 0])):
            self._folder.set_statuses(rows[(rows >= 0) & (marked.codes == code)], STATUSES[code])
        if rows.size == 1 and rows[0] >= 0:
            self._window.go_to(self._folder.path(int(rows[0])))
        if (rows >= 0).any():
            self._window.say(f"{marked.text()} as before.")

    def edit_note(self) -> None:
        """Write something about one picture."""
        path = self._one()
        if path is not None:
            self.note_editor.open_for(path, self._folder.note(path), beside=self._list)

    def show_file(self) -> None:
        """The folder of one picture, in the system's file manager."""
        path = self._one()
        if path is not None and not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent))):
            self._window.say(f"The folder {path.parent} could not be shown.")

    # --- which actions there are -----------------------------------------------------------------------------------

    def _menu(self) -> list[QAction]:
        entries: list[QAction] = []
        for group in IN_MENU:
            if entries:
                line = QAction(self)
                line.setSeparator(True)
                entries.append(line)
            entries += [self._actions[act] for act in group]
        return entries

    def _show_what_can_be_done(self, *_changed: object) -> None:
        count = self._list.view.selected_count() if self._list.view.hasFocus() else 1
        some = self._list.current_path() is not None or count > 1
        for act in (Act.DONE, Act.SKIP, Act.BACK_TO_WORK):
            self._actions[act].setEnabled(some)
        self._actions[Act.NEXT_UNFINISHED].setEnabled(some)
        self._actions[Act.NOTE].setEnabled(some and count == 1)
        self._actions[Act.SHOW_FILE].setEnabled(some and count == 1)
