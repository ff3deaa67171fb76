"""Edits under way: what would hold up the hand is worked out in the background, one edit per picture at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.gesture import Check, Drafted, Gesture, Part, Parts, draft_edit

if TYPE_CHECKING:
    from app.core.document import Document
    from app.session import Session


@dataclass(eq=False)
class _Running:
    text: str
    gesture: Gesture | None  # that has painted something already and waits for the rest
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

    def start(self, document: Document, text: str, parts: Parts, *, unchanged: str) -> bool:
        """Work `parts` out and make them one undo step; False when it is not the time. `unchanged` is said when no
        pixel differs."""
        session, segment_map, path = self._session, document.segment_map, document.path
        session.end_gesture()
        if segment_map is None or self.says_busy(path):
            return False
        writable, read = session.rule.writable(document.label_table()), segment_map.as_it_is()

        def done(drafted: Drafted) -> None:
            if drafted.patch is not None:
                session.take_draft(path, segment_map, text, drafted.patch, written=drafted.written)
            elif drafted.refused:
                session.say_refused()
            else:
                session.said.emit(unchanged)

        self.run(path, text, lambda check: draft_edit(read, writable, parts, check), done=done)
        return True

    def finish(self, gesture: Gesture, rest: Parts) -> None:
        """Something else has ended a gesture that was not all there: work the rest out, paint and commit it."""

        def done(parts: list[Part]) -> None:
            gesture.paint_all(parts)
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
            self._session.said.emit(f"{running.text} is under way; Esc stops it.")
        return running is not None

    def cancel(self, path: Path) -> bool:
        """Stop the edit of a picture; False when there is none. No pixel has changed."""
        running = self._running.get(path)
        if running is None:
            return False
        running.cancel()
        if running.gesture is not None:
            running.gesture.cancel()
        self._session.said.emit(f"{running.text}: cancelled.")
        self._end(path)
        return True

    def forget_all(self) -> None:
        """All pictures are closed: nothing comes of any edit, and nobody is told."""
        for running in self._running.values():
            running.cancel()
        self._running.clear()
