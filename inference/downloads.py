"""Large files from the web: gone on with after an interruption, checked, and in their place only when they are whole.

What has come lies in `<target>.part`; a later call asks for the rest only, and begins anew where the file on the server
has changed in the meantime. What passes by itself (a server with trouble, a line that breaks off or falls silent) is
tried again after a pause, as often as it gets further; anything else is one sentence.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from inference.errors import ExpectedError
from inference.part_file import PartFile

LARGEST = 2_000_000_000  # bytes; the published weights are some 50 MB

_FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})


class DownloadError(ExpectedError):
    """A file that could not be fetched."""


class UnreachableError(DownloadError):
    """Nobody answered: there is no network, or something is in between."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a download is."""

    done: int  # bytes that are here, those of earlier calls with them
    total: int | None  # bytes; None where the server does not say
    rate: float  # bytes per second; 0 before it is known
    trouble: str = ""  # why the last attempt came to nothing, a sentence; it is tried again


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait for what, in seconds."""

    connect: float = 15.0
    silence: float = 30.0  # without a byte
    attempts: int = 6  # in a row that get no further
    attempts_unheard: int = 2  # as long as no server has ever answered
    pause: float = 1.0  # before the second attempt; twice as long before each that follows
    longest_pause: float = 30.0
    longest_wait: float = 120.0  # that a server may ask for


PATIENCE = Patience()


def download(
    url: str,
    target: Path,
    *,
    sha256: str | None = None,
    largest: int = LARGEST,
    progress: Callable[[Progress], None] = lambda _: None,
    cancelled: threading.Event | None = None,
    patience: Patience | None = None,
) -> str:
    """Fetch `url` into the file `target`, which is replaced in one step; gives its SHA-256 in hexadecimal.

    `sha256` is what it has to be, `largest` the most bytes it may have. `progress` is called on this thread. Raises
    `DownloadError` with one sentence, and `Cancelled` soon after `cancelled` is set; what has come is kept for the next
    call, unless it turned out to be the wrong thing.
    """
    from inference.download_job import Job  # and with it the client, which a window that fetches nothing does without

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        job = Job(url, PartFile(target), largest, progress, cancelled or threading.Event(), patience or PATIENCE)
        with job.watched() if cancelled is not None else nullcontext():
            job.fetch()
        return job.put_in_place(target, sha256=sha256)
    except OSError as error:
        raise _unwritable(target.parent, error) from error


def size_text(size: int) -> str:
    """A number of bytes for people: 53.9 MB."""
    value, unit = float(size), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 999.95:
            break
        value, unit = value / 1000, larger
    return f"{size:,} bytes" if unit == "bytes" else f"{value:.1f} {unit}"


def _unwritable(folder: Path, error: OSError) -> DownloadError:
    """What to raise where a file could not be written."""
    if error.errno in _FULL:
        return DownloadError(f"The disk of {folder} is full; what is already there stays and is gone on with.")
    return DownloadError(f"{folder} cannot be written to: {error.strerror or error}.")
