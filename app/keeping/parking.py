"""Corrections of large pictures are packed away and brought back beside the GUI thread: no hand waits for that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from app.core.patches import Patch, human_snapshot, rebuilt_map
from app.core.segment_map import SegmentMap
from app.editing.session import Session
from app.workers.lane import Lane

NOW, LATER = 0, 9  # priorities in the lane


class Parking:
    """What the session asks for when pictures are left and come back."""

    def __init__(self, session: Session, lane: Lane, *, came_back: Callable[[Path], None]) -> None:
        """`came_back(path)`: the map of a picture is there again."""
        self._session, self._lane, self._came_back = session, lane, came_back
        session.compress_later = self.compress_later
        session.unpack_later = self.unpack_later

    def is_unpacking(self, path: Path) -> bool:
        return self._lane.has(("map", path))

    def compress_later(self, path: Path) -> None:
        """Compressing the corrections of a large picture takes a tenth of a second."""
        document = self._session.find(path)
        segment_map = None if document is None else document.segment_map
        if segment_map is None:
            return
        revision = self._session.export_state(path).revision
        self._lane.submit(
            lambda _token: human_snapshot(segment_map),
            key=("park", path),
            done=lambda corrections: self._session.park(path, corrections, revision=revision),
            failed=self._session.said.emit,
            priority=LATER,
        )

    def unpack_later(self, path: Path, corrections: Patch) -> None:
        """The photo shows at once; its labels follow when the map is made again, which can take a second."""

        def done(segment_map: SegmentMap) -> None:
            self._session.bring_back(path, corrections, segment_map)
            self._came_back(path)

        self._lane.submit(
            lambda _token: rebuilt_map(corrections),
            key=("map", path),
            done=done,
            failed=self._session.said.emit,
            priority=NOW,
        )
