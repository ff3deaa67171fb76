"""Two files of one project become one: nothing that was done to a picture in either is lost.

Of each picture the longer history counts: what has the newer revisions. Facts that only one of the two knows are kept
whichever that is. Pictures are the same where their names are.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from app.core.project.database import attached, writing

_HISTORY = "height, width, revision, last"
_EXPORT = "exported, exported_revision, exported_threshold, repredicted"
_ALL = f"name, size, mtime_ns, header, status, reason, note, threshold, model, gone, {_HISTORY}, {_EXPORT}"
_UNTOUCHED = "('new', 'predicted', 'unreadable')"
_TOLD = f"was.status NOT IN {_UNTOUCHED} AND (picture.status IN {_UNTOUCHED} OR pair.newer)"
_SAME_STEPS = """NOT EXISTS (
    SELECT 1 FROM {here}.step AS mine WHERE mine.picture = {mine} AND NOT EXISTS (
        SELECT 1 FROM {there}.step AS other
        WHERE other.picture = {other} AND other.revision = mine.revision AND other.patch = mine.patch))"""
_WITHIN_OLD = _SAME_STEPS.format(here="main", mine="now.id", there="old", other="was.id")
_WITHIN_NOW = _SAME_STEPS.format(here="old", mine="was.id", there="main", other="now.id")

# Every picture of the old file: its rows, whether the file has it already, and whether its history is the one to keep.
_PAIRS = f"""CREATE TEMP TABLE pair AS
    SELECT was.id AS old_id, now.id AS new_id, now.id IS NULL AS fresh,
        now.id IS NULL OR (was.last >= now.last AND was.last > 0 AND (
            was.last != now.last OR was.revision != now.revision OR NOT {_WITHIN_NOW})) AS takes,
        now.id IS NOT NULL AND iif(was.last >= now.last, NOT {_WITHIN_OLD}, NOT {_WITHIN_NOW}) AS torn,
        ifnull(was.last >= now.last, 1) AS newer
    FROM old.picture AS was LEFT JOIN main.picture AS now ON now.name = was.name"""

# For pictures that both know: `was` is what the old file says, `picture` what this one does.
_FACTS = f"""UPDATE main.picture SET
    status = iif({_TOLD}, was.status, picture.status),
    reason = iif({_TOLD}, was.reason, picture.reason),
    note = CASE
        WHEN instr(picture.note, was.note) THEN picture.note
        WHEN instr(was.note, picture.note) THEN was.note
        ELSE was.note || ' / ' || picture.note END,
    threshold = iif(pair.newer, coalesce(was.threshold, picture.threshold), coalesce(picture.threshold, was.threshold))
    FROM pair JOIN old.picture AS was ON was.id = pair.old_id WHERE picture.id = pair.new_id AND NOT pair.fresh"""
_EXPORTS = f"""UPDATE main.picture SET ({_EXPORT}) = (SELECT {_EXPORT} FROM old.picture WHERE id = pair.old_id)
    FROM pair JOIN old.picture AS was ON was.id = pair.old_id
    WHERE picture.id = pair.new_id AND was.exported IS NOT NULL AND (picture.exported IS NULL OR pair.newer)"""
_HISTORIES = f"""UPDATE main.picture SET (size, mtime_ns, header, {_HISTORY}) =
        (SELECT size, mtime_ns, header, {_HISTORY} FROM old.picture WHERE id = pair.old_id)
    FROM pair WHERE picture.id = pair.new_id AND pair.takes"""
_TAKEN = {
    "step": "revision, previous, text, patch",
    "base": "revision, corrections",
    "snapshot": "revision, corrections",
}


def torn(connection: sqlite3.Connection, file: Path, old: Path) -> bool:
    """Whether `merge` would leave behind steps that only one of the two files has: people went on from both."""
    with attached(connection, old, name="old"), writing(connection, file):
        _pair(connection)
        (found,) = connection.execute("SELECT EXISTS (SELECT 1 FROM pair WHERE torn)").fetchone()
        connection.execute("DROP TABLE pair")
    return bool(found)


def merge(connection: sqlite3.Connection, file: Path, old: Path) -> None:
    """Bring what is in the project's file `old` to that of `connection`, in one transaction. ProjectError."""
    with attached(connection, old, name="old"), writing(connection, file):
        _pair(connection)
        connection.execute(
            f"INSERT INTO main.picture ({_ALL}) SELECT {_ALL} FROM old.picture JOIN pair ON id = old_id WHERE fresh"
        )
        connection.execute(
            "UPDATE pair SET new_id = (SELECT now.id FROM main.picture AS now JOIN old.picture AS was "
            "ON now.name = was.name WHERE was.id = old_id) WHERE fresh"
        )
        for statement in (_FACTS, _EXPORTS, _HISTORIES):
            connection.execute(statement)
        for table, columns in _TAKEN.items():
            connection.execute(f"DELETE FROM main.{table} WHERE picture IN (SELECT new_id FROM pair WHERE takes)")
            connection.execute(
                f"INSERT INTO main.{table} (picture, {columns}) SELECT new_id, {columns} FROM old.{table} "
                "JOIN pair ON picture = old_id WHERE takes"
            )
        _take_answers(connection)
        connection.execute("INSERT OR IGNORE INTO main.meta SELECT * FROM old.meta")
        connection.execute("DROP TABLE pair")


def _pair(connection: sqlite3.Connection) -> None:
    connection.execute(_PAIRS)
    connection.execute("CREATE UNIQUE INDEX temp.pair_new ON pair (new_id)")


def _take_answers(connection: sqlite3.Connection) -> None:
    """What the network said where this file has no answer, and the areas of pictures whose history came over."""
    connection.execute(
        "INSERT OR IGNORE INTO main.prediction SELECT new_id, size, mtime_ns, header, data FROM old.prediction "
        "JOIN pair ON picture = old_id"
    )
    connection.execute(
        "UPDATE main.picture SET model = (SELECT was.model FROM old.picture AS was JOIN pair ON was.id = old_id "
        "WHERE new_id = picture.id), status = iif(status = 'new', 'predicted', status) "
        "WHERE model IS NULL AND id IN (SELECT picture FROM main.prediction)"
    )
    connection.execute("DELETE FROM main.areas WHERE picture IN (SELECT new_id FROM pair WHERE takes)")
    connection.execute(
        "INSERT OR IGNORE INTO main.areas SELECT new_id, segments FROM old.areas JOIN pair ON picture = old_id"
    )
