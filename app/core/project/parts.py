"""What every part of a project's store stands on: its connection, its names, and small facts."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from app.core.errors import ProjectError
from app.core.project.database import reading, writing
from app.core.project.records import FileIdentity

EVERY_ROW = range(1, 2**62)


class StorePart:
    """The connection to the project of the folder `root`, in `file`, and what all its methods need."""

    def __init__(self, connection: sqlite3.Connection, *, root: Path, file: Path, read_only: bool) -> None:
        self.root = root
        self.file = file
        self.read_only = read_only
        self._connection = connection

    def close(self) -> None:
        """Let go of the file. Nothing waits to be written; the store cannot be used afterwards."""
        self._connection.close()

    def name_of(self, path: Path) -> str:
        """The name of a picture in or below the folder. ValueError for one elsewhere."""
        return Path(os.path.abspath(path)).relative_to(self.root).as_posix()  # noqa: PTH100

    def path_of(self, name: str) -> Path:
        return self.root / name

    # --- small facts about the project itself ------------------------------------------------------------------------

    def value(self, key: str, default: Any = None) -> Any:
        """What was kept under `key`, made of what JSON knows; `default` where there is nothing."""
        with self._reading():
            row = self._connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return default if row is None else json.loads(row[0])

    def set_value(self, key: str, value: Any) -> None:
        """Keep something that JSON can write."""
        with self._writing():
            self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))

    # --- for the parts -----------------------------------------------------------------------------------------------

    def _reading(self) -> AbstractContextManager[None]:
        return reading(self._connection, self.file)

    def _writing(self) -> AbstractContextManager[None]:
        if self.read_only:
            raise ProjectError(f"The project {self.file} was opened for reading only.")
        return writing(self._connection, self.file)

    def _need(self, name: str) -> int:
        """The row of a picture, made where there is none. Within a transaction."""
        key = name_key(name)
        row = self._connection.execute("SELECT id FROM picture WHERE name = ?", (key,)).fetchone()
        if row is not None:
            return int(row[0])
        return int(self._connection.execute("INSERT INTO picture (name) VALUES (?) RETURNING id", (key,)).fetchone()[0])

    def _update(self, name: str, assignments: str, *values: object) -> None:
        """Set columns of a picture in a transaction of its own."""
        with self._writing():
            self._connection.execute(f"UPDATE picture SET {assignments} WHERE id = ?", (*values, self._need(name)))

    def _identify(self, picture: int, identity: FileIdentity | None) -> None:
        values = (None, None, None) if identity is None else (identity.size, identity.mtime_ns, identity.header)
        self._connection.execute(
            "UPDATE picture SET size = ?, mtime_ns = ?, header = ? WHERE id = ?", (*values, picture)
        )


def name_key(name: str) -> bytes:
    """A name as the file keeps it: any name that a file system gives comes back as it was."""
    return name.encode("utf-8", "surrogatepass")


def name_of_key(key: bytes) -> str:
    """Turns `name_key` back. UnicodeDecodeError for anything else."""
    return key.decode("utf-8", "surrogatepass")


def plain_text(text: str) -> str:
    """Text that a database can hold: names of files may have bytes in them that are no characters."""
    return text.encode("utf-8", "backslashreplace").decode()
