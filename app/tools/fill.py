"""Fill: what is under the cursor takes the current class."""

from __future__ import annotations

from typing import ClassVar

from app.core.targets import Scope
from app.tools.aim import AimedTool, aim, paint_target, scope_option
from app.tools.base import Button, Pointer, class_name
from app.tools.options import Option


class Fill(AimedTool):
    """Left fills with the current class, right makes unlabelled: a region, a segment or a class.

    A region ends where the label changes, not where one segment of a class meets the next.
    """

    id: ClassVar[str] = "fill"
    hint: ClassVar[str] = "Click: fill with the current class · right button: unlabelled"
    options: ClassVar[tuple[Option, ...]] = (scope_option(Scope.REGION, Scope.SEGMENT, Scope.CLASS),)

    def press(self, pointer: Pointer) -> None:
        class_id = 0 if pointer.button is Button.RIGHT else self.session.current_class
        target = aim(self.session, pointer.pixel, self.scope)
        if target is not None:
            name = class_name(class_id)
            text, unchanged = f"Fill with {name}", f"This is {name} already."
            paint_target(self.session, target, class_id, text=text, unchanged=unchanged)

    def note(self) -> str:
        over, name = self.over(), class_name(self.session.current_class)
        return self.kept() or (f"Click: {over} becomes {name} · right button: unlabelled" if over else "")
