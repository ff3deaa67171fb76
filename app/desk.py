"""The pictures on the desk: their list, their state, and the background work that brings photos and masks.

The photo on screen always goes first; its neighbours are decoded and predicted ahead with what time is left.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from app.core.document import Document
from app.keeper import Keeper
from app.model_in_use import EngineStatus, ModelChoice, ModelInUse
from app.parking import Parking
from app.photos import Photos
from app.picture_states import PictureStates
from app.predictions import NOW, Predictions
from app.projects import ProjectInfo
from app.session import Session
from app.workers.background import Background
from app.workers.lane import Lane
from app.workers.tasks import list_readable
from inference.errors import PhotoError
from inference.photo import read_thumbnail

THUMBNAIL_SIDE = 192  # pixels; shown at 96 on a screen with two device pixels per point
CANCELLED = "Loading was cancelled. F5 starts it again."
AHEAD, LATER = 5, 9  # priorities in the lanes, after `NOW`


class Desk(QObject):
    """Opens, shows, predicts and prefetches pictures."""

    pictures_changed = Signal()
    current_changed = Signal(object)  # Path or None
    thumbnail_ready = Signal(object, object)  # Path, (h, w, 3) uint8
    busy_changed = Signal(str)  # what the current picture waits for; empty when nothing
    problem_changed = Signal(str)  # why the current picture has no photo or no masks; empty when it has
    engine_changed = Signal(object)  # EngineStatus
    opened = Signal(object)  # the paths that were asked for and had photos
    not_opened = Signal(object)  # the paths that were asked for and had none
    changed_on_disk = Signal(object)  # Path on screen whose corrections are of another photo: ask what becomes of them
    said = Signal(str)

    def __init__(self, session: Session, choice: ModelChoice, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.pictures: list[Path] = []
        self._rows: dict[Path, int] = {}
        self.current: Path | None = None
        self.engine_lane = Lane("engine", self)
        self.file_lane = Lane("files", self)
        self.background = Background(self)
        self._tool_work = ""  # what the tools wait for
        self.model = ModelInUse(choice, self.engine_lane, self)
        self.predictions = Predictions(session, self.model, self.engine_lane, self)
        self._ahead: dict[Path, tuple[NDArray[np.uint8], ...]] = {}  # decoded neighbours, not shown yet
        self.states = PictureStates(session, self)
        self.model.replaced.connect(self._model_replaced)
        self.model.refused.connect(self._model_refused)
        self.model.status_changed.connect(self.engine_changed)
        self.predictions.arrived.connect(self._predicted)
        self.predictions.failed.connect(self._prediction_failed)
        session.mode_changed.connect(self._view_changed)
        self._parking = Parking(session, self.file_lane, came_back=self._came_back)
        self.keeper = Keeper(session, lambda: self.model.card().name, self)
        self.keeper.changed_on_disk.connect(self._changed_on_disk)
        self.keeper.said.connect(self.said)
        self.predictions.fetch = self.keeper.fetch_prediction
        self.photos = Photos(self.file_lane, self.keeper, self)
        self.photos.ready.connect(self._photo_ready)
        self.photos.failed.connect(self._unreadable)
        session.runner = self.background.run
        session.next_turn = lambda work: QTimer.singleShot(0, self, work)
        self.background.busy_changed.connect(self._tools_busy)
        self.background.concerns = self._concerns_current

    # --- the list --------------------------------------------------------------------------------------------------

    def open(self, paths: Sequence[Path]) -> None:
        """List these files and folders and show the first picture. Nothing on the desk changes when that fails."""
        self.said.emit("")

        def listed(answer: tuple[list[Path], list[str]]) -> None:
            pictures, refused = answer
            if pictures:
                self.opened.emit(tuple(paths))
                self._open_project(paths, pictures)
            else:
                names = ", ".join(path.name or str(path) for path in paths)
                refused.append(f"There is no photo in {names} (JPEG, PNG, WebP, TIFF or BMP).")
                self.not_opened.emit(tuple(paths))
            if refused:
                self.said.emit(refused[0])
            self._say_busy()

        self.file_lane.submit(
            lambda _token: list_readable(paths), key="list", done=listed, failed=self.said.emit, priority=NOW
        )
        self._say_busy()

    def _open_project(self, paths: Sequence[Path], pictures: list[Path]) -> None:
        """Show the picture that was asked for by name, else the one on which work was left."""
        wanted = next((path for path in paths if path in pictures), None)

        def opened(info: ProjectInfo | None) -> None:
            left = None if info is None else info.root / str(info.values.get("current", ""))
            self._take(pictures, first=wanted or (left if left in pictures else pictures[0]))
            self._say_busy()

        self.keeper.open(pictures[0].parent, opened)

    def _take(self, pictures: list[Path], *, first: Path) -> None:
        """Put a new list on the desk. Documents with corrections stay known, so going back finds them as they were."""
        self.session.end_gesture()  # what is being painted is a correction like others
        self.file_lane.cancel_where(lambda key: isinstance(key, tuple) and key[0] not in ("park", "map"))
        self.predictions.keep_only(None)
        self._ahead.clear()
        self.photos.keep_only(None)
        listed = set(pictures)
        unfinished = [path for path in self.session.unexported() if path not in listed and not self.keeper.keeps(path)]
        self.pictures = [*pictures, *unfinished]
        self._rows = {path: row for row, path in enumerate(self.pictures)}
        self.states.keep_only(self._rows)
        self.pictures_changed.emit()
        if unfinished:
            count = len(unfinished)
            which = f"{count} pictures" if count > 1 else unfinished[0].name
            self.said.emit(f"{which} with corrections not yet exported stayed in the list.")
        self.show(first)

    def show(self, path: Path) -> None:
        """Make `path` the picture on screen: its photo at once, its masks when they are ready."""
        self.current = path
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
        lanes_idle = self.file_lane.is_idle() and self.engine_lane.is_idle() and self.background.is_idle()
        return lanes_idle and self.keeper.lane.is_idle() and not self.session.under_way()

    def seconds(self, document: Document | None) -> float | None:
        """How long preprocessing and network took for the masks of a document, in seconds."""
        return self.predictions.seconds(document)

    def request_thumbnail(self, path: Path) -> None:
        self.file_lane.submit(
            lambda _token: read_thumbnail(path, THUMBNAIL_SIDE),
            key=("thumbnail", path),
            done=lambda thumbnail: self.thumbnail_ready.emit(path, thumbnail),
            failed=lambda reason: self._no_thumbnail(path, reason),
            priority=LATER,
        )

    # --- photos ----------------------------------------------------------------------------------------------------

    def _photo_ready(self, path: Path, pyramid: tuple[NDArray[np.uint8], ...]) -> None:
        if path == self.current:
            self.states.readable(path)
            try:
                self.session.attach_photo(path, pyramid)
            except PhotoError as error:
                self._unreadable(path, str(error))
                return
            self._predict_current()
        else:
            self._ahead[path] = pyramid
            known = self.session.find(path)
            if known is None or known.prediction is None:
                self.predictions.bring(path, pyramid[0], priority=AHEAD)
        self._say_busy()

    def begin_anew(self) -> None:
        """Everything is read again: the project is another one's no more."""
        current = self.current
        self.session.close_all()
        self.photos.keep_only(None)
        self._ahead.clear()
        if current is not None:
            self.show(current)

    def _changed_on_disk(self, path: Path) -> None:
        if path == self.current:
            self.changed_on_disk.emit(path)
            if self.keeper.refusal(path):
                self.problem_changed.emit(f"{self.keeper.refusal(path)} F5 asks again what becomes of its corrections.")

    def _unreadable(self, path: Path, reason: str) -> None:
        self.states.unreadable(path, reason)
        if path == self.current:
            self.problem_changed.emit(reason)
            self._prefetch()
            self._say_busy()

    def _no_thumbnail(self, path: Path, reason: str) -> None:
        """A picture that is open stays what it is, even if its file has gone meanwhile."""
        document = self.session.find(path)
        if document is None or (document.photo is None and not document.has_corrections):
            self._unreadable(path, reason)

    def _came_back(self, path: Path) -> None:
        if path == self.current:
            self._predict_current()
            self._say_busy()

    # --- predictions -----------------------------------------------------------------------------------------------

    def predict_again(self) -> None:
        """Read the current picture if that was cancelled, else run the network on it again; human pixels stay."""
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
            self.predictions.predict(document.path, document.photo)
        self._say_busy()

    def cancel(self) -> bool:
        """Stop waiting for another model, the current photo or its masks; False when nothing was under way."""
        if self.file_lane.cancel("list"):
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

    @property
    def choice(self) -> ModelChoice:
        """Which model is in use."""
        return self.model.choice

    @property
    def engine_status(self) -> EngineStatus | None:
        """What ran the last prediction."""
        return self.model.status

    def _model_replaced(self) -> None:
        # Answers of the old model that are still on their way must not pass for the new one's.
        self.predictions.drop_all()
        self.keeper.forget_answers()
        self.session.drop_predictions()
        self.states.refresh_all()
        self._ahead.clear()
        self.said.emit(f"Now using {self.model.name}.")
        self._say_problem("")
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
                self.predictions.compose(document.path, document.prediction)
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
        if self.current is None or self.current not in self._rows:
            return
        index = self._rows[self.current]
        neighbours = [self.pictures[i] for i in (index + 1, index - 1) if 0 <= i < len(self.pictures)]
        self._ahead = {path: pyramid for path, pyramid in self._ahead.items() if path in neighbours}
        for path in neighbours:
            known = self.session.find(path)
            waiting = self.photos.is_loading(path) or self.predictions.is_predicting(path)
            done = known is not None and known.photo is not None
            if self.states.problem(path) or waiting or done:
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
        return "" if self.current is None else self.states.problem(self.current)

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
        if self.file_lane.has("list"):
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
        self.keeper.close()
        self.background.close()
        self.file_lane.close()
        self.engine_lane.close()
