"""What counts as labelled: the thresholds and the view, for every document that is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.core.document import Document, ViewMode
from app.core.export import Rest
from app.editing.hand import Hand
from app.settings import Settings


class Counting(Hand):
    """Keeps every document's tables at the thresholds and the view in use; no pixel is ever recomputed for that."""

    mode_changed = Signal()

    def __init__(self, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(settings, parent)
        self._documents: dict[Path, Document] = {}  # the longest untouched first
        self._current: Path | None = None
        self.threshold = settings.threshold
        self.threshold_for_all = settings.threshold_for_all
        self._own_thresholds: dict[Path, float] = {}  # what pictures were given alone; one for all only covers it
        self.class_thresholds: Mapping[int, float] = dict(settings.class_thresholds)
        self.mode = ViewMode.SEMANTIC if settings.semantic else ViewMode.SEGMENTS
        self.rest = Rest.SEMANTIC if settings.export_semantic_rest else Rest.THRESHOLD  # of the pixels exported

    @property
    def document(self) -> Document | None:
        """The document on screen."""
        return None if self._current is None else self._documents[self._current]

    def find(self, path: Path) -> Document | None:
        """The document of `path` if it was opened or predicted before."""
        return self._documents.get(path)

    def _new_document(self, path: Path) -> Document:
        document = Document(path=path, threshold=self.threshold, mode=self.mode)
        document.class_thresholds = self.class_thresholds
        return document

    def _bring_up(self, document: Document) -> None:
        """The document comes on screen: in the view and at the threshold that are in use by now."""
        document.mode = self.mode
        if self.threshold_for_all:
            document.threshold = self.threshold

    def threshold_of(self, path: Path) -> float:
        """The threshold that holds for a picture, whether it is open or not."""
        if self.threshold_for_all:
            return self.threshold
        document = self._documents.get(path)
        return self._own_thresholds.get(path, self.threshold) if document is None else document.threshold

    def own_threshold(self, path: Path) -> float | None:
        """What a picture was given alone, or None."""
        return self._own_thresholds.get(path)

    def know_threshold(self, path: Path, value: float) -> None:
        """What a picture that is not open was given alone in an earlier session."""
        if path not in self._documents:
            self._own_thresholds[path] = value

    def _remember_threshold(self, document: Document, value: float) -> None:
        """A picture was given a threshold of its own in an earlier session."""
        self._own_thresholds[document.path] = value
        if not self.threshold_for_all:
            document.threshold = value

    def set_threshold(self, value: float) -> None:
        """Which queries count: those with a score above `value`, 0..1, in this picture or in all."""
        value = max(0.0, min(1.0, float(value)))
        if self.threshold_for_all:
            self.threshold = value
            for document in self._documents.values():
                document.threshold = value
        elif self.document is not None:
            self.document.threshold = self._own_thresholds[self.document.path] = value
        self.tables_changed.emit()

    def set_threshold_scope(self, *, for_all: bool) -> None:
        """Whether the slider sets every picture's threshold or this picture's alone.

        One for all begins with that of the picture on screen; when it ends, pictures that had their own have it again.
        """
        self.threshold_for_all = for_all
        if for_all and self.document is not None:
            self.set_threshold(self.document.threshold)
        elif not for_all:
            for path, document in self._documents.items():
                document.threshold = self._own_thresholds.get(path, document.threshold)
            self.tables_changed.emit()

    def set_class_threshold(self, class_id: int, value: float | None) -> None:
        """Give a class 1..150 a threshold of its own in every picture, or take it away."""
        changed = {known: number for known, number in self.class_thresholds.items() if known != class_id}
        if value is not None:
            changed[class_id] = max(0.0, min(1.0, float(value)))
        self.class_thresholds = changed
        for document in self._documents.values():
            document.class_thresholds = changed
        self.tables_changed.emit()

    def set_mode(self, mode: ViewMode) -> None:
        """Segments or semantic view; the network layer of the new view is composed in the engine's lane."""
        if mode is self.mode:
            return
        self.mode = mode
        self.mode_changed.emit()
        self.tables_changed.emit()

    def remembered(self, settings: Settings) -> Settings:
        """`settings` with what is in hand now, for the next start."""
        return replace(
            super().remembered(settings),
            threshold=self.threshold,
            threshold_for_all=self.threshold_for_all,
            semantic=self.mode is ViewMode.SEMANTIC,
            class_thresholds=tuple(self.class_thresholds.items()),
        )
