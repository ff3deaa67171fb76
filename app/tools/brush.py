"""The brush: paints the current class where it goes, as one undo step per stroke."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from app.core.painting import stroke
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from app.tools.base import Button, Cursor, Modifier, Outline, Pointer, Tool, class_name

if TYPE_CHECKING:
    from app.session import Gesture, Session


class Brush(Tool):
    """Left paints the current class, right erases; Shift + click draws a line from the end of the last stroke."""

    id: ClassVar[str] = "brush"
    hint: ClassVar[str] = "Drag: paint · right button: erase · Shift+click: straight line"
    cursor: ClassVar[Cursor] = Cursor.PAINT
    sized: ClassVar[bool] = True

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._gesture: Gesture | None = None
        self._value = 0
        self._last: tuple[float, float] | None = None
        self._shift = False

    def value_for(self, button: Button | None) -> int:
        """The human-layer value that a button paints."""
        return HUMAN_UNLABELLED if button is Button.RIGHT else human_value(self.session.current_class)

    def press(self, pointer: Pointer) -> None:
        self.release(pointer)
        self._value = self.value_for(pointer.button)
        erases = self._value == HUMAN_UNLABELLED
        self._gesture = self.session.begin_edit(
            "Erase" if erases else f"Paint {class_name(self.session.current_class)}"
        )
        here = (pointer.x, pointer.y)
        joined = Modifier.SHIFT in pointer.modifiers and self._last is not None
        self._stroke((joined and self._last) or here, here)

    def move(self, pointer: Pointer) -> None:
        self._shift = Modifier.SHIFT in pointer.modifiers
        if self._gesture is not None and self._last is not None:
            self._stroke(self._last, (pointer.x, pointer.y))

    def release(self, pointer: Pointer) -> None:
        if self._gesture is not None:
            gesture, self._gesture = self._gesture, None
            gesture.commit()

    def cancel(self) -> None:
        self._last = None
        if self._gesture is not None:
            gesture, self._gesture = self._gesture, None
            gesture.cancel()

    def outline(self) -> Outline:
        guided = self._shift and self._gesture is None
        return Outline(self.session.brush_size, self._last if guided else None)

    def _stroke(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        document = self.session.document
        if self._gesture is None or document is None or document.segment_map is None:
            return
        self._last = end
        box, mask = stroke(start, end, self.session.brush_size, document.segment_map.shape)
        if not box.empty:
            self._gesture.paint(box, mask, self._value)
