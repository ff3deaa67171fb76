"""The tables of a project, and how those of earlier versions become them.

A new file goes through the same steps as an old one, so there is one way to get to today's tables.

Blobs have tables of their own: the list of all pictures reads `picture` from end to end and passes over none of them.
Names are bytes, UTF-8 with what a file system has beyond it, so that any name comes back as it was.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from app.core.errors import DamagedProjectError, ProjectError

APPLICATION_ID = int.from_bytes(b"ADEM", "big")
_MAGIC = b"SQLite format 3\0"
_HEADER = 100  # bytes before the first page of tables
_VERSION_AT, _APPLICATION_AT = 60, 68  # https://www.sqlite.org/fileformat.html#the_database_header

_FIRST = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE picture (
        id INTEGER PRIMARY KEY,
        name BLOB NOT NULL UNIQUE,
        size INTEGER, mtime_ns INTEGER, header BLOB,  -- of the photo's file, NULL while nobody looked
        height INTEGER, width INTEGER,
        status TEXT NOT NULL DEFAULT 'new',
        reason TEXT NOT NULL DEFAULT '',
        threshold REAL,
        model TEXT,  -- that made the prediction, NULL where there is none
        revision INTEGER NOT NULL DEFAULT 0,  -- where the picture stands in its history
        last INTEGER NOT NULL DEFAULT 0,  -- the newest revision it ever had, those taken back and replaced included
        exported_revision INTEGER, exported_threshold REAL, exported TEXT,
        repredicted INTEGER NOT NULL DEFAULT 0  -- whether the network has answered otherwise since the export
    )""",
    """CREATE TABLE base (  -- the human layer before the first kept step; without a row: revision 0, nothing decided
        picture INTEGER PRIMARY KEY REFERENCES picture ON DELETE CASCADE,
        revision INTEGER NOT NULL,
        corrections BLOB
    )""",
    """CREATE TABLE step (
        id INTEGER PRIMARY KEY,
        picture INTEGER NOT NULL REFERENCES picture ON DELETE CASCADE,
        revision INTEGER NOT NULL,
        previous INTEGER NOT NULL,  -- the revision that it was made on
        text TEXT NOT NULL,
        patch BLOB NOT NULL,
        UNIQUE (picture, revision)
    )""",
    """CREATE TABLE snapshot (  -- the human layer at some revision: it saves work, and holds nothing of its own
        picture INTEGER PRIMARY KEY REFERENCES picture ON DELETE CASCADE,
        revision INTEGER NOT NULL,
        corrections BLOB
    )""",
    """CREATE TABLE prediction (
        picture INTEGER PRIMARY KEY REFERENCES picture ON DELETE CASCADE,
        size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, header BLOB NOT NULL,  -- of the photo that was looked at
        data BLOB NOT NULL
    )""",
    """CREATE TABLE areas (
        picture INTEGER PRIMARY KEY REFERENCES picture ON DELETE CASCADE,
        segments BLOB NOT NULL
    )""",
)
_NOTES = (
    "ALTER TABLE picture ADD COLUMN note TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE picture ADD COLUMN gone INTEGER NOT NULL DEFAULT 0",  # the file was not there at the last look
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _NOTES)
"""What makes version n + 1 of version n, at index n."""

VERSION = len(MIGRATIONS)
TABLES = ("meta", "picture", "base", "step", "snapshot", "prediction", "areas")


def inspect(file: Path) -> None:
    """Look at a file's first bytes before SQLite touches it; one that is not there or is empty is fine.

    Raises:
        ProjectError: another program made it, or a newer version of this one.
        DamagedProjectError: it is no database at all.
        OSError: it cannot be read.
    """
    try:
        with file.open("rb") as opened:
            head = opened.read(_HEADER)
    except FileNotFoundError:
        return
    if not head:
        return
    if len(head) < _HEADER or not head.startswith(_MAGIC):
        raise DamagedProjectError(f"{file} is not a project: it is damaged, or another file of that name.", file=file)
    application, version = (int.from_bytes(head[at : at + 4], "big") for at in (_APPLICATION_AT, _VERSION_AT))
    if application or version:  # both are 0 while the first transaction is not yet out of the write-ahead log
        _check(file, application, version)


def prepare(connection: sqlite3.Connection, file: Path) -> None:
    """Make the tables, or bring those of an earlier version up to date, one transaction for each version.

    `connection` is in autocommit mode. ProjectError, and nothing changed, for a file of a newer version or of another
    program; sqlite3.Error when it cannot be written.
    """
    while known_version(connection, file) < VERSION:
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = known_version(connection, file)  # another process may have been faster
            if version < VERSION:
                for statement in MIGRATIONS[version]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def check_version(connection: sqlite3.Connection, file: Path) -> None:
    """ProjectError unless the tables are those of today: for whoever may only read."""
    if known_version(connection, file) < VERSION:
        raise ProjectError(
            f"The project {file} was made by an earlier version; it has to be opened once where it can be written."
        )


def known_version(connection: sqlite3.Connection, file: Path) -> int:
    """The version of the tables, 0 where there are none yet. ProjectError unless this program may touch them."""
    version, application, tables = connection.execute(  # at once: another process may be making them at this moment
        "SELECT user_version, application_id, (SELECT count(*) FROM sqlite_schema) "
        "FROM pragma_user_version, pragma_application_id"
    ).fetchone()
    if application or version or tables:
        _check(file, application, version)
    return int(version)


def _check(file: Path, application: int, version: int) -> None:
    if application != APPLICATION_ID:
        raise ProjectError(f"{file} is a database of another program.")
    if version > VERSION:
        raise ProjectError(
            f"The project {file} was made by a newer version of this program (its version is {version}, "
            f"this program knows {VERSION}); it was left as it is."
        )
