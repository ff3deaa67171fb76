"""Refine edges: inside a line the boundary between two classes moves to where the photo has its edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from app.core.geometry import NOTHING
from app.core.parts import Check, MapLabels, human_values
from app.core.refine import refine_edges
from app.core.spans import Spans
from app.tools.area import LassoTool
from app.tools.base import BY_KEYS, Pointer, Preview, Sketch
from app.tools.options import Number, Option

if TYPE_CHECKING:
    from app.session import Session

_TEXT = "Refine edges"
_STEP = 1.25  # of the band, for each step of keys or wheel


@dataclass(frozen=True, eq=False)
class _Found:
    """What would change, or why nothing would."""

    count: int = 0
    preview: Preview | None = None
    reason: str = "The boundary inside the line fits the photo as it is."


class Refine(LassoTool):
    """Drag around a boundary: what would change is worked out in the background, shown and counted; Return does it.

    It is worked out anew whenever the labels, the rule or the band change, so it always fits what it is shown over.
    """

    id: ClassVar[str] = "refine"
    hint: ClassVar[str] = "Drag around a boundary: it moves to the edge in the photo · [ ]: how far"
    options: ClassVar[tuple[Option, ...]] = (
        Number(
            "band", "Band", 2, 200, 16, suffix=" px", geometric=True,
            tip="How far the boundary may move, in picture pixels ([ and ], Ctrl+wheel)",
        ),
    )  # fmt: skip

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._inside: Spans | None = None  # the area that was asked for
        self._found: _Found | None = None
        self._settled = False  # what was found fits what the picture, the rule and the options are now
        self._stop: Callable[[], None] = lambda: None

    def click(self, pointer: Pointer) -> None:
        self.session.said.emit(f"Drag a line around the boundary that is to move; {BY_KEYS}.")

    def area(self, inside: Spans, start: Pointer) -> None:
        self._inside, self._found = inside, None
        self._look()

    def cancel(self) -> None:
        self._stop()
        self._inside, self._found = None, None
        super().cancel()

    def pending(self) -> bool:
        return self._inside is not None

    def accept(self) -> None:
        found = self._found
        if found is None or not self._settled:
            self.session.said.emit("The edges are still being refined.")
            return
        self.cancel()
        preview = found.preview
        self.session.edit(
            _TEXT,
            lambda _check: [] if preview is None else [(preview.box, preview.mask, preview.value)],
            reach=NOTHING if preview is None else preview.box,
            unchanged=found.reason,
        )

    def changed(self) -> None:
        if self._inside is not None:
            self._look()

    def value_changed(self, key: str) -> None:
        self.changed()

    def adjust(self, steps: int) -> bool:
        band = self.value("band")
        factor = band * _STEP**steps
        self.set_value("band", max(factor, band + 1) if steps > 0 else min(factor, band - 1))
        return True

    def sketch(self) -> Sketch | None:
        drawing = super().sketch()
        return self.line if drawing is None and self._inside is not None else drawing

    def preview(self) -> Preview | None:
        return None if self._found is None else self._found.preview

    def note(self) -> str:
        if self._inside is None:
            return ""
        if self._found is None or not self._settled:
            return "Refining edges…"
        if not self._found.count:
            return self._found.reason
        pixels = f"{self._found.count:,}".replace(",", " ")
        return f"Changes {pixels} pixel{'s' if self._found.count > 1 else ''} · Return does it, Esc leaves it"

    # --- looking ---------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Work out in the background what would change. What was found before is shown until then."""
        document, segment_map, inside = self.session.document, self.map, self._inside
        if document is None or document.photo is None or segment_map is None or inside is None:
            self.cancel()
            return
        photo, reader, band = document.photo, MapLabels(segment_map, document.label_table()), int(self.value("band"))
        writable = self.session.rule.writable(document.label_table())

        def look(check: Check) -> _Found:
            part = refine_edges(photo, reader, inside.whole(), band=band, check=check)
            if part is None:
                return _Found()
            mask = part.mask if writable is None else part.mask & writable[segment_map.shown(part.box)]
            count = int(np.count_nonzero(mask))
            if not count:
                return _Found(reason="Paint may not go where the boundary would move.")
            return _Found(count, Preview(part.box, mask, human_values(part.labels)))

        self._settled = False
        self._stop = self.session.compute(
            look, key=(self.id, "look"), done=self._take, failed=self._fail, text="Refining edges…"
        )
        self.show()

    def _take(self, found: _Found) -> None:
        self._found, self._settled = found, True
        self.show()

    def _fail(self, reason: str) -> None:
        self.session.said.emit(reason)
        self._take(_Found(reason=reason))
