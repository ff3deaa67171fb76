"""Corrections on their way to the history: a gesture under the hand, or a computed edit in the background."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from app.core.arrays import U8, Bool
from app.core.geometry import NOTHING, Box
from app.core.parts import Check, unhindered
from app.core.patches import Draft, Edit, Patch
from app.core.segment_map import SegmentMap
from inference.errors import ExpectedError

if TYPE_CHECKING:
    from app.editing.session import Session

REACH_AT_ONCE = 32_000_000  # pixels; changes that may reach further are worked out in the background

Paint = tuple[Box, Bool | U8 | None, int | U8]
"""One part of an edit: box, mask (None = all of it) and the human-layer value, or (h, w) of them, to write there."""
Paints = Callable[[Check], Iterable[Paint]]
"""Works out what to paint; it may do so in another thread, and takes its time."""


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
        result = work(unhindered)
    except ExpectedError as error:
        failed(str(error))
    else:
        done(result)
    return lambda: None


class Gesture:
    """One stroke, click or fill in progress; it ends in `commit` or `cancel`, and later calls do nothing.

    What it paints goes by the rule, the thresholds and the network's answer as they are at that moment: whatever of
    them changes in the middle counts for what is painted afterwards.
    """

    def __init__(
        self, session: Session, edit: Edit, *, path: Path, text: str, rest: Callable[[], Paints | None]
    ) -> None:
        self.path, self.text = path, text
        self.renewals = 0  # how often what it may cover became another: what was painted before may reach further now
        self._session = session
        self._edit: Edit | None = edit
        self._rest = rest

    def renew_rule(self) -> None:
        """The rule, or what the codes of the picture stand for, may be different from now on."""
        self.renewals += 1
        document = self._session.find(self.path)
        if self._edit is not None and document is not None:
            self._edit.allow(self._session.rule.writable(document.label_table()))

    def paint(self, box: Box, mask: Bool | U8 | None, value: int | U8) -> None:
        """Write a human-layer value, or (h, w) of them, under `mask` (None = all of the box); it shows at once."""
        self.paint_all([(box, mask, value)])

    def paint_all(self, paints: Iterable[Paint]) -> None:
        """The same many times over, which shows together: what looks at the picture looks once."""
        if self._edit is None:
            return
        dirty = NOTHING
        for box, mask, value in paints:
            changed = self._edit.paint(box, mask, value)
            dirty = dirty if changed is None else dirty.union(changed)
        if not dirty.empty:
            self._session.show_change(self.path, dirty, written=self._edit.written)

    def take_rest(self) -> Paints | None:
        """What it was asked to paint and cannot yet, because that has to be worked out: whoever takes it paints it."""
        return None if self._edit is None else self._rest()

    def commit(self, *, unchanged: str = "") -> bool:
        """Make the gesture one undo step; False when no pixel differs, which is said as `unchanged` says it."""
        if self._edit is None:
            return False
        refused, patch, self._edit = self.refused, self._edit.finish(), None
        if patch is None and refused:
            self._session.say_refused()
        elif patch is None and unchanged:
            self._session.said.emit(unchanged)
        return self._session._committed(self, patch)

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
            self._session.show_change(self.path, changed)


@dataclass(frozen=True, eq=False)
class Drafted:
    """What a computed edit came to."""

    patch: Patch | None
    refused: bool  # the rule kept paint away from pixels that it would have changed
    written: frozenset[int]  # the human-layer values that pixels were given, 0 left out


def draft_edit(segment_map: SegmentMap, writable: Bool | None, paints: Paints, check: Check) -> Drafted:
    """Work out an edit without touching the map: it only reads, so a worker may do it while nobody writes."""
    draft = Draft(segment_map, writable=writable)
    for box, mask, value in paints(check):
        check()
        draft.paint(box, mask, value)
    refused = draft.refused
    return Drafted(draft.finish(), refused, frozenset(draft.written))
