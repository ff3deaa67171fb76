"""Which pictures a list of paths means, in the order people expect."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path

from inference.errors import PhotoError
from inference.photo import PHOTO_SUFFIXES

NaturalKey = tuple[tuple[str | int, ...], str]
_NUMBER = re.compile(r"(\d+)", re.ASCII)
_DOT, _GOES_ON = "\0", "\1"  # a name that ends comes before one that a number goes on with, and that before all others


class PictureStatus(Enum):
    """How far the work on a picture has come."""

    NEW = "new"
    PREDICTED = "predicted"
    CORRECTED = "corrected"
    EXPORTED = "exported"
    UNREADABLE = "unreadable"


def natural_key(text: str) -> NaturalKey:
    """Sorts `photo.jpg` before `photo2.jpg`, that before `photo10.jpg`, in any case; equal only for equal texts."""
    words = _NUMBER.split(text.casefold().replace(".", _DOT))  # words and numbers in turn, words first
    return tuple(int(word) if index % 2 else word + _GOES_ON for index, word in enumerate(words)), text


def list_pictures(paths: Sequence[Path]) -> list[Path]:
    """The pictures that `paths` name, sorted naturally, each once.

    A file stays whatever its suffix: it was named on purpose, and opening it says what it is. A folder stands for the
    photos directly in it; hidden files and links that lead nowhere are passed over. PhotoError for a path that does not
    exist and for a folder that may not be read.
    """
    found: dict[tuple[str, str], Path] = {}
    for path in paths:
        for folder, name, picture in _expand(path):
            found.setdefault((folder, name), picture)
    keys = {folder: tuple(map(natural_key, Path(folder).parts)) for folder in {folder for folder, _ in found}}
    return [found[place] for place in sorted(found, key=lambda place: (keys[place[0]], natural_key(place[1])))]


def _expand(path: Path) -> Iterator[tuple[str, str, Path]]:
    """Absolute folder, name and path of each picture. The folder is made absolute without following links."""
    try:
        if not path.is_dir():
            path.stat()
            yield *os.path.split(os.path.abspath(path)), path  # noqa: PTH100 - resolve() would follow links
            return
        with os.scandir(path) as entries:
            names = [entry.name for entry in entries if _is_photo(entry)]
    except PermissionError:
        raise PhotoError(f"There is no permission to read {path}.") from None
    except FileNotFoundError:
        raise PhotoError(f"{path} does not exist.") from None
    except OSError as error:
        raise PhotoError(f"{path} cannot be read: {error.strerror or error}.") from None
    folder = os.path.abspath(path)  # noqa: PTH100
    for name in names:
        yield folder, name, path / name


def _is_photo(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(".") or os.path.splitext(entry.name)[1].lower() not in PHOTO_SUFFIXES:  # noqa: PTH122
        return False
    try:
        return entry.is_file()
    except OSError:  # a link in a circle, or one whose target may not be looked at
        return False
