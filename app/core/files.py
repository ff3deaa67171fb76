"""Writing files so that a reader sees the old content or the new one, never half of it."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import time
from pathlib import Path

from app.core.errors import ExportError

_TEMPORARY = re.compile(r"\.[0-9a-f]{16}\.part")
_LEFT_BEHIND = 60.0  # seconds after which nobody is writing a temporary file any more
_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EACCES: "there is no permission",
    errno.EPERM: "there is no permission",
    errno.EROFS: "the disk is read-only",
    errno.ENOENT: "the folder does not exist",
    errno.ENOTDIR: "its folder is not a folder",
    errno.EISDIR: "a folder of that name is in the way",
    errno.EEXIST: "a file of that name is in the way",
    errno.ENAMETOOLONG: "the name is too long",
}


def atomic_write(path: Path, data: bytes) -> None:
    """Replace the file `path` by `data`, or leave it as it was.

    The data goes to a temporary file in the same folder and to the disk, then takes the place of the old file in one
    step. ExportError when that fails; the temporary file is gone then.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}.part")  # short: the name itself may be as long as it can be
    try:
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        where = "" if path.parent == Path() else f" to {path.parent}"
        raise ExportError(f"{path.name} cannot be written{where}: {reason(error)}.") from error
    _sync_folder(path.parent)


def remove_leftovers(folder: Path) -> None:
    """Remove what `atomic_write` left behind where a process was killed in the middle of it, a minute ago or more."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if _TEMPORARY.fullmatch(path.name):
                with contextlib.suppress(OSError):
                    if time.time() - path.stat().st_mtime > _LEFT_BEHIND:
                        path.unlink()


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, unless it is there. ExportError when that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ExportError(f"The folder {folder} cannot be made: {reason(error)}.") from error


def reason(error: OSError) -> str:
    """Why a file operation failed, as the end of a sentence without its full stop."""
    known = _REASONS.get(error.errno or 0)
    return known or (error.strerror or str(error)).rstrip(".")


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut, where the system can do that for a folder."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
