"""What a window shows and asks of its project: who holds it, what is not saved yet, where work was left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QToolButton, QWidget

from app.canvas.canvas import Canvas
from app.desk import Desk
from app.dialogs import choose
from app.keeping.open_project import ProjectInfo
from app.panels.icons import icon

HOMELESS = "There is no project that keeps what is done to this picture: export it, or click to try again."
_SETTLED_MS = 300  # without a move of the view before it is remembered


class ProjectSigns(QObject):
    """A button in the status bar while something is wrong, and the questions that only a person can answer."""

    def __init__(self, window: QWidget, desk: Desk, canvas: Canvas) -> None:
        super().__init__(window)
        self._window, self._desk, self._keeper, self._canvas = window, desk, desk.keeper, canvas
        self._asking = False  # whether it is asked what becomes of corrections
        self._left: dict[str, Any] = {}  # the view in which work was left
        self.button = QToolButton(window, autoRaise=True)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.clicked.connect(self._clicked)
        self.button.hide()
        self._timer = QTimer(self, singleShot=True, interval=_SETTLED_MS)
        self._timer.timeout.connect(self._remember_view)
        canvas.view_changed.connect(self._view_changed)
        self.looking = QTimer(self, singleShot=True, interval=_SETTLED_MS)
        self.looking.timeout.connect(self._look_at_photo)
        desk.folder.files_changed.connect(self._files_changed)
        desk.current_changed.connect(self._current_changed)
        desk.changed_on_disk.connect(self._ask_about_change)
        self._keeper.opened.connect(self._opened)
        self._keeper.loaded.connect(lambda _path: self._show())
        self._keeper.lane.pending_changed.connect(lambda _count: self._show())
        if isinstance(application := QGuiApplication.instance(), QGuiApplication):
            application.applicationStateChanged.connect(self._came_back)

    @property
    def remembering(self) -> bool:
        """Whether the view has changed and is about to be written down."""
        return self._timer.isActive()

    def settle(self) -> None:
        """Write it down now: the window closes."""
        if self.remembering:
            self._timer.stop()
            self._remember_view()

    def _came_back(self, state: Qt.ApplicationState) -> None:
        """Somebody was elsewhere, and may have changed the photo there."""
        if state is Qt.ApplicationState.ApplicationActive and self._desk.current is not None:
            self._keeper.load(self._desk.current)

    def _files_changed(self, rows: NDArray[np.intp]) -> None:
        path = self._desk.current
        if path is not None and self._desk.folder.row(path) in rows:
            self.looking.start()

    def _current_changed(self, path: Path) -> None:
        if self._keeper.is_loaded(path):  # it comes back, and its file may have changed meanwhile
            self.looking.start()
        self._show()

    def _look_at_photo(self) -> None:
        """Whether it still is the photo that was worked on; nobody is asked about that in the middle of a stroke."""
        if self._desk.current is None:
            return
        if self._desk.session.at_rest:
            self._keeper.load(self._desk.current)
        else:
            self.looking.start()

    # --- what is wrong ---------------------------------------------------------------------------------------------

    def _show(self) -> None:
        pending, refusal, path = self._keeper.lane.pending, self._refusal(), self._desk.current
        homeless = path is not None and self._keeper.is_loaded(path) and not self._keeper.keeps(path) and not refusal
        text = ("1 change not saved" if pending == 1 else f"{pending} changes not saved") if pending else ""
        self.button.setText(text or ("Read-only" if refusal else "Not saved" if homeless else ""))
        self.button.setIcon(icon("warning" if pending or homeless else "lock"))
        why = HOMELESS if homeless else refusal
        self.button.setToolTip(f"{self._keeper.trouble} Click to try again." if pending else why)
        self.button.setVisible(bool(pending or refusal or homeless))

    def _refusal(self) -> str:
        return "" if self._desk.current is None else self._keeper.refusal(self._desk.current)

    def _clicked(self) -> None:
        path = self._desk.current
        if path is not None and self._keeper.may_take_over(path):
            self._ask_to_take_over(path)
        else:
            self._keeper.try_again()
            if path is not None:
                self._keeper.load(path)

    def _ask_to_take_over(self, path: Path) -> None:
        answer = choose(
            self._window,
            title="Read-only",
            text=f"{self._refusal()} If that window is gone, this one can take over.",
            choices=("Take over",),
            cancel="Cancel",
            default=-1,
        )
        if answer == 0:
            self._keeper.take_over(path)

    def _ask_about_change(self, path: Path) -> None:
        if self._asking:  # whoever comes back to the window while the question is there has it looked at again
            return
        self._asking = True
        answer = choose(
            self._window,
            title="Another photo",
            text=f"{self._keeper.refusal(path)} Do its corrections hold for the photo as it is now?",
            choices=("Keep the corrections", "Start over without them"),
            cancel="Decide later",
            default=-1,
        )
        self._asking = False
        if answer is not None and self._keeper.is_undecided(path):
            self._keeper.use_record(path, use=answer == 0)

    # --- where work was left ---------------------------------------------------------------------------------------

    def _opened(self, info: ProjectInfo) -> None:
        self._left = info.values
        if info.refusal:
            self._desk.said.emit(info.refusal)
        self._show()

    def _view_changed(self) -> None:
        """A view that was left is taken up where the picture comes back; any other is remembered."""
        view, path = self._canvas.viewport, self._desk.current
        if view is None or path is None:
            return
        left, self._left = self._left, {}
        x, y, scale = (left.get(key) for key in ("x", "y", "scale"))
        is_here = left.get("current") == self._keeper.name_of(path) and all(
            isinstance(value, int | float) for value in (x, y, scale)
        )
        if is_here and view.fitted:
            self._canvas.look(view.around(float(x), float(y), scale=float(scale)))  # type: ignore[arg-type]
        self._timer.start()

    def _remember_view(self) -> None:
        view, path = self._canvas.viewport, self._desk.current
        if view is None or path is None:
            return
        value: dict[str, object] = {"current": self._keeper.name_of(path)}
        if not view.fitted:
            value |= {"x": view.middle[0], "y": view.middle[1], "scale": view.scale}
        self._keeper.set_value(path, "view", value)
