"""Photos come from their files, and never before what is known of them: nobody paints over what is not there yet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.keeping.keeper import Keeper
from app.workers.lane import Lane
from app.workers.tasks import load_pyramid

Pyramid = tuple[NDArray[np.uint8], ...]


class Photos(QObject):
    """Decodes photos in the lane of files, and says when one is there and its record as well."""

    ready = Signal(object, object)  # Path, pyramid
    failed = Signal(object, str)  # Path, why the file cannot be read as a photo

    def __init__(self, lane: Lane, keeper: Keeper, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane, self._keeper = lane, keeper
        self._held: dict[Path, Pyramid] = {}  # photos that wait for what is known of them
        keeper.loaded.connect(self._record_loaded)

    def load(self, path: Path, *, priority: int) -> None:
        """Read a photo and its record."""
        self._keeper.load(path)
        if self._keeper.is_undecided(path):
            return
        self._lane.submit(
            lambda token: load_pyramid(path, token),
            key=("photo", path),
            done=lambda pyramid: self._decoded(path, pyramid),
            failed=lambda reason: self.failed.emit(path, reason),
            priority=priority,
        )

    def is_loading(self, path: Path) -> bool:
        return self._lane.has(("photo", path)) or path in self._held

    def cancel(self, path: Path) -> bool:
        """Stop waiting for a photo; False when nobody does."""
        held = self._held.pop(path, None)
        return self._lane.cancel(("photo", path)) or held is not None

    def keep_only(self, wanted: Path | None) -> None:
        """Load no other photo."""
        self._lane.cancel_where(lambda key: isinstance(key, tuple) and key[0] == "photo" and key[1] != wanted)
        self._held = {path: pyramid for path, pyramid in self._held.items() if path == wanted}

    def _decoded(self, path: Path, pyramid: Pyramid) -> None:
        if self._keeper.is_loaded(path):
            self.ready.emit(path, pyramid)
        else:
            self._held[path] = pyramid

    def _record_loaded(self, path: Path) -> None:
        if path in self._held:
            self.ready.emit(path, self._held.pop(path))
