"""Back and forth in the history of the picture on screen: by one step, or at once to any other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

from app.core.parts import Check
from app.editing.gesture import Drafted, Paint, draft_edit
from app.editing.history import History
from app.editing.under_way import EFFORT_AT_ONCE, BackgroundEdits

if TYPE_CHECKING:
    from pathlib import Path

    from app.core.segment_map import SegmentMap
    from app.editing.session import Session


class Stepping:
    """Undo, redo, and the way to any step. A stroke under the hand is committed first, and is a step like others."""

    def __init__(self, session: Session, background: BackgroundEdits) -> None:
        self._session = session
        self._background = background

    def by(self, steps: int) -> None:
        """Redo so many steps, or undo them when negative; where there are none, nothing happens."""
        self._session.end_gesture()
        history = self._session.history
        if history is not None:
            self.to(history.stack.index() + steps)

    def to(self, index: int) -> None:
        """Have the first `index` steps done.

        Not while an edit is on its way, nor while the picture's map is: a step that changed no pixel would break the
        history.
        """
        session = self._session
        session.end_gesture()
        document, history = session.document, session.history
        if document is None or history is None or not session.may_change(document.path):
            return
        start = history.stack.index()
        if index == start or not 0 <= index <= history.stack.count():
            return
        if document.segment_map is None:
            session.said.emit(f"{document.path.name} is not there yet; its history waits for it.")
            return
        session.said.emit("")  # what was said of the step before may be untrue after this one
        patches, forward = history.patches_between(start, index), index > start
        if len(patches) == 1:
            self._background.show(document.path, "Redo" if forward else "Undo", patches[0], forward=forward)
            history.stand_at(index)
        elif sum(patch.effort(forward=forward) for patch in patches) > EFFORT_AT_ONCE:
            self._go_later(document.path, document.segment_map, history, index)
            return
        else:
            history.stack.setIndex(index)
        session.corrected.emit(document.path)

    def _go_later(self, path: Path, segment_map: SegmentMap, history: History, index: int) -> None:
        """Work out what many steps come to as one change of the map, and show it."""
        start, read = history.stack.index(), segment_map.as_it_is()
        forward, patches = index > start, history.patches_between(start, index)
        text = "Going through the history"

        def paints(_check: Check) -> Iterator[Paint]:
            return chain.from_iterable(patch.contents(forward=forward) for patch in patches)

        def done(drafted: Drafted) -> None:
            document = self._session.find(path)
            same = history.stack.index() == start and history.patches_between(start, index) == patches
            if document is None or document.segment_map is not segment_map or not same:
                return  # it was closed, or had to give its oldest steps up
            if drafted.patch is not None:
                self._background.show(path, text, drafted.patch, forward=True)
            history.stand_at(index)
            self._session.corrected.emit(path)

        self._background.run(
            path,
            text,
            lambda check: draft_edit(read, None, paints, check),
            done=done,
        )
