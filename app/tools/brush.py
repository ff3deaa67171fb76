"""The brush and its kin: what goes where the pointer goes, as one undo step per stroke."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from app.core.geometry import Point
from app.core.painting import BrushShape, Piece, StrokePath, stroke_parts
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from app.tools.base import Button, Cursor, Modifier, Outline, Pointer, Tool, class_name
from app.tools.options import Choice, Option

if TYPE_CHECKING:
    from app.editing.gesture import Gesture
    from app.editing.session import Session

SHAPE = Choice("shape", "Shape", ((BrushShape.ROUND.value, "Round"), (BrushShape.SQUARE.value, "Square")))

_LARGE = 500  # pixels


class _Dab(NamedTuple):
    """A dab that is painted, as far as the rule allowed."""

    size: int
    shape: BrushShape
    renewals: int  # of the rule before that
    at: tuple[float, float]


class Brush(Tool):
    """Left paints the current class, right erases; Shift + click draws a line from the end of the last stroke."""

    id: ClassVar[str] = "brush"
    hint: ClassVar[str] = "Drag: paint · right button: erase · Shift+click: straight line · Ctrl+drag: size"
    options: ClassVar[tuple[Option, ...]] = (SHAPE,)
    cursor: ClassVar[Cursor] = Cursor.PAINT
    sized: ClassVar[bool] = True

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._gesture: Gesture | None = None
        self._value = 0
        self._path = StrokePath(session.brush_size)
        self._last: Point | None = None  # where the last stroke is now, or ended
        self._painted: _Dab | None = None  # where the last piece ended
        self._met = False  # the stroke has passed over the picture
        self._shift = False

    def value_for(self, button: Button | None) -> int:
        """The human-layer value that a button paints."""
        return HUMAN_UNLABELLED if button is Button.RIGHT else human_value(self.session.current_class)

    def text_for(self, value: int) -> str:
        """What the history calls a stroke of this value."""
        return "Erase" if value == HUMAN_UNLABELLED else f"Paint {class_name(self.session.current_class)}"

    def name_for(self, value: int) -> str:
        """What pixels of this value are."""
        return "unlabelled" if value == HUMAN_UNLABELLED else class_name(self.session.current_class)

    def press(self, pointer: Pointer) -> None:
        self.release(pointer)
        self._value = self.value_for(pointer.button)
        self._gesture = self.session.begin_edit(self.text_for(self._value))
        here, self._met = (pointer.x, pointer.y), False
        joined = self._last if Modifier.SHIFT in pointer.modifiers else None
        self._path, self._painted = StrokePath(self.session.brush_size), None
        dabs = self._path.add(here)
        self._paint([Piece(joined, here)] if joined is not None else dabs)
        self._last = here

    def drags(self) -> bool:
        return True

    def move(self, pointer: Pointer) -> None:
        self._shift = Modifier.SHIFT in pointer.modifiers
        if self._gesture is not None:
            self._last = (pointer.x, pointer.y)
            self._paint(self._path.add(self._last))

    def release(self, pointer: Pointer) -> None:
        if self._gesture is not None:
            self._paint(self._path.finish())
            gesture, self._gesture = self._gesture, None
            gesture.commit(unchanged=f"This is {self.name_for(self._value)} already." if self._met else "")

    def cancel(self) -> None:
        self._last = None
        if self._gesture is not None:
            gesture, self._gesture = self._gesture, None
            gesture.cancel()

    def outline(self) -> Outline:
        guided = self._shift and self._gesture is None
        return Outline(self.session.brush_size, self._last if guided else None, square=self._brush is BrushShape.SQUARE)

    @property
    def _brush(self) -> BrushShape:
        return BrushShape(self.value("shape"))

    def _paint(self, pieces: list[Piece]) -> None:
        document = self.session.document
        if self._gesture is None or document is None or document.segment_map is None:
            return
        size, brush, renewals = self.session.brush_size, self._brush, self._gesture.renewals
        for start, end in pieces:
            # Where the last piece ended everything is painted already, unless the brush or the rule is another by now.
            # Leaving that out pays for large brushes.
            fresh = size >= _LARGE and self._painted == _Dab(size, brush, renewals, start) and start != end
            for box, mask in stroke_parts(start, end, size, document.segment_map.shape, brush=brush, fresh=fresh):
                self._gesture.paint(box, mask, self._value)
                self._met = True
            self._painted = _Dab(size, brush, renewals, end)
