"""The history of one picture as a project keeps it.

A base (the human layer before the first kept step), the steps in order, and the revision that the picture stands at.
What the layer is there follows from the nearest layer that is known as a whole, the base or a snapshot, and the steps
between. These functions run within a transaction of their caller; sqlite3.Error passes through.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from app.core.errors import PatchError, ProjectError
from app.core.patches import Patch, apply_patch, human_snapshot
from app.core.project.records import RawStep, StoredStep
from app.core.segment_map import SegmentMap

Shape = tuple[int, int]


@dataclass(frozen=True)
class Mark:
    """A human layer that is known as a whole."""

    revision: int
    corrections: bytes | None  # None where nobody decided any pixel

    def patch(self) -> Patch | None:
        """The layer as a patch on an empty one. PatchError when it is damaged."""
        return None if self.corrections is None else Patch.from_bytes(self.corrections)


@dataclass(frozen=True)
class Window:
    """Steps around the revision that a picture stands at, without a gap."""

    steps: tuple[StoredStep, ...]
    base_revision: int  # before the first of them
    damaged: int  # steps at which it ends because they cannot be read: 0, 1 or 2


def base_of(connection: sqlite3.Connection, picture: int) -> Mark:
    row = connection.execute("SELECT revision, corrections FROM base WHERE picture = ?", (picture,)).fetchone()
    return Mark(0, None) if row is None else Mark(*row)


def snapshot_of(connection: sqlite3.Connection, picture: int) -> Mark | None:
    row = connection.execute("SELECT revision, corrections FROM snapshot WHERE picture = ?", (picture,)).fetchone()
    return None if row is None else Mark(*row)


def knows(connection: sqlite3.Connection, picture: int, revision: int) -> bool:
    """Whether the history leads through `revision`."""
    query = "SELECT 1 FROM step WHERE picture = ? AND revision = ?"
    return connection.execute(query, (picture, revision)).fetchone() is not None or (
        base_of(connection, picture).revision == revision
    )


def is_worked(connection: sqlite3.Connection, picture: int, revision: int) -> bool:
    """Whether anything of a person's is on a picture at `revision`: not where all of it is undone."""
    query = "SELECT 1 FROM step WHERE picture = ? AND revision <= ?"
    return (
        base_of(connection, picture).corrections is not None
        or connection.execute(query, (picture, revision)).fetchone() is not None
    )


def window(
    connection: sqlite3.Connection, picture: int, *, revision: int, most: int, most_steps: int | None = None
) -> Window:
    """The steps nearest to `revision` that take at most `most` bytes of memory, done ones before undone ones, and of
    each kind at most `most_steps`."""
    done, left, torn = _fitting(
        islice(_steps(connection, picture, until=revision, newest_first=True), most_steps), most
    )
    undone, _, torn_later = _fitting(islice(_steps(connection, picture, after=revision), most_steps), left)
    if not done:
        return Window(tuple(undone), revision, torn + torn_later)
    query = "SELECT previous FROM step WHERE picture = ? AND revision = ?"
    (base,) = connection.execute(query, (picture, done[-1].revision)).fetchone()
    return Window((*reversed(done), *undone), base, torn + torn_later)


def count_steps(connection: sqlite3.Connection, picture: int) -> int:
    return int(connection.execute("SELECT count(*) FROM step WHERE picture = ?", (picture,)).fetchone()[0])


def raw_steps(connection: sqlite3.Connection, picture: int, *, until: int, after: int, most: int) -> list[RawStep]:
    """The steps up to the revision `until` and those after `after`, in order: the nearest, `most` bytes of both."""
    query = "SELECT revision, previous, text, patch FROM step WHERE picture = ? AND revision"
    found: list[RawStep] = []
    for condition, limit in (("<= ? ORDER BY revision DESC", until), ("> ? ORDER BY revision ASC", after)):
        left = most
        for row in connection.execute(f"{query} {condition}", (picture, limit)):
            step = RawStep(*row)
            left -= len(step.data)
            if left < 0:
                break
            found.append(step)
    return sorted(found, key=lambda step: step.revision)


def corrections_at(
    connection: sqlite3.Connection,
    picture: int,
    *,
    shape: Shape | None,
    revision: int,
    steps: Iterable[StoredStep] = (),
) -> Patch | None:
    """The human layer at `revision` as one patch; None where nobody decided any pixel.

    `steps`: those that were read already. ProjectError when too much is damaged for that.
    """
    known = {step.revision: step.patch for step in steps}
    marks = [mark for mark in (snapshot_of(connection, picture), base_of(connection, picture)) if mark is not None]
    for mark in sorted(marks, key=lambda mark: _distance(connection, picture, mark.revision, revision)):
        try:
            if mark.revision == revision:
                return mark.patch()
            if shape is None:
                break
            return _walked(connection, picture, mark, shape=shape, revision=revision, known=known)
        except PatchError:
            continue
    raise ProjectError("The corrections of this picture are damaged and cannot be read.")


