"""Drivers of the tools that paint what the hand does or points at."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.core.arrays import Bool
from app.core.geometry import Box, Point
from app.core.painting import BrushShape, Piece, StrokePath, stroke
from app.core.shapes import ellipse_spans, polygon_spans, rectangle_spans
from app.core.targets import Scope
from app.tools.base import Button, Modifier, Pointer, class_name
from tests.app.tools.editing.driver import AreaDriver, Driver, LineDriver
from tests.app.tools.editing.model import Stroke, value_of

if TYPE_CHECKING:
    from tests.app.tools.editing.bench import Bench


class BrushDriver(Driver):
    id = "brush"

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._stroke: Stroke | None = None
        self._path = StrokePath(1)
        self._last: Point | None = None
        self._value = 0

    def value_for(self, button: Button | None) -> int:
        return value_of(self.class_for(button))

    def text(self) -> str:
        return "Erase" if self._value == 251 else f"Paint {class_name(self.editor_class)}"

    def press(self, pointer: Pointer) -> None:
        self.tool.press(pointer)
        self._value = self.value_for(pointer.button)
        self._stroke = self.editor.begin(self.text())
        here = (pointer.x, pointer.y)
        self._path = StrokePath(self.bench.session.brush_size)
        dabs = self._path.add(here)
        joined = self._last if Modifier.SHIFT in pointer.modifiers else None
        self._paint(dabs if joined is None else [Piece(joined, here)])
        self._last = here

    def move(self, pointer: Pointer) -> None:
        self.tool.move(pointer)
        if self._stroke is not None:
            self._last = (pointer.x, pointer.y)
            self._paint(self._path.add(self._last))

    def release(self, pointer: Pointer) -> None:
        self.tool.release(pointer)
        self._paint(self._path.finish())
        if self._stroke is not None and self._stroke is self.editor.stroke:
            self.editor.end()
        self._stroke = None

    def cancel(self) -> None:
        self.tool.cancel()
        self.left_alone()

    def left_alone(self) -> None:
        if self._stroke is not None and self._stroke is self.editor.stroke:
            self.editor.cancel()
        self._stroke = self._last = None

    def _paint(self, pieces: list[Piece]) -> None:
        size, brush = self.bench.session.brush_size, BrushShape(self.tool.value("shape"))
        if self._stroke is None:
            return
        picture = self._stroke.picture
        for start, end in pieces:
            mask = picture.whole(*stroke(start, end, size, picture.shape, brush=brush))
            self.editor.paint(self._stroke, mask, self._value)


class EraserDriver(BrushDriver):
    id = "eraser"

    def value_for(self, button: Button | None) -> int:
        return 251


class RestoreDriver(BrushDriver):
    id = "restore"

    def value_for(self, button: Button | None) -> int:
        return 0

    def text(self) -> str:
        return "Back to the network"


class FillDriver(Driver):
    id = "fill"

    def press(self, pointer: Pointer) -> None:
        mask, class_id = self.editor.target(pointer.pixel, self.scope()), self.class_for(pointer.button)
        self.bench.act(lambda: self.tool.press(pointer))
        if mask is not None:
            self.bench.expect(f"Fill with {class_name(class_id)}", [(mask, value_of(class_id))])


class RelabelDriver(LineDriver):
    id = "relabel"

    def click(self, start: Pointer) -> None:
        self._relabel(start, None)

    def area(self, inside: Bool, start: Pointer) -> None:
        self._relabel(start, inside)

    def _relabel(self, start: Pointer, inside: Bool | None) -> None:
        picture, mask, scope = self.bench.picture, self.editor.target(start.pixel, self.scope()), self.scope()
        if picture is None or mask is None:
            return
        x, y = start.pixel
        code, class_id = int(picture.codes[y, x]), self.editor_class
        accepts = start.button is Button.RIGHT or Modifier.CTRL in start.modifiers
        if accepts and scope is Scope.SEGMENT and not code:
            return
        if accepts:
            class_id = int(self.editor.labels(picture)[y, x])
            if scope is Scope.SEGMENT and 1 <= code <= len(picture.table.class_ids):
                class_id = int(picture.table.class_ids[code - 1])
        text = f"Accept {class_name(class_id)}" if accepts else f"Relabel to {class_name(class_id)}"
        self.bench.expect(text, [(mask if inside is None else mask & inside, value_of(class_id))])


class LassoDriver(LineDriver, AreaDriver):
    id = "lasso"

    def area(self, inside: Bool, start: Pointer) -> None:
        self.fill(inside, start.button)


class CornerDriver(AreaDriver, ABC):
    """Shapes between two corners."""

    @abstractmethod
    def pixels(self, a: Point, b: Point, shape: tuple[int, int]) -> tuple[Box, Bool]:
        """What lies in the shape."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._start: Pointer | None = None
        self._end: Pointer | None = None

    def press(self, pointer: Pointer) -> None:
        self.tool.press(pointer)
        if self.bench.picture is not None:
            self._start, self._end = pointer, None

    def move(self, pointer: Pointer) -> None:
        self.tool.move(pointer)
        if self._start is not None and pointer.button is not None:
            self._end = pointer

    def release(self, pointer: Pointer) -> None:
        self.bench.act(lambda: self.tool.release(pointer))
        start, end, picture = self._start, self._end, self.bench.picture
        self._start = self._end = None
        if start is None or end is None or picture is None:
            return
        dx, dy = end.x - start.x, end.y - start.y
        if Modifier.SHIFT in end.modifiers:
            side = max(abs(dx), abs(dy))
            dx, dy = math.copysign(side, dx), math.copysign(side, dy)
        middle = Modifier.ALT in end.modifiers
        one = (start.x - dx, start.y - dy) if middle else (start.x, start.y)
        inside = picture.whole(*self.pixels(one, (start.x + dx, start.y + dy), picture.shape))
        if inside.any():
            self.fill(inside, start.button)

    def cancel(self) -> None:
        self.tool.cancel()
        self.left_alone()

    def left_alone(self) -> None:
        self._start = self._end = None


class RectangleDriver(CornerDriver):
    id = "rectangle"

    def pixels(self, a: Point, b: Point, shape: tuple[int, int]) -> tuple[Box, Bool]:
        return rectangle_spans(a, b, shape).whole()


class EllipseDriver(CornerDriver):
    id = "ellipse"

    def pixels(self, a: Point, b: Point, shape: tuple[int, int]) -> tuple[Box, Bool]:
        return ellipse_spans(a, b, shape).whole()


class PolygonDriver(AreaDriver):
    """What is painted is what the line on the screen went around."""

    id = "polygon"

    def release(self, pointer: Pointer) -> None:
        self._close(lambda: self.tool.release(pointer))

    def accept(self) -> None:
        self._close(self.tool.accept)

    def _close(self, deed: Callable[[], object]) -> None:
        line = self.tool.sketch()
        self.bench.act(deed)
        picture = self.bench.picture
        if line is None or self.tool.pending() or picture is None:
            return
        assert len(line.points) >= 3
        inside = picture.whole(*polygon_spans(line.points, picture.shape).whole())
        if inside.any():
            self.fill(inside, Button.LEFT)


class PickDriver(Driver):
    id = "pick"

    def press(self, pointer: Pointer) -> None:
        picture, expected = self.bench.picture, self.editor_class
        if picture is not None and picture.holds(pointer.pixel):
            expected = int(self.editor.labels(picture)[pointer.pixel[::-1]])
        self.tool.press(pointer)
        assert self.editor_class == expected


class PanDriver(Driver):
    id = "pan"


class ZoomDriver(Driver):
    id = "zoom"
