"""What becomes of a project whose file is damaged: it is set aside, and a new one takes what can be read of it.

Nothing is ever overwritten: the new file is finished before the old one gets another name.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from app.core.errors import ProjectError
from app.core.files import reason
from app.core.project import schema
from app.core.project.database import connect_plainly, open_database, writing
from app.core.project.salvage import Salvaged, salvage

_PAGE = 4096  # bytes of a page of SQLite, unless one asks for others
_PAGES_AT = 28  # in the first page: their number, four bytes
_SIDES = ("-wal", "-shm")
_ROOM = 2  # times the size of the file; where there is less, predictions are left behind: they can be made again


def rescue(file: Path) -> str:
    """Put a sound project in the place of a damaged one, with all that can be read of it; what came of it, a sentence.

    The damaged file is kept beside it as `<name>.damaged-<date>`. ProjectError, and nothing changed, when there is no
    room or no permission for that.
    """
    building, copy = (file.with_name(f".{secrets.token_hex(8)}.part") for _ in range(2))
    try:
        with closing(open_database(building, read_only=False)) as target:
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            with _source(file, copy, first_page=building.read_bytes()[:_PAGE]) as source, writing(target, building):
                room = shutil.disk_usage(file.parent).free > _ROOM * file.stat().st_size
                salvaged = Salvaged() if source is None else salvage(source, target, predictions=room)
        aside = _set_aside(file)
        building.replace(file)
    except OSError as error:
        raise ProjectError(f"The damaged project {file} cannot be set aside: {reason(error)}.") from error
    finally:
        for path in (building, copy):
            _remove(path)
    return f"The project of this folder was damaged and is kept as {aside.name}; {_told(salvaged)}."


@contextmanager
def _source(file: Path, copy: Path, *, first_page: bytes) -> Iterator[sqlite3.Connection | None]:
    """Something to read the damaged file with; None where there is nothing in it to read.

    Without its first page SQLite finds no table in a file. As every project has its tables in the same places, that of
    a new one does as well, in a `copy`.
    """
    connection = _readable(file)
    if connection is None and file.stat().st_size > _PAGE:
        for side in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(file.with_name(file.name + side), copy.with_name(copy.name + side))
        pages = copy.stat().st_size // _PAGE
        with copy.open("r+b") as opened:
            opened.write(first_page[:_PAGES_AT] + pages.to_bytes(4, "big") + first_page[_PAGES_AT + 4 :])
        connection = _readable(copy)
    if connection is None:
        yield None
    else:
        with closing(connection):
            yield connection


def _readable(file: Path) -> sqlite3.Connection | None:
    """A connection to a file whose tables SQLite can find."""
    try:
        connection = connect_plainly(file)
    except sqlite3.Error:
        return None
    try:
        for table in schema.TABLES:
            connection.execute(f"SELECT 1 FROM {table} LIMIT 0")
    except sqlite3.Error:
        connection.close()
        return None
    return connection


def _set_aside(file: Path) -> Path:
    """Give the file and what belongs to it a name that nothing has, and leave the file itself where it is too, so that
    there is one at any moment, if the file system can do that."""
    stamp = datetime.now().strftime("%Y-%m-%d-%H%M%S")
    name = f"{file.name}.damaged-{stamp}"
    aside, number = file.with_name(name), 1
    while any(aside.with_name(aside.name + side).exists() for side in ("", *_SIDES)):
        number += 1
        aside = file.with_name(f"{name}-{number}")
    try:
        os.link(file, aside)
    except OSError:
        file.rename(aside)
    for side in _SIDES:
        with contextlib.suppress(FileNotFoundError):
            file.with_name(file.name + side).rename(aside.with_name(aside.name + side))
    return aside


def _told(salvaged: Salvaged) -> str:
    if not salvaged.pictures:
        return "nothing in it could be read"
    kept = f"what was known of {_many(salvaged.pictures, 'picture')} was rescued"
    if salvaged.corrected:
        kept += f", the corrections of {salvaged.corrected} among them ({_many(salvaged.steps, 'step')})"
    if salvaged.in_part:
        kept += f"; of {_many(salvaged.in_part, 'picture')} some corrections are lost"
    return kept


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _remove(path: Path) -> None:
    for side in ("", *_SIDES):
        with contextlib.suppress(OSError):
            path.with_name(path.name + side).unlink(missing_ok=True)
