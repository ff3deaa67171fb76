"""What the network said about pictures, and what its segments cover."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.core.arrays import I64
from app.core.errors import ProjectError
from app.core.pictures import PictureStatus
from app.core.project.areas import FolderAreas, pack_areas
from app.core.project.packing import pack_prediction, unpack_prediction
from app.core.project.parts import EVERY_ROW, StorePart, name_key, name_of_key, plain_text
from app.core.project.records import FileIdentity, StoredPrediction
from app.core.tables import Thresholds
from inference.prediction import Prediction, SegmentTable


@dataclass(frozen=True)
class PackedAnswer:
    """What the network said of a picture as the file keeps it. Packing takes a tenth of a second: any thread may."""

    data: bytes
    areas: bytes | None  # None where the picture was not composed for the segments view

    @classmethod
    def of(cls, prediction: Prediction, counts: I64 | None) -> PackedAnswer:
        """`counts`: pixels per code shown, (256,) int64, of the segments view, as for `keep_areas`; or None."""
        areas = None if counts is None else pack_areas(counts, prediction.segment_table())
        return cls(pack_prediction(prediction), areas)


_NOTE_TOUCHED = (
    "CREATE TEMP TABLE IF NOT EXISTS touched (picture INTEGER PRIMARY KEY)",
    *(
        f"CREATE TEMP TRIGGER IF NOT EXISTS touched_{number} AFTER {change} ON main.{table} "
        f"BEGIN INSERT OR IGNORE INTO touched VALUES ({row}); END"
        for number, (change, table, row) in enumerate(
            [
                ("INSERT", "areas", "new.picture"),
                ("UPDATE", "areas", "new.picture"),
                ("DELETE", "areas", "old.picture"),
                ("UPDATE OF name, threshold, gone", "picture", "new.id"),
                ("DELETE", "picture", "old.id"),
            ]
        )
    ),
)
"""Has SQLite itself take note of what changes the areas, whoever changes it on this connection."""


class Predictions(StorePart):
    """The last answer for each picture, and the areas that come of it and of the corrections."""

    _seen_version: int | None = None  # of the file as other windows write it, when `touched` was called last

    def keep_prediction(
        self, name: str, prediction: Prediction, *, model: str, identity: FileIdentity, counts: I64 | None = None
    ) -> None:
        """Keep what the network `model` answered for the photo that is `identity`; `counts` as in `PackedAnswer.of`."""
        self.keep_answer(name, PackedAnswer.of(prediction, counts), model=model, identity=identity)

    def keep_answer(self, name: str, answer: PackedAnswer, *, model: str, identity: FileIdentity) -> None:
        """`keep_prediction` of what is packed already."""
        data = answer.data
        with self._writing():
            picture = self._need(name)
            known = self._connection.execute("SELECT data FROM prediction WHERE picture = ?", (picture,)).fetchone()
            self._connection.execute(
                "INSERT OR REPLACE INTO prediction VALUES (?, ?, ?, ?, ?)",
                (picture, identity.size, identity.mtime_ns, identity.header, data),
            )
            self._connection.execute(
                "UPDATE picture SET model = :model, gone = 0, "
                "repredicted = repredicted OR (:other AND exported_revision IS NOT NULL), "
                "reason = iif(status = 'unreadable', '', reason), "
                "status = iif(status IN ('new', 'unreadable'), 'predicted', status) WHERE id = :id",
                {"model": plain_text(model), "other": known is not None and known[0] != data, "id": picture},
            )
            self._connection.execute("DELETE FROM areas WHERE picture = ?", (picture,))
            if answer.areas is not None:
                self._put_areas(picture, answer.areas)
            (last,) = self._connection.execute("SELECT last FROM picture WHERE id = ?", (picture,)).fetchone()
            if not last:  # there are no corrections that belong to an earlier photo
                self._identify(picture, identity)

    def prediction(self, name: str) -> StoredPrediction | None:
        """What the network said last; None where it said nothing, or where that is damaged: it can say it again."""
        with self._reading():
            row = self._connection.execute(
                "SELECT data, model, prediction.size, prediction.mtime_ns, prediction.header "
                "FROM prediction JOIN picture ON picture.id = picture WHERE name = ?",
                (name_key(name),),
            ).fetchone()
        if row is None:
            return None
        try:
            return StoredPrediction(unpack_prediction(row[0]), row[1], FileIdentity(*row[2:]))
        except ProjectError:
            return None

    def predicted_identity(self, name: str, *, model: str | None) -> FileIdentity | None:
        """Of which file the answer that is kept was given; None where it does not count.

        It counts where `model` has given it. A picture that is done was accepted with the labels it had: its answer
        counts whichever model has given it, and with None as `model` no other does.
        """
        with self._reading():
            row = self._connection.execute(
                "SELECT prediction.size, prediction.mtime_ns, prediction.header "
                "FROM prediction JOIN picture ON picture.id = picture WHERE name = ? AND (model = ? OR status = ?)",
                (name_key(name), None if model is None else plain_text(model), PictureStatus.DONE.value),
            ).fetchone()
        return None if row is None else FileIdentity(*row)

    def keep_areas(self, name: str, counts: I64, table: SegmentTable) -> None:
        """What is shown now: pixels per code, (256,) int64, and the network's codes explained, of the segments view.

        Corrections change it: to be called when there is time.
        """
        self.put_areas(name, pack_areas(counts, table))

    def put_areas(self, name: str, packed: bytes, *, over: bool = True) -> bool:
        """`keep_areas` of what is packed already; whether it was taken. Unless it goes `over` what is known of the
        picture, it is left where anything is."""
        with self._writing():
            picture = self._need(name)
            query = "SELECT 1 FROM areas WHERE picture = ?"
            if not over and self._connection.execute(query, (picture,)).fetchone() is not None:
                return False
            self._put_areas(picture, packed)
            return True

    def areas(self, names: Iterable[str] | None = None, *, part: range = EVERY_ROW) -> FolderAreas:
        """What the segments of all pictures cover, or of those of these names, of which that is known.

        `part`: as in `rows`.
        """
        select = "SELECT name, threshold, segments FROM areas JOIN picture ON picture.id = picture WHERE "
        with self._reading():
            if names is None:
                query = select + "NOT gone AND picture.id BETWEEN ? AND ?"
                rows = self._connection.execute(query, (part.start, part.stop - 1)).fetchall()
            else:
                found = (self._connection.execute(select + "name = ?", (name_key(name),)).fetchone() for name in names)
                rows = [row for row in found if row is not None]
        return FolderAreas.of_packed([(name_of_key(key), own, packed) for key, own, packed in rows])

    def touched(self) -> set[int] | None:
        """The numbers of the rows of which `areas` may say other things than at the last call.

        None: of any row, as it is the first call, or because another window has written meanwhile.
        """
        with self._reading():
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            for statement in _NOTE_TOUCHED if self._seen_version is None else ():
                self._connection.execute(statement)
            rows = self._connection.execute("SELECT picture FROM temp.touched").fetchall()
            self._connection.execute("DELETE FROM temp.touched")
        before, self._seen_version = self._seen_version, int(version)
        return {row for (row,) in rows} if before == version else None

    def with_class(self, class_id: int, *, threshold: Thresholds | float | None, share: float = 0.0) -> set[str]:
        """The pictures of which more than `share` 0..1 is labelled with a class 1..150.

        Whoever asks more than once keeps `areas`.
        """
        return self.areas().with_class(class_id, threshold=threshold, share=share)

    def _put_areas(self, picture: int, packed: bytes) -> None:
        self._connection.execute("INSERT OR REPLACE INTO areas VALUES (?, ?)", (picture, packed))
