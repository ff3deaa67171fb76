"""The list of weights that were fetched or brought: where each lies, and the hash by which it is known ever after.

Every model has a folder of its own under `store_folder()`; `models.json` there, the ledger, makes it one. It is changed
by one program at a time and replaced in one step.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import platformdirs

from inference.errors import WeightsError

STORE_VARIABLE = "ADE_MASK_STUDIO_MODELS"
"""The environment variable that puts the store elsewhere, for example on a disk that several machines share."""

LARGEST_LEDGER = 10_000_000  # bytes; ours are a few hundred for each model
_LOCK_SECONDS = 30.0  # changing the ledger takes a moment
_NAME = re.compile(r"\w[\w.+ -]{0,98}\w|\w")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Weights that are known by their hash. The file itself may have been lost since."""

    file: str  # its name in the folder of its model
    sha256: str
    size: int  # bytes
    url: str | None  # where it was fetched; None: somebody brought it
    added: str  # date and time, universal, as in ISO 8601


def store_folder() -> Path:
    """Where fetched and brought weights lie."""
    if chosen := os.environ.get(STORE_VARIABLE):
        return Path(chosen)
    return platformdirs.user_data_path("ade-mask-studio", appauthor=False) / "models"


def folder_of(name: str) -> Path:
    """The folder of a model in the store. Raises `WeightsError` for what cannot be the name of one."""
    if not is_name(name):
        raise WeightsError(f"{name!r} cannot be the name of a model: take letters, digits, dots, dashes and blanks.")
    return store_folder() / name


def is_name(text: str) -> bool:
    """Whether a model may be called so: it is also the name of a folder."""
    return _NAME.fullmatch(text) is not None


def read_ledger() -> Mapping[str, Entry]:
    """Every model of the store by name. Raises `WeightsError` for a ledger that cannot be read."""
    path = _path()
    try:
        if path.stat().st_size > LARGEST_LEDGER:
            raise ValueError("it is too large")
        content = json.loads(path.read_text(encoding="utf-8"))
        return MappingProxyType({name: _entry(name, values) for name, values in content.items()})
    except FileNotFoundError:
        return MappingProxyType({})
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise WeightsError(
            f"{path}, the list of fetched weights, is damaged ({error}); delete it and fetch or add them again."
        ) from error


@contextmanager
def changed_ledger() -> Iterator[dict[str, Entry]]:
    """The ledger to be changed: written when the context ends well. Raises `WeightsError`, `OSError`."""
    from filelock import FileLock, Timeout

    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path.with_name(".models.lock"), timeout=_LOCK_SECONDS):
            entries = dict(read_ledger())
            yield entries
            fresh = path.with_name("models.json~")
            with fresh.open("w", encoding="utf-8") as file:
                json.dump({name: asdict(entry) for name, entry in sorted(entries.items())}, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
    except Timeout as error:
        raise WeightsError(f"{path} is being changed by another program.") from error


@contextmanager
def alone_with(name: str) -> Iterator[None]:
    """One program at a time fetches, adds or removes this model. Raises `WeightsError` where another one does."""
    from filelock import FileLock, Timeout

    folder = folder_of(name).parent
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / f".{name}.lock", timeout=0):
            yield
    except Timeout as error:
        raise WeightsError(f"{name} is being fetched, added or removed by another window or command.") from error


def _path() -> Path:
    return store_folder() / "models.json"


def _entry(name: str, values: Mapping[str, Any]) -> Entry:
    kinds = {"file": str, "sha256": str, "size": int, "url": str | None, "added": str}
    if not all(isinstance(values.get(key, ...), kind) for key, kind in kinds.items()):
        raise TypeError(f"the entry {name!r} is of a wrong kind")
    entry = Entry(**values)
    if not (is_name(name) and is_name(entry.file) and _SHA256.fullmatch(entry.sha256)):
        raise ValueError(f"the entry {name!r} is of a wrong kind")
    return entry
