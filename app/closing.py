"""Closing the window: nothing that a person did is lost without a question, also what is still being worked out."""

from __future__ import annotations

import time

from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from app.dialogs import choose
from app.editing.session import Session
from app.exporting.flow import ExportFlow
from app.keeping.keeper import Keeper
from app.settings import Settings

PATIENCE_MS = 1000  # an edit that takes no longer is waited for without a word
SAVING_SECONDS = 0.3  # that the window may stand still while the last stroke is written
SAVING_POLL_MS = 100
SAVING_STEP_SECONDS = 0.005


class Closing(QObject):
    """Says whether the window may close now. Where it has to wait for something, it closes the window afterwards."""

    said = Signal(str)

    def __init__(self, window: QWidget, session: Session, keeper: Keeper, export_flow: ExportFlow) -> None:
        super().__init__(window)
        self._window, self._session, self._keeper, self._export_flow = window, session, keeper, export_flow
        self._waiting = self._asking = False
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._ask_about_edits)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._go_on)
        self._saving = QTimer(self, interval=SAVING_POLL_MS)
        self._saving.timeout.connect(self._saved)
        # Later, not in the middle of what an edit does when it ends: a question may come of it.
        session.under_way_changed.connect(lambda _path: self._soon.start())

    def may_close(self, settings: Settings) -> bool:
        """Ask before edits under way, an export or corrections that are written nowhere would be lost."""
        if self._keeper.is_over:  # it was closed before
            return True
        self._session.end_gesture()
        if self._session.under_way():
            self._wait()
            return False
        if self._export_flow.running and not self._may_stop_export():
            return False
        return self._may_leave_unwritten() and self._may_lose_corrections(settings)

    def _wait(self) -> None:
        """The edits under way first; who cannot wait, and closes the window again, is asked at once."""
        if self._waiting:
            self._ask_about_edits()
            return
        self._waiting = True
        self._timer.start(PATIENCE_MS)
        self.said.emit(f"The window closes when this is done: {self._names_of_edits()}.")

    def _names_of_edits(self) -> str:
        return ", ".join(f"{text} ({path.name})" for path, text in self._session.under_way().items())

    def _ask_about_edits(self) -> None:
        if self._asking or not self._session.under_way():
            return
        self._asking = True
        answer = choose(
            self._window,
            title="Correction under way",
            text=f"This is still being worked out: {self._names_of_edits()}.",
            choices=("Close when it is done", "Stop it and close"),
            cancel="Do not close",
        )
        self._asking, self._waiting = False, answer is not None
        if answer == 1:
            self._session.stop_edits()
        self._soon.start()  # a window that is being closed at this moment cannot be closed again

    def _go_on(self) -> None:
        """An edit has ended: there may be nothing in the way any more."""
        if self._waiting and not self._asking and not self._session.under_way():
            self._waiting = False
            self._timer.stop()
            self._window.close()

    def _may_leave_unwritten(self) -> bool:
        """Everything is in the project's file, unless that could not be written for a while."""
        lane = self._keeper.lane
        lane.try_again()
        self._keeper.look()
        again = self._saving.isActive()
        self._saving.stop()
        if self._saved_in_a_moment():
            return True
        if not lane.is_stuck and not again:
            self.said.emit("The window closes when everything is saved.")
            self._saving.start()
            return False
        left = lane.unwritten
        changes = "The last change is" if left == 1 else f"The last {left} changes are"
        answer = choose(
            self._window,
            title="Not saved",
            text=f"{changes} not saved yet. {self._keeper.trouble}".strip(),
            choices=("Try again", "Close without them"),
            cancel="Cancel",
        )
        if answer == 0:
            lane.try_again()
            self.said.emit("The window closes when everything is saved.")
            self._saving.start()
        return answer == 1

    def _saved_in_a_moment(self) -> bool:
        """Whether all is written, also what comes of what is written or read first."""
        lane, until = self._keeper.lane, time.monotonic() + SAVING_SECONDS
        while self._keeper.flush(timeout=max(0.0, until - time.monotonic())):
            for receiver in (self._keeper, lane):  # what came of it, else known at the next turn only
                QCoreApplication.sendPostedEvents(receiver)
            if self._keeper.is_saved():
                return True
            if lane.is_stuck or time.monotonic() > until:
                break
            time.sleep(SAVING_STEP_SECONDS)  # what a thread has done is on its way here; no core is worn out meanwhile
        return False

    def _saved(self) -> None:
        """Close when all is saved, or ask when it cannot be."""
        if self._keeper.lane.is_stuck or self._keeper.is_saved():
            self._window.close()

    def _may_lose_corrections(self, settings: Settings) -> bool:
        pictures = [path for path in self._session.unexported() if not self._keeper.keeps(path)]
        if not pictures:
            return True
        names = pictures[0].name if len(pictures) == 1 else f"{len(pictures)} pictures"
        answer = choose(
            self._window,
            title="Corrections not exported",
            text=f"The corrections of {names} have not been exported. Export them before closing, or lose them?",
            choices=("Export…", "Close without exporting"),
            cancel="Cancel",
        )
        if answer == 0:
            self._export_flow.ask(pictures, settings, then=self._window.close)
        return answer == 1

    def _may_stop_export(self) -> bool:
        answer = choose(
            self._window,
            title="Export under way",
            text="An export is under way. What is written stays.",
            choices=("Stop and close",),
            cancel="Go on exporting",
            default=-1,
        )
        if answer is None:
            return False
        self._export_flow.cancel(quiet=True)
        return True
