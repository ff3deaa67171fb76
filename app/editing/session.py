"""The open documents and their undo stacks: the only writer of segment maps. All changes go through it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from app.core.arrays import I32, U8
from app.core.document import Document, ViewMode
from app.core.geometry import Box
from app.core.human_layer import HumanLayer
from app.core.import_labels import Revision
from app.core.parts import Check, unhindered
from app.core.patches import Edit, Patch
from app.core.project.records import StoredPicture
from app.core.segment_map import SegmentMap, ShownCounts
from app.editing.gesture import REACH_AT_ONCE, Gesture, Paints, Runner, run_now
from app.editing.history import History
from app.editing.recording import Recording
from app.editing.stepping import Stepping
from app.editing.styling import Styling
from app.editing.under_way import BackgroundEdits
from app.settings import Settings
from inference.errors import ExpectedError, PhotoError
from inference.prediction import Prediction, SegmentTable

KEPT_OPEN = 4  # pictures whose full-size layers stay in memory; the others keep their corrections compressed
KEPT_PREDICTIONS = 48  # some 5 MB each; a picture shown longer ago is predicted again when it comes back


class Session(Recording):
    """What is open, what is in hand, and how it is shown. Signals say what has to be redrawn."""

    document_changed = Signal()
    under_way_changed = Signal(object)  # Path of a picture of which an edit began to be worked out, or ended
    said = Signal(str)

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(settings, parent)
        self.compress_later: Callable[[Path], None] | None = None  # takes the work of parking off the GUI thread
        self.unpack_later: Callable[[Path, Patch], None] | None = None  # and that of coming back; ends in `bring_back`
        self.runner: Runner = run_now  # where slow work of the tools goes
        self.next_turn: Callable[[Callable[[], None]], None] | None = None  # calls back once the hand has had its turn
        self._gesture: Gesture | None = None
        self._background = BackgroundEdits(self)
        for changed in (self.tables_changed, self.rule_changed):
            changed.connect(self._renew_rules)  # before anyone paints because of it
        self.styling = Styling(self)
        self._stepping = Stepping(self, self._background)
        self.read_only: Callable[[Path], str] = lambda _path: ""  # why a picture may not be changed; empty if it may
        self.previous_path: Callable[[], Path | None] = lambda: None  # the picture before this one in the list

    # --- documents -------------------------------------------------------------------------------------------------

    def document_for(self, path: Path) -> Document:
        """The document of `path`, made when it is new; it is not shown."""
        document = self._documents.get(path)
        if document is None:
            document = self._documents[path] = self._new_document(path)
            self._histories[path] = History(QUndoStack(self.undo_group))
        return document

    def show(self, path: Path) -> Document:
        """Make the document of `path` the current one. A stroke under the hand is committed first."""
        if self._current not in (None, path):
            self.said.emit("")  # what was said of the last one
        self.end_gesture()
        document = self.document_for(path)
        self._documents[path] = self._documents.pop(path)
        self._current = path
        self.undo_group.setActiveStack(self._histories[path].stack)
        self._bring_up(document)
        self._park_the_rest()
        self.document_changed.emit()
        if self.overlay.solo:
            self.set_overlay(solo=frozenset())  # the class may not be in this picture at all
        return document

    def close_all(self) -> None:
        """Forget every document; the caller has asked about unexported corrections."""
        self.close(list(self._documents))

    def close(self, paths: Collection[Path]) -> None:
        """Forget these documents."""
        self.end_gesture()
        self._background.forget(paths)
        self._current = None if self._current in paths else self._current
        self._forget_records(paths)
        self.document_changed.emit()

    def attach_photo(self, path: Path, pyramid: tuple[U8, ...]) -> None:
        """The decoded photo of `path` has arrived, as levels of half size each, the photo itself first.

        Raises:
            PhotoError: there are corrections of a photo of another size; nothing has changed, but what was being
                painted on it is taken back.
        """
        document = self.document_for(path)
        if document.segment_map is not None and document.segment_map.shape != pyramid[0].shape[:2]:
            self._stop_painting(path)
        document.attach_photo(pyramid, map_follows=self.unpack_later is not None)
        self._drop_foreign_steps(path, document)
        if document.waiting is not None and self.unpack_later is not None:
            self.unpack_later(path, document.waiting)
        if path == self._current:
            self.document_changed.emit()

    def restore(self, path: Path, stored: StoredPicture, prediction: Prediction | None = None) -> None:
        """What an earlier session left of a picture, before its photo is attached: corrections, steps, thresholds.

        `prediction`: the answer for this photo that counts, if one is known.
        """
        document = self.document_for(path)
        document.remember(stored.corrections)
        if stored.threshold is not None:
            self._remember_threshold(document, stored.threshold)
        if prediction is not None:
            document.keep_prediction(prediction, model=stored.model)
        self._restore_history(path, stored)
        self.corrected.emit(path)
        if path == self._current:
            self.document_changed.emit()

    def recall(self, path: Path, prediction: Prediction, *, model: str) -> bool:
        """What the network `model` answered at another time, to be composed; False for a picture of another size."""
        try:
            self._answers(path, model)
            self.document_for(path).keep_prediction(prediction, model=model)
        except PhotoError:
            return False
        return True

    def bring_back(self, path: Path, corrections: Patch, segment_map: SegmentMap) -> None:
        """The map made of `corrections`, for which a picture that was parked waits; unless it does so no more."""
        document = self._documents.get(path)
        if document is not None and document.bring_back(corrections, segment_map) and path == self._current:
            self.prediction_changed.emit()

    def attach_prediction(
        self,
        path: Path,
        prediction: Prediction,
        *,
        layer: U8,
        table: SegmentTable,
        mode: ViewMode,
        model: str = "",
        counts: I32 | None = None,
        shown: ShownCounts | None = None,
    ) -> None:
        """The answer of the network `model` for `path`: replaces network layer and table, never a human pixel.

        `counts` is `count_tiles` of the layer and `shown` the map's `count_shown` of it, where a worker has counted.
        While the map is not back from being parked the answer alone is kept, to be composed then.

        Raises:
            PhotoError: it is of another size than the picture; nothing has changed.
        """
        document = self.document_for(path)
        self._answers(path, model)
        if document.waiting is not None and self.unpack_later is not None:
            document.keep_prediction(prediction, model=model)
            return
        document.set_prediction(
            prediction, layer=layer, table=table, mode=mode, model=model, counts=counts, shown=shown
        )
        self._drop_foreign_steps(path, document)
        self._renew_rules()
        if path == self._current:
            self.prediction_changed.emit()

    def _park_the_rest(self) -> None:
        for path in list(self._documents)[:-KEPT_OPEN]:
            document = self._documents[path]
            if document.parked or self._background.is_running(path):
                continue
            if document.segment_map is not None and document.has_corrections and self.compress_later is not None:
                self.compress_later(path)
            else:
                document.park()
        for path in list(self._documents)[:-KEPT_PREDICTIONS]:
            self._documents[path].drop_prediction()
        self._renew_rules()

    def park(self, path: Path, corrections: Patch | None, *, revision: int) -> None:
        """The compressed corrections of a picture as it was at `revision`: use them unless it is in use again."""
        document = self._documents.get(path)
        newest = list(self._documents)[-KEPT_OPEN:]
        if document is None or path in newest or self._background.is_running(path):
            return
        if self._histories[path].revision() == revision:
            document.park(corrections)

    # --- corrections -----------------------------------------------------------------------------------------------

    def begin_edit(self, text: str, *, rest: Callable[[], Paints | None] = lambda: None) -> Gesture | None:
        """Start one undoable gesture on the current document; None when there is nothing to paint on.

        Where it paints what has to be worked out first, `rest` gives that away when something else ends the gesture.
        """
        self.end_gesture()
        document = self.document
        if document is None or document.segment_map is None or not self.may_change(document.path):
            return None
        edit = Edit(document.segment_map, writable=self.rule.writable(document.label_table()))
        self._gesture = Gesture(self, edit, path=document.path, text=text, rest=rest)
        return self._gesture

    def edit(
        self, text: str, paints: Paints, *, reach: Box | None = None, slow: bool = False, unchanged: str = ""
    ) -> bool:
        """Make what `paints` works out one undo step of the current document; False when nothing comes of it.

        It happens at once, or in the background where it may touch more than `REACH_AT_ONCE` pixels (`reach`: the box
        it stays in, default the whole picture) or is `slow` by itself. `unchanged` is said when no pixel differs.
        """
        document = self.document
        if document is None or document.segment_map is None:
            return False
        box = document.segment_map.box if reach is None else reach.clip(document.segment_map.shape)
        if slow or box.area > REACH_AT_ONCE:
            return self._background.start(document, text, paints, unchanged=unchanged)
        gesture = self.begin_edit(text)
        if gesture is None:
            return False
        try:
            ready = list(paints(unhindered))  # all of them before the first pixel changes: they may depend on pixels
        except ExpectedError as error:
            gesture.cancel()
            self.said.emit(str(error))
            return False
        gesture.paint_all(ready)
        return gesture.commit(unchanged=unchanged)

    def revise(
        self,
        path: Path,
        text: str,
        work: Callable[[HumanLayer | None, Check], Revision | None],
        *,
        done: Callable[[Revision | None], None],
    ) -> bool:
        """Have `work` make other corrections of those of an open picture, on screen or not, as one undo step.

        `done(revision)` once they are there; never when somebody stops it. False when it is not the time.
        """
        if self._gesture is not None and self._gesture.path == path:
            self.end_gesture()
        if not self.may_change(path):
            return False
        before = self._documents[path].human_layer()

        def worked_out(revision: Revision | None) -> None:
            if revision is not None and revision.step is not None:
                self._show_revision(path, text, revision.step, revision.corrections)
            done(revision)

        self._background.run(path, text, lambda check: work(before, check), done=worked_out)
        return True

    def _show_revision(self, path: Path, text: str, step: Patch, corrections: Patch) -> None:
        document = self._documents[path]
        if document.segment_map is not None:
            self._background.show(path, text, step, forward=True)
        else:
            document.replace_corrections(corrections)
            if document.photo is not None and self.unpack_later is not None:
                self.unpack_later(path, corrections)
        self._record(path, text, step)

    def compute(
        self,
        work: Callable[[Check], object],
        *,
        key: Hashable,
        done: Callable[..., None],
        failed: Callable[[str], None] | None = None,
        text: str = "",
    ) -> Callable[[], None]:
        """Run something slow for a tool in the background; returns what cancels it. A job with the same key is
        replaced. `text` is shown with a way to cancel when it takes long."""
        return self.runner(work, key=key, done=done, failed=failed or self.said.emit, text=text)

    def may_change(self, path: Path) -> bool:
        """Whether a picture may be edited now; if not, the person is told why."""
        if reason := self.read_only(path):
            self.said.emit(reason)
            return False
        return not self._background.says_busy(path)

    @property
    def editing(self) -> bool:
        """Whether an edit of the current picture is being worked out in the background."""
        return self._current is not None and self._background.is_running(self._current)

    @property
    def unfinished(self) -> bool:
        """Whether `cancel_edit` would take something back."""
        return self._gesture is not None or (self._current is not None and self._background.can_cancel(self._current))

    @property
    def at_rest(self) -> bool:
        """Whether every picture shows just what its history says: no stroke is begun, no edit on its way."""
        return self._gesture is None and not self._background.running()

    def cancel_edit(self) -> bool:
        """Stop the computed edit of the current picture, or take back a stroke that waits; False: there is neither."""
        if self._gesture is not None:
            self._gesture.cancel()
            self.tool_changed.emit()
            return True
        return self._current is not None and self._background.cancel(self._current)

    def say_refused(self) -> None:
        """Say that the rule left nothing to paint."""
        self.said.emit(f"Paint may go {self.rule.text()}: there is nothing here that it may cover.")

    def under_way(self) -> dict[Path, str]:
        """The pictures of which an edit is being worked out, and what it is."""
        return self._background.running()

    def settle(self, path: Path) -> None:
        """Have every pixel of a picture as its history says, also where an edit is still on its way to the screen."""
        self._background.settle(path)

    def stop_edits(self) -> None:
        """Stop the computed edits of all pictures."""
        for path in self.under_way():
            self.stop_edit(path)

    def stop_edit(self, path: Path) -> None:
        """Stop the computed edit of one picture, if there is one."""
        self._background.cancel(path)

    def end_gesture(self) -> None:
        """Commit the gesture in progress, if there is one; in the background where not all of it is there yet."""
        gesture, self._gesture = self._gesture, None
        rest = None if gesture is None else gesture.take_rest()
        if gesture is not None and rest is not None:
            self._background.finish(gesture, rest)
        elif gesture is not None:
            gesture.commit()

    def _stop_painting(self, path: Path) -> None:
        """Take back what is being painted on a picture: there is no room for it any more."""
        if self._gesture is not None and self._gesture.path == path:
            self._gesture.cancel()
        self._background.cancel(path)

    def _renew_rules(self) -> None:
        for gesture in self._background.gestures():
            gesture.renew_rule()
        if self._gesture is not None:
            self._gesture.renew_rule()

    def undo(self) -> None:
        self._stepping.by(-1)

    def redo(self) -> None:
        self._stepping.by(1)

    def go_to_step(self, index: int) -> None:
        """Undo or redo until the first `index` steps of the history are done: 0 is the picture as it was opened."""
        self._stepping.to(index)

    def is_unexported(self, path: Path) -> bool:
        """Whether the corrections of a picture are not what the last export wrote, or will soon be others."""
        return super().is_unexported(path) or self._background.is_running(path)

    def _committed(self, gesture: Gesture, patch: Patch | None) -> bool:
        if self._gesture is gesture:
            self._gesture = None
        if patch is None or gesture.path not in self._documents:
            return False
        self._record(gesture.path, gesture.text, patch)
        return True

    def take_draft(
        self, path: Path, segment_map: SegmentMap, text: str, patch: Patch, *, written: Collection[int] = ()
    ) -> None:
        """A computed edit is ready, one undo step that shows what was `written`; not for a picture closed since."""
        document = self._documents.get(path)
        if document is None or document.segment_map is not segment_map:
            return
        self._background.show(path, text, patch, forward=True, written=written)
        self._record(path, text, patch)

    def _cancelled(self, gesture: Gesture) -> None:
        if self._gesture is gesture:
            self._gesture = None
