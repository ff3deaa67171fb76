"""What tools that work inside a line have in common: the line drawn by hand, and the pixels it goes around."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING

from app.core.geometry import Point
from app.core.segment_map import SegmentMap
from app.core.shapes import polygon_spans
from app.core.spans import Spans
from app.tools.base import Pointer, Sketch, Tool

if TYPE_CHECKING:
    from app.editing.session import Session

_DRAWN_EVERY = 1 / 8  # of the pointer's reach: one logical pixel, so that a long line stays quick to draw
_CLICK = 1 / 2  # of the reach: a line that goes no further was meant as a click


class LassoTool(Tool):
    """Drag around an area; on release `area` is told what lies inside. A press without a drag is a `click`."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._points: list[Point] = []
        self._drawn: list[Point] = []
        self._start = Pointer(0, 0)
        self._far = 0.0
        self.line: Sketch | None = None  # the last one that was closed

    @abstractmethod
    def area(self, inside: Spans, start: Pointer) -> None:
        """A line was closed around the pixels `inside`, at least one; `start` is where it began, and with what held."""

    def click(self, pointer: Pointer) -> None:
        """The pointer was pressed and released in one place."""

    def press(self, pointer: Pointer) -> None:
        if self.map is None:
            return
        self._start, self._far = pointer, 0.0
        self._points = [(pointer.x, pointer.y)]
        self._drawn = list(self._points)

    def drags(self) -> bool:
        return True

    def move(self, pointer: Pointer) -> None:
        if not self._points or pointer.button is None:
            return
        point = (pointer.x, pointer.y)
        self._points.append(point)
        self._far = max(self._far, math.dist(point, self._points[0]))
        if math.dist(point, self._drawn[-1]) >= pointer.reach * _DRAWN_EVERY:
            self._drawn.append(point)
            self.show()

    def release(self, pointer: Pointer) -> None:
        points, drawn = self._points, self._drawn
        self._points, self._drawn = [], []
        segment_map = self.map
        if not points or segment_map is None:
            return
        self.show()
        if self._far < pointer.reach * _CLICK:
            self.click(self._start)
            return
        inside = polygon_spans(points, segment_map.shape)
        if inside.box.empty:
            self.session.said.emit("This line goes around no pixel of the picture.")
        else:
            self.line = Sketch(tuple(drawn), closed=True)
            self.area(inside, self._start)

    def cancel(self) -> None:
        self._points, self._drawn = [], []
        self.show()

    def sketch(self) -> Sketch | None:
        return Sketch(tuple(self._drawn), closed=True) if len(self._drawn) > 1 else None

    @property
    def map(self) -> SegmentMap | None:
        """The map of the picture on screen, if it is there."""
        document = self.session.document
        return None if document is None else document.segment_map
