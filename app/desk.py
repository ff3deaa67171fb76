"""The pictures on the desk: their list, their state, and the background work that brings photos and masks.

The photo on screen always goes first; its neighbours are decoded and predicted ahead with what time is left.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from app.answering.done_answers import DoneAnswers
from app.answering.model_in_use import EngineStatus, ModelChoice, ModelInUse
from app.answering.predictions import NOW, Predictions
from app.core.arrays import Intp
from app.core.document import Document
from app.editing.session import Session
from app.keeping.keeper import Keeper
from app.keeping.parking import Parking
from app.listing.flow import ListingFlow
from app.listing.folder import Folder
from app.listing.lost_facts import LostFacts
from app.listing.photos import Photos
from app.listing.states import PictureStates
from app.listing.thumbnails import MOST_WAITING, Thumbnails
from app.workers.background import Background
from app.workers.lane import Lane
from inference.errors import PhotoError

CANCELLED = "Loading was cancelled. F5 starts it again."
AHEAD, LATER = 5, 9  # priorities in the lanes, after `NOW`


class Desk(QObject):
    """Opens, shows, predicts and prefetches pictures."""

    current_changed = Signal(object)  # Path or None
    busy_changed = Signal(str)  # what the current picture waits for; empty when nothing
    problem_changed = Signal(str)  # why the current picture has no photo or no masks; empty when it has
    engine_changed = Signal(object)  # EngineStatus
    changed_on_disk = Signal(object)  # Path on screen whose corrections are of another photo: ask what becomes of them
    said = Signal(str)

    def __init__(self, session: Session, choice: ModelChoice, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.folder = Folder(self)
        self.current: Path | None = None
        self.engine_lane = Lane("engine", self, may_be_left=True)
        self.file_lane = Lane("files", self)
        self.background = Background(self)
        self._tool_work = ""  # what the tools wait for
        self.model = ModelInUse(choice, self.engine_lane, self)
        self.predictions = Predictions(session, self.model, self.engine_lane, self)
        self._ahead: dict[Path, tuple[NDArray[np.uint8], ...]] = {}  # decoded neighbours, not shown yet
        self.model.replaced.connect(self._model_replaced)
        self.model.refused.connect(self._model_refused)
        self.model.status_changed.connect(self.engine_changed)
        self.model.noted.connect(self.said)
        self.predictions.arrived.connect(self._predicted)
        self.predictions.failed.connect(self._prediction_failed)
        session.mode_changed.connect(self._view_changed)
        self._parking = Parking(session, self.file_lane, came_back=self._came_back)
        self.keeper = Keeper(session, lambda: self.model.card().name, self)
        self.keeper.changed_on_disk.connect(self._changed_on_disk)
        self.keeper.closed.connect(self._read_again)
        self.keeper.said.connect(self.said)
        self.states = PictureStates(self.folder, session, self.keeper, self)
        self.done_answers = DoneAnswers(
            self.folder, session, keeper=self.keeper, predictions=self.predictions, model=self.model
        )
        self.done_answers.weighed.connect(self._weighed)
        self._lost_facts = LostFacts(self.folder, self.keeper, self)
        self.listing = ListingFlow(self.folder, session, self.keeper, self)
        self.listing.beginning.connect(self._make_way)
        self.listing.first_found.connect(self.show)
        self.listing.changed.connect(self._say_busy)
        self.folder.relisted.connect(self._prefetch)
        self.thumbnails = Thumbnails(self)
        self.thumbnails.failed.connect(self.could_not_be_read)
        self.folder.files_changed.connect(self._renew_thumbnails)
        for speaker in (self.listing, self.folder):
            speaker.said.connect(self.said)
        self.predictions.fetch = self.keeper.fetch_prediction
        self.photos = Photos(self.file_lane, self.keeper, self)
        self.photos.ready.connect(self._photo_ready)
        self.photos.failed.connect(self._unreadable)
        session.runner = self.background.run
        session.next_turn = lambda work: QTimer.singleShot(0, self, work)
        self.background.busy_changed.connect(self._tools_busy)
        self.background.concerns = self._concerns_current

    # --- the list --------------------------------------------------------------------------------------------------

    def open(self, paths: Sequence[Path], *, below: bool | None = None) -> None:
        """List these files and folders and show the first picture. Nothing on the desk changes when that fails.

        `below`: whether one folder is listed with those below it; None: as it was opened last.
        """
        self.listing.open(paths, below=below)

    @property
    def pictures(self) -> list[Path]:
        """All pictures of the list; with very many of them that takes a moment."""
        return self.folder.paths()

    def _make_way(self) -> None:
        """Another list comes. Documents with corrections stay known, so going back finds them as they were."""
        self.session.end_gesture()  # what is being painted is a correction like others
        self.done_answers.note_done()
        self.file_lane.cancel_where(lambda key: isinstance(key, tuple) and key[0] not in ("park", "map"))
        self.predictions.keep_only(None)
        self.thumbnails.forget()
        self._ahead.clear()
        self.photos.keep_only(None)

    def show(self, path: Path) -> None:
        """Make `path` the picture on screen: its photo at once, its masks when they are ready."""
        self.current = path
        self.folder.hold(path)
        self.listing.watch.follow(path)
        document = self.session.show(path)
        self.current_changed.emit(path)
        self.predictions.keep_only(path)
        self.photos.keep_only(path)
        self.problem_changed.emit("")
        self.background.look_again()
        if path in self._ahead:
            self._photo_ready(path, self._ahead.pop(path))
        elif document.photo is not None:
            self._predict_current()
        else:
            self.photos.load(path, priority=NOW)
        self._say_busy()

    @property
    def idle(self) -> bool:
        """Whether nothing is being read, predicted, worked out or written."""
        lanes = (self.file_lane, self.engine_lane, self.background, self.keeper.lane, self.thumbnails)
        lanes_idle = all(lane.is_idle() for lane in lanes) and self.listing.idle and not self.keeper.packing()
        return lanes_idle and not self.session.under_way() and not self.states.counting

    def seconds(self, document: Document | None) -> float | None:
        """How long preprocessing and network took for the masks of a document, in seconds."""
        return self.predictions.seconds(document)

    # --- photos ----------------------------------------------------------------------------------------------------

    def _photo_ready(self, path: Path, pyramid: tuple[NDArray[np.uint8], ...]) -> None:
        if path == self.current:
            self.states.readable(path)
            try:
                self.session.attach_photo(path, pyramid)
            except PhotoError as error:
                self.keeper.does_not_fit(path)
                self._unreadable(path, str(error))
                return
            self._predict_current()
        else:
            self._ahead[path] = pyramid
            known = self.session.find(path)
            if known is None or known.prediction is None:
                self.predictions.bring(path, pyramid[0], priority=AHEAD)
        self._say_busy()

    def _read_again(self, path: Path) -> None:
        """The session has closed a picture: its file or its project is another one."""
        self.photos.cancel(path)
        self.predictions.cancel(path)
        self._ahead.pop(path, None)
        if path == self.current:
            self.show(path)

    def _changed_on_disk(self, path: Path) -> None:
        self.photos.cancel(path)  # it is read again once that is decided
        if path == self.current:
            self.changed_on_disk.emit(path)
            if self.keeper.refusal(path):
                self.problem_changed.emit(f"{self.keeper.refusal(path)} F5 asks again what becomes of its corrections.")
            self._say_busy()

    def _unreadable(self, path: Path, reason: str) -> None:
        self.states.unreadable(path, reason)
        if path == self.current:
            self.problem_changed.emit(reason)
            self._prefetch()
            self._say_busy()

    def _renew_thumbnails(self, rows: Intp) -> None:
        """These files are others than before; of very many, those that are seen are asked for by the list."""
        for row in rows[:MOST_WAITING].tolist():
            self.thumbnails.request(self.folder.path(row))

    def could_not_be_read(self, path: Path, reason: str) -> None:
        """Somebody tried to. A picture that is open stays what it is, even if its file has gone meanwhile."""
        document = self.session.find(path)
        if document is None or (document.photo is None and not document.has_corrections):
            self._unreadable(path, reason)

    def _came_back(self, path: Path) -> None:
        if path == self.current:
            self._predict_current()
            self._say_busy()

    # --- predictions -----------------------------------------------------------------------------------------------

    def predict_again(self) -> None:
        """Read the current picture if that was cancelled or its file is another one, and run the network on it again;
        human pixels stay."""
        document = self.session.document
        if document is None:
            return
        self.problem_changed.emit("")
        self.session.said.emit("")
        if document.photo is None:
            self.photos.load(document.path, priority=NOW)
        else:
            if document.waiting is not None and not self._parking.is_unpacking(document.path):
                self._parking.unpack_later(document.path, document.waiting)
            self.keeper.load(document.path)  # which looks at its file: another photo is read, or asked about
            self.predictions.predict(document.path, document.photo)
            if self.done_answers.is_done(document.path):
                self.said.emit(f"{document.path.name} is predicted anew by {self.model.name}. It stays done.")
        self._say_busy()

    def cancel(self) -> bool:
        """Stop waiting for another model, the current photo or its masks; False when nothing was under way."""
        if self.listing.cancel():
            self._say_busy()
            return True
        if self.engine_lane.cancel("model"):
            self.said.emit(f"Loading cancelled; {self.choice.model} stays in use.")
            self._predict_current()
            self._say_busy()
            return True
        if self.current is None:
            return False
        dropped = [
            self.photos.cancel(self.current),
            self.predictions.cancel(self.current),
        ]
        if any(dropped):
            self.session.said.emit("Cancelled; F5 starts it again.")
            document = self.session.document
            looking = document is not None and document.photo is not None
            self._say_problem("" if looking or self._unreadable_reason() else CANCELLED)
        self._keep_view_that_is_there()
        self._say_busy()
        return any(dropped)

    def _keep_view_that_is_there(self) -> None:
        """When the other view does not come, the session goes back to the one on screen."""
        document = self.session.document
        if document is not None and document.layer_mode is not None:
            self.session.set_mode(document.layer_mode)

    def use_model(self, choice: ModelChoice) -> None:
        """Load another model; it replaces the one in use only after it has really run."""
        self.model.use(choice)
        self._say_busy()

    def use_here(self, choice: ModelChoice) -> None:
        """Load another model for this machine; from now on no photo leaves it."""
        self.model.use_here(choice)
        self._say_busy()

    @property
    def choice(self) -> ModelChoice:
        """Which model is in use."""
        return self.model.choice

    @property
    def engine_status(self) -> EngineStatus | None:
        """What ran the last prediction."""
        return self.model.status

    def _model_replaced(self) -> None:
        asked = self.current is not None and self.predictions.is_predicting(self.current)
        self.done_answers.use_model()
        self.states.refresh_all()
        self._ahead.clear()
        stays = "" if self.current is None or asked else self.done_answers.sentence(self.current)
        self.said.emit(f"Now using {self.model.name}. {stays}".strip())
        self._say_problem("")
        if asked and self.session.document is not None and self.session.document.photo is not None:
            self.predictions.predict(self.session.document.path, self.session.document.photo)
        self._predict_current()
        self._say_busy()

    def _weighed(self) -> None:
        if self.session.document is not None and self.session.document.prediction is None:
            self._predict_current()
            self._say_busy()

    def _model_refused(self, reason: str) -> None:
        if self._unreadable_reason():
            self.said.emit(reason)  # the picture keeps saying why it shows nothing
        else:
            self._say_problem(reason)
        self._say_busy()

    def _predict_current(self) -> None:
        document = self.session.document
        if document is None or document.photo is None:
            return
        if document.layer_mode is self.session.mode:
            self.states.refresh(document.path)
            self._prefetch()
        elif document.prediction is not None:
            if document.waiting is None:  # else when its map is back
                self.predictions.compose(document.path, document.prediction, model=document.model or "")
        elif not self.predictions.is_predicting(document.path):
            self.predictions.bring(document.path, document.photo)

    def _predicted(self, path: Path) -> None:
        self.keeper.keep_prediction(path)
        self.states.refresh(path)
        if path == self.current:
            self._say_problem("")
            self._predict_current()
        self._say_busy()

    def _prediction_failed(self, path: Path, reason: str) -> None:
        if path == self.current:
            self._say_problem(f"{reason} F5 tries again.")
            self._keep_view_that_is_there()
            self._say_busy()

    def _prefetch(self) -> None:
        """Decode and predict the neighbours: the next picture first, then the one before."""
        if self.current is None or self.current not in self.folder:
            return
        both = (self.folder.next(self.current, step) for step in (1, -1))
        neighbours = [path for path in both if path is not None]
        self._ahead = {path: pyramid for path, pyramid in self._ahead.items() if path in neighbours}
        for path in neighbours:
            known = self.session.find(path)
            waiting = self.photos.is_loading(path) or self.predictions.is_predicting(path)
            done = known is not None and known.photo is not None
            if waiting or done:
                continue
            if path not in self._ahead:
                self.photos.load(path, priority=AHEAD)
            elif known is None or known.prediction is None:
                self.predictions.bring(path, self._ahead[path][0], priority=AHEAD)

    def _view_changed(self) -> None:
        self._predict_current()
        self._say_busy()

    # --- states ----------------------------------------------------------------------------------------------------

    def _unreadable_reason(self) -> str:
        """Why the current picture cannot be shown; empty when it can."""
        return "" if self.current is None else self.folder.problem(self.current)

    def _say_problem(self, reason: str) -> None:
        """A picture without a photo has nothing to show but why: that is said again when nothing else is."""
        self.problem_changed.emit(reason or self._unreadable_reason())

    def _concerns_current(self, key: Hashable) -> bool:
        """Whether work of the tools is for the picture on screen: an edit goes on while another one is looked at."""
        return not (isinstance(key, tuple) and key[0] == "edit") or key[1] == self.current

    def _tools_busy(self, text: str) -> None:
        self._tool_work = text
        self._say_busy()

    def _say_busy(self) -> None:
        path = self.current
        if self.listing.looking:
            text = "Looking for photos…"
        elif path is not None and self.photos.is_loading(path):
            text = "Loading photo…"
        elif path is not None and self._parking.is_unpacking(path):
            text = "Loading corrections…"
        elif self.engine_lane.has("model"):
            text = "Loading model…"
        elif path is None:
            text = ""
        else:
            text = self.predictions.under_way(path) or self._tool_work
        self.busy_changed.emit(text)

    def close(self) -> None:
        """Stop all lanes; called once when the window closes."""
        self.listing.close()
        self.thumbnails.close()
        self.keeper.close()
        self.background.close()
        self.file_lane.close()
        self.engine_lane.close()
