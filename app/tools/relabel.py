"""Relabel: a click gives a whole segment another class, or accepts the class that it has."""

from __future__ import annotations

from typing import ClassVar

from app.core.document import Document
from app.core.regions import region_at, region_of_code
from app.core.segment_map import NETWORK_MAX, SegmentMap, human_value
from app.tools.base import Button, Modifier, Pointer, Tool, class_name


class Relabel(Tool):
    """Click: the segment becomes the current class. Right or Ctrl + click: it is accepted with its own class.

    A segment is every pixel that shows the same query, one that the threshold hides included. What a person decided has
    no query: there the connected region under the cursor is meant.
    """

    id: ClassVar[str] = "relabel"
    hint: ClassVar[str] = "Click a segment: current class · Ctrl+click or right-click: accept it as it is"

    def press(self, pointer: Pointer) -> None:
        document, (x, y) = self.session.document, pointer.pixel
        if document is None or document.segment_map is None or not document.segment_map.box.contains(x, y):
            return
        code = document.segment_map.code_at(x, y)
        if pointer.button is Button.RIGHT or Modifier.CTRL in pointer.modifiers:
            self._accept(document, document.segment_map, code)
        else:
            self._relabel(document.segment_map, code, (x, y))

    def _accept(self, document: Document, segment_map: SegmentMap, code: int) -> None:
        if not 1 <= code <= len(document.table.class_ids):
            decided = code > NETWORK_MAX
            self.session.said.emit("A person has decided this already." if decided else "There is no segment here.")
            return
        class_id = int(document.table.class_ids[code - 1])
        gesture = self.session.begin_edit(f"Accept {class_name(class_id)}")
        if gesture is not None:
            gesture.paint(*region_of_code(segment_map, code), human_value(class_id))
            gesture.commit()

    def _relabel(self, segment_map: SegmentMap, code: int, pixel: tuple[int, int]) -> None:
        class_id = self.session.current_class
        if 1 <= code <= NETWORK_MAX:
            box, mask = region_of_code(segment_map, code)
        else:
            box, mask = region_at(segment_map, *pixel)
        gesture = self.session.begin_edit(f"Relabel to {class_name(class_id)}")
        if gesture is not None:
            gesture.paint(box, mask, human_value(class_id))
            if not gesture.commit():
                self.session.said.emit(f"This is {class_name(class_id)} already.")
