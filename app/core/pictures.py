"""Which pictures a list of paths means, in the order people expect."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np

from app.core.arrays import I64
from inference.errors import PhotoError
from inference.photo import PHOTO_SUFFIXES

NaturalKey = tuple[str, str]
_NUMBER = re.compile(r"(\d+)", re.ASCII)
_DOT, _GOES_ON = "\0", "\1"  # a name that ends comes before one that a number goes on with, and that before all others
_AT_ONCE, _PARTS = 1_000, 100  # names whose keys are made at once; parts that many names are sorted in
_NO_DIGITS = 2  # above the two: a number starts with how many digits it has
_LABELS_BESIDE = "annotations", "images"  # of ADE20K: the first holds no photos where the second is beside it
_Identity = tuple[int, int]  # device and inode: the same however a folder is reached


class PictureStatus(Enum):
    """How far the work on a picture has come. That it was exported is a mark of its own."""

    NEW = "new"
    PREDICTED = "predicted"
    IN_WORK = "in work"
    DONE = "done"
    SKIPPED = "skipped"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Listing:
    """The photos of a folder: names without paths, because a hundred thousand paths take longer to make than to find.

    `names` are relative to `folder`, with "/" between folders, in natural order: those of a folder come before those of
    its sub-folders. `refused` is what could not be looked at, each with one sentence that calls it as `names` would.
    """

    folder: Path
    names: Sequence[str]
    refused: Sequence[tuple[Path, str]] = ()

    def path(self, row: int) -> Path:
        """Where the photo in a row lies."""
        return self.folder / self.names[row]

    def paths(self) -> list[Path]:
        """Where all of them lie."""
        return [self.folder / name for name in self.names]


def natural_key(text: str) -> NaturalKey:
    """Sorts `photo.jpg` before `photo2.jpg`, that before `photo10.jpg`, in any case; equal only for equal texts."""
    return _comparable(text) + _GOES_ON, text


def sorted_names(names: Sequence[str]) -> list[str]:
    """Names without "/" in the order of `natural_key`: for a hundred thousand, half the time of sorting by it.

    Many are sorted part by part: a single call of `sorted` would hold up all other threads meanwhile.
    """
    keyed = list(_keyed(names))
    step = len(keyed) // _PARTS
    pivots = sorted(keyed[::step])[1:] if step else []
    parts: list[list[str]] = [[] for _ in range(len(pivots) + 1)]
    for one in keyed:
        parts[bisect_right(pivots, one)].append(one)
    return [_name(one) for part in parts for one in sorted(part)]


def list_pictures(paths: Sequence[Path], *, recursive: bool = False) -> list[Path]:
    """The pictures that `paths` name, sorted naturally, each once.

    A file stays whatever its suffix: it was named on purpose, and opening it says what it is. A folder stands for the
    photos in it, as `list_folder` finds them, those of its sub-folders only if asked for. PhotoError for a path that
    does not exist and for a folder that may not be read.
    """
    if len(paths) == 1 and (listing := _listing(paths[0], recursive=recursive)):
        return listing.paths()
    found: dict[tuple[str, str], Path] = {}
    for path in paths:
        for place, picture in _places(path, recursive=recursive):
            found.setdefault(place, picture)
    keys = {folder: tuple(map(natural_key, Path(folder).parts)) for folder in {folder for folder, _ in found}}
    return [found[place] for place in sorted(found, key=lambda place: (keys[place[0]], natural_key(place[1])))]


def list_folder(
    folder: Path,
    *,
    recursive: bool = False,
    without: Collection[Path] = (),
    check: Callable[[], object] = lambda: None,
) -> Listing:
    """The photos in a folder, and in its sub-folders if asked for; its content goes by suffix, no file is opened.

    Hidden files and folders are passed over, and so are the folders `without`. Each folder is looked into once, however
    many links lead to it, so links in a circle come to an end. Beside `images`, `annotations` holds labels, as in
    ADE20K, and no photos. `check` is called before each folder: what it raises ends the search. PhotoError when the
    folder itself does not exist or may not be read; what cannot be read in it is told in `refused`.
    """
    search = _Search(folder, recursive=recursive, without=without)
    names: list[str] = []
    for prefix, found in search.folders():
        check()
        found = sorted_names(found)
        names += [prefix + name for name in found] if prefix else found
    return Listing(folder, names, tuple(search.refused))


def photos_among_labels(folder: Path) -> list[Path]:
    """The photos in a folder and its sub-folders, where PNGs beside another photo of their stem are taken for labels.

    PhotoError as in `list_folder`.
    """
    found = list_folder(folder, recursive=True).paths()
    photos = {path.with_suffix("") for path in found if path.suffix.lower() != ".png"}
    return [path for path in found if path.suffix.lower() != ".png" or path.with_suffix("") not in photos]


def first_picture(folder: Path, *, recursive: bool = False, without: Collection[Path] = ()) -> Path | None:
    """The first photo that `list_folder` would list, known in less time; None where there is none. PhotoError as there.

    Sub-folders are looked into only until one holds a photo.
    """
    for prefix, found in _Search(folder, recursive=recursive, without=without).folders():
        if found:
            return folder / (prefix + _name(min(_keyed(found))))
    return None


def file_facts(listing: Listing, *, check: Callable[[], object] = lambda: None) -> tuple[I64, I64]:
    """Size in bytes and time of the last change in ns of each photo listed, (N,) int64 both; -1 where it is gone.

    Apart from the listing, as it takes longer; `check` is called before each thousand, and what it raises ends it.
    """
    facts = np.full((2, len(listing.names)), -1, np.int64)
    folder = os.fspath(listing.folder)
    for row, name in enumerate(listing.names):
        if not row % 1000:
            check()
        try:
            found = os.stat(f"{folder}/{name}")  # noqa: PTH116 - no Path for each of a hundred thousand
        except OSError:
            continue
        facts[:, row] = found.st_size, found.st_mtime_ns
    return facts[0], facts[1]


def _comparable(text: str) -> str:
    """A text whose order is the natural one of `text`: numbers say first how many digits they have."""
    words = _NUMBER.split(text.casefold().replace(".", _DOT))  # words and numbers in turn, words first
    numbers = [digits.lstrip("0") for digits in words[1::2]]
    words[1::2] = [f"{_GOES_ON}{chr(_NO_DIGITS + len(digits))}{digits}" for digits in numbers]
    return "".join(words)


def _keyed(names: Sequence[str]) -> Iterator[str]:
    """Names without "/", each behind its natural key, so that their order is that of `natural_key`.

    Keys are made for many at once, as most of the time goes into what is done for each call; plain texts, because the
    garbage collector looks through pairs.
    """
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        keys = (_comparable(f"{_GOES_ON}/".join(some)) + _GOES_ON).split("/")
        for key, name in zip(keys, some, strict=True):
            yield f"{key}{_DOT}/{name}"  # what a key goes on with is above the dot


def _name(keyed: str) -> str:
    return keyed[keyed.index("/") + 1 :]


class _Search:
    """One search through a folder: which folders were looked into, and what could not be."""

    def __init__(self, folder: Path, *, recursive: bool, without: Collection[Path]) -> None:
        self.refused: list[tuple[Path, str]] = []
        self._top = os.fspath(folder)
        self._real_top = Path(os.path.realpath(self._top))
        self._recursive = recursive
        self._seen = {identity for path in without if (identity := _identity(os.fspath(path))) is not None}

    def folders(self) -> Iterator[tuple[str, list[str]]]:
        """Each folder as what its names start with, "" or "sub/", and its photos' names in any order."""
        try:
            self._is_new("")
            found, below = self._scan("")
        except OSError as error:
            raise _unreadable(self._top, error) from None
        yield "", found
        waiting = self._in_turn("", below)
        while waiting:
            prefix = waiting.pop()
            try:
                if not self._is_new(prefix):
                    continue
                found, below = self._scan(prefix)
            except OSError as error:
                self._refuse(prefix, _unreadable(prefix[:-1], error))
                continue
            yield prefix, found
            waiting += self._in_turn(prefix, below)

    def _in_turn(self, prefix: str, below: list[str]) -> list[str]:
        """Sub-folders by what their names start with, the first to look into last."""
        labels, photos = _LABELS_BESIDE
        if photos in below and labels in below:
            below.remove(labels)
        return [f"{prefix}{name}/" for name in sorted(below, key=natural_key, reverse=True)]

    def _scan(self, prefix: str) -> tuple[list[str], list[str]]:
        """The names of photos and of sub-folders. OSError when the folder cannot be read; a part of it is kept."""
        found: list[str] = []
        below: list[str] = []
        with os.scandir(self._place(prefix)) as entries:
            try:
                for entry in entries:
                    name = entry.name
                    if name.startswith("."):
                        continue
                    photo = name[name.rfind(".") :].lower() in PHOTO_SUFFIXES
                    if photo and self._is_file(entry, prefix):
                        found.append(name)
                    elif self._recursive and self._is_folder(entry):
                        below.append(name)
            except OSError as error:  # a network drive that went away meanwhile
                self._refuse(prefix, _unreadable(prefix[:-1] or self._top, error))
        return found, below

    def _is_file(self, entry: os.DirEntry[str], prefix: str) -> bool:
        """Whether it is a file; a link that leads nowhere, or in a circle, is told, and so is what is no file at all.

        Nothing opens a pipe or a device: whoever reads one may wait for ever.
        """
        name = prefix + entry.name
        try:
            if entry.is_file():
                return True
            if not entry.is_dir():
                entry.stat()
                self._refuse(name, f"{_shown(name)} is a pipe or a device, not a file with a photo.")
        except FileNotFoundError:
            if entry.is_symlink():
                self._refuse(name, f"{_shown(name)} is a link to a file that is not there.")
        except OSError as error:
            self._refuse(name, _unreadable(name, error))
        return False

    def _is_folder(self, entry: os.DirEntry[str]) -> bool:
        """Whether it is a folder to look into: not a link to one that is looked into as it is."""
        try:
            if not entry.is_dir():
                return False
            if not entry.is_symlink():
                return True
        except OSError:  # a link in a circle: no folder, and no photo
            return False
        target = Path(os.path.realpath(entry.path))
        if not target.is_relative_to(self._real_top):
            return not self._real_top.is_relative_to(target)  # never up to all that lies above
        return any(part.startswith(".") for part in target.relative_to(self._real_top).parts)

    def _place(self, prefix: str) -> str:
        return f"{self._top}/{prefix[:-1]}" if prefix else self._top

    def _is_new(self, prefix: str) -> bool:
        """Whether the folder was not looked into so far; from now on it was."""
        identity = _identity(self._place(prefix))
        if identity is None:
            return True  # what is wrong with it shows when it is read
        new = identity not in self._seen
        self._seen.add(identity)
        return new

    def _refuse(self, name: str, reason: str | PhotoError) -> None:
        self.refused.append((Path(self._top, name), str(reason)))


