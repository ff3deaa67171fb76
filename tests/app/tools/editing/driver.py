"""What drivers of tools are: each does the same to its tool and to the plain editor."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from app.core.arrays import Bool
from app.core.geometry import Point
from app.core.shapes import polygon_spans
from app.core.targets import Scope
from app.tools import make_tool
from app.tools.base import Button, Pointer, class_name
from tests.app.tools.editing.model import value_of

if TYPE_CHECKING:
    from tests.app.tools.editing.bench import Bench


class Driver:
    """Tools that paint nothing by themselves are driven as they are."""

    id: ClassVar[str]
    numbers: ClassVar[dict[str, tuple[float, ...]]] = {}  # of the tool's options, those worth trying

    def __init__(self, bench: Bench) -> None:
        self.bench, self.editor = bench, bench.editor
        self.tool = make_tool(self.id, bench.session)

    def press(self, pointer: Pointer) -> None:
        self.tool.press(pointer)

    def move(self, pointer: Pointer) -> None:
        self.tool.move(pointer)

    def release(self, pointer: Pointer) -> None:
        self.tool.release(pointer)

    def cancel(self) -> None:
        self.tool.cancel()

    def left_alone(self) -> None:
        """Another picture is shown, or another photo: the canvas has cancelled the tool."""

    def leave(self) -> None:
        self.tool.leave()

    def accept(self) -> None:
        self.tool.accept()

    def back(self) -> bool:
        return self.tool.back()

    def next_best(self, step: int) -> bool:
        return self.tool.next_best(step)

    def options_changed(self) -> None:
        """An option of this tool was set."""

    def class_for(self, button: Button | None) -> int:
        return 0 if button is Button.RIGHT else self.editor_class

    @property
    def editor_class(self) -> int:
        return self.bench.session.current_class

    def scope(self) -> Scope:
        return Scope(self.tool.value("scope"))


class LineDriver(Driver):
    """A line drawn by hand, and what it goes around."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._points: list[Point] = []
        self._start = Pointer(0, 0)

    def press(self, pointer: Pointer) -> None:
        self.tool.press(pointer)
        if self.bench.picture is not None:
            self._points, self._start = [(pointer.x, pointer.y)], pointer

    def move(self, pointer: Pointer) -> None:
        self.tool.move(pointer)
        if self._points and pointer.button is not None:
            self._points.append((pointer.x, pointer.y))

    def release(self, pointer: Pointer) -> None:
        self.bench.act(lambda: self.tool.release(pointer))
        points, self._points = self._points, []
        picture = self.bench.picture
        if not points or picture is None:
            return
        if max(math.dist(points[0], point) for point in points) < pointer.reach / 2:
            self.click(self._start)
            return
        inside = picture.whole(*polygon_spans(points, picture.shape).whole())
        if inside.any():
            self.area(inside, self._start)

    def cancel(self) -> None:
        self.tool.cancel()
        self.left_alone()

    def left_alone(self) -> None:
        self._points = []

    def click(self, start: Pointer) -> None:
        """The line went nowhere."""

    def area(self, inside: Bool, start: Pointer) -> None:
        """The line goes around these pixels."""


class AreaDriver(Driver):
    """What fills an area with what its option says."""

    def fill(self, inside: Bool, button: Button | None) -> None:
        becomes = "unlabelled" if button is Button.RIGHT else self.tool.value("becomes")
        if becomes == "network":
            self.bench.expect("Back to the network", [(inside, 0)])
            return
        class_id = 0 if becomes == "unlabelled" else self.editor_class
        text = (
            f"{self.tool.id.capitalize()} with {class_name(class_id)}" if class_id else f"Erase with the {self.tool.id}"
        )
        self.bench.expect(text, [(inside, value_of(class_id))])
