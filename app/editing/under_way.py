"""Edits under way: what would hold up the hand is worked out in the background, one edit per picture at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.parts import Check
from app.core.patch_tiles import PatchTile
from app.core.patches import Patch, apply_patch
from app.editing.gesture import Drafted, Gesture, Paint, Paints, draft_edit

if TYPE_CHECKING:
    from app.core.document import Document
    from app.editing.session import Session

EFFORT_AT_ONCE = 40_000  # microseconds; patches that take longer are shown in slices
SLICE = 20_000  # microseconds of data for each turn of the event loop: the screen takes as long again


@dataclass(eq=False)
class _Running:
    text: str
    gesture: Gesture | None = None  # that has painted something already and waits for the rest
    show_rest: Callable[[], None] | None = None  # of a patch that is a step already, where not all of it shows yet
    cancel: Callable[[], None] = field(default=lambda: None)


class BackgroundEdits:
    """Worked out by the session's runner, and an undo step once they are there.

    An edit is what it would have been at once: it goes by the map, the rule and the thresholds as they were when it was
    asked for (`SegmentMap.as_it_is`). Because patches hold the human layer alone, another answer of the network, view
    or model may come meanwhile: it lies below, as if it had come a moment later. The picture takes no other paint until
    then, so that what comes back fits; it may be left and come back to.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._running: dict[Path, _Running] = {}

    def start(self, document: Document, text: str, paints: Paints, *, unchanged: str) -> bool:
        """Work `paints` out and make them one undo step; False when it is not the time. `unchanged` is said when no
        pixel differs."""
        session, segment_map, path = self._session, document.segment_map, document.path
        session.end_gesture()
        if segment_map is None or not session.may_change(path):
            return False
        writable, read = session.rule.writable(document.label_table()), segment_map.as_it_is()

        def done(drafted: Drafted) -> None:
            if drafted.patch is not None:
                session.take_draft(path, segment_map, text, drafted.patch, written=drafted.written)
            elif drafted.refused:
                session.say_refused()
            else:
                session.said.emit(unchanged)

        self.run(path, text, lambda check: draft_edit(read, writable, paints, check), done=done)
        return True

    def finish(self, gesture: Gesture, rest: Paints) -> None:
        """Something else has ended a gesture that was not all there: work the rest out, paint and commit it."""

        def done(paints: list[Paint]) -> None:
            gesture.paint_all(paints)
            gesture.commit()

        self.run(gesture.path, gesture.text, lambda check: list(rest(check)), done=done, gesture=gesture)

    def run(
        self,
        path: Path,
        text: str,
        work: Callable[[Check], Any],
        *,
        done: Callable[[Any], None],
        gesture: Gesture | None = None,
    ) -> None:
        """Do `work`, then `done`. Until then nothing else changes the picture; `says_busy` was asked before.

        Where it fails, what a `gesture` has painted so far stays; where it is cancelled, that is taken back.
        """
        running = self._running[path] = _Running(text, gesture)

        def ended(answer: Any) -> None:
            try:
                done(answer)
            finally:
                if self._running.get(path) is running:  # else what came of it is still on its way to the screen
                    self._end(path)

        def failed(reason: str) -> None:
            self._session.said.emit(reason)
            if gesture is not None:
                gesture.commit()
            self._end(path)

        cancel = self._session.compute(work, key=("edit", path), done=ended, failed=failed, text=f"{text}…")
        running.cancel = cancel
        if self._running.get(path) is running:
            self._session.under_way_changed.emit(path)

    def show(self, path: Path, text: str, patch: Patch, *, forward: bool, written: Collection[int] = ()) -> None:
        """Redo (`forward`) or undo a patch on the map of a picture, where it counts as a step already.

        It shows at once, unless that would hold up the hand: then a slice of it at every turn of the event loop, and
        until the last one the picture takes no other paint. `written`: human-layer values that pixels are given.
        """
        session, document = self._session, self._session.find(path)
        segment_map = None if document is None else document.segment_map
        if document is None or segment_map is None:
            return
        if session.next_turn is None or patch.effort(forward=forward) <= EFFORT_AT_ONCE:
            session.show_change(path, apply_patch(segment_map, patch, forward=forward), written=written)
            return
        slices = deque(patch.slices(SLICE, forward=forward))

        def show_slice(tiles: Sequence[PatchTile]) -> None:
            if document.segment_map is segment_map:
                box = apply_patch(segment_map, patch, forward=forward, tiles=tiles)
                session.show_change(path, box, written=written)

        def show_rest() -> None:
            show_slice([tile for tiles in slices for tile in tiles])
            self._end(path)
            session.corrected.emit(path)

        def turn() -> None:
            if self._running.get(path) is not running:
                return
            if len(slices) > 1 and session.next_turn is not None:
                show_slice(slices.popleft())
                session.next_turn(turn)
            else:
                show_rest()

        running = self._running[path] = _Running(text, show_rest=show_rest)
        session.under_way_changed.emit(path)
        turn()

    def settle(self, path: Path) -> None:
        """Show all of what is on its way to the screen: somebody needs the pixels now."""
        running = self._running.get(path)
        if running is not None and running.show_rest is not None:
            running.show_rest()

    def _end(self, path: Path) -> None:
        self._running.pop(path, None)
        self._session.under_way_changed.emit(path)
        self._session.tool_changed.emit()  # a tool may have shown until now what is there by now, or what was to come

    def is_running(self, path: Path) -> bool:
        return path in self._running

    def running(self) -> dict[Path, str]:
        """The pictures with an edit under way, and what it is."""
        return {path: running.text for path, running in self._running.items()}

    def gestures(self) -> Iterator[Gesture]:
        """Those that still paint on the map when the rest of them is there."""
        return (running.gesture for running in self._running.values() if running.gesture is not None)

    def says_busy(self, path: Path) -> bool:
        """Whether an edit of this picture is under way; if so the person is told."""
        running = self._running.get(path)
        if running is not None:
            ending = "is almost there" if running.show_rest is not None else "is under way; Esc stops it"
            self._session.said.emit(f"{running.text} {ending}.")
        return running is not None

    def can_cancel(self, path: Path) -> bool:
        """Whether an edit of the picture is under way that `cancel` would stop: no undo step yet."""
        running = self._running.get(path)
        return running is not None and running.show_rest is None

    def cancel(self, path: Path) -> bool:
        """Stop the edit of a picture; False when there is none. No pixel has changed.

        One that is an undo step already, and only not shown as a whole, is not stopped but shown.
        """
        running = self._running.get(path)
        if running is None:
            return False
        if running.show_rest is not None:
            running.show_rest()
            return True
        running.cancel()
        if running.gesture is not None:
            running.gesture.cancel()
        self._session.said.emit(f"{running.text}: cancelled.")
        self._end(path)
        return True

    def forget(self, paths: Collection[Path]) -> None:
        """These pictures are closed: nothing comes of their edits, and nobody is told."""
        for path in [path for path in self._running if path in paths]:
            self._running.pop(path).cancel()
