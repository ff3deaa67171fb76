"""The undo steps of a picture: a QUndoStack, and what it does not know about bytes and about what was exported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QUndoCommand, QUndoStack
from shiboken6 import isValid

from app.core.patches import Patch


class PatchCommand(QUndoCommand):
    """One gesture on the undo stack. Its first redo is the gesture itself, which has already painted.

    `revision` is never used twice: it names the state of the picture after this step.
    """

    def __init__(self, text: str, patch: Patch, apply: Callable[[Patch, bool], None], *, revision: int) -> None:
        super().__init__(text)
        self.patch = patch
        self.revision = revision
        self.painted = True  # the pixels are already as the next undo or redo would make them
        self._apply = apply

    def redo(self) -> None:
        self._paint(forward=True)

    def undo(self) -> None:
        self._paint(forward=False)

    def _paint(self, *, forward: bool) -> None:
        if not self.painted:
            self._apply(self.patch, forward)
        self.painted = False

    def again(self) -> PatchCommand:
        """The same step for another stack, or for a fresh start of the same one."""
        return PatchCommand(self.text(), self.patch, self._apply, revision=self.revision)


@dataclass(eq=False)
class History:
    """The undo stack of one picture."""

    stack: QUndoStack
    nbytes: int = 0  # at least what the patches take; counted exactly when all histories together are too large
    base: int = 0  # revision of the picture before the first step that is kept
    saved: int = 0  # revision whose corrections an export has written; 0 is the picture without corrections

    def steps(self) -> Iterator[PatchCommand]:
        for index in range(self.stack.count()):
            command = self.stack.command(index)
            if isinstance(command, PatchCommand):
                yield command

    def revision(self) -> int:
        """Which state the picture is in now."""
        return self.revision_at(self.stack.index())

    def revision_at(self, index: int) -> int:
        """The state of the picture with `index` steps done."""
        command = self.stack.command(index - 1) if index else None
        return command.revision if isinstance(command, PatchCommand) else self.base

    def patches_between(self, start: int, end: int) -> list[Patch]:
        """What to redo, or to undo when `end` comes first, to get from `start` steps done to `end`, in order."""
        return [step.patch for step in self._between(start, end)]

    def stand_at(self, index: int) -> None:
        """Have `index` steps done; the picture shows that already."""
        for step in self._between(self.stack.index(), index):
            step.painted = True
        self.stack.setIndex(index)

    def _between(self, start: int, end: int) -> list[PatchCommand]:
        places = range(start, end) if start <= end else range(start - 1, end - 1, -1)
        steps = map(self.stack.command, places)  # these alone: a long history costs one step no more than a short one
        return [step for step in steps if isinstance(step, PatchCommand)]

    def push(self, step: PatchCommand) -> None:
        self.stack.push(step)
        self.nbytes += step.patch.nbytes

    def restore(self, steps: Sequence[PatchCommand], *, base: int, revision: int) -> None:
        """Have these steps, of which those up to `revision` are done, in a history that is empty."""
        self.base = base
        for step in steps:
            self.push(step)
        self.stand_at(sum(step.revision <= revision for step in steps))

    def surround(
        self, earlier: Sequence[PatchCommand], later: Sequence[PatchCommand], *, base: int, after: int
    ) -> None:
        """Have these steps as well, before and after those that are there: nothing that was done changes by that.

        `base`: the revision that the first of `earlier` was made on, `after`: that which the first of `later` was. What
        leads on from another revision than its neighbour is left out: the history went on otherwise meanwhile.
        """
        steps, index = list(self.steps()), self.stack.index()
        newest = steps[-1].revision if steps else self.base
        if earlier and earlier[-1].revision == self.base:
            steps, index, self.base = [*earlier, *steps], index + len(earlier), base
        if later and after == newest:
            steps += later
        if len(steps) > self.stack.count():
            self._rebuild([step.again() for step in steps], index)

    def _rebuild(self, steps: Sequence[PatchCommand], index: int) -> None:
        """A stack of fresh steps, of which the first `index` are done, in place of the one that is there."""
        blocked, active = self.stack.blockSignals(True), self.stack.isActive()
        self.stack.clear()
        for step in steps:
            self.stack.push(step)
        self.stand_at(index)
        self.stack.blockSignals(blocked)
        self.nbytes = sum(step.patch.nbytes for step in steps)
        if active:
            self.stack.setActive(False)  # its group looks at the active stack afresh
            self.stack.setActive(True)

    def count_bytes(self) -> int:
        """What the steps take in memory, in bytes: steps that were undone and replaced are gone."""
        self.nbytes = sum(step.patch.nbytes for step in self.steps())
        return self.nbytes

    def clear(self) -> None:
        """Forget every step, as for a picture that nobody ever touched."""
        self.stack.clear()
        self.nbytes = self.base = self.saved = 0

    def close(self) -> None:
        """The picture is closed. The steps go at once, while whoever made them is there: Qt gets round to the stack
        when it likes, at the end perhaps after Python has thrown the steps away, and that is a crash."""
        self.clear()
        self.stack.deleteLater()

    def __del__(self) -> None:
        """A session that nobody closed is thrown away. Python's collector takes its parts in any order: a step that
        goes before its stack is deleted by Python, and then once more by the stack. Finalizers run before that."""
        if isValid(self.stack):
            self.stack.blockSignals(True)
            self.stack.clear()

    def keep_newest(self, most: int) -> None:
        """Keep the newest steps that take at most `most` bytes, unless some of them are undone at the moment.

        QUndoStack limits only the number of steps, and only while it is empty, so the steps move to a fresh start.
        """
        steps, kept, total = list(self.steps()), 0, 0
        if self.stack.index() < len(steps):
            return  # the pixels of undone steps are not there: what was painted before them must stay as well
        while kept < len(steps) and total + steps[-1 - kept].patch.nbytes <= most:
            total += steps[-1 - kept].patch.nbytes
            kept += 1
        if kept == len(steps):
            return
        first = len(steps) - kept
        self.base = steps[first - 1].revision
        self._rebuild([step.again() for step in steps[first:]], kept)


def bound_bytes(others: Sequence[History], current: History, *, most: int) -> None:
    """Bring all histories together under `most` bytes: the oldest steps go, those of `others`, in order, before all."""
    histories = [*others, current]
    if sum(history.nbytes for history in histories) <= most:
        return
    total = sum(history.count_bytes() for history in histories)
    for history in others:
        if total <= most:
            return
        total -= history.nbytes
        history.keep_newest(0)
        total += history.nbytes
    if total > most:
        current.keep_newest(max(0, current.nbytes - (total - most * 3 // 4)))
