"""Pan: dragging moves the picture. The canvas does the moving; the tool only says that it is wanted."""

from __future__ import annotations

from typing import ClassVar

from app.tools.base import Cursor, Pointer, Tool


class Pan(Tool):
    """The hand."""

    id: ClassVar[str] = "pan"
    hint: ClassVar[str] = "Drag: move the picture"
    cursor: ClassVar[Cursor] = Cursor.HAND
    pans: ClassVar[bool] = True

    def press(self, pointer: Pointer) -> None:
        return
