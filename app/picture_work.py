"""How far the work on pictures is: what a person says of the one on screen, or of those selected in the list."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, QUrl
from PySide6.QtGui import QAction, QDesktopServices

from app.actions import Act
from app.core.pictures import PictureStatus
from app.folder import FINISHED
from app.list_memory import ListMemory
from app.panels.note_editor import NoteEditor

if TYPE_CHECKING:
    from app.main_window import MainWindow

IN_MENU = (
    (Act.DONE, Act.SKIP, Act.BACK_TO_WORK),
    (Act.NOTE,),
    (Act.PREDICT_SELECTED,),
    (Act.SHOW_FILE,),
)
AT_ONCE = 200  # pictures whose status is set in one turn of the event loop


class PictureWork(QObject):
    """With the keyboard in the list it is about what is selected there, elsewhere about the picture on screen."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._folder, self._list, self._window = window.desk.folder, window.image_list, window
        self._actions = window.actions_by_id
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

    def concerned(self) -> list[Path]:
        """The pictures that an action is about."""
        if self._list.view.hasFocus() and self._list.view.selected_count():
            return self._list.selected()
        current = self._list.current_path()
        return [] if current is None else [current]

    # --- what can be done ------------------------------------------------------------------------------------------

    def finish(self, status: PictureStatus) -> None:
        """Done or skipped; then comes the next unfinished picture, unless it was about others."""
        concerned = self.concerned()
        leaves = self._list.current_path() in concerned
        self._set(concerned, status, then=self.go_on if leaves else lambda: None)

    def go_on(self) -> None:
        """To the next unfinished picture."""
        path = self._folder.next_unfinished(self._list.current_path())
        if path is None:
            shown = "in the list as it is filtered" if len(self._folder.rows) < len(self._folder) else "in the list"
            self._window.say(f"There is no other unfinished picture {shown}.")
        else:
            self._window.go_to(path)

    def back_to_work(self) -> None:
        """Neither done nor skipped after all."""
        finished = [path for path in self.concerned() if self._folder.status(path) in FINISHED]
        self._set(finished, PictureStatus.IN_WORK, then=lambda: None)

    def edit_note(self) -> None:
        """Write something about one picture."""
        concerned = self.concerned()
        if len(concerned) == 1:
            self.note_editor.open_for(concerned[0], self._folder.note(concerned[0]), beside=self._list)

    def show_file(self) -> None:
        """The folder of one picture, in the system's file manager."""
        concerned = self.concerned()
        if concerned and not QDesktopServices.openUrl(QUrl.fromLocalFile(str(concerned[0].parent))):
            self._window.say(f"The folder {concerned[0].parent} could not be shown.")

    def _set(self, paths: list[Path], status: PictureStatus, *, then: Callable[[], None]) -> None:
        """Some now and the others in the next turns of the event loop, as there may be very many; then `then`."""
        now, rest, root = paths[:AT_ONCE], paths[AT_ONCE:], self._folder.root
        for path in now:
            if self._folder.status(path) is not PictureStatus.UNREADABLE:
                self._folder.set_status(path, status)
        if not rest:
            then()
            return

        def go_on() -> None:
            if self._folder.root == root:
                self._set(rest, status, then=then)

        QTimer.singleShot(0, self, go_on)

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