def _identity(path: str) -> _Identity | None:
    """Which folder a path leads to; None where that cannot be told."""
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _listing(path: Path, *, recursive: bool) -> Listing | None:
    """What a folder holds; None for a file. PhotoError for what cannot be looked at."""
    try:
        if not path.is_dir():
            path.stat()
            return None
    except OSError as error:
        raise _unreadable(os.fspath(path), error) from None
    return list_folder(path, recursive=recursive)


def _places(path: Path, *, recursive: bool) -> Iterator[tuple[tuple[str, str], Path]]:
    """Absolute folder and name of each picture, with its path. The folder is made absolute without following links."""
    listing = _listing(path, recursive=recursive)
    if listing is None:
        folder, name = os.path.split(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
        yield (folder, name), path
        return
    top = os.path.abspath(path)  # noqa: PTH100
    for name in listing.names:
        below, _, last = name.rpartition("/")
        yield (os.path.join(top, *below.split("/")) if below else top, last), path / name  # noqa: PTH118


def _unreadable(path: str, error: OSError) -> PhotoError:
    """Why a path cannot be looked at, in one sentence."""
    match error:
        case PermissionError():
            return PhotoError(f"There is no permission to read {_shown(path)}.")
        case FileNotFoundError():
            return PhotoError(f"{_shown(path)} does not exist.")
        case _:
            return PhotoError(f"{_shown(path)} cannot be read: {error.strerror or error}.")


def _shown(path: str) -> str:
    """A path that can be printed even where its bytes are no UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")
