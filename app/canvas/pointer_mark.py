"""What marks the pointer on the picture: the brush drawn around it, and the shape of the system's cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QCursor, QPainter, QRegion

from app.canvas.cursor import draw_outline, hand, is_drawn, outline_region, plain, shape_for
from app.canvas.viewport import Viewport
from app.tools.base import Outline

if TYPE_CHECKING:
    from app.canvas.canvas import Canvas


class PointerMark:
    """Follows the pointer over one canvas; a move costs the rim of the brush, not its area."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._marked = QRegion()  # where the brush is drawn at the moment
        self._cursor: QCursor | None = None  # the system's cursor as it is now

    def follow(self) -> None:
        """Draw the brush where the pointer is now, and no longer where it was; and give the pointer its shape."""
        canvas, outline = self._canvas, self._outline()
        marked = QRegion()
        at = canvas.mouse.outline_at
        if outline is not None and canvas.viewport is not None and at is not None:
            marked = outline_region(outline, canvas.viewport, at, canvas.devicePixelRatioF())
        canvas.update(self._marked.united(marked))
        self._marked = marked
        cursor = self._shape(outline)
        if cursor is not self._cursor:
            self._cursor = cursor
            canvas.setCursor(cursor)

    def draw(self, painter: QPainter, view: Viewport) -> None:
        """Draw the brush; the painter works in device pixels."""
        outline, at = self._outline(), self._canvas.mouse.outline_at
        if outline is not None and at is not None:
            draw_outline(painter, outline, view, at, self._canvas.devicePixelRatioF())

    def _outline(self) -> Outline | None:
        tool, mouse = self._canvas.tool, self._canvas.mouse
        return tool.outline() if tool is not None and mouse.position is not None and not mouse.panning else None

    def _shape(self, outline: Outline | None) -> QCursor:
        canvas = self._canvas
        if canvas.viewport is None or canvas.tool is None:
            return plain(Qt.CursorShape.ArrowCursor)
        if canvas.mouse.panning:
            return hand(closed=canvas.mouse.grabbing)
        return shape_for(canvas.tool.cursor, drawn=is_drawn(outline, canvas.viewport, canvas.devicePixelRatioF()))
