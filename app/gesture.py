"""Corrections on their way to the history: a gesture under the hand, or a computed edit in the background."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from app.core.arrays import U8, Bool
from app.core.geometry import NOTHING, Box
from app.core.patches import Draft, Edit, Patch
from app.core.rules import PaintRule
from app.core.segment_map import SegmentMap
from app.core.tile_counts import count_codes
from inference.errors import ExpectedError

if TYPE_CHECKING:
    from app.core.document import Document
    from app.session import Session

AT_ONCE = 32_000_000  # pixels; changes that may reach further are worked out in the background

Part = tuple[Box, Bool | U8 | None, int | U8]
"""Box, mask (None = all of it) and the human-layer value, or (h, w) of them, to write there."""
Check = Callable[[], None]
"""Called between the steps of something slow; raises when nobody waits for the result any more."""


class Runner(Protocol):
    """Runs slow work where it does not hold up the hand."""

    def __call__(
        self,
        work: Callable[[Check], Any],
        *,
        key: Hashable,
        done: Callable[[Any], None],
        failed: Callable[[str], None],
        text: str,
    ) -> Callable[[], None]:
        """Run `work`, then `done(result)` or `failed(sentence)`. A job with the same key is replaced.

        `text` says what is under way; the returned callable cancels it, and neither is called then.
        """


def run_now(
    work: Callable[[Check], Any],
    *,
    key: Hashable,
    done: Callable[[Any], None],
    failed: Callable[[str], None],
    text: str,
) -> Callable[[], None]:
    """The runner where there are no workers: at once."""
    try:
        result = work(lambda: None)
    except ExpectedError as error:
        failed(str(error))
    else:
        done(result)
    return lambda: None


class Gesture:
    """One stroke, click or fill in progress; it ends in `commit` or `cancel`, and later calls do nothing."""

    def __init__(self, session: Session, edit: Edit, text: str, rule: PaintRule) -> None:
        self._session = session
        self._edit: Edit | None = edit
        self._text = text
        self._rule = rule  # as it was at the press

    def read_anew(self, labels: U8) -> None:
        """The network has answered anew: codes stand for other `labels`, (256,), and the rule goes by those."""
        if self._edit is not None:
            self._edit.allow(self._rule.writable(labels))

    def paint(self, box: Box, mask: Bool | U8 | None, value: int | U8) -> None:
        """Write a human-layer value, or (h, w) of them, under `mask` (None = all of the box); it shows at once."""
        self.paint_all([(box, mask, value)])

    def paint_all(self, parts: Iterable[Part]) -> None:
        """The same for many parts, which show together: what looks at the picture looks once."""
        if self._edit is None:
            return
        dirty = NOTHING
        for box, mask, value in parts:
            if self._session.overlay.leaves_out:
                for painted in values_of(mask, value):
                    self._session.reveal(painted)
            changed = self._edit.paint(box, mask, value)
            dirty = dirty if changed is None else dirty.union(changed)
        if not dirty.empty:
            self._session.pixels_changed.emit(dirty)

    def commit(self, *, unchanged: str = "") -> bool:
        """Make the gesture one undo step; False when no pixel differs, which is said as `unchanged` says it."""
        if self._edit is None:
            return False
        refused, patch, self._edit = self.refused, self._edit.finish(), None
        if patch is None and refused:
            self._session.say_refused()
        elif patch is None and unchanged:
            self._session.said.emit(unchanged)
        return self._session._committed(self, self._text, patch)

    @property
    def is_open(self) -> bool:
        """Whether it can still paint: neither committed nor cancelled, by whomever."""
        return self._edit is not None

    @property
    def refused(self) -> bool:
        """Whether the rule kept paint away from pixels it would have changed; False once it has ended."""
        return self._edit is not None and self._edit.refused

    def cancel(self) -> None:
        """Put every pixel back."""
        if self._edit is None:
            return
        changed, self._edit = self._edit.cancel(), None
        self._session._cancelled(self)
        if changed is not None:
            self._session.pixels_changed.emit(changed)


@dataclass(frozen=True, eq=False)
class Drafted:
    """What a computed edit came to."""

    patch: Patch | None
    refused: bool  # the rule kept paint away from pixels that it would have changed
    values: frozenset[int]  # the human-layer values that were to be painted


def values_of(mask: Bool | U8 | None, value: int | U8) -> list[int]:
    """The human-layer values that a part paints."""
    if isinstance(value, int):
        return [value]
    painted = value if mask is None else value[mask.astype(np.bool_, copy=False)]
    return [int(found) for found in np.flatnonzero(count_codes(painted))]


def draft_edit(
    segment_map: SegmentMap, writable: Bool | None, parts: Callable[[Check], Iterable[Part]], check: Check
) -> Drafted:
    """Work out an edit without touching the map: it only reads, so a worker may do it while nobody writes."""
    draft = Draft(segment_map, writable=writable)
    values: set[int] = set()
    for box, mask, value in parts(check):
        check()
        values.update(values_of(mask, value))
        draft.paint(box, mask, value)
    refused = draft.refused
    return Drafted(draft.finish(), refused, frozenset(values))


@dataclass(eq=False)
class _Running:
    text: str
    cancel: Callable[[], None] = field(default=lambda: None)


class BackgroundEdits:
    """Computed edits that would hold up the hand: worked out by the session's runner, one per picture at a time.

    Their picture takes no other paint meanwhile, so that what comes back fits; it may be left and come back to.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._running: dict[Path, _Running] = {}

    def start(self, document: Document, text: str, parts: Callable[[Check], Iterable[Part]], *, unchanged: str) -> bool:
        """Work `parts` out and make them one undo step; False when it is not the time. `unchanged` is said when no
        pixel differs."""
        session, segment_map, path = self._session, document.segment_map, document.path
        session.end_gesture()
        if segment_map is None or self.says_busy(path):
            return False
        writable, read = session.rule.writable(document.label_table()), segment_map.as_it_is()

        def done(drafted: Drafted) -> None:
            if drafted.patch is not None:
                session.take_draft(path, segment_map, text, drafted.patch, values=drafted.values)
            elif drafted.refused:
                session.say_refused()
            else:
                session.said.emit(unchanged)

        self.run(path, text, lambda check: draft_edit(read, writable, parts, check), done=done)
        return True

    def run(self, path: Path, text: str, work: Callable[[Check], Drafted], *, done: Callable[[Drafted], None]) -> None:
        """Do `work`, then `done`. Until then nothing else changes the picture; `says_busy` was asked before."""
        running = self._running[path] = _Running(text)

        def ended(drafted: Drafted) -> None:
            self._running.pop(path, None)
            done(drafted)
            self._session.tool_changed.emit()  # a tool may have shown until now what is there by now

        def failed(reason: str) -> None:
            self._running.pop(path, None)
            self._session.said.emit(reason)
            self._session.tool_changed.emit()

        running.cancel = self._session.compute(work, key=("edit", path), done=ended, failed=failed, text=f"{text}…")

    def is_running(self, path: Path) -> bool:
        return path in self._running

    def says_busy(self, path: Path) -> bool:
        """Whether an edit of this picture is under way; if so the person is told."""
        running = self._running.get(path)
        if running is not None:
            self._session.said.emit(f"{running.text} is under way; Esc stops it.")
        return running is not None

    def cancel(self, path: Path) -> bool:
        """Stop the edit of a picture; False when there is none. No pixel has changed."""
        running = self._running.pop(path, None)
        if running is None:
            return False
        running.cancel()
        self._session.said.emit(f"{running.text}: cancelled.")
        self._session.tool_changed.emit()  # a tool may have shown what was to come
        self._session.tool_changed.emit()
        return True

    def cancel_all(self) -> None:
        for running in self._running.values():
            running.cancel()
        self._running.clear()
