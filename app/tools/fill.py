"""Fill: the connected region of one label under the cursor takes the current class."""

from __future__ import annotations

from typing import ClassVar

from app.core.regions import region_at
from app.core.segment_map import human_value
from app.tools.base import Button, Pointer, Tool, class_name


class Fill(Tool):
    """Left fills with the current class, right makes the region unlabelled.

    A region ends where the label changes, not where one segment of a class meets the next.
    """

    id: ClassVar[str] = "fill"
    hint: ClassVar[str] = "Click: fill the connected region with the current class"

    def press(self, pointer: Pointer) -> None:
        document, (x, y) = self.session.document, pointer.pixel
        if document is None or document.segment_map is None or not document.segment_map.box.contains(x, y):
            return
        class_id = 0 if pointer.button is Button.RIGHT else self.session.current_class
        box, mask = region_at(document.segment_map, x, y, table=document.label_table())
        gesture = self.session.begin_edit(f"Fill with {class_name(class_id)}")
        if gesture is not None:
            gesture.paint(box, mask, human_value(class_id))
            if not gesture.commit():
                self.session.said.emit(f"This is {class_name(class_id)} already.")
