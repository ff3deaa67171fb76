"""Where the project of a folder is: in the folder, in one above it, or in the user's data folder.

A project in its folder moves with it. One in the data folder, for photos on a disk that cannot be written, remembers
its folder by more than the path, and is found again where that is mounted or named otherwise.
"""

from __future__ import annotations

import errno
import hashlib
import heapq
import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

import resources
from app.core.project.database import connect_plainly, may_write

FILE_NAME = ".ade-mask-studio.sqlite"
FOLDER_KEY = "folder"
"""Under this key a project that does not lie in its folder keeps what `describe` says of that."""

_OURS = Path(resources.__file__).parent  # with the sample photos
_NAMES = 16  # entries by which a folder is known again
_A_FOLDER = -1  # in place of a size


@dataclass(frozen=True, slots=True)
class Place:
    """The project of a picture, which need not be there yet."""

    root: Path  # the folder whose pictures it keeps, with all below it
    file: Path
    writable: bool


def project_file(folder: Path) -> Place:
    """Where the project of the pictures in `folder` is, or has to be made.

    The nearest one at or above it, up to the user's home; else a new one in the folder, or in the user's data folder
    when that cannot be written.
    """
    folder = Path(os.path.abspath(folder))  # noqa: PTH100 - links stay links
    elsewhere = list(_projects_elsewhere())
    for root in _upwards(folder):
        file = root / FILE_NAME
        if file.is_file():
            return Place(root, file, may_write(file) and may_write(root))
        for file, record in elsewhere:
            if _is_of(record, root):
                return Place(root, file, writable=True)
    if _can_write(folder):
        return Place(folder, folder / FILE_NAME, writable=True)
    identity = hashlib.blake2b(json.dumps(describe(folder)).encode(), digest_size=8).hexdigest()
    return Place(folder, _data_folder() / f"{identity}.sqlite", writable=True)


def describe(folder: Path) -> dict[str, Any]:
    """By what a folder is known again, for JSON: its path, its place on the disk, and the first of what is in it."""
    try:
        stat = folder.stat()
        with os.scandir(folder) as entries:
            first = heapq.nsmallest(_NAMES, (entry.name for entry in entries if not entry.name.startswith(".")))
        place = [stat.st_dev, stat.st_ino]
    except OSError:
        first, place = [], []
    return {"path": str(folder), "place": place, "entries": [[name, _size(folder / name)] for name in first]}


def _upwards(folder: Path) -> Iterator[Path]:
    home = Path.home()
    for root in (folder, *folder.parents):
        yield root
        if root == home:
            return


def _data_folder() -> Path:
    return platformdirs.user_data_path("ade-mask-studio", appauthor=False) / "projects"


def _projects_elsewhere() -> Iterator[tuple[Path, dict[str, Any]]]:
    """The projects in the data folder and what they know their folders by; what cannot be read is passed over."""
    try:
        files = sorted(_data_folder().glob("*.sqlite"))
    except OSError:
        return
    for file in files:
        try:
            with closing(connect_plainly(file)) as connection:
                row = connection.execute("SELECT value FROM meta WHERE key = ?", (FOLDER_KEY,)).fetchone()
            record = None if row is None else json.loads(row[0])
        except (sqlite3.Error, ValueError):
            continue
        if isinstance(record, dict) and record.keys() >= {"path", "place", "entries"}:
            yield file, record


def _is_of(record: dict[str, Any], folder: Path) -> bool:
    """Whether a project was made for `folder`.

    Neither the path nor the place on the disk says so alone: one memory card after the other has the same.
    """
    try:
        stat = folder.stat()
    except OSError:
        return False
    same_path, same_place = record["path"] == str(folder), record["place"] == [stat.st_dev, stat.st_ino]
    entries = record["entries"]
    if not entries:
        return bool(same_path and same_place)
    there = _shared(entries, folder)
    if same_path or same_place:
        return there > 0
    return there == len(entries) and _shared(entries, Path(record["path"])) == 0  # else this is a copy of it


def _shared(entries: list[list[Any]], folder: Path) -> int:
    return sum(_size(folder / name) == size for name, size in entries)


def _size(path: Path) -> int | None:
    try:
        return _A_FOLDER if path.is_dir() else path.stat().st_size
    except OSError:
        return None


def _can_write(folder: Path) -> bool:
    """By trying: what the permissions say is not all that there is to it. The application itself is not written."""
    if folder.is_relative_to(_OURS):
        return False
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError as error:
        return error.errno in (errno.ENOSPC, errno.EDQUOT)  # there will be room again
