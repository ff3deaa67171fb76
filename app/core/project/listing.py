"""The list of all pictures of a project, and the small facts that it shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from app.core.pictures import PictureStatus
from app.core.project.parts import EVERY_ROW, StorePart, name_key, name_of_key, plain_text
from app.core.project.records import STATUSES, ExportedState, FileIdentity, PictureRow

_ROW = (
    "name, size, mtime_ns, status, reason, note != '', repredicted, height, width, threshold, model, revision, "
    "exported_revision, exported_threshold"
)
_UNTOUCHED = "model IS NULL AND last = 0"  # nothing is known of such a picture that another photo could make wrong


class Listing(StorePart):
    """A row for every file that was seen in the folder."""

    def set_identity(self, name: str, identity: FileIdentity) -> None:
        """The file of a picture is this now, and it is the same photo."""
        with self._writing():
            self._identify(self._need(name), identity)

    def set_status(self, name: str, status: PictureStatus, reason: str = "") -> None:
        self._update(name, "status = ?, reason = ?", status.value, plain_text(reason))

    def set_statuses(self, names: Sequence[str], status: PictureStatus, reason: str = "") -> None:
        """The same status and reason for many pictures, in one transaction."""
        keys, why = [name_key(name) for name in names], plain_text(reason)
        with self._writing():
            write = self._connection.executemany
            write("INSERT OR IGNORE INTO picture (name) VALUES (?)", ((key,) for key in keys))
            write(
                "UPDATE picture SET status = ?, reason = ? WHERE name = ?",
                ((status.value, why, key) for key in keys),
            )

    def set_note(self, name: str, note: str) -> None:
        self._update(name, "note = ?", plain_text(note))

    def fill_in(self, told: Iterable[tuple[str, PictureStatus, str]]) -> None:
        """What is known elsewhere of pictures, (name, status, note), where nothing like it is known here."""
        untouched = "('new', 'predicted', 'unreadable')"
        with self._writing():
            for name, status, note in told:
                self._connection.execute(
                    f"UPDATE picture SET status = iif(status IN {untouched} AND :told != 'new', :told, status), "
                    f"reason = iif(status IN {untouched} AND :told != 'new', '', reason), "
                    "note = iif(note = '', :note, note) WHERE id = :id",
                    {"told": status.value, "note": plain_text(note), "id": self._need(name)},
                )

    def set_threshold(self, name: str, threshold: float | None) -> None:
        """The picture's own threshold 0..1, or None."""
        self._update(name, "threshold = ?", threshold)

    def set_exported(self, name: str, record: ExportedState) -> None:
        self._update(
            name,
            "exported = ?, exported_revision = ?, exported_threshold = ?, repredicted = 0",
            record.to_json(),
            record.revision,
            record.threshold,
        )

    def last_row(self) -> int:
        """The number of the last row: a long list is read in parts, so that nobody waits for the whole of it."""
        with self._reading():
            (last,) = self._connection.execute("SELECT ifnull(max(id), 0) FROM picture").fetchone()
        return int(last)

    def rows(self, names: Iterable[str] | None = None, *, part: range = EVERY_ROW) -> list[PictureRow]:
        """All pictures whose files were there at the last look, or those of these names that are known.

        `part`: of all, only the rows with these numbers.
        """
        select = f"SELECT {_ROW} FROM picture WHERE "
        with self._reading():
            if names is None:
                query = select + "NOT gone AND id BETWEEN ? AND ?"
                return [_row(*values) for values in self._connection.execute(query, (part.start, part.stop - 1))]
            found = (self._connection.execute(select + "name = ?", (name_key(name),)).fetchone() for name in names)
            return [_row(*values) for values in found if values is not None]

    def uncorrected(self) -> list[str]:
        """The pictures on which there is nothing of a person's, and that nobody called done, in the order of the list;
        their files were there at the last look."""
        query = (
            "SELECT name FROM picture AS p WHERE NOT p.gone AND p.status NOT IN ('done', 'unreadable') "
            "AND NOT EXISTS (SELECT 1 FROM base AS b WHERE b.picture = p.id AND b.corrections IS NOT NULL) "
            "AND NOT EXISTS (SELECT 1 FROM step AS s WHERE s.picture = p.id AND s.revision <= p.revision) "
            "ORDER BY p.id"
        )
        with self._reading():
            return [name_of_key(key) for (key,) in self._connection.execute(query)]

    def notes(self) -> dict[str, str]:
        """What was written about pictures, by their names."""
        with self._reading():
            rows = self._connection.execute("SELECT name, note FROM picture WHERE note != ''").fetchall()
        return {name_of_key(key): note for key, note in rows}

    def add_files(self, files: Iterable[tuple[str, FileIdentity]]) -> list[str]:
        """These files are in the folder: (name, identity), the beginning of the file need not have been read.

        New ones get a row. Of known ones of which nothing was kept yet, the identity is renewed, and an unreadable one
        that changed is new again. The names of those that are other files than what is kept of them: whoever opens one
        has to look whether it still is the same photo.
        """
        with self._writing():
            query = f"SELECT size, mtime_ns, gone, {_UNTOUCHED} FROM picture WHERE name = ?"
            fresh, back, renewed, others = [], [], [], []
            for name, identity in files:
                key = name_key(name)
                values = (identity.size, identity.mtime_ns, identity.header, key)
                known = self._connection.execute(query, (key,)).fetchone()
                if known is None:
                    fresh.append(values)
                    continue
                size, mtime_ns, gone, untouched = known
                if gone:
                    back.append((key,))
                if (size, mtime_ns) == values[:2]:
                    continue
                if untouched or size is None:
                    renewed.append(values)
                else:
                    others.append(name)
            write = self._connection.executemany
            write("INSERT OR IGNORE INTO picture (size, mtime_ns, header, name) VALUES (?, ?, ?, ?)", fresh)
            write("UPDATE picture SET gone = 0 WHERE name = ?", back)
            write(
                "UPDATE picture SET size = ?, mtime_ns = ?, header = ?, "
                "reason = iif(status = 'unreadable', '', reason), "
                "status = iif(status = 'unreadable', 'new', status) WHERE name = ?",
                renewed,
            )
            return others

    def gone(self, names: Iterable[str]) -> None:
        """These files are not there any more. What is known of them is kept, should they come back."""
        with self._writing():
            self._connection.executemany(
                "UPDATE picture SET gone = 1 WHERE name = ?", ((name_key(name),) for name in names)
            )


def _row(
    key: bytes,
    size: int | None,
    mtime_ns: int | None,
    status: str,
    reason: str,
    note: int,
    other: int,
    height: int | None,
    width: int | None,
    *rest: Any,
) -> PictureRow:
    """From the columns of `_ROW`."""
    shape = None if height is None or width is None else (height, width)
    name = name_of_key(key)
    return PictureRow(name, size, mtime_ns, STATUSES[status], reason, note != 0, other != 0, shape, *rest)
