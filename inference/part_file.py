"""A file that is still on its way: what has come so far, and of which file on the web it is the beginning."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

LARGEST_NOTE = 100_000  # bytes; ours are a few hundred


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The file on the web, as its server described it: enough to tell whether it is still the same one."""

    url: str
    etag: str | None = None
    modified: str | None = None  # Last-Modified, as it came
    total: int | None = None  # bytes; None where the server does not say

    @property
    def validator(self) -> str | None:
        """What `If-Range` may be asked with (RFC 9110, 13.1.5): a strong ETag, else the date; None without either."""
        if self.etag is not None and not self.etag.startswith("W/"):
            return self.etag
        return self.modified

    def is_other(self, later: Origin) -> bool:
        """Whether what the server says now shows that its file is another one."""
        pairs = ((self.etag, later.etag), (self.modified, later.modified), (self.total, later.total))
        return any(None not in pair and pair[0] != pair[1] for pair in pairs)


class PartFile:
    """`<target>.part` and, beside it, `<target>.part.json` with its origin. Raises `OSError`."""

    def __init__(self, target: Path) -> None:
        self.path = target.with_name(f"{target.name}.part")
        self._note = target.with_name(f"{target.name}.part.json")

    @property
    def size(self) -> int:
        """Bytes that are here."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def origin(self, url: str) -> Origin | None:
        """Where the bytes came from, when that was `url` and they can be gone on with; else None."""
        if not self.size or (origin := self._noted()) is None or origin.url != url:
            return None
        if origin.total is not None and self.size > origin.total:
            return None
        return origin if origin.validator is not None or self.is_whole(origin) else None

    def is_whole(self, origin: Origin) -> bool:
        """Whether all bytes are here."""
        return origin.total is not None and self.size == origin.total

    def begin(self, origin: Origin) -> None:
        """Nothing is here yet, and what will be is of this origin; the note first, so that it never lies."""
        self.path.unlink(missing_ok=True)
        self._write(origin)

    def end(self, origin: Origin) -> None:
        """All of a file has come whose size the server did not say."""
        self._write(replace(origin, total=self.size))

    def open(self) -> BinaryIO:
        """For writing at its end."""
        return self.path.open("ab")

    def drop(self) -> None:
        """Forget what came."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def become(self, target: Path) -> None:
        """The whole file takes its place, in one step."""
        with self.path.open("rb+") as file:
            os.fsync(file.fileno())
        self.path.replace(target)
        self._note.unlink(missing_ok=True)

    def _write(self, origin: Origin) -> None:
        fresh = self._note.with_name(f"{self._note.name}~")
        fresh.write_text(json.dumps(asdict(origin)), encoding="utf-8")
        fresh.replace(self._note)

    def _noted(self) -> Origin | None:
        """A note that is missing, cut off or not ours is none: then all is fetched again."""
        with suppress(FileNotFoundError, ValueError, RecursionError, TypeError):
            if self._note.stat().st_size <= LARGEST_NOTE:
                return _origin(json.loads(self._note.read_text(encoding="utf-8")))
        return None


def _origin(values: dict[str, Any]) -> Origin | None:
    origin = Origin(**values)
    texts = all(isinstance(text, str | None) for text in (origin.etag, origin.modified))
    return origin if texts and type(origin.total) in (int, type(None)) else None
