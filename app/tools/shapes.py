"""Lasso, rectangle and ellipse: drag around an area, and all of it becomes one thing."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from app.core.geometry import Point
from app.core.segment_map import HUMAN_UNLABELLED, human_value
from app.core.shapes import ellipse_spans, rectangle_spans
from app.core.spans import Spans
from app.tools.area import LassoTool
from app.tools.base import BY_KEYS, Button, Modifier, Pointer, Sketch, Tool, class_name
from app.tools.options import Choice, Option

if TYPE_CHECKING:
    from app.editing.session import Session

BECOMES = Choice(
    "becomes",
    "Becomes",
    (("class", "Current class"), ("unlabelled", "Unlabelled"), ("network", "The network's answer")),
    tip="What the area becomes; with the right button always unlabelled",
)
_CORNERS = 72  # of an ellipse as it is drawn


def fill_area(tool: Tool, inside: Spans, button: Button | None) -> None:
    """Make the pixels `inside` what the tool's option says, as one undo step; with the right button unlabelled."""
    becomes = "unlabelled" if button is Button.RIGHT else tool.value("becomes")
    class_id = tool.session.current_class if becomes == "class" else 0
    value = 0 if becomes == "network" else human_value(class_id)
    text = "Back to the network" if becomes == "network" else f"{tool.id.capitalize()} with {class_name(class_id)}"
    if value == HUMAN_UNLABELLED:
        text = f"Erase with the {tool.id}"
    already = "It is the network's answer" if becomes == "network" else f"This is {class_name(class_id)}"
    tool.session.edit(
        text,
        lambda _check: ((box, mask, value) for box, mask in inside.parts()),
        reach=inside.box,
        unchanged=f"{already} already.",
    )


class Lasso(LassoTool):
    """A line drawn by hand."""

    id: ClassVar[str] = "lasso"
    hint: ClassVar[str] = "Drag around an area: it becomes the current class · right button: unlabelled"
    options: ClassVar[tuple[Option, ...]] = (BECOMES,)

    def click(self, pointer: Pointer) -> None:
        self.session.said.emit(f"Drag around an area; {BY_KEYS}.")

    def area(self, inside: Spans, start: Pointer) -> None:
        fill_area(self, inside, start.button)


class CornerTool(Tool):
    """A shape between two corners: from where the pointer is pressed to where it is let go.

    With Shift it is as wide as high, with Alt the first point is its middle.
    """

    options: ClassVar[tuple[Option, ...]] = (BECOMES,)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._start: Pointer | None = None
        self._corners: tuple[Point, Point] | None = None

    @abstractmethod
    def inside(self, corners: tuple[Point, Point], shape: tuple[int, int]) -> Spans:
        """The pixels of the shape on a picture of `shape` (H, W)."""

    @abstractmethod
    def line(self, corners: tuple[Point, Point]) -> tuple[Point, ...]:
        """The shape as it is drawn."""

    def press(self, pointer: Pointer) -> None:
        document = self.session.document
        if document is not None and document.segment_map is not None:
            self._start, self._corners = pointer, None

    def drags(self) -> bool:
        return True

    def move(self, pointer: Pointer) -> None:
        if self._start is not None and pointer.button is not None:
            self._corners = corners_of(self._start, pointer)
            self.show()

    def release(self, pointer: Pointer) -> None:
        start, corners = self._start, self._corners
        self._start = self._corners = None
        document = self.session.document
        if start is None or document is None or document.segment_map is None:
            return
        if corners is None:
            self.session.said.emit(f"Drag from corner to corner; {BY_KEYS}.")
            return
        self.show()
        inside = self.inside(corners, document.segment_map.shape)
        if inside.box.empty:
            self.session.said.emit("There is no pixel of the picture in this shape.")
        else:
            fill_area(self, inside, start.button)

    def cancel(self) -> None:
        self._start = self._corners = None
        self.show()

    def sketch(self) -> Sketch | None:
        return None if self._corners is None else Sketch(self.line(self._corners), closed=True)


class Rectangle(CornerTool):
    """Along the axes of the picture."""

    id: ClassVar[str] = "rectangle"
    hint: ClassVar[str] = "Drag a rectangle · Shift: square · Alt: from its middle · right button: unlabelled"

    def inside(self, corners: tuple[Point, Point], shape: tuple[int, int]) -> Spans:
        return rectangle_spans(*corners, shape)

    def line(self, corners: tuple[Point, Point]) -> tuple[Point, ...]:
        (x0, y0), (x1, y1) = corners
        return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


class Ellipse(CornerTool):
    """Along the axes of the picture."""

    id: ClassVar[str] = "ellipse"
    hint: ClassVar[str] = "Drag an ellipse · Shift: circle · Alt: from its middle · right button: unlabelled"

    def inside(self, corners: tuple[Point, Point], shape: tuple[int, int]) -> Spans:
        return ellipse_spans(*corners, shape)

    def line(self, corners: tuple[Point, Point]) -> tuple[Point, ...]:
        (x0, y0), (x1, y1) = corners
        middle, half = ((x0 + x1) / 2, (y0 + y1) / 2), ((x1 - x0) / 2, (y1 - y0) / 2)
        angles = (math.tau * step / _CORNERS for step in range(_CORNERS))
        return tuple((middle[0] + half[0] * math.cos(a), middle[1] + half[1] * math.sin(a)) for a in angles)


def corners_of(start: Pointer, end: Pointer) -> tuple[Point, Point]:
    """The two corners that a drag from `start` to `end` means, with the keys held at its end."""
    dx, dy = end.x - start.x, end.y - start.y
    if Modifier.SHIFT in end.modifiers:
        side = max(abs(dx), abs(dy))
        dx, dy = math.copysign(side, dx), math.copysign(side, dy)
    middle = Modifier.ALT in end.modifiers
    first = (start.x - dx, start.y - dy) if middle else (start.x, start.y)
    return first, (start.x + dx, start.y + dy)
