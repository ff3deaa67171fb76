"""Relabel: what is under the cursor takes another class, or the class that it has is accepted."""

from __future__ import annotations

from typing import ClassVar

from app.core.spans import Spans
from app.core.targets import Scope
from app.tools.aim import AimedTool, aim, own_class, paint_target, scope_option
from app.tools.area import LassoTool
from app.tools.base import Button, Modifier, Pointer, class_name
from app.tools.options import Option


class Relabel(AimedTool, LassoTool):
    """Click: a segment becomes the current class. Right or Ctrl + click: it is accepted with its own class.

    A segment is every pixel that shows the same query, one that the threshold hides included. What a person decided has
    no query: there the connected region under the cursor is meant. A line drawn by hand limits it: what it began on
    changes inside of it, and nowhere else.
    """

    id: ClassVar[str] = "relabel"
    hint: ClassVar[str] = "Click: current class · drag: only inside a line · right-click: accept it as it is"
    options: ClassVar[tuple[Option, ...]] = (scope_option(Scope.SEGMENT, Scope.REGION, Scope.CLASS),)

    def click(self, pointer: Pointer) -> None:
        self._change(pointer, within=None)

    def area(self, inside: Spans, start: Pointer) -> None:
        self._change(start, within=inside)

    def note(self) -> str:
        over, name = self.over(), class_name(self.session.current_class)
        if not over:
            return ""
        if kept := self.kept():
            return kept
        if self.sketch() is not None:
            return f"Inside the line, {over} {'is accepted' if self._accepts(self._start) else f'becomes {name}'}"
        return f"Click: {over} becomes {name} · drag: only inside a line · right-click: accept"

    def _change(self, start: Pointer, *, within: Spans | None) -> None:
        target = aim(self.session, start.pixel, self.scope)
        if target is None:
            if within is not None:
                self.session.said.emit("Begin the line on what is to change.")
            return
        accepts = self._accepts(start)
        own = own_class(self.session, start.pixel, self.scope)
        if accepts and own is None:
            self.session.said.emit("There is no segment here.")
            return
        class_id = own if accepts and own is not None else self.session.current_class
        name = class_name(class_id)
        text = f"Accept {name}" if accepts else f"Relabel to {name}"
        unchanged = "You have decided this already." if accepts else f"This is {name} already."
        paint_target(self.session, target, class_id, text=text, unchanged=unchanged, within=within)

    @staticmethod
    def _accepts(start: Pointer) -> bool:
        """Whether a gesture that began so leaves the class as it is."""
        return start.button is Button.RIGHT or Modifier.CTRL in start.modifiers
