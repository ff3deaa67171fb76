"""Keeps what a person does: every finished step goes to the project's file at once, and comes back from there."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.core.project.records import CHANGED, ExportedState, FileIdentity, RawStep, StoredPicture
from app.editing.session import Session
from app.keeping.answers import KeepingAnswers
from app.keeping.counting import Counting
from app.keeping.more_steps import MoreSteps
from app.keeping.open_project import ProjectInfo
from app.keeping.projects import Loaded, Standing
from app.keeping.writing import Kept, snapshot

IDLE_MS = 2_000  # without a change before a snapshot is taken
STEPS_UNSEEN = 16  # since the last snapshot before one is taken in the midst of work
LATER_MS = 3_000  # before a project that could not be opened is tried again


class Keeper(KeepingAnswers):
    """Loads pictures before anything can be done to them, and writes what is done."""

    loaded = Signal(object)  # Path: all that is known of it is in the session
    changed_on_disk = Signal(object)  # Path of a picture whose record is of another photo: `use_record` decides
    started_over = Signal(object)  # Path of a picture of which all that was done with it is forgotten now
    closed = Signal(object)  # Path of a picture that the session has closed, because it has to be read again

    def __init__(self, session: Session, model: Callable[[], str], parent: QObject | None = None) -> None:
        """`model`: the name of the model in use; called in the project lane."""
        super().__init__(session, model, parent)
        self._loading: dict[Path, object] = {}
        self._looking: set[Path] = set()  # pictures whose file is looked at again
        self._undecided: dict[Path, Loaded] = {}
        self._hidden: dict[Path, str] = {}  # pictures whose project cannot be opened for now, and why
        self._late: set[Path] = set()  # pictures that a project may keep later
        self._restless: set[Path] = set()  # pictures of which a snapshot is due
        self._idle = QTimer(self, singleShot=True, interval=IDLE_MS)
        self._idle.timeout.connect(self._rest)
        self._later = QTimer(self, singleShot=True, interval=LATER_MS)
        self._later.timeout.connect(self.try_again)
        self.more_steps = MoreSteps(session, self._packer, self)
        self.more_steps.said.connect(self.said)
        self.counting = Counting(
            self._packer,
            lambda path: self.lane.ask(self._doing(lambda: self._projects.countable(path))),
            lambda path, work: self.lane.write(self._doing(lambda: work(*self._projects.store_of(path)))),
            may_count=lambda: session.at_rest and not self.lane.pending,
            parent=self,
        )
        session.read_only = self.refusal

    # --- loading ---------------------------------------------------------------------------------------------------

    def open(self, folder: Path, done: Callable[[ProjectInfo | None], None]) -> None:
        """Open the project of a folder; `done(None)` where that is not possible, which is said."""

        def failed(reason: str) -> None:
            self.said.emit(reason)
            done(None)

        def opened(info: ProjectInfo) -> None:
            self._leave_former(info)
            self._meet(info)
            done(info)

        self.lane.read(self._doing(lambda: self._projects.open(folder)), done=opened, failed=failed)

    def is_loaded(self, path: Path) -> bool:
        """Whether all that is known of a picture is in the session."""
        return (path in self._kept or path in self._unkept or path in self._hidden) and path not in self._looking

    def is_met(self, path: Path) -> bool:
        """Whether what is known of a picture is in the session, or on its way there."""
        return self.is_loaded(path) or any(path in some for some in (self._looking, self._loading, self._undecided))

    def load(self, path: Path) -> None:
        """Bring what is known of a picture into the session, once; `loaded` tells. Of one that is there, its file is
        looked at again."""
        if path in self._undecided:
            self.changed_on_disk.emit(path)
        elif path in self._kept and path not in self._looking:
            self._look_again(path)
        elif not self.is_met(path):
            self._load(path, self._take)

    def _load(self, path: Path, take: Callable[[Path, Loaded], None]) -> None:
        ticket = self._loading[path] = object()

        def done(answer: tuple[int, Loaded]) -> None:
            rulings, loaded = answer
            if self._loading.get(path) is not ticket:
                return
            del self._loading[path]
            if rulings == self._rulings:
                take(path, loaded)
            else:  # another answer may count by now
                self._load(path, lambda _path, again: take(path, replace(again, said=again.said or loaded.said)))

        def failed(reason: str) -> None:
            done((self._rulings, Loaded(None, problem=reason)))

        work = self._ruled(lambda: self._projects.begin(path, model=self._model()))
        self.lane.read(self._doing(work), done=done, failed=failed)

    def _take(self, path: Path, loaded: Loaded) -> None:
        if loaded.info is not None:
            self._meet(loaded.info)
        if sentence := loaded.problem or loaded.said:
            self.said.emit(sentence)
        if loaded.info is not None and loaded.info.is_former(path):
            self._hidden[path] = f"The folder of {path.name} is {loaded.info.root} now: it can be changed there."
            self.loaded.emit(path)
        elif loaded.info is None or loaded.problem:
            if loaded.is_hidden and loaded.may_pass:
                self._hidden[path] = f"{loaded.problem} Until it can be, nothing can be changed here."
            else:
                self._unkept.add(path)
            if loaded.may_pass:
                self._late.add(path)
                self._later.start()
            self.loaded.emit(path)
        elif loaded.changed and loaded.stored is not None and _has_work(loaded.stored):
            self._undecided[path] = loaded
            self.changed_on_disk.emit(path)
        else:
            self._restore(path, loaded)

    def _restore(self, path: Path, loaded: Loaded) -> None:
        assert loaded.info is not None
        kept = self._kept[path] = Kept(loaded.info, loaded.identity)
        stored, identity = loaded.stored, loaded.identity
        if stored is not None:
            kept.revision = stored.revision
            kept.newest = stored.newest
            kept.exported = stored.exported
            kept.threshold = stored.threshold
            kept.know(loaded.prediction)
            self._session.restore(path, stored, loaded.prediction)
            if stored.more_steps:
                self._fetch_steps(path, stored)
        if identity is not None and (stored is None or stored.identity != identity) and not loaded.info.refusal:
            self._write(path, lambda store, name: store.set_identity(name, identity))
        self.loaded.emit(path)

    def _is_whole(self, path: Path) -> bool:
        return not self.more_steps.are_coming(path)

    def _fetch_steps(self, path: Path, stored: StoredPicture) -> None:
        def read(until: int, after: int, done: Callable[[list[RawStep]], None], failed: Callable[[str], None]) -> None:
            work = self._doing(lambda: self._projects.more_steps(path, until=until, after=after))
            self.lane.read(work, done=done, failed=failed)

        self.more_steps.fetch(path, stored, read)

    # --- what could not be opened, or is another photo now ---------------------------------------------------------

    def try_again(self) -> None:
        """Look now whether projects that could not be opened can be by now, and write what could not be written."""
        self.lane.try_again()
        for path in self._late - set(self._loading):
            self._load(path, self._take_late)

    def _take_late(self, path: Path, loaded: Loaded) -> None:
        if loaded.info is None or loaded.problem:
            self._later.start()
            return
        self._late.discard(path)
        if self._hidden.pop(path, None) is not None:
            self.begin_anew([path])
        elif loaded.stored is None or not _has_work(loaded.stored):
            self._meet(loaded.info)
            self._unkept.discard(path)
            self._kept[path] = Kept(loaded.info, loaded.identity)
            self._write_whole(path)
            self.loaded.emit(path)

    def _look_again(self, path: Path) -> None:
        """The file of a picture that is open may be another photo by now."""

        def looked(identity: FileIdentity | None) -> None:
            kept, history = self._kept.get(path), self._session.history_of(path)
            has_steps = history is not None and history.stack.count() > 0
            self._looking.discard(path)
            if kept is None:
                return
            if identity is None or kept.identity is None or kept.identity.is_same(identity):
                self.loaded.emit(path)
            elif (has_steps or self._session.is_worked(path)) and not kept.info.refusal:
                self._undecided[path] = Loaded(kept.info, identity=identity)
                self.changed_on_disk.emit(path)
            else:
                self.begin_anew([path])
                self.load(path)

        self._looking.add(path)
        self.look([path.parent])
        self.lane.read(lambda: self._projects.identity(path), done=looked, failed=self.said.emit)

    def is_undecided(self, path: Path) -> bool:
        """Whether nobody has said yet what becomes of the corrections of another photo."""
        return path in self._undecided

    def does_not_fit(self, path: Path) -> None:
        """The photo has another size than the corrections, whatever was decided: that can be decided again."""
        if path in self._kept and not self.refusal(path):
            self._undecided[path] = Loaded(self._kept[path].info, identity=self._kept[path].identity)

    def use_record(self, path: Path, *, use: bool) -> None:
        """What becomes of the corrections of another photo of that name: they hold for this one too, or are left."""
        if self.lane.pending:
            self.said.emit(f"That has to wait until everything is saved. {self.trouble}")
            return
        identity = self._undecided.pop(path).identity
        if use and identity is not None:
            self._write(path, lambda store, name: store.set_identity(name, identity))
        else:
            self._write(path, lambda store, name: store.start_over(name, identity))
            self.started_over.emit(path)
        self.begin_anew([path])
        self.load(path)

    def begin_anew(self, paths: Collection[Path], *, stay: bool = True) -> None:
        """Close pictures; they are loaded again when they come back, at once where they `stay` on screen."""
        for path in paths:
            for known in (self._kept, self._loading, self._undecided, self._hidden):
                known.pop(path, None)
            for some in (self._unkept, self._late, self._restless, self._fetching, self._looking):
                some.discard(path)
            self.more_steps.forget(path)
        opened = [path for path in paths if self._session.find(path) is not None]
        self._session.close(opened)
        for path in opened if stay else ():
            self.closed.emit(path)

    def _leave_former(self, info: ProjectInfo) -> None:
        """Pictures by the name that their folder had before: they come back by the new one, with all that was done."""
        former = [path for path in self._kept if info.is_former(path)]
        if former:
            self._session.end_gesture()  # which is written as well, by the old name
            self.lane.try_again()
            self.begin_anew(former, stay=False)

    # --- what may be done ------------------------------------------------------------------------------------------

    def refusal(self, path: Path) -> str:
        """Why a picture may not be changed, as a sentence; empty where it may."""
        if path in self._undecided:
            return CHANGED.format(name=path.name)
        kept = self._kept.get(path)
        return self._hidden.get(path, "") if kept is None else kept.info.refusal

    def may_take_over(self, path: Path) -> bool:
        """Whether a picture may not be changed because another window has its project."""
        return path in self._kept and self._kept[path].info.is_held

    def is_safe(self, path: Path) -> bool:
        """Whether all that was done to a picture is in its project by now, or will be at once."""
        return self.keeps(path) and not self.lane.pending

    def take_over(self, path: Path) -> None:
        """Write the project of a picture although another window seems to; its pictures are loaded afresh."""

        def taken(info: ProjectInfo) -> None:
            self.begin_anew([known for known, kept in self._kept.items() if kept.info.file == info.file])
            self._meet(info)

        self.lane.read(self._doing(lambda: self._projects.take_over(path.parent)), done=taken, failed=self.said.emit)

    # --- pictures that need not be open ----------------------------------------------------------------------------

    def standing(self, path: Path) -> Future[Standing]:
        """Where a picture that need not be open stands; from any thread."""
        return self.lane.ask(self._doing(lambda: self._projects.standing(path)))

    def look_up(self, path: Path) -> Future[Loaded]:
        """What is known of a picture that need not be open, without its steps; from any thread."""
        return self.lane.ask(self._doing(lambda: self._projects.look_up(path, model=self._model())))

    def new_revision(self, info: ProjectInfo) -> int:
        """For a step of a picture of that project that is not open."""
        self._meet(info)
        return self._session.next_revision()

    def mark_exported(self, path: Path, state: ExportedState) -> None:
        """An export of a picture, open or not, has been written and read back."""
        self._session.mark_exported(path, state)
        if not self.is_met(path) and self._session.find(path) is None:
            self._write(path, lambda store, name: store.set_exported(name, state))

    def name_of(self, picture: Path) -> str:
        """How a picture that was loaded is called in its project."""
        return self._kept[picture].info.name_of(picture) if picture in self._kept else picture.name

    # --- when nobody does anything, and at the end -----------------------------------------------------------------

    def _worked_on(self, path: Path) -> None:
        self._restless.add(path)
        self._idle.start()
        self._kept[path].unseen += 1
        if self._kept[path].unseen >= STEPS_UNSEEN and self._session.at_rest and not self.lane.pending:
            self._take_snapshot(path)

    def _take_snapshot(self, path: Path) -> bool:
        document, kept = self._session.find(path), self._kept.get(path)
        if document is None or kept is None:
            return False
        kept.unseen = 0
        self._write(path, snapshot(document.human_layer(), kept.revision))
        return True

    def _rest(self) -> None:
        """Nobody has done anything for a moment: snapshots, so that the next start has less to do."""
        if not self._session.at_rest or self.lane.pending:
            self._idle.start()
            return
        for path in self._restless:
            if self._take_snapshot(path):
                self._count(path)
        self._restless.clear()

    def _count(self, path: Path) -> None:
        """What the list is filtered by is of the picture as it was: now of what is on it, whatever view it is in."""
        document = self._session.find(path)
        if document is None or not self.keeps(path):
            return
        if (counts := document.code_counts()) is not None:
            self.counting.keep(path, counts, document.table, threshold=self._session.own_threshold(path))
        else:
            self._packing.append(self.counting.count(path))

    @property
    def trouble(self) -> str:
        """Why what was done last cannot be written, as a sentence."""
        return self.lane.trouble

    def look(self, folders: Collection[Path] | None = None) -> None:
        """Look whether the projects of these folders, or all that are open, still are where they were."""
        if self._infos:
            self.lane.write(self._doing(lambda: self._projects.look(folders)), failed=self.said.emit)

    def is_saved(self) -> bool:
        """Whether all is written, and nothing comes of that any more."""
        saved = self.write_due() and not self.packing() and self.lane.is_idle()
        return saved and not self._due and not self.lane.unwritten

    def close(self) -> None:
        """Write what is left and close the projects properly."""
        self._idle.stop()
        self._later.stop()
        self.more_steps.stop()
        self.counting.stop()
        for path in self._restless:  # nobody comes back to them before the next start
            self._count(path)
        self._restless.clear()
        self.write_due()
        self.is_over = True
        self._at_rest.stop()
        self._packer.shutdown()
        self.lane.close(last=self._projects.close)


def _has_work(stored: StoredPicture) -> bool:
    """Whether a person did anything to a picture that is a matter of its photo."""
    return bool(stored.steps or stored.more_steps or stored.corrections)
