"""Keeps what a person does: every finished step goes to the project's file at once, and comes back from there."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import ref

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.arrays import I64
from app.core.human_layer import HumanLayer
from app.core.project.records import ExportedRecord, FileIdentity, StoredStep
from app.core.project.store import ProjectStore
from app.history import ExportedState, History, PatchCommand
from app.project_lane import ProjectLane
from app.projects import CHANGED, Known, Loaded, ProjectInfo, Projects, Standing
from app.session import Session
from inference.prediction import Prediction, SegmentTable

IDLE_MS = 2_000  # without a change before a snapshot is taken


@dataclass
class _Kept:
    """What the file knows of one picture, or will once the lane has come to it."""

    info: ProjectInfo
    identity: FileIdentity | None
    revision: int = 0
    newest: int = 0  # the largest revision that a step was kept of
    exported: ExportedState | None = None
    threshold: float | None = None
    prediction: Callable[[], Prediction | None] = lambda: None  # a weak reference: the session keeps it, or not
    answered: bool = False  # the model in use has answered for the file as it is

    def know(self, prediction: Prediction | None) -> None:
        """What is kept as the answer of the model in use."""
        self.answered = prediction is not None
        self.prediction = (lambda: None) if prediction is None else ref(prediction)


class Keeper(QObject):
    """Follows the session and writes; loads pictures before anything can be done to them.

    Writing follows from comparing what the session holds with what is kept, so that no kind of change can be forgotten.
    """

    loaded = Signal(object)  # Path: all that is known of it is in the session
    changed_on_disk = Signal(object)  # Path of a picture whose record is of another photo: `use_record` decides
    opened = Signal(object)  # ProjectInfo
    answer_kept = Signal(object)  # Path of a picture that the network has answered for in a run over the folder
    said = Signal(str)

    def __init__(self, session: Session, model: Callable[[], str], parent: QObject | None = None) -> None:
        """`model`: the name of the model in use; called in the project lane."""
        super().__init__(parent)
        self._session, self._model = session, model
        self.lane = ProjectLane(self)
        self._projects = Projects()
        self._kept: dict[Path, _Kept] = {}
        self._infos: dict[Path, ProjectInfo] = {}  # by the project's file
        self._loading: dict[Path, object] = {}
        self._undecided: dict[Path, Loaded] = {}
        self._unkept: set[Path] = set()  # pictures without a project
        self._restless: set[Path] = set()  # pictures of which a snapshot is due
        self._fetching: set[Path] = set()  # pictures whose answer is on its way back
        self._idle = QTimer(self, singleShot=True, interval=IDLE_MS)
        self._idle.timeout.connect(self._rest)
        session.corrected.connect(self.keep_up)
        session.tables_changed.connect(self._threshold_changed)
        session.read_only = self.refusal

    # --- loading ---------------------------------------------------------------------------------------------------

    def open(self, folder: Path, done: Callable[[ProjectInfo | None], None]) -> None:
        """Open the project of a folder; `done(None)` where that is not possible, which is said."""

        def failed(reason: str) -> None:
            self.said.emit(reason)
            done(None)

        def opened(info: ProjectInfo) -> None:
            self._meet(info)
            done(info)

        self.lane.read(lambda: self._projects.open(folder), done=opened, failed=failed)

    def is_loaded(self, path: Path) -> bool:
        """Whether all that is known of a picture is in the session."""
        return path in self._kept or path in self._unkept

    def load(self, path: Path) -> None:
        """Bring what is known of a picture into the session, once; `loaded` tells."""
        if path in self._undecided:
            self.changed_on_disk.emit(path)
        if self.is_loaded(path) or path in self._loading or path in self._undecided:
            return
        ticket = self._loading[path] = object()

        def done(loaded: Loaded) -> None:
            if self._loading.get(path) is ticket:
                del self._loading[path]
                self._take(path, loaded)

        def failed(reason: str) -> None:
            done(Loaded(None, problem=reason))

        self.lane.read(lambda: self._projects.load(path, model=self._model()), done=done, failed=failed)

    def _take(self, path: Path, loaded: Loaded) -> None:
        if loaded.info is not None:
            self._meet(loaded.info)
        if loaded.problem:
            self.said.emit(loaded.problem)
        if loaded.info is None or loaded.problem:
            self._unkept.add(path)
            self.loaded.emit(path)
        elif loaded.changed and loaded.stored is not None and (loaded.stored.steps or loaded.stored.corrections):
            self._undecided[path] = loaded
            self.changed_on_disk.emit(path)
        else:
            self._restore(path, loaded)

    def use_record(self, path: Path, *, use: bool) -> None:
        """What becomes of the corrections of another photo of that name: they hold for this one too, or are left."""
        loaded = self._undecided.pop(path)
        if not use:
            self._write(path, lambda store, name: store.start_over(name, loaded.identity))
            loaded = Loaded(loaded.info, None, None, loaded.identity)
        self._restore(path, loaded)

    def _restore(self, path: Path, loaded: Loaded) -> None:
        assert loaded.info is not None
        kept = self._kept[path] = _Kept(loaded.info, loaded.identity)
        stored, identity = loaded.stored, loaded.identity
        if stored is not None:
            kept.revision, kept.newest = stored.revision, stored.revision
            kept.newest = max([step.revision for step in stored.steps], default=stored.revision)
            kept.exported = None if stored.exported is None else ExportedState.of(stored.exported)
            kept.threshold = stored.threshold
            kept.know(loaded.prediction)
            self._session.restore(path, stored, loaded.prediction)
        if identity is not None and (stored is None or stored.identity != identity):
            self._write(path, lambda store, name: store.set_identity(name, identity))
        self.loaded.emit(path)

    def _meet(self, info: ProjectInfo) -> None:
        if self._infos.get(info.file) == info:
            return
        self._infos[info.file] = info
        self._session.use_revisions_after(info.last_revision)
        if info.said:
            self.said.emit(info.said)
        self.opened.emit(info)

    # --- what may be done ------------------------------------------------------------------------------------------

    def refusal(self, path: Path) -> str:
        """Why a picture may not be changed, as a sentence; empty where it may."""
        if path in self._undecided:
            return CHANGED.format(name=path.name)
        kept = self._kept.get(path)
        return "" if kept is None else kept.info.refusal

    def keeps(self, path: Path) -> bool:
        """Whether what is done to a picture is kept."""
        kept = self._kept.get(path)
        return kept is not None and not kept.info.refusal

    def take_over(self, path: Path, done: Callable[[], None]) -> None:
        """Write the project of a picture although another window seems to; then everything is loaded afresh."""

        def taken(info: ProjectInfo) -> None:
            self.forget_all()
            self._meet(info)
            done()

        self.lane.read(lambda: self._projects.take_over(path.parent), done=taken, failed=self.said.emit)

    def forget_all(self) -> None:
        """The session has closed every picture; they are loaded again when they come back."""
        self._kept.clear()
        self._loading.clear()
        self._undecided.clear()
        self._fetching.clear()
        self._unkept.clear()
        self._restless.clear()

    # --- keeping ---------------------------------------------------------------------------------------------------

    def keep_up(self, path: Path) -> None:
        """Write what of a picture is not in the file yet."""
        kept, history = self._kept.get(path), self._session.history_of(path)
        if kept is None or kept.info.refusal or history is None:
            return
        if (revision := history.revision()) != kept.revision:
            self._keep_step(path, kept, history, revision)
            self._restless.add(path)
            self._idle.start()
        state = self._session.exported_state(path)
        if state is not None and state != kept.exported:
            kept.exported = state
            self._write(path, lambda store, name: store.set_exported(name, _record(state)))

    def _keep_step(self, path: Path, kept: _Kept, history: History, revision: int) -> None:
        """A step that is new, or another one of those that are known."""
        kept.revision = revision
        step = history.stack.command(history.stack.index() - 1)
        if revision <= kept.newest or not isinstance(step, PatchCommand):
            self._write(path, lambda store, name: store.stand_at(name, revision))
            return
        kept.newest = revision
        done, patch = StoredStep(revision, step.text(), step.patch), step.patch
        after = history.revision_at(history.stack.index() - 1)
        self._write(path, lambda store, name: store.record_step(name, done, after=after, shape=patch.shape))

    def keep_prediction(self, path: Path) -> None:
        """The network has answered for a picture."""
        kept, document = self._kept.get(path), self._session.find(path)
        if kept is None or kept.info.refusal or document is None or kept.identity is None:
            return
        prediction, identity, model = document.prediction, kept.identity, document.model or ""
        if prediction is None or prediction is kept.prediction():
            return
        kept.know(prediction)
        counts = document.code_counts()
        self._write(
            path,
            lambda store, name: store.keep_prediction(name, prediction, model=model, identity=identity, counts=counts),
        )

    def answered(self, path: Path) -> None:
        """A run over the folder has kept an answer for a picture."""
        if path in self._kept:
            self._kept[path].answered = True
        self.answer_kept.emit(path)

    def forget_answers(self) -> None:
        """Another model is in use."""
        for kept in self._kept.values():
            kept.know(None)

    def fetch_prediction(self, path: Path, done: Callable[[Prediction | None], None]) -> bool:
        """Bring the answer that is kept for a picture and not in memory; False where there is none."""
        kept, model = self._kept.get(path), self._model
        if kept is None or not kept.answered:
            return False
        if path in self._fetching:
            return True

        def take(prediction: Prediction | None) -> None:
            self._fetching.discard(path)
            kept.know(prediction)
            done(prediction)

        self._fetching.add(path)
        self.lane.read(
            lambda: self._projects.prediction(path, model=model()), done=take, failed=lambda _reason: take(None)
        )
        return True

    def is_met(self, path: Path) -> bool:
        """Whether what is known of a picture is in the session, or on its way there."""
        return self.is_loaded(path) or path in self._loading or path in self._undecided

    def standing(self, path: Path) -> Future[Standing]:
        """Where a picture that need not be open stands; from any thread."""
        return self.lane.ask(lambda: self._projects.standing(path))

    def look_up(self, path: Path) -> Future[Loaded]:
        """What is known of a picture that need not be open, without its steps; from any thread."""
        return self.lane.ask(lambda: self._projects.load(path, model=self._model(), most_bytes=0))

    def in_store(self, path: Path, work: Callable[[ProjectStore, str], None]) -> Future[None]:
        """Change what is kept of a picture that nobody has opened."""
        return self.lane.hand_over(lambda: work(*self._projects.store_of(path)))

    def new_revision(self, info: ProjectInfo) -> int:
        """For a step of a picture of that project that is not open."""
        self._meet(info)
        return self._session.next_revision()

    def mark_exported(self, path: Path, state: ExportedState) -> None:
        """An export of a picture, open or not, has been written and read back."""
        self._session.mark_exported(path, state)
        if not self.is_met(path):
            self._write(path, lambda store, name: store.set_exported(name, _record(state)))

    def ask(self, path: Path, model: str) -> Future[Known]:
        """What is known of a picture, for a run of the network; from any thread."""
        return self.lane.ask(lambda: self._projects.known(path, model=model))

    def keep_answer(
        self, path: Path, prediction: Prediction, *, model: str, identity: FileIdentity, counts: I64
    ) -> Future[None]:
        """What the network has answered for a picture that need not be open; from any thread."""

        def keep() -> None:
            store, name = self._projects.store_of(path)
            store.keep_prediction(name, prediction, model=model, identity=identity, counts=counts)

        return self.lane.hand_over(keep)

    def _threshold_changed(self) -> None:
        document = self._session.document
        kept = None if document is None else self._kept.get(document.path)
        if document is None or kept is None or kept.info.refusal:
            return
        own = self._session.own_threshold(document.path)
        if own != kept.threshold:
            kept.threshold = own
            self._idle.start()
            self._write(document.path, lambda store, name: store.set_threshold(name, own))

    def name_of(self, picture: Path) -> str:
        """How a picture that was loaded is called in its project."""
        return picture.relative_to(self._kept[picture].info.root).as_posix() if picture in self._kept else picture.name

    def set_value(self, picture: Path, key: str, value: Any) -> None:
        """Keep something with the project of a picture."""
        if self.keeps(picture):
            self._write(picture, lambda store, _name: store.set_value(key, value))

    def read(self, work: Callable[[Projects], Any], done: Callable[[Any], None]) -> None:
        """Read something of the projects that are open; `said` tells where that fails."""
        self.lane.read(lambda: work(self._projects), done=done, failed=self.said.emit)

    def write(self, work: Callable[[Projects], Any], *, done: Callable[[Any], None] = lambda _answer: None) -> None:
        """Write something to the projects that are open, sooner or later."""
        self.lane.write(lambda: work(self._projects), done=done)

    def _rest(self) -> None:
        """Nobody has done anything for a moment: snapshots, so that the next start has less to do."""
        if not self._session.at_rest:
            self._idle.start()
            return
        for path in self._restless:
            document, kept = self._session.find(path), self._kept.get(path)
            if document is None or kept is None or document.segment_map is None:
                continue
            layer, revision, counts = document.human_layer(), kept.revision, document.code_counts()
            self._write(path, _snapshot(layer, revision))
            if counts is not None:
                self._write(path, _areas(counts, document.table))
        self._restless.clear()

    def _write(self, path: Path, work: Callable[[ProjectStore, str], object]) -> None:
        def write() -> None:
            store, name = self._projects.store_of(path)
            work(store, name)

        self.lane.write(write)

    # --- the end ---------------------------------------------------------------------------------------------------

    def unwritten(self) -> int:
        """Writes that cannot be made, after one more try."""
        return self.lane.flush(timeout=10)

    @property
    def trouble(self) -> str:
        """Why they cannot be made, as a sentence."""
        return self.lane.trouble

    def close(self) -> None:
        """Write what is left and close the projects properly."""
        self._idle.stop()
        self.lane.write(self._projects.close)
        self.lane.close()


def _snapshot(layer: HumanLayer | None, revision: int) -> Callable[[ProjectStore, str], object]:
    return lambda store, name: store.keep_snapshot(name, revision, None if layer is None else layer.to_patch())


def _areas(counts: I64, table: SegmentTable) -> Callable[[ProjectStore, str], object]:
    return lambda store, name: store.keep_areas(name, counts, table)


def _record(state: ExportedState) -> ExportedRecord:
    return ExportedRecord(
        state.revision, state.mode, state.threshold, state.class_thresholds, state.rest, time_ns=time.time_ns()
    )
