"""Files that people name: opened, or refused in one sentence."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from typing import BinaryIO

from inference.errors import ExpectedError


def shown(path: Path) -> str:
    """The file's name, printable even where its bytes are no UTF-8."""
    return os.fsencode(path.name or str(path)).decode("utf-8", "replace")


def opened(path: Path, *, wanted: str, refusal: type[ExpectedError]) -> BinaryIO:
    """The file, open for reading; `wanted` says what it should be, with its article. Raises `refusal`."""
    name = shown(path)
    if kind := _special_kind(path):  # opened, a pipe would be waited for until somebody writes
        raise refusal(f"{name} is a {kind}, not {wanted}.")
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise refusal(f"{name} does not exist.") from error
    except IsADirectoryError as error:
        raise refusal(f"{name} is a folder, not {wanted}.") from error
    except PermissionError as error:
        raise refusal(f"{name} cannot be opened: permission denied.") from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise refusal(f"{name} cannot be opened: {getattr(error, 'strerror', None) or error}.") from error


def _special_kind(path: Path) -> str:
    """What stands under a name where that is neither a file nor a folder; nothing where it cannot be told."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # opening it says why
        return ""
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return ""
    if stat.S_ISFIFO(mode):
        return "pipe"
    return "socket" if stat.S_ISSOCK(mode) else "device"


def replace_file(path: Path, content: bytes) -> None:
    """Write beside the target, then rename: another process sees the old file or the new one, never half of it.

    Raises `OSError`.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
