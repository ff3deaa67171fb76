"""The wand: connected pixels of similar colour, with the tolerance under the dragging hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from app.core.segment_map import human_value
from app.core.wand import coarse_similar, similar_parts
from app.tools.base import Button, Pointer, Preview, Tool, class_name
from app.tools.options import Number, Option

if TYPE_CHECKING:
    from app.core.parts import Check
    from app.editing.gesture import Paint
    from app.editing.session import Session

_PER_PIXEL = 0.25  # tolerance per logical pixel of the drag
_FAINT = 0.5  # opacity of the preview: one looks at the photo to see where it should end
_REACH = 8.0  # logical pixels that a pointer's reach stands for
MOST = 255


class Wand(Tool):
    """Press on a colour and drag: to the right more colours count as similar, to the left fewer. Release paints."""

    id: ClassVar[str] = "wand"
    hint: ClassVar[str] = "Press on a colour, drag right for more and left for less · right button: unlabelled"
    options: ClassVar[tuple[Option, ...]] = (
        Number("tolerance", "Tolerance", 0, MOST, 24, tip="How far red, green and blue may differ, 0 to 255"),
    )

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._start: Pointer | None = None
        self._tolerance = self._before = 0  # now, and when it was pressed
        self._preview: Preview | None = None

    def press(self, pointer: Pointer) -> None:
        document = self.session.document
        if document is None or document.segment_map is None or document.photo is None:
            return
        if document.segment_map.box.contains(*pointer.pixel):
            self._start, self._tolerance = pointer, self.value("tolerance")
            self._before = self._tolerance
            self._look()

    def drags(self) -> bool:
        return True

    def skips(self) -> bool:
        return True

    def move(self, pointer: Pointer) -> None:
        if self._start is None or pointer.button is None:
            return
        dragged = (pointer.x - self._start.x) / pointer.reach * _REACH
        tolerance = min(max(round(self._before + dragged * _PER_PIXEL), 0), MOST)
        if tolerance != self._tolerance:
            self._tolerance = tolerance
            self.set_value("tolerance", tolerance)  # slider and number go along
            self._look()

    def release(self, pointer: Pointer) -> None:
        start, shown, document = self._start, self._preview, self.session.document
        tolerance = self._tolerance
        self._start = self._preview = None
        self.show()
        if start is None or shown is None or document is None or document.photo is None:
            return
        class_id, photo, (x, y) = self._class_for(start.button), document.photo, start.pixel
        exact = shown.mask.shape == shown.box.shape  # else it was too large to find every pixel while dragging

        def paints(check: Check) -> Iterable[Paint]:
            exactly = [(shown.box, shown.mask)]
            found = exactly if exact else similar_parts(photo, x, y, tolerance=tolerance, check=check)
            return ((box, mask, human_value(class_id)) for box, mask in found)

        text = f"Wand with {class_name(class_id)}" if class_id else "Erase with the wand"
        unchanged = f"This is {class_name(class_id)} already."
        self.session.edit(text, paints, reach=shown.box, slow=not exact, unchanged=unchanged)
        if self.session.editing:
            self._preview = shown  # until the pixels are there
        self.show()

    def cancel(self) -> None:
        if self._start is not None:
            self.set_value("tolerance", self._before)
        self._start = self._preview = None
        self.show()

    def adjust(self, steps: int) -> bool:
        self.set_value("tolerance", self.value("tolerance") + 4 * steps)
        return True

    def preview(self) -> Preview | None:
        if self._start is None and not self.session.editing:
            self._preview = None
        return self._preview

    def note(self) -> str:
        return "" if self._start is None else f"Tolerance {self._tolerance} · release paints, Esc cancels"

    def _class_for(self, button: Button | None) -> int:
        return 0 if button is Button.RIGHT else self.session.current_class

    def _look(self) -> None:
        document = self.session.document
        if self._start is None or document is None or document.photo is None:
            return
        box, mask = coarse_similar(document.pyramid, *self._start.pixel, tolerance=self._tolerance)
        value = human_value(self._class_for(self._start.button))
        self._preview = Preview(box, mask, value, _FAINT)
        self.show()
