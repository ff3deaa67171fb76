"""Zoom: a click comes closer, a drag shows what lies in the box."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from app.core.geometry import Box, Point
from app.tools.base import Button, Cursor, Look, Modifier, Pointer, Sketch, Tool

if TYPE_CHECKING:
    from app.editing.session import Session

_STEP = 2.0


class Zoom(Tool):
    """Left comes closer, right or Alt steps back; a box that is dragged fills the view."""

    id: ClassVar[str] = "zoom"
    hint: ClassVar[str] = "Click: closer · right button or Alt+click: further away · drag: show this part"
    cursor: ClassVar[Cursor] = Cursor.ZOOM

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._start: Pointer | None = None
        self._end: Point | None = None
        self._look: Look | None = None

    def press(self, pointer: Pointer) -> None:
        self._start, self._end, self._look = pointer, None, None

    def drags(self) -> bool:
        return True

    def move(self, pointer: Pointer) -> None:
        start = self._start
        if start is None or pointer.button is not Button.LEFT:
            return
        far = math.dist((start.x, start.y), (pointer.x, pointer.y)) > pointer.reach / 2
        self._end = (pointer.x, pointer.y) if far else None
        self.show()

    def release(self, pointer: Pointer) -> None:
        start, end = self._start, self._end
        self._start = self._end = None
        if start is None:
            return
        if end is None:
            back = start.button is Button.RIGHT or Modifier.ALT in start.modifiers
            self._look = Look(factor=1 / _STEP if back else _STEP, at=(start.x, start.y))
        else:
            xs, ys = sorted((start.x, end[0])), sorted((start.y, end[1]))
            box = Box(math.floor(xs[0]), math.floor(ys[0]), math.ceil(xs[1]), math.ceil(ys[1]))
            document = self.session.document
            if document is not None and document.segment_map is not None:
                box = box.clip(document.segment_map.shape)
            self._look = None if box.empty else Look(box=box)
        self.show()

    def cancel(self) -> None:
        self._start = self._end = None
        self.show()

    def look(self) -> Look | None:
        wanted, self._look = self._look, None
        return wanted

    def sketch(self) -> Sketch | None:
        if self._start is None or self._end is None:
            return None
        (x0, y0), (x1, y1) = (self._start.x, self._start.y), self._end
        return Sketch(((x0, y0), (x1, y0), (x1, y1), (x0, y1)), closed=True)
