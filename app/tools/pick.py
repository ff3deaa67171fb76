"""Pick: the class under the cursor becomes the current class."""

from __future__ import annotations

from typing import ClassVar

from app.tools.base import Cursor, Pointer, Tool


class Pick(Tool):
    """Press, or drag until the right class is found."""

    id: ClassVar[str] = "pick"
    hint: ClassVar[str] = "Click: paint with the class under the cursor"
    cursor: ClassVar[Cursor] = Cursor.PICK

    def press(self, pointer: Pointer) -> None:
        document = self.session.document
        hover = None if document is None else document.describe(*pointer.pixel)
        if hover is not None and hover.class_id != self.session.current_class:
            self.session.set_current_class(hover.class_id)

    def move(self, pointer: Pointer) -> None:
        if pointer.button is not None:
            self.press(pointer)
