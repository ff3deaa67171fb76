"""Writing to the projects what the session holds; where a project lost something of it, all of it is written again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from weakref import ref

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from app.core.errors import DamagedProjectError, HistoryError
from app.core.human_layer import HumanLayer
from app.core.project.predictions import PackedAnswer
from app.core.project.records import ExportedState, FileIdentity, StoredStep
from app.core.project.store import ProjectStore
from app.core.shown_counts import shown_counts
from app.editing.history import History, PatchCommand
from app.editing.session import Session
from app.keeping.lane import ProjectLane
from app.keeping.open_project import ProjectInfo
from app.keeping.projects import Projects
from inference.prediction import Prediction

T = TypeVar("T")

REST_MS = 50  # before it is asked again whether every stroke has ended


@dataclass
class Kept:
    """What the file knows of one picture, or will once the lane has come to it."""

    info: ProjectInfo
    identity: FileIdentity | None
    revision: int = 0
    newest: int = 0  # the largest revision that a step was kept of
    unseen: int = 0  # steps, there and back, since the last snapshot
    exported: ExportedState | None = None
    threshold: float | None = None
    prediction: Callable[[], Prediction | None] = lambda: None  # a weak reference: the session keeps it, or not
    answered: bool = False  # there is an answer for the file as it is that counts while this model is in use
    may_count: bool = False  # there may be one that counts in any case: that of a picture that is done

    def know(self, prediction: Prediction | None) -> None:
        """What is kept as the answer that counts."""
        self.answered, self.may_count = prediction is not None, False
        self.prediction = (lambda: None) if prediction is None else ref(prediction)


class Keeping(QObject):
    """Follows the session and writes.

    Writing follows from comparing what the session holds with what is kept, so that no kind of change can be forgotten.
    Where a step does not fit what the file has, because that was damaged, deleted or replaced meanwhile, the history
    goes there as a whole.
    """

    opened = Signal(object)  # ProjectInfo
    said = Signal(str)
    renewed = Signal(object)  # ProjectInfo of one whose file is another one now: it may not know all that it knew
    moved = Signal(object)  # ProjectInfo of one whose folder got another name
    _renewed = Signal(object)  # ProjectInfo of one that was opened anew
    _broken = Signal(object, object)  # Path, and what went wrong when its answer was packed

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.lane = ProjectLane(self)
        self._projects = Projects(self._renewed.emit, self.moved.emit)
        self._kept: dict[Path, Kept] = {}
        self._unkept: set[Path] = set()  # pictures that no project keeps
        self._infos: dict[Path, ProjectInfo] = {}  # by the project's file
        self.is_over = False  # nothing can be written any more
        self._due: set[Path] = set()  # pictures that are to be written as a whole once every stroke has ended
        self._packer = ThreadPoolExecutor(1, thread_name_prefix="packing")  # no stroke waits in the lane for that
        self._packing: list[Future[None]] = []
        self._at_rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._at_rest.timeout.connect(self.write_due)
        self._renewed.connect(self._write_again, Qt.ConnectionType.QueuedConnection)
        self.moved.connect(self._go_on_at)
        self._broken.connect(self._not_packed, Qt.ConnectionType.QueuedConnection)
        session.corrected.connect(self.keep_up)
        session.tables_changed.connect(self._threshold_changed)

    # --- projects --------------------------------------------------------------------------------------------------

    def read(self, work: Callable[[Projects], T], done: Callable[[T], None]) -> None:
        """Read something of the projects that are open; `said` tells where that fails."""
        self.lane.read(self._doing(lambda: work(self._projects)), done=done, failed=self.said.emit)

    def write(self, work: Callable[[Projects], T], *, done: Callable[[T], None] = lambda _answer: None) -> None:
        """Write something to the projects that are open, sooner or later."""
        self.lane.write(self._doing(lambda: work(self._projects)), done=done, failed=self.said.emit)

    def set_value(self, picture: Path, key: str, value: Any) -> None:
        """Keep something with the project of a picture."""
        if self.keeps(picture):
            self._write(picture, lambda store, _name: store.set_value(key, value))

    def keeps(self, path: Path) -> bool:
        """Whether what is done to a picture is kept."""
        kept = self._kept.get(path)
        return kept is not None and not kept.info.refusal

    def _doing(self, work: Callable[[], T]) -> Callable[[], T]:
        """`work` for the lane; a project that turns out to be damaged is mended, and it is done once more."""

        def do() -> T:
            try:
                return work()
            except DamagedProjectError as error:
                self._projects.mend(error.file)
                return work()

        return do

    def _meet(self, info: ProjectInfo) -> None:
        if self._infos.get(info.file) == info:
            return
        self._infos[info.file] = info
        self._session.use_revisions_after(info.last_revision)
        if info.said:
            self.said.emit(info.said)
        self.opened.emit(info)

    def _go_on_at(self, info: ProjectInfo) -> None:
        """The folder of a project got another name."""
        before = info.former[-1] / info.file.name
        for kept in self._kept.values():
            if kept.info.file == before:
                kept.info = info
        self._infos.pop(before, None)
        self._infos[info.file] = info
        self.said.emit(f"The folder {info.former[-1]} is {info.root} now: what you do is kept there.")

    def _write_again(self, info: ProjectInfo) -> None:
        """The file of a project is another one now: whatever the session holds is written to it."""
        self._meet(info)
        for path, kept in self._kept.items():
            if kept.info.file == info.file:
                kept.info = info
                self._write_whole(path)
        self.renewed.emit(info)

    # --- pictures --------------------------------------------------------------------------------------------------

    def _write(self, path: Path, work: Callable[[ProjectStore, str], object]) -> None:
        def write() -> bool:
            store, name = self._projects.store_of(path)
            try:
                work(store, name)
            except HistoryError:
                return False
            return True

        self.lane.write(
            self._doing(write),
            done=lambda fits: None if fits else self._write_whole(path),
            failed=lambda reason: self._lose(path, reason),
        )

    def _lose(self, path: Path, reason: str) -> None:
        """A picture cannot be kept any more: it counts as one without a project from now on."""
        self.said.emit(reason)
        if self._kept.pop(path, None) is not None:
            self._unkept.add(path)

    def _write_whole(self, path: Path) -> None:
        if not self.is_over:
            self._due.add(path)
            self._at_rest.start(0)

    def write_due(self) -> bool:
        """Write the pictures that have to be written as a whole; False where a stroke has to end before that."""
        if self._due and not self._session.at_rest:
            self._at_rest.start(REST_MS)
            return False
        for path in [path for path in self._due if self._is_whole(path)]:
            self._due.discard(path)
            kept, history = self._kept.get(path), self._session.history_of(path)
            if kept is not None and history is not None and not kept.info.refusal:
                self._write_history(path, kept, history)
        if self._due:
            self._at_rest.start(REST_MS)
        return not self._due

    def _is_whole(self, _path: Path) -> bool:
        """Whether all steps of a picture are here."""
        return True

    def _write_history(self, path: Path, kept: Kept, history: History) -> None:
        document, revision, base = self._session.find(path), history.revision(), history.base
        layer = None if document is None else document.human_layer()
        steps = [StoredStep(step.revision, step.text(), step.patch) for step in history.steps()]
        shape = layer.shape if layer is not None else steps[0].patch.shape if steps else None
        identity = kept.identity

        def write(store: ProjectStore, name: str) -> None:
            corrections = None if layer is None else layer.to_patch()
            store.replace_history(
                name, steps, base_revision=base, revision=revision, shape=shape, corrections=corrections
            )
            if identity is not None:
                store.set_identity(name, identity)

        self._write(path, write)
        kept.revision, kept.newest = revision, max([revision, *(step.revision for step in steps)])
        kept.exported = kept.threshold = None
        kept.know(None)
        kept.may_count = True  # the file that lies there now may have one
        self.keep_up(path)
        self.keep_prediction(path)
        self._keep_threshold(path)

    def keep_up(self, path: Path) -> None:
        """Write what of a picture is not in the file yet."""
        kept, history = self._kept.get(path), self._session.history_of(path)
        if kept is None or kept.info.refusal or history is None:
            return
        if (revision := history.revision()) != kept.revision:
            self._keep_step(path, kept, history, revision)
            self._worked_on(path)
        state = self._session.exported_state(path)
        if state is not None and state != kept.exported:
            kept.exported = state
            self._write(path, lambda store, name: store.set_exported(name, state))

    def _keep_step(self, path: Path, kept: Kept, history: History, revision: int) -> None:
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
        human = document.human_layer() if counts is None else None

        def pack() -> None:
            try:
                shown = shown_counts(prediction, human) if counts is None else counts
                answer = PackedAnswer.of(prediction, shown)
            except Exception as error:  # noqa: BLE001 - nobody asks the future for it
                self._broken.emit(path, error)
                return
            self._write(path, lambda store, name: store.keep_answer(name, answer, model=model, identity=identity))

        self._packing = [job for job in self._packing if not job.done()]
        self._packing.append(self._packer.submit(pack))

    def _not_packed(self, path: Path, error: Exception) -> None:
        """A defect: it is told to whoever looks after those, and the answer counts as one that is not kept."""
        if path in self._kept:
            self._kept[path].know(None)
        sys.excepthook(type(error), error, error.__traceback__)

    def flush(self, *, timeout: float) -> bool:
        """Wait until all is written, or cannot be, at most `timeout` seconds; whether it has come to that."""
        wait(self._packing, timeout)
        return self.lane.flush(timeout=timeout)

    def packing(self) -> bool:
        """Whether an answer is being packed that is to be written."""
        return not all(job.done() for job in self._packing)

    def _threshold_changed(self) -> None:
        if self._session.document is not None:
            self._keep_threshold(self._session.document.path)

    def _keep_threshold(self, path: Path) -> None:
        kept, own = self._kept.get(path), self._session.own_threshold(path)
        if kept is not None and not kept.info.refusal and own != kept.threshold:
            kept.threshold = own
            self._worked_on(path)
            self._write(path, lambda store, name: store.set_threshold(name, own))

    def _worked_on(self, path: Path) -> None:
        """Something was done with a picture."""


def snapshot(layer: HumanLayer | None, revision: int) -> Callable[[ProjectStore, str], object]:
    """What remembers a human layer as it is at a revision."""
    return lambda store, name: store.keep_snapshot(name, revision, None if layer is None else layer.to_patch())
