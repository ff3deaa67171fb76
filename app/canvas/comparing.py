"""Comparing: what is seen instead of the labels as they are, while a key is held."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.core.overlay import OverlaySettings
from app.core.segment_map import Layer
from app.editing.session import Session


class Comparison(Enum):
    """What the labels can be compared with; with both held the first is what is seen."""

    BARE = auto()  # the photo without any labels
    NETWORK = auto()  # what the network said, without any correction


class Comparing(QObject):
    """Which of them is seen at the moment, and how.

    It ends with the key, and before that as soon as pixels change: nobody paints, or undoes, what cannot be seen.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._held: set[Comparison] = set()
        session.corrected.connect(self._corrected)

    @property
    def seen(self) -> Comparison | None:
        """What is seen instead of the labels; None for the labels."""
        return next((one for one in Comparison if one in self._held), None)

    @property
    def layer(self) -> Layer:
        """The labels to draw, where any are drawn."""
        return Layer.NETWORK if self.seen is Comparison.NETWORK else Layer.SHOWN

    @property
    def overlay(self) -> OverlaySettings:
        """How labels are drawn: the network's result always in the colours of its classes.

        In the view of who decided it would be one colour all over, which says nothing of what the network said.
        """
        overlay = self._session.overlay
        return replace(overlay, deciders=False) if self.seen is Comparison.NETWORK else overlay

    def text(self) -> str:
        """What is seen, for the sign over the picture; empty for the labels."""
        if self.seen is None:
            return ""
        if self.seen is Comparison.BARE:
            return "Bare photo"
        document = self._session.document
        if document is None or document.layer_mode is None:
            return "The network has not answered yet"
        if not document.has_corrections:
            return "The network's own result: nothing is corrected"
        return "The network's own result"

    def hold(self, what: Comparison, *, held: bool) -> None:
        """The key of `what` went down or up."""
        if held != (what in self._held):
            self._held ^= {what}
            self.changed.emit()

    def end(self) -> None:
        """Show the labels again, whatever key is still held."""
        if self._held:
            self._held.clear()
            self.changed.emit()

    def _corrected(self, path: Path) -> None:
        if self._session.document is not None and self._session.document.path == path:
            self.end()
