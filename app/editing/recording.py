"""What was done to every picture: its undo steps, and which of its states an export has written."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoGroup, QUndoStack

from app.core.document import Document, ViewMode
from app.core.export import Rest
from app.core.geometry import Box
from app.core.patches import Patch, apply_patch
from app.core.project.records import ExportedState, StoredPicture, StoredStep
from app.editing.counting import Counting
from app.editing.history import History, PatchCommand, bound_bytes
from app.settings import Settings

UNDO_BYTES = 256 * 2**20  # for all pictures together; the oldest steps go first, those of other pictures before all


class Recording(Counting):
    """Keeps the history of every open picture, all of them within one budget of memory."""

    prediction_changed = Signal()
    pixels_changed = Signal(object)  # Box
    corrected = Signal(object)  # Path of the document whose corrections or exported state changed

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(settings, parent)
        self._histories: dict[Path, History] = {}
        self._exported: dict[Path, ExportedState] = {}
        self._revisions = itertools.count(1)
        self.undo_group = QUndoGroup(self)
        self.undo_bytes = UNDO_BYTES

    # --- steps -----------------------------------------------------------------------------------------------------

    @property
    def history(self) -> History | None:
        """The undo steps of the document on screen."""
        return None if self._current is None else self._histories[self._current]

    def history_of(self, path: Path) -> History | None:
        """The undo steps of a picture that was opened."""
        return self._histories.get(path)

    def is_worked(self, path: Path) -> bool:
        """Whether anything of a person's is on a picture that is open: not where all of it is undone."""
        history, document = self._histories.get(path), self._documents.get(path)
        return history is not None and (
            history.stack.index() > 0 or (document is not None and document.has_corrections)
        )

    @property
    def undo_stack(self) -> QUndoStack | None:
        return None if self.history is None else self.history.stack

    def history_bytes(self) -> int:
        """What the undo steps of all pictures take in memory, in bytes."""
        return sum(history.count_bytes() for history in self._histories.values())

    def _restore_history(self, path: Path, stored: StoredPicture) -> None:
        """The undo steps of an earlier session; what it exported counts where nothing has changed since."""
        steps = [
            PatchCommand(step.text, step.patch, partial(self._apply, path), revision=step.revision)
            for step in stored.steps
        ]
        history = self._histories[path]
        history.restore(steps, base=stored.base_revision, revision=stored.revision)
        if stored.exported is not None:
            self._exported[path] = stored.exported
            history.saved = stored.exported.revision
        elif not stored.steps and not stored.more_steps and stored.corrections is None:
            history.saved = stored.revision  # nothing is there that an export could lack

    def surround(self, path: Path, steps: Sequence[StoredStep], *, base: int, after: int) -> None:
        """Older and later undo steps of an earlier session, which come after the picture; `base` and `after` as in
        `History.surround`."""
        made = [
            PatchCommand(step.text, step.patch, partial(self._apply, path), revision=step.revision) for step in steps
        ]
        history = self._histories[path]
        earlier = [step for step in made if step.revision <= history.base]
        history.surround(earlier, [step for step in made if step.revision > after], base=base, after=after)

    def use_revisions_after(self, newest: int) -> None:
        """Revisions up to `newest` were used by earlier sessions; a new step gets a larger one."""
        self._revisions = itertools.count(max(newest + 1, next(self._revisions)))

    def next_revision(self) -> int:
        """A revision that no step has had so far, for one that is recorded elsewhere."""
        return next(self._revisions)

    def _record(self, path: Path, text: str, patch: Patch) -> None:
        """One more undo step, which the pixels show already."""
        history = self._histories[path]
        history.push(PatchCommand(text, patch, partial(self._apply, path), revision=next(self._revisions)))
        others = [self._histories[other] for other in self._documents if other != path]
        bound_bytes(others, history, most=self.undo_bytes)
        self.corrected.emit(path)

    def _apply(self, path: Path, patch: Patch, forward: bool) -> None:  # noqa: FBT001 - QUndoCommand's two directions
        segment_map = self._documents[path].segment_map
        if segment_map is not None:
            self.show_change(path, apply_patch(segment_map, patch, forward=forward))

    def show_change(self, path: Path, box: Box, *, written: Collection[int] = ()) -> None:
        """Pixels in `box` are others now, and those that were given one of the values `written` have to be seen."""
        if path == self._current:
            for value in written:
                self.reveal(value)
            self.pixels_changed.emit(box)

    def _drop_foreign_steps(self, path: Path, document: Document) -> None:
        """A photo that came back with another size has a map of its own: the old steps have nothing to act on."""
        history, segment_map = self._histories[path], document.segment_map
        if segment_map is not None and any(step.patch.shape != segment_map.shape for step in history.steps()):
            history.clear()
            self._exported.pop(path, None)

    # --- what the network said -------------------------------------------------------------------------------------

    def drop_predictions(self, *, keeps: Callable[[Path], bool] = lambda _path: False) -> None:
        """Forget what an earlier model answered, and that it was exported, but of pictures that it `keeps`; human
        pixels stay."""
        self._exported = {path: state for path, state in self._exported.items() if keeps(path)}
        self.drop_answers([path for path in self._documents if not keeps(path)])

    def drop_answers(self, paths: Collection[Path]) -> None:
        """Forget what the network answered for these pictures, which are open, and exports of it; human pixels stay."""
        for path in paths:
            self._exported.pop(path, None)
            self._documents[path].drop_prediction()
        self._renew_rules()
        self.prediction_changed.emit()

    def foreign_answers(self, model: str) -> list[Path]:
        """Pictures that are open with the answer of another network than `model`."""
        return [path for path in self._documents if self._is_foreign(path, model)]

    def _is_foreign(self, path: Path, model: str) -> bool:
        document = self._documents.get(path)
        return document is not None and document.prediction is not None and document.model not in (model, "", None)

    def _answers(self, path: Path, model: str) -> None:
        """`model` is about to have answered: an export of what another one has said is not what there is now."""
        if self._is_foreign(path, model):
            self._exported.pop(path, None)

    def _renew_rules(self) -> None:
        """What is shown is another: where paint may go depends on it."""

    def _forget_records(self, paths: Collection[Path]) -> None:
        """These pictures are closed."""
        for path in paths:
            del self._documents[path]
            history = self._histories.pop(path)
            self.undo_group.removeStack(history.stack)
            history.close()
            self._exported.pop(path, None)
            self._own_thresholds.pop(path, None)

    # --- what was exported -----------------------------------------------------------------------------------------

    def unexported(self) -> list[Path]:
        """Pictures with corrections that no export has written yet, or that are being worked out."""
        return [path for path in self._documents if self.is_unexported(path)]

    def is_unexported(self, path: Path) -> bool:
        """Whether the corrections of a picture are not what the last export wrote."""
        history = self._histories.get(path)
        return history is not None and history.revision() != history.saved

    def is_exported(self, path: Path) -> bool:
        """Whether an export wrote this picture as it would be exported now, threshold and view included."""
        written, now = self._exported.get(path), self.export_state(path, rest=self.rest)
        if written is not None and path not in self._histories:
            now = replace(now, revision=written.revision)  # nobody has opened it since
        return written == now

    def exported_state(self, path: Path) -> ExportedState | None:
        """Of what an export has written last, if one has."""
        return self._exported.get(path)

    def known(self) -> set[Path]:
        """The pictures of which something was done or decided here, open or not."""
        return {*self._histories, *self._documents, *self._own_thresholds}

    def recorded(self) -> set[Path]:
        """The pictures that are known, or of which an export is."""
        return self.known().union(self._exported)

    def export_state(self, path: Path, *, rest: Rest = Rest.THRESHOLD) -> ExportedState:
        """What to remember when an export of `path` starts that does `rest` with unlabelled pixels."""
        history = self._histories.get(path)
        revision = 0 if history is None else history.revision()
        if self.mode is ViewMode.SEMANTIC:
            return ExportedState(revision, self.mode)
        by_class = tuple(sorted(self.class_thresholds.items()))
        return ExportedState(revision, self.mode, self.threshold_of(path), by_class, rest)

    def forget_export(self, path: Path) -> None:
        """A picture that is not open was changed: no export has written it as it is."""
        if path not in self._histories and self._exported.pop(path, None) is not None:
            self.corrected.emit(path)

    def mark_exported(self, path: Path, state: ExportedState) -> None:
        """An export of the picture as it was at `state` has been written and read back."""
        self._exported[path] = state
        if path in self._histories:
            self._histories[path].saved = state.revision
        self.corrected.emit(path)
