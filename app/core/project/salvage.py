"""Reading what can be read of a damaged project into a new one.

SQLite stops at the first page that makes no sense. So every table is read from both ends, and what lies between row by
row. Nothing that comes out of a damaged file is believed: patches and predictions carry checksums, everything else has
to be of the right kind.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from app.core.pictures import PictureStatus
from app.core.project.areas import is_sound_areas
from app.core.project.mending import Remains, mend
from app.core.project.packing import is_sound_prediction
from app.core.project.parts import name_of_key
from app.core.project.records import STATUSES, ExportedState
from app.core.project.timeline import Mark, put_base, put_snapshot, put_step

_NEW, _IN_WORK = PictureStatus.NEW.value, PictureStatus.IN_WORK.value
_PROBED = 10_000  # rows that are looked for in vain, one after the other, where a table cannot be read from its ends
_AT_ONCE = 100  # predictions in one transaction
_NUMBER, _NUMBER_OR_NONE, _REAL_OR_NONE = (int,), (int, type(None)), (float, int, type(None))
_COLUMNS: dict[str, tuple[type, ...]] = {
    "name": (bytes,),
    "size": _NUMBER_OR_NONE,
    "mtime_ns": _NUMBER_OR_NONE,
    "header": (bytes, type(None)),
    "height": _NUMBER_OR_NONE,
    "width": _NUMBER_OR_NONE,
    "status": (str,),
    "reason": (str,),
    "threshold": _REAL_OR_NONE,
    "model": (str, type(None)),
    "revision": _NUMBER,
    "last": _NUMBER,
    "exported_revision": _NUMBER_OR_NONE,
    "exported_threshold": _REAL_OR_NONE,
    "exported": (str, type(None)),
    "repredicted": _NUMBER,
    "note": (str,),
    "gone": _NUMBER,
}


@dataclass
class Salvaged:
    """What came over."""

    pictures: int = 0
    corrected: int = 0  # pictures with corrections
    steps: int = 0
    in_part: int = 0  # pictures of which some corrections are lost


def salvage(source: sqlite3.Connection, target: sqlite3.Connection, *, predictions: bool) -> Salvaged:
    """Copy what can be read of `source` into `target`, which has empty tables and is in a transaction."""
    salvaged = Salvaged()
    _copy_facts(source, target)
    _copy_pictures(source, target)
    salvaged.pictures = target.execute("SELECT count(*) FROM picture").fetchone()[0]
    for remains in _remains(source, target):
        _keep(target, remains, salvaged)
    _copy_areas(source, target)
    if predictions:
        _copy_predictions(source, target)
    target.execute(
        "UPDATE picture SET model = NULL, status = iif(status = 'predicted', 'new', status) "
        "WHERE model IS NOT NULL AND id NOT IN (SELECT picture FROM prediction)"
    )
    return salvaged


def _copy_facts(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    try:
        for key, value in source.execute("SELECT key, value FROM meta"):
            json.loads(value)
            target.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))
    except (sqlite3.Error, ValueError, TypeError):
        return  # where the view was and the like: the window starts without


def _copy_pictures(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    names = ", ".join(_COLUMNS)
    insert = f"INSERT OR IGNORE INTO picture (id, {names}) VALUES ({', '.join('?' * (len(_COLUMNS) + 1))})"
    for picture, *values in _readable(source, "picture", names, key="id"):
        if _is_sound(dict(zip(_COLUMNS, values, strict=True))):
            target.execute(insert, (picture, *values))
    for key, picture in _indexed_names(source):
        if isinstance(picture, int) and _is_name(key):
            target.execute("INSERT OR IGNORE INTO picture (id, name) VALUES (?, ?)", (picture, key))


def _indexed_names(source: sqlite3.Connection) -> Iterator[tuple[object, object]]:
    """Names and rows of all pictures once more, from the index: the rows themselves may be lost."""
    for order in ("ASC", "DESC"):
        query = f"SELECT name, id FROM picture INDEXED BY sqlite_autoindex_picture_1 ORDER BY name {order}"
        try:
            yield from source.execute(query)
        except sqlite3.Error:
            continue
        return


def _is_sound(row: dict[str, object]) -> bool:
    if not all(isinstance(row[column], kinds) for column, kinds in _COLUMNS.items()):
        return False
    if not _is_name(row["name"]) or row["status"] not in STATUSES:
        return False
    try:
        return row["exported"] is None or bool(ExportedState.from_json(str(row["exported"])))
    except (ValueError, KeyError, TypeError):
        return False


def _is_name(key: object) -> bool:
    try:
        return isinstance(key, bytes) and bool(name_of_key(key))
    except UnicodeDecodeError:
        return False


def _remains(source: sqlite3.Connection, target: sqlite3.Connection) -> Iterator[Remains]:
    """What is left of the history of each picture that has or had one. Patches are read one picture at a time."""
    rows: dict[int, list[int]] = defaultdict(list)
    for row, picture in _readable(source, "step", "picture", key="id"):
        rows[picture].append(row)
    for picture, revision, last in target.execute("SELECT id, revision, last FROM picture").fetchall():
        steps = [step for row in rows[picture] if (step := _step(source, row)) is not None]
        base, snapshot = (_mark(source, table, picture) for table in ("base", "snapshot"))
        if last or steps or base or snapshot:
            yield Remains.of(picture, revision if last else None, base=base, snapshot=snapshot, steps=steps)


def _mark(source: sqlite3.Connection, table: str, picture: int) -> Mark | None:
    try:
        row = source.execute(f"SELECT revision, corrections FROM {table} WHERE picture = ?", (picture,)).fetchone()
    except sqlite3.Error:
        return Mark(-1, b"")  # there may have been one: nothing may be concluded from its absence
    return None if row is None else Mark(*row)


def _step(source: sqlite3.Connection, row: int) -> tuple[int, int, str, bytes] | None:
    try:
        step = source.execute("SELECT revision, previous, text, patch FROM step WHERE id = ?", (row,)).fetchone()
    except sqlite3.Error:
        return None
    sound = step is not None and all(
        isinstance(value, kind) for value, kind in zip(step, (int, int, str, bytes), strict=True)
    )
    return step if sound else None


def _keep(target: sqlite3.Connection, remains: Remains, salvaged: Salvaged) -> None:
    """Write a history that holds together."""
    mended, picture = mend(remains), remains.picture
    put_base(target, picture, revision=mended.base_revision, corrections=mended.base)
    for step, previous in zip(mended.steps, mended.previous, strict=True):
        put_step(target, picture, step, after=previous)
    if mended.corrections is not None:
        put_snapshot(target, picture, revision=mended.revision, corrections=mended.corrections)
    height, width = mended.shape or (None, None)
    newest = max(mended.revision, mended.base_revision, *(step.revision for step in mended.steps), 0)
    target.execute(
        "UPDATE picture SET revision = ?, last = max(last, ?), height = ?, width = ?, "
        "status = iif(status = ? AND ?, ?, status) WHERE id = ?",
        (mended.revision, newest, height, width, _NEW, newest > 0, _IN_WORK, picture),
    )
    salvaged.corrected += mended.corrections is not None
    salvaged.steps += len(mended.steps)
    salvaged.in_part += not mended.whole


def _copy_areas(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    known = {picture for (picture,) in target.execute("SELECT id FROM picture")}
    for picture, segments in _readable(source, "areas", "segments"):
        if picture in known and isinstance(segments, bytes) and is_sound_areas(segments):
            target.execute("INSERT OR IGNORE INTO areas VALUES (?, ?)", (picture, segments))


def _copy_predictions(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    """A few at a time: together they may be many gigabytes."""
    known = {picture for (picture,) in target.execute("SELECT id FROM picture WHERE model IS NOT NULL")}
    kinds = (int, int, bytes, bytes)
    for number, (picture, *values) in enumerate(_readable(source, "prediction", "size, mtime_ns, header, data")):
        right = all(isinstance(value, kind) for value, kind in zip(values, kinds, strict=True))
        if picture in known and right and is_sound_prediction(values[-1]):
            target.execute("INSERT OR IGNORE INTO prediction VALUES (?, ?, ?, ?, ?)", (picture, *values))
        if number % _AT_ONCE == 0:
            target.execute("COMMIT")
            target.execute("BEGIN IMMEDIATE")


def _readable(source: sqlite3.Connection, table: str, columns: str, *, key: str = "picture") -> Iterator[tuple]:  # type: ignore[type-arg]
    """The rows of a table that can be read, (key, *columns), each once, in any order."""
    query = f"SELECT {key}, {columns} FROM {table} "
    last, first = 0, None
    try:
        for row in source.execute(f"{query} ORDER BY {key}"):
            if row[0] <= last:
                break  # pages in a circle
            last = row[0]
            yield row
        else:
            return
    except sqlite3.Error:
        pass
    try:
        for row in source.execute(f"{query} ORDER BY {key} DESC"):
            if row[0] <= last or (first is not None and row[0] >= first):
                break
            first = row[0]
            yield row
    except sqlite3.Error:
        pass
    number, missed = last, 0
    while missed < _PROBED and (first is None or number + 1 < first):
        number += 1
        missed += 1
        try:
            found = source.execute(f"{query} WHERE {key} = ?", (number,)).fetchone()
        except sqlite3.Error:
            continue
        if found is not None:
            missed = 0
            yield found
