"""The connection to a project's file: how it is opened, what its errors mean, and transactions."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from app.core.errors import DamagedProjectError, ProjectError
from app.core.files import reason
from app.core.project import schema

_BUSY_MS = 5000  # how long to wait for another process that writes at this moment
_ATTEMPTS = 10
_CHECKED = ("picture", "step", "base", "snapshot")  # what cannot be worked out again
_CHECK_SECONDS = 0.25  # a large file is checked as far as that goes; the rest shows itself when it is read
_CHECK_EVERY = 20_000  # SQLite's own steps between two looks at the clock
_LARGEST_LOG = 64 * 2**20  # bytes that the write-ahead log keeps on disk when it is empty

_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "it may only be read",
    sqlite3.SQLITE_PERM: "there is no permission",
    sqlite3.SQLITE_AUTH: "there is no permission",
    sqlite3.SQLITE_BUSY: "another program is using it",
    sqlite3.SQLITE_LOCKED: "another program is using it",
    sqlite3.SQLITE_CANTOPEN: "its file cannot be opened",
    sqlite3.SQLITE_IOERR: "the disk reports an error",
    sqlite3.SQLITE_PROTOCOL: "the file system cannot lock files",
    sqlite3.SQLITE_NOMEM: "memory has run out",
    sqlite3.SQLITE_TOOBIG: "something is too large for it",
}
_WITHOUT_ROOM = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR)  # also said of files for which there is no room
_LEAST_ROOM = 64 * 2**10  # bytes that SQLite needs beside a project to open it
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def open_database(file: Path, *, read_only: bool) -> sqlite3.Connection:
    """A connection to a project's file with today's tables, made where there is none.

    It may be used from any thread, but from one at a time. ProjectError, and nothing changed, when that is not
    possible; DamagedProjectError for a file that a rescue may get something out of.
    """
    connection = None
    try:
        schema.inspect(file)
        connection = _connect(file, read_only=read_only)
        if read_only:
            schema.check_version(connection, file)
        else:
            schema.known_version(connection, file)  # before anything is changed in the file of somebody else
            _write_ahead(connection)
            schema.prepare(connection, file)
        _quick_check(connection, file)
    except BaseException as error:
        if connection is not None:
            connection.close()
        known = _opening_problem(error, file)
        if known is None:
            raise
        raise known from error
    return connection


def may_write(path: Path) -> bool:
    """What the permissions say."""
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def connect_plainly(file: Path) -> sqlite3.Connection:
    """A connection that only reads, whatever is in the file, and takes any bytes for text. sqlite3.Error."""
    connection = _connect(file, read_only=True)
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    return connection


def problem(error: sqlite3.Error, file: Path, *, doing: str) -> ProjectError | None:
    """What an error of SQLite means, as a sentence; None for one that is a mistake of this program."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE) & 0xFF
    if code in _DAMAGED:
        return DamagedProjectError(f"The project {file} is damaged.", file=file)
    why = _REASONS.get(code)
    if code in _WITHOUT_ROOM and is_full(file.parent):
        why = _REASONS[sqlite3.SQLITE_FULL]
    return None if why is None else ProjectError(f"The project {file} cannot be {doing}: {why}.", may_pass=True)


@contextmanager
def writing(connection: sqlite3.Connection, file: Path) -> Iterator[None]:
    """One transaction: all of it is in the file afterwards, or nothing and a ProjectError."""
    with _transaction(connection, file, begin="BEGIN IMMEDIATE", doing="written"):
        yield


@contextmanager
def reading(connection: sqlite3.Connection, file: Path) -> Iterator[None]:
    """Everything that is read within it is of one moment. ProjectError when it cannot be read."""
    with _transaction(connection, file, begin="BEGIN", doing="read"):
        yield


@contextmanager
def attached(connection: sqlite3.Connection, other: Path, *, name: str) -> Iterator[None]:
    """The tables of another sound project's file are there as well, as those of `name`. sqlite3.Error."""
    connection.execute(f"ATTACH DATABASE ? AS {name}", (_address(other, read_only=False),))
    try:
        yield
    finally:
        connection.execute(f"DETACH DATABASE {name}")


@contextmanager
def _transaction(connection: sqlite3.Connection, file: Path, *, begin: str, doing: str) -> Iterator[None]:
    try:
        try:
            connection.execute(begin)
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # SQLite has taken it back already where the disk is full
                connection.execute("ROLLBACK")
            raise
    except sqlite3.Error as error:
        if (known := problem(error, file, doing=doing)) is None:
            raise
        raise known from error


def is_full(folder: Path) -> bool:
    """Whether the disk of a folder has no room for what SQLite needs beside a file."""
    try:
        return shutil.disk_usage(folder).free < _LEAST_ROOM
    except OSError:
        return False


def _opening_problem(error: BaseException, file: Path) -> ProjectError | None:
    if isinstance(error, sqlite3.Error):
        return problem(error, file, doing="opened")
    if isinstance(error, OSError):
        return ProjectError(f"The project {file} cannot be opened: {reason(error)}.")
    return None


def _connect(file: Path, *, read_only: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(
        _address(file, read_only=read_only),
        uri=True,
        isolation_level=None,  # transactions are begun by hand
        check_same_thread=False,
        timeout=_BUSY_MS / 1000,
    )
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def _address(file: Path, *, read_only: bool) -> str:
    path = file.absolute().as_posix()
    quoted = quote(path.encode("utf-8", "surrogateescape"))
    address = f"file://{'' if path.startswith('/') else '/'}{quoted}"
    if not read_only:
        return f"{address}?mode=rwc"
    if may_write(file.parent) or _has_log(file):
        return f"{address}?mode=ro"
    return f"{address}?mode=ro&immutable=1"  # where SQLite cannot even keep its lock file, nobody writes either


def _has_log(file: Path) -> bool:
    log = file.with_name(f"{file.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _write_ahead(connection: sqlite3.Connection) -> None:
    """A commit is one write to the end of the log: quick, and whole or not there at all after a crash."""
    for attempt in range(_ATTEMPTS):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:  # here alone SQLite does not wait for who is about to do the same
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or attempt == _ATTEMPTS - 1:
                raise
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("COMMIT")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA journal_size_limit = {_LARGEST_LOG}")


def _quick_check(connection: sqlite3.Connection, file: Path) -> None:
    """DamagedProjectError where the tables of what people did are not sound, as far as a short look tells."""
    limit = time.monotonic() + _CHECK_SECONDS
    connection.set_progress_handler(lambda: time.monotonic() > limit, _CHECK_EVERY)
    try:
        for table in _CHECKED:
            if connection.execute(f"PRAGMA quick_check('{table}')").fetchone()[0] != "ok":
                raise DamagedProjectError(f"The project {file} is damaged.", file=file)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
    finally:
        connection.set_progress_handler(None, 0)
