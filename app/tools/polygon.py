"""Polygon: click its corners; until it is closed every corner can be moved, added and taken away."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from app.core.geometry import Point
from app.core.shapes import polygon_spans
from app.tools.base import Button, Pointer, Sketch, Tool
from app.tools.options import Option
from app.tools.shapes import BECOMES, fill_area

if TYPE_CHECKING:
    from app.editing.session import Session

_EDGE = 0.6  # of the pointer's reach: an edge is taken less easily than a corner
_LEAST = 3


class Polygon(Tool):
    """Click: another corner, also on an edge. Drag a corner to move it, right click takes it away.

    The first corner, the last one once more, or Return closes it.
    """

    id: ClassVar[str] = "polygon"
    hint: ClassVar[str] = "Click the corners of an area · Return or the first corner closes it"
    options: ClassVar[tuple[Option, ...]] = (BECOMES,)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._points: list[Point] = []
        self._held: int | None = None  # the corner under the pressed pointer
        self._settled = False  # the corner in hand was there before, and has not been moved
        self._at: Point | None = None  # where the pointer is between presses
        self._near: int | None = None  # the corner under it
        self._taken: list[Point] = []  # the corners taken back, the first one last
        self._taken_at = 0  # the picture's revision then

    def press(self, pointer: Pointer) -> None:
        document = self.session.document
        if document is None or document.segment_map is None:
            return
        corner = self._corner_at(pointer)
        self._settled = False
        if pointer.button is Button.RIGHT:
            if corner is not None:
                del self._points[corner]
                self._taken.clear()
        elif corner is not None:
            self._held, self._settled = corner, True
        else:
            self._held = self._insert(pointer)
        self._at, self._near = None, self._held
        self.show()

    def drags(self) -> bool:
        return self._settled  # a corner that was there is taken along, a new one stays where it was put

    def move(self, pointer: Pointer) -> None:
        if not self._points:
            return
        here = (pointer.x, pointer.y)
        if self._held is None:
            self._at, self._near = here, self._corner_at(pointer)
        elif not self._settled or math.dist(here, self._points[self._held]) > pointer.reach / 2:
            self._points[self._held], self._settled = here, False
            self._taken.clear()
        self.show()

    def release(self, pointer: Pointer) -> None:
        held, self._held = self._held, None
        ends = (0, len(self._points) - 1)
        if held in ends and self._settled and len(self._points) >= _LEAST:
            self.accept()

    def cancel(self) -> None:
        self._points, self._held, self._at, self._near = [], None, None, None
        self._taken.clear()
        self.show()

    def put_away(self) -> None:
        """The corners stay: one may want to look around or pick a class before the polygon is closed."""
        self._held, self._at, self._near = None, None, None
        self.show()

    def forget(self) -> None:
        count = len(self._points)
        self.cancel()
        if count:
            self.session.said.emit(f"A polygon of {count} corner{'s' if count > 1 else ''} was left unfinished.")

    def pending(self) -> bool:
        return bool(self._points)

    def acceptable(self) -> bool:
        return len(self._points) >= _LEAST

    def accept(self) -> None:
        document = self.session.document
        if len(self._points) < _LEAST:
            self.session.said.emit("A polygon needs three corners.")
            return
        points = list(self._points)
        self.cancel()
        if document is None or document.segment_map is None:
            return
        inside = polygon_spans(points, document.segment_map.shape)
        if inside.box.empty:
            self.session.said.emit("There is no pixel of the picture in this polygon.")
        else:
            fill_area(self, inside, Button.LEFT)

    def back(self) -> bool:
        if not self._points:
            return False
        self._taken.append(self._points.pop())
        self._taken_at = self._revision
        self._held = self._near = None  # the corner in hand may be the one that went
        self.show()
        return True

    def again(self) -> bool:
        if not self.has_again():
            return False
        self._points.append(self._taken.pop())
        self._held = self._near = None
        self.show()
        return True

    def has_again(self) -> bool:
        """With no corner left, what was painted or undone since comes before the corners taken back."""
        return bool(self._taken) and (bool(self._points) or self._revision == self._taken_at)

    @property
    def _revision(self) -> int:
        """Which state of its corrections the picture is in."""
        history = self.session.history
        return 0 if history is None else history.revision()

    def sketch(self) -> Sketch | None:
        if not self._points:
            return None
        tail = self._at if self._near is None else None
        return Sketch(tuple(self._points), closed=tail is None, handles=True, active=self._near, tail=tail)

    def note(self) -> str:
        count = len(self._points)
        if not count:
            return ""
        corners = f"{count} corner{'s' if count > 1 else ''}"
        return f"{corners} · drag moves one, right click takes it away, Backspace the last"

    def _corner_at(self, pointer: Pointer) -> int | None:
        """The nearest corner within reach."""
        here = (pointer.x, pointer.y)
        near = [(math.dist(here, point), index) for index, point in enumerate(self._points)]
        distance, index = min(near, default=(math.inf, 0))
        return index if distance <= pointer.reach else None

    def _insert(self, pointer: Pointer) -> int:
        """A new corner: on the edge under the pointer, else after the last one. Its index."""
        here = (pointer.x, pointer.y)
        self._taken.clear()
        for index, (a, b) in enumerate(pairwise(self._points), start=1):
            if _distance(here, a, b) <= pointer.reach * _EDGE:
                self._points.insert(index, here)
                return index
        self._points.append(here)
        return len(self._points) - 1


def _distance(point: Point, a: Point, b: Point) -> float:
    """How far `point` is from the edge between `a` and `b`."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    along = 0.0 if not length else ((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / length
    along = min(max(along, 0.0), 1.0)
    return math.dist(point, (a[0] + along * dx, a[1] + along * dy))
