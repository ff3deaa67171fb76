"""The open documents and their undo stacks: the only writer of segment maps.

Canvas, tools and panels read the current document here and change it only through the methods below. A gesture paints
through `begin_edit` and ends in one patch, pushed as one `QUndoCommand`; documents keep their corrections and their
history when another picture is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoGroup, QUndoStack

from app.core.document import Document, ViewMode
from app.core.geometry import Box
from app.core.overlay import OverlaySettings
from app.core.patches import Edit, Patch, apply_patch
from app.settings import Settings
from inference.prediction import Prediction, SegmentTable

UNDO_BYTES = 256 * 2**20  # per picture; the oldest steps go when the patches of one picture need more
BRUSH_MIN, BRUSH_MAX = 1, 2000  # image pixels
KEPT_OPEN = 4  # pictures whose full-size layers stay in memory; the others keep their corrections compressed
KEPT_PREDICTIONS = 48  # some 5 MB each; a picture shown longer ago is predicted again when it comes back
RECENT_CLASSES = 9


class PatchCommand(QUndoCommand):
    """One gesture on the undo stack. Its first redo is the gesture itself, which has already painted."""

    def __init__(self, text: str, patch: Patch, apply: Callable[[Patch, bool], None]) -> None:
        super().__init__(text)
        self.patch = patch
        self._apply = apply
        self._painted = True

    def redo(self) -> None:
        if self._painted:
            self._painted = False
            return
        self._apply(self.patch, True)

    def undo(self) -> None:
        self._apply(self.patch, False)


class Gesture:
    """One stroke, click or fill in progress; it ends in `commit` or `cancel`, and later calls do nothing."""

    def __init__(self, session: Session, edit: Edit, text: str) -> None:
        self._session = session
        self._edit: Edit | None = edit
        self._text = text

    def paint(self, box: Box, mask: object, value: int) -> None:
        """Write a human-layer value under `mask` (None = the whole box); the canvas shows it at once."""
        if self._edit is None:
            return
        changed = self._edit.paint(box, mask, value)  # type: ignore[arg-type]
        if changed is not None:
            self._session.pixels_changed.emit(changed)

    def commit(self) -> bool:
        """Make the gesture one undo step; False when no pixel differs."""
        if self._edit is None:
            return False
        patch, self._edit = self._edit.finish(), None
        return self._session._committed(self, self._text, patch)

    def cancel(self) -> None:
        """Put every pixel back."""
        if self._edit is None:
            return
        changed, self._edit = self._edit.cancel(), None
        self._session._cancelled(self)
        if changed is not None:
            self._session.pixels_changed.emit(changed)


class Session(QObject):
    """What is open, what is in hand, and how it is shown. Signals say what has to be redrawn."""

    document_changed = Signal()
    prediction_changed = Signal()
    pixels_changed = Signal(object)  # Box
    tables_changed = Signal()
    mode_changed = Signal()
    current_class_changed = Signal(int)
    brush_size_changed = Signal(int)
    corrected = Signal(object)  # Path of the document whose corrections or exported state changed
    said = Signal(str)

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._documents: dict[Path, Document] = {}  # least recently shown first
        self._stacks: dict[Path, QUndoStack] = {}
        self._pushed_bytes: dict[
            Path, int
        ] = {}  # at least what the history takes; counted exactly when that is too much
        self._exported: set[Path] = set()
        self._current: Path | None = None
        self._gesture: Gesture | None = None
        self.undo_group = QUndoGroup(self)
        self.undo_bytes = UNDO_BYTES
        self.current_class = settings.current_class
        self.recent_classes = settings.recent_classes
        self.brush_size = settings.brush_size
        self.threshold = settings.threshold
        self.threshold_for_all = settings.threshold_for_all
        self.mode = ViewMode.SEMANTIC if settings.semantic else ViewMode.SEGMENTS
        self.overlay = OverlaySettings(opacity=settings.opacity, outline=settings.outline)

    # --- documents -------------------------------------------------------------------------------------------------

    @property
    def document(self) -> Document | None:
        """The document on screen."""
        return None if self._current is None else self._documents[self._current]

    @property
    def undo_stack(self) -> QUndoStack | None:
        return None if self._current is None else self._stacks[self._current]

    def find(self, path: Path) -> Document | None:
        """The document of `path` if it was opened or predicted before."""
        return self._documents.get(path)

    def document_for(self, path: Path) -> Document:
        """The document of `path`, made when it is new; it is not shown."""
        document = self._documents.get(path)
        if document is None:
            document = Document(path=path, threshold=self.threshold, mode=self.mode)
            self._documents[path] = document
            self._stacks[path] = QUndoStack(self.undo_group)
        return document

    def show(self, path: Path) -> Document:
        """Make the document of `path` the current one. A stroke under the hand is committed first."""
        self.end_gesture()
        document = self.document_for(path)
        self._documents[path] = self._documents.pop(path)
        self._current = path
        self.undo_group.setActiveStack(self._stacks[path])
        document.mode = self.mode
        if self.threshold_for_all:
            document.threshold = self.threshold
        if self.overlay.solo:
            self.overlay = replace(self.overlay, solo=frozenset())  # the class may not be in this picture at all
        self._park_the_rest()
        self.document_changed.emit()
        return document

    def close_all(self) -> None:
        """Forget every document; the caller has asked about unexported corrections."""
        self.end_gesture()
        self._current = None
        self._documents.clear()
        for stack in self._stacks.values():
            self.undo_group.removeStack(stack)
            stack.deleteLater()
        self._stacks.clear()
        self._pushed_bytes.clear()
        self._exported.clear()
        self.document_changed.emit()

    def attach_photo(self, path: Path, pyramid: tuple[object, ...]) -> None:
        """The decoded photo of `path` has arrived, as levels of half size each, the photo itself first."""
        document = self.document_for(path)
        document.attach_photo(pyramid)  # type: ignore[arg-type]
        if path == self._current:
            self.document_changed.emit()

    def attach_prediction(
        self, path: Path, prediction: Prediction, *, layer: object, table: SegmentTable, mode: ViewMode
    ) -> None:
        """The network's answer for `path`: replaces the network layer and the table, never a human pixel."""
        document = self.document_for(path)
        document.set_prediction(prediction, layer=layer, table=table, mode=mode)  # type: ignore[arg-type]
        if path == self._current:
            self.prediction_changed.emit()

    def drop_predictions(self) -> None:
        """Forget what an earlier model answered; human pixels stay."""
        for document in self._documents.values():
            document.drop_prediction()
        self.prediction_changed.emit()

    def _park_the_rest(self) -> None:
        for path in list(self._documents)[:-KEPT_OPEN]:
            document = self._documents[path]
            if not document.parked:
                document.park()
        for path in list(self._documents)[:-KEPT_PREDICTIONS]:
            self._documents[path].drop_prediction()

    # --- corrections -----------------------------------------------------------------------------------------------

    def begin_edit(self, text: str) -> Gesture | None:
        """Start one undoable gesture on the current document; None when there is nothing to paint on."""
        self.end_gesture()
        document = self.document
        if document is None or document.segment_map is None:
            return None
        self._gesture = Gesture(self, Edit(document.segment_map), text)
        return self._gesture

    def end_gesture(self) -> None:
        """Commit the gesture in progress, if there is one."""
        if self._gesture is not None:
            self._gesture.commit()

    def undo(self) -> None:
        self._step_history(self.undo_group.undo)

    def redo(self) -> None:
        self._step_history(self.undo_group.redo)

    def _step_history(self, step: Callable[[], None]) -> None:
        """Not while the picture's map is on its way back: a step that changed no pixel would break the history."""
        self.end_gesture()
        if self.document is not None and self.document.segment_map is not None:
            step()
            self.corrected.emit(self.document.path)

    def unexported(self) -> list[Path]:
        """Pictures with corrections that no export has written yet."""
        return [path for path in self._documents if self.is_unexported(path)]

    def is_unexported(self, path: Path) -> bool:
        document = self._documents.get(path)
        return document is not None and not self._stacks[path].isClean()

    def revision(self, path: Path) -> int:
        """A number that differs after every undoable step, to tell whether an export is still up to date."""
        return self._stacks[path].index() if path in self._stacks else 0

    def is_exported(self, path: Path) -> bool:
        """Whether an export wrote this picture's labels as they are now."""
        return path in self._exported and self._stacks[path].isClean()

    def mark_exported(self, path: Path, *, revision: int) -> None:
        """An export of the corrections as they were at `revision` has been written and read back."""
        self.document_for(path)
        stack = self._stacks[path]
        if stack.index() == revision:
            stack.setClean()
            self._exported.add(path)
            self.corrected.emit(path)

    def _committed(self, gesture: Gesture, text: str, patch: Patch | None) -> bool:
        if self._gesture is gesture:
            self._gesture = None
        if patch is None or self._current is None:
            return False
        path, stack = self._current, self._stacks[self._current]
        stack.push(self._command(path, text, patch))
        self._pushed_bytes[path] = self._pushed_bytes.get(path, 0) + patch.nbytes
        self._bound_history(path)
        self.corrected.emit(path)
        return True

    def _cancelled(self, gesture: Gesture) -> None:
        if self._gesture is gesture:
            self._gesture = None

    def _command(self, path: Path, text: str, patch: Patch) -> PatchCommand:
        def apply(patch: Patch, forward: bool) -> None:  # noqa: FBT001 - QUndoCommand's two directions
            document = self._documents[path]
            if document.segment_map is None:
                return
            box = apply_patch(document.segment_map, patch, forward=forward)
            if path == self._current:
                self.pixels_changed.emit(box)

        return PatchCommand(text, patch, apply)

    def history_bytes(self, path: Path) -> int:
        """What the undo steps of `path` take in memory, in bytes."""
        return sum(command.patch.nbytes for command in self._commands(path))

    def _commands(self, path: Path) -> Iterator[PatchCommand]:
        stack = self._stacks[path]
        for index in range(stack.count()):
            command = stack.command(index)
            if isinstance(command, PatchCommand):
                yield command

    def _bound_history(self, path: Path) -> None:
        """Drop the oldest steps when the patches exceed the budget.

        QUndoStack limits only the number of steps, and only while it is empty, so the newest steps that fit move to a
        fresh start of the same stack.
        """
        if self._pushed_bytes[path] <= self.undo_bytes:
            return
        self._pushed_bytes[path] = self.history_bytes(path)
        if self._pushed_bytes[path] <= self.undo_bytes:
            return
        stack, total = self._stacks[path], 0
        kept: list[tuple[str, Patch]] = []
        clean_index, count = stack.cleanIndex(), stack.count()
        for command in reversed(list(self._commands(path))):
            total += command.patch.nbytes
            if total > self.undo_bytes * 3 // 4 and kept:
                break
            kept.append((command.text(), command.patch))
        kept.reverse()
        blocked = stack.blockSignals(True)
        stack.clear()
        first = count - len(kept)
        if clean_index < first:
            stack.resetClean()
        for offset, (text, patch) in enumerate(kept):
            if clean_index == first + offset:
                stack.setClean()
            stack.push(self._command(path, text, patch))
        if clean_index == count:
            stack.setClean()
        stack.blockSignals(blocked)
        self._pushed_bytes[path] = sum(patch.nbytes for _, patch in kept)
        stack.setActive(False)  # the group looks at its active stack afresh
        stack.setActive(path == self._current)

    # --- what is in hand and how it is shown -------------------------------------------------------------------

    def set_current_class(self, class_id: int) -> None:
        """The class to paint with: 1..150, or 0 for unlabelled. A recent class keeps its digit."""
        if not 0 <= class_id <= 150:
            raise ValueError(f"class {class_id} is not within 0..150")
        if class_id and class_id not in self.recent_classes:
            self.recent_classes = (class_id, *self.recent_classes)[:RECENT_CLASSES]
        self.current_class = class_id
        self.current_class_changed.emit(class_id)

    def set_brush_size(self, size: int) -> None:
        """Brush diameter in image pixels, clamped to 1..2000."""
        size = max(BRUSH_MIN, min(BRUSH_MAX, size))
        if size != self.brush_size:
            self.brush_size = size
            self.brush_size_changed.emit(size)

    def set_threshold(self, value: float) -> None:
        """Which queries count: those with a score above `value`, 0..1, in this picture or in all."""
        value = max(0.0, min(1.0, float(value)))
        if self.threshold_for_all:
            self.threshold = value
            for document in self._documents.values():
                document.threshold = value
        elif self.document is not None:
            self.document.threshold = value
        self.tables_changed.emit()

    def set_threshold_scope(self, *, for_all: bool) -> None:
        """Whether the slider sets every picture's threshold or this picture's alone."""
        self.threshold_for_all = for_all
        if for_all and self.document is not None:
            self.set_threshold(self.document.threshold)

    def set_mode(self, mode: ViewMode) -> None:
        """Segments or semantic view; the network layer of the new view is composed in the engine's lane."""
        if mode is self.mode:
            return
        self.mode = mode
        self.mode_changed.emit()
        self.tables_changed.emit()

    def set_overlay(self, **changes: object) -> None:
        """Change opacity, outline, hidden or solo classes: colour tables only, no pixel is recomputed."""
        self.overlay = replace(self.overlay, **changes)  # type: ignore[arg-type]
        self.tables_changed.emit()

    def remembered(self, settings: Settings) -> Settings:
        """`settings` with what is in hand now, for the next start."""
        return replace(
            settings,
            threshold=self.threshold,
            threshold_for_all=self.threshold_for_all,
            semantic=self.mode is ViewMode.SEMANTIC,
            opacity=self.overlay.opacity,
            outline=self.overlay.outline,
            brush_size=self.brush_size,
            current_class=self.current_class,
            recent_classes=self.recent_classes,
        )
