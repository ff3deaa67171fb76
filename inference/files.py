"""Files that people name: opened, or refused in one sentence."""

from __future__ import annotations

import os
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
