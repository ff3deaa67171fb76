"""What becomes of a project whose file was deleted or replaced while it was open.

An open connection still reads the file that it was opened on, wherever that is now, and everything in it that no window
holds. So it is copied whole: into the empty place, or it is merged into the project that lies there by now.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from app.core.errors import ProjectError
from app.core.files import reason
from app.core.project.database import is_full, problem

SIDES = ("-wal", "-shm")


@contextmanager
def copied(connection: sqlite3.Connection, file: Path) -> Iterator[Path | None]:
    """A finished copy of all that `connection` reads, beside `file`, which is gone afterwards unless it was moved.

    None where nothing can be read any more, as of a disk that was taken out. ProjectError when there is no room.
    """
    part = file.with_name(f".{secrets.token_hex(8)}.part")
    try:
        yield part if _copy(connection, part, file) else None
    finally:
        remove(part)


def settle(part: Path, file: Path) -> bool:
    """Give a finished copy the name `file`; False where somebody has put a file there meanwhile.

    ProjectError, which may pass, when that is not possible.
    """
    try:
        for side in SIDES:  # of the file that was deleted: nothing else may be read with another
            file.with_name(file.name + side).unlink(missing_ok=True)
        try:
            os.link(part, file)
        except FileExistsError:
            return False
        except OSError:  # a file system without links
            if file.exists():
                return False
            part.rename(file)
    except OSError as error:
        raise ProjectError(f"The project {file} cannot be written: {reason(error)}.", may_pass=True) from error
    return True


def keep_aside(part: Path, file: Path) -> Path:
    """Have a finished copy lie beside `file` for good, under a name that nothing has."""
    stamp = datetime.now().strftime("%Y-%m-%d-%H%M%S")
    for number in range(1, 1000):
        aside = file.with_name(f"{file.name}.replaced-{stamp}{'' if number == 1 else f'-{number}'}")
        if settle(part, aside):
            return aside
    raise ProjectError(f"There is no name left for a copy of {file}.")


def remove(file: Path) -> None:
    """Remove a file of SQLite that nobody needs any more, with what belongs to it."""
    for side in ("", *SIDES):
        with contextlib.suppress(OSError):
            file.with_name(file.name + side).unlink(missing_ok=True)


def _copy(connection: sqlite3.Connection, part: Path, file: Path) -> bool:
    try:
        with closing(sqlite3.connect(part)) as target:
            connection.backup(target)
            return True
    except sqlite3.Error as error:
        known = problem(error, part, doing="copied")
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE) & 0xFF
        if known is None or not known.may_pass or (code == sqlite3.SQLITE_IOERR and not is_full(part.parent)):
            return False  # it is the old file that cannot be read
        why = str(known).rpartition(": ")[2]
        raise ProjectError(f"The project {file} cannot be written: {why}", may_pass=True) from error
