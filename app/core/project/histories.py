"""Pictures with their corrections: what a person did, gesture by gesture."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.errors import HistoryError
from app.core.patches import Patch, human_snapshot
from app.core.project import timeline
from app.core.project.parts import StorePart, name_key, name_of_key, plain_text
from app.core.project.records import STATUSES, ExportedState, FileIdentity, RawStep, StoredPicture, StoredStep
from app.core.segment_map import SegmentMap


class Histories(StorePart):
    """Every finished gesture, and what the picture was before and after."""

    def load(self, name: str, *, most_bytes: int, most_steps: int | None = None) -> StoredPicture | None:
        """A picture as it was left, with the steps nearest to where it stands that take at most `most_bytes` of memory,
        and at most `most_steps` of those that are done and of those that were undone.

        None where nothing is known of it. ProjectError when its corrections cannot be read.
        """
        with self._reading():
            row = self._connection.execute(
                "SELECT id, height, width, size, mtime_ns, header, status, reason, note, threshold, revision, "
                "exported, model, last FROM picture WHERE name = ?",
                (name_key(name),),
            ).fetchone()
            if row is None:
                return None
            picture, height, width, size, mtime_ns, header, status, why, *others = row
            note, own, revision, exported, model, last = others
            shape = None if height is None else (height, width)
            history = timeline.window(
                self._connection, picture, revision=revision, most=most_bytes, most_steps=most_steps
            )
            corrections = timeline.corrections_at(
                self._connection, picture, shape=shape, revision=revision, steps=history.steps
            )
            return StoredPicture(
                name=name,
                identity=None if size is None else FileIdentity(size, mtime_ns, header),
                shape=shape,
                status=STATUSES[status],
                reason=why,
                note=note,
                threshold=own,
                revision=revision,
                base_revision=history.base_revision,
                steps=history.steps,
                corrections=corrections,
                exported=None if exported is None else ExportedState.from_json(exported),
                model=model,
                newest=last,
                more_steps=timeline.count_steps(self._connection, picture) > len(history.steps),
                damaged_steps=history.damaged,
            )

    def raw_steps(self, name: str, *, until: int, after: int, most_bytes: int) -> list[RawStep]:
        """The steps up to the revision `until` and those after `after`, in order, as they are in the file: of both the
        nearest that take at most `most_bytes` there."""
        with self._reading():
            row = self._connection.execute("SELECT id FROM picture WHERE name = ?", (name_key(name),)).fetchone()
            if row is None:
                return []
            return timeline.raw_steps(self._connection, row[0], until=until, after=after, most=most_bytes)

    def record_step(self, name: str, step: StoredStep, *, after: int, shape: tuple[int, int]) -> None:
        """A gesture is finished: `step` follows the revision `after` of a picture of `shape` (H, W), which stands at it
        now. Whatever followed `after` until now is gone.

        HistoryError, and nothing changed, for a revision that was used before, for an `after` that is not known, and
        for a picture of another shape than that of its corrections.
        """
        with self._writing():
            picture = self._need(name)
            height, width, last = self._connection.execute(
                "SELECT height, width, last FROM picture WHERE id = ?", (picture,)
            ).fetchone()
            if height is not None and (height, width) != shape:
                raise HistoryError(
                    f"{name} is {shape[1]} x {shape[0]} pixels now, but its corrections are of {width} x {height}."
                )
            if step.revision <= last or not timeline.knows(self._connection, picture, after):
                raise HistoryError(f"Revision {step.revision} after {after} does not fit a history up to {last}.")
            step = StoredStep(step.revision, plain_text(step.text), step.patch)
            timeline.put_step(self._connection, picture, step, after=after)
            self._connection.execute(
                "UPDATE picture SET revision = :new, last = :new, height = :height, width = :width, gone = 0, "
                "reason = iif(status = 'unreadable', '', reason), "
                "status = iif(status IN ('new', 'predicted', 'unreadable'), 'in work', status) WHERE id = :id",
                {"new": step.revision, "height": shape[0], "width": shape[1], "id": picture},
            )

    def stand_at(self, name: str, revision: int) -> None:
        """The picture stands at another revision of its history now: undo, redo, a jump. HistoryError: not known.

        It is in work while anything of a person's is on it, unless somebody said that it is done or skipped.
        """
        with self._writing():
            picture = self._need(name)
            if not timeline.knows(self._connection, picture, revision):
                raise HistoryError(f"The history of {name} does not lead through revision {revision}.")
            begun = "iif(status IN ('new', 'predicted'), 'in work', status)"
            blank = "iif(status = 'in work', iif(model IS NULL, 'new', 'predicted'), status)"
            worked = timeline.is_worked(self._connection, picture, revision)
            self._connection.execute(
                f"UPDATE picture SET revision = ?, status = {begun if worked else blank} WHERE id = ?",
                (revision, picture),
            )

    def replace_history(
        self,
        name: str,
        steps: Sequence[StoredStep],
        *,
        base_revision: int,
        revision: int,
        shape: tuple[int, int] | None,
        corrections: Patch | None,
    ) -> None:
        """Have the history be what a window has of it, whatever was kept: `steps` lead on from `base_revision`.

        The human layer at `revision`, one of theirs or the base, is `corrections`. What led to the base stays where it
        is known.
        """
        with self._writing():
            picture = self._need(name)
            height, width, last = self._connection.execute(
                "SELECT height, width, last FROM picture WHERE id = ?", (picture,)
            ).fetchone()
            same = shape is None or height is None or (height, width) == shape
            if not same or not timeline.knows(self._connection, picture, base_revision):
                base = None if shape is None else _taken_back(corrections, steps, revision=revision, shape=shape)
                timeline.cut(self._connection, picture, after=-1)
                timeline.put_base(self._connection, picture, revision=base_revision, corrections=base)
            timeline.cut(self._connection, picture, after=base_revision)
            after = base_revision
            for step in steps:
                step = StoredStep(step.revision, plain_text(step.text), step.patch)
                timeline.put_step(self._connection, picture, step, after=after)
                after = step.revision
            timeline.put_snapshot(self._connection, picture, revision=revision, corrections=corrections)
            height, width = shape or (height, width)
            self._connection.execute(
                "UPDATE picture SET revision = :revision, last = :last, height = :height, width = :width, gone = 0, "
                "status = iif(status IN ('new', 'predicted', 'unreadable') AND :worked, 'in work', status) "
                "WHERE id = :id",
                {
                    "revision": revision,
                    "last": max(last, after),
                    "height": height,
                    "width": width,
                    "worked": timeline.is_worked(self._connection, picture, revision),
                    "id": picture,
                },
            )

    def keep_snapshot(self, name: str, revision: int, corrections: Patch | None) -> bool:
        """Remember the human layer at `revision`, so that loading has less to do; False where that is not known."""
        with self._writing():
            picture = self._need(name)
            if not timeline.knows(self._connection, picture, revision):
                return False
            timeline.put_snapshot(self._connection, picture, revision=revision, corrections=corrections)
            return True

    def fold(self, name: str, most_bytes: int) -> int:
        """Merge the oldest steps, those beyond `most_bytes` of the file, into the base; how many went.

        Steps that were undone stay. Not while a window still has the older steps: it could not go back to them here.
        """
        with self._writing():
            picture = self._need(name)
            revision, height, width = self._connection.execute(
                "SELECT revision, height, width FROM picture WHERE id = ?", (picture,)
            ).fetchone()
            base, folded = timeline.fold_to(self._connection, picture, revision=revision, most=most_bytes)
            if folded:
                shape = (height, width)
                corrections = timeline.corrections_at(self._connection, picture, shape=shape, revision=base)
                timeline.put_base(self._connection, picture, revision=base, corrections=corrections)
            return folded

    def start_over(self, name: str, identity: FileIdentity | None) -> None:
        """Forget what was done with a picture: its file holds another photo now. A note and a threshold stay."""
        with self._writing():
            picture = self._need(name)
            (last,) = self._connection.execute("SELECT last FROM picture WHERE id = ?", (picture,)).fetchone()
            for table in ("step", "snapshot", "prediction", "areas"):
                self._connection.execute(f"DELETE FROM {table} WHERE picture = ?", (picture,))
            timeline.put_base(self._connection, picture, revision=last, corrections=None)
            self._connection.execute(
                "UPDATE picture SET status = 'new', reason = '', revision = last, height = NULL, width = NULL, "
                "model = NULL, exported = NULL, exported_revision = NULL, exported_threshold = NULL WHERE id = ?",
                (picture,),
            )
            self._identify(picture, identity)

    def steps_since(self, revision: int) -> list[tuple[str, int]]:
        """Pictures with steps newer than that, and how many each: those worked on last come first."""
        query = (
            "SELECT name, steps FROM picture JOIN (SELECT picture, count(*) AS steps, max(revision) AS newest "
            "FROM step WHERE revision > ? GROUP BY picture) ON id = picture ORDER BY newest DESC"
        )
        with self._reading():
            return [(name_of_key(key), steps) for key, steps in self._connection.execute(query, (revision,))]

    @property
    def last_revision(self) -> int:
        """The largest revision that any picture ever had: new ones have to be larger."""
        with self._reading():
            return int(self._connection.execute("SELECT coalesce(max(last), 0) FROM picture").fetchone()[0])


def _taken_back(
    corrections: Patch | None, steps: Sequence[StoredStep], *, revision: int, shape: tuple[int, int]
) -> Patch | None:
    """The human layer before the first of `steps`, of which those up to `revision` have made `corrections`."""
    segment_map = timeline.applied(SegmentMap(*shape), [] if corrections is None else [corrections], forward=True)
    done = [step.patch for step in steps if step.revision <= revision]
    return human_snapshot(timeline.applied(segment_map, reversed(done), forward=False))