def put_base(connection: sqlite3.Connection, picture: int, *, revision: int, corrections: Patch | None) -> None:
    """Have the history begin at `revision`, which it leads through."""
    connection.execute("DELETE FROM step WHERE picture = ? AND revision <= ?", (picture, revision))
    connection.execute("DELETE FROM snapshot WHERE picture = ? AND revision < ?", (picture, revision))
    _put(connection, "base", picture, revision=revision, corrections=corrections)


def put_snapshot(connection: sqlite3.Connection, picture: int, *, revision: int, corrections: Patch | None) -> None:
    _put(connection, "snapshot", picture, revision=revision, corrections=corrections)


def cut(connection: sqlite3.Connection, picture: int, *, after: int) -> None:
    """Have the history end with the revision `after`."""
    connection.execute("DELETE FROM step WHERE picture = ? AND revision > ?", (picture, after))
    connection.execute("DELETE FROM snapshot WHERE picture = ? AND revision > ?", (picture, after))


def put_step(connection: sqlite3.Connection, picture: int, step: StoredStep, *, after: int) -> None:
    """Let `step` follow `after`, in place of everything that did until now."""
    cut(connection, picture, after=after)
    connection.execute(
        "INSERT INTO step (picture, revision, previous, text, patch) VALUES (?, ?, ?, ?, ?)",
        (picture, step.revision, after, step.text, step.patch.to_bytes()),
    )


def fold_to(connection: sqlite3.Connection, picture: int, *, revision: int, most: int) -> tuple[int, int]:
    """Which revision has to be the base so that the steps take at most `most` bytes of the file, and how many go.

    Never one after `revision`, where the picture stands.
    """
    query = "SELECT revision, length(patch) FROM step WHERE picture = ? ORDER BY revision DESC"
    taken, base, folded = 0, base_of(connection, picture).revision, 0
    for step, size in connection.execute(query, (picture,)):
        taken += size
        if taken > most and step <= revision:
            base, folded = max(base, step), folded + 1
    return base, folded


def applied(segment_map: SegmentMap, patches: Iterable[Patch], *, forward: bool) -> SegmentMap:
    """The map after redoing or undoing `patches`, in that order. PatchError for those of another picture."""
    for patch in patches:
        apply_patch(segment_map, patch, forward=forward)
    return segment_map


def _fitting(steps: Iterator[tuple[int, str, bytes]], most: int) -> tuple[list[StoredStep], int, int]:
    """The first of the steps that fit `most` bytes, what is left of that, and 1 where a damaged one ended it."""
    kept: list[StoredStep] = []
    for revision, text, data in steps:
        try:
            patch = Patch.from_bytes(data)
        except PatchError:
            return kept, most, 1
        if patch.nbytes > most:
            return kept, most, 0
        most -= patch.nbytes
        kept.append(StoredStep(revision, text, patch))
    return kept, most, 0


def _steps(
    connection: sqlite3.Connection,
    picture: int,
    *,
    after: int = -1,
    until: int = 2**62,
    newest_first: bool = False,
) -> Iterator[tuple[int, str, bytes]]:
    query = (
        "SELECT revision, text, patch FROM step WHERE picture = ? AND revision > ? AND revision <= ? "
        f"ORDER BY revision {'DESC' if newest_first else 'ASC'}"
    )
    return connection.execute(query, (picture, after, until))


def _walked(
    connection: sqlite3.Connection, picture: int, mark: Mark, *, shape: Shape, revision: int, known: Mapping[int, Patch]
) -> Patch | None:
    """The human layer at `revision`, by way of the steps between it and `mark`. PatchError when one is damaged."""
    forward = mark.revision < revision
    low, high = sorted((mark.revision, revision))
    steps = _steps(connection, picture, after=low, until=high, newest_first=not forward)
    start = mark.patch()
    segment_map = applied(SegmentMap(*shape), [] if start is None else [start], forward=True)
    patches = (known.get(step) or Patch.from_bytes(data) for step, _, data in steps)
    return human_snapshot(applied(segment_map, patches, forward=forward))


def _distance(connection: sqlite3.Connection, picture: int, start: int, end: int) -> int:
    query = "SELECT count(*) FROM step WHERE picture = ? AND revision > ? AND revision <= ?"
    (steps,) = connection.execute(query, (picture, *sorted((start, end)))).fetchone()
    return int(steps)


def _put(connection: sqlite3.Connection, table: str, picture: int, *, revision: int, corrections: Patch | None) -> None:
    data: bytes | None = None if corrections is None else corrections.to_bytes()
    connection.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", (picture, revision, data))
