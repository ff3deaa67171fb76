"""Which pictures a list of paths means, in the order people expect."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path

from inference.errors import PhotoError
from inference.photo import PHOTO_SUFFIXES

NaturalKey = tuple[tuple[str, int, str], ...]
_PIECES = re.compile(r"(\D*)(\d*)", re.ASCII)


class PictureStatus(Enum):
    """How far the work on a picture has come."""

    NEW = "new"
    PREDICTED = "predicted"
    CORRECTED = "corrected"
    EXPORTED = "exported"
    UNREADABLE = "unreadable"


def natural_key(text: str) -> NaturalKey:
    """Sorts `photo 9` before `photo 10`, without regard to case; equal only for equal texts."""
    pieces = tuple((words.casefold(), int(digits or -1), digits) for words, digits in _PIECES.findall(text))
    return (*pieces, (text, 0, ""))


def list_pictures(paths: Sequence[Path]) -> list[Path]:
    """The pictures that `paths` name, sorted naturally, each once.

    A file stays whatever its suffix: it was named on purpose, and opening it says what it is. A folder stands for the
    photos directly in it; hidden files and links that lead nowhere are passed over. PhotoError for a path that does not
    exist and for a folder that may not be read.
    """
    found: dict[str, Path] = {}
    for path in paths:
        for picture in _expand(path):
            found.setdefault(os.path.abspath(picture), picture)  # noqa: PTH100 - links stay links, `..` goes
    return [found[key] for key in sorted(found, key=_path_key)]


def _path_key(path: str) -> tuple[NaturalKey, ...]:
    return tuple(natural_key(part) for part in Path(path).parts)


def _expand(path: Path) -> Iterator[Path]:
    try:
        if not path.is_dir():
            path.stat()
            yield path
            return
        with os.scandir(path) as entries:
            names = [entry.name for entry in entries if _is_photo(entry)]
    except PermissionError:
        raise PhotoError(f"There is no permission to read {path}.") from None
    except FileNotFoundError:
        raise PhotoError(f"{path} does not exist.") from None
    except OSError as error:
        raise PhotoError(f"{path} cannot be read: {error.strerror or error}.") from None
    for name in names:
        yield path / name


def _is_photo(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(".") or os.path.splitext(entry.name)[1].lower() not in PHOTO_SUFFIXES:  # noqa: PTH122
        return False
    try:
        return entry.is_file()
    except OSError:  # a link in a circle, or one whose target may not be looked at
        return False
