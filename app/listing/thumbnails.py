"""Thumbnails for the list: made by a thread of their own, the ones asked for last first, and kept on the disk."""

from __future__ import annotations

import itertools
from pathlib import Path

import platformdirs
from PySide6.QtCore import QObject, Signal

from app.core.arrays import U8
from app.core.project.records import identify
from app.core.thumbnail_cache import ThumbnailCache
from app.workers.lane import CancelToken, Lane
from inference.photo import read_thumbnail

SIDE, FINE_SIDE = 192, 320  # pixels: as wide as the widest cell of the grid, on a plain and on a fine screen
MOST_WAITING = 300  # more than any list shows at once: those that were asked for longest ago have scrolled away


class Thumbnails(QObject):
    """Answers each request with `ready`, `failed`, or, where it was overtaken by too many others, `dropped`."""

    ready = Signal(object, object)  # Path, (h, w, 3) uint8 RGB
    failed = Signal(object, str)  # Path, why the file cannot be read
    dropped = Signal(object)  # Path that is to be asked for again when it is seen

    def __init__(self, parent: QObject | None = None, *, cache: Path | None = None) -> None:
        """`cache`: the folder that they are kept in; the user's own by default."""
        super().__init__(parent)
        self._lane = Lane("thumbnails", self)
        self._cache = ThumbnailCache(cache or platformdirs.user_cache_path("ade-mask-studio", False) / "thumbnails")
        self._side = SIDE
        self._numbers = itertools.count()
        self._waiting: dict[Path, None] = {}  # the one asked for longest ago first

    def show_at(self, ratio: float) -> None:
        """They are shown with so many device pixels per point: what is being made is asked for again."""
        side = SIDE if ratio <= 1 else FINE_SIDE
        if side != self._side:
            self._side = side
            self.forget()

    def request(self, path: Path) -> None:
        """Have a thumbnail made."""

        def done(thumbnail: U8) -> None:
            self._waiting.pop(path, None)
            self.ready.emit(path, thumbnail)

        def failed(reason: str) -> None:
            self._waiting.pop(path, None)
            self.failed.emit(path, reason)

        self._waiting.pop(path, None)
        self._waiting[path] = None
        side = self._side
        self._lane.submit(
            lambda token: self._make(path, side, token),
            key=path,
            done=done,
            failed=failed,
            priority=-next(self._numbers),
        )
        while len(self._waiting) > MOST_WAITING:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            self._lane.cancel(oldest)
            self.dropped.emit(oldest)

    def forget(self) -> None:
        """Other pictures are listed: nobody waits for those of before."""
        self._waiting.clear()
        self._lane.cancel_where(lambda _key: True)

    def is_idle(self) -> bool:
        return self._lane.is_idle()

    def close(self) -> None:
        self._lane.close()

    def _make(self, path: Path, side: int, token: CancelToken) -> U8:
        """In the lane. PhotoError where there is no photo."""
        try:
            identity = identify(path)
        except OSError:
            return read_thumbnail(path, side)  # which says what is wrong
        known = self._cache.get(identity, side)
        if known is not None:
            return known
        token.check()
        thumbnail = read_thumbnail(path, side)
        self._cache.put(identity, side, thumbnail)
        return thumbnail
