"""Refine edges: inside a line the boundary between two classes moves to where the photo has its edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from app.core.coarse import CoarseParts
from app.core.parts import Check, MapLabels, human_values
from app.core.patches import Draft, Patch
from app.core.refine import refine_edges
from app.core.spans import Spans
from app.tools.area import LassoTool
from app.tools.base import BY_KEYS, Pointer, Preview, Shows, Sketch
from app.tools.options import Measure, Number, Option

if TYPE_CHECKING:
    from app.editing.session import Session

_TEXT = "Refine edges"
_PREVIEW_PIXELS = 4_000_000  # up to so large an area every pixel that would change is shown
_AT_ONCE = 10_000  # microseconds of data; what takes longer is painted in the background
_STEP = 1.25  # of the band, for each step of keys or wheel


@dataclass(frozen=True, eq=False)
class _Found:
    """What would change, or why nothing would."""

    patch: Patch | None = None
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
            tip="How far the boundary may move, in picture pixels ([ and ], Ctrl+wheel)", measures=Measure.LENGTH,
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

    def acceptable(self) -> bool:
        return self._settled and self._found is not None and self._found.patch is not None

    def accept(self) -> None:
        found = self._found
        if found is None or not self._settled:
            self.session.said.emit("The edges are still being refined.")
            return
        self.cancel()
        patch = found.patch
        if patch is None:
            self.session.said.emit(found.reason)
            return
        slow = patch.effort(forward=True) > _AT_ONCE
        self.session.edit(_TEXT, lambda _check: patch.contents(forward=True), reach=patch.box, slow=slow)

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
        if self._found.patch is None:
            return self._found.reason
        count = self._found.patch.changed
        pixels = f"{count:,}".replace(",", " ")
        return f"Changes {pixels} pixel{'s' if count > 1 else ''}"

    # --- looking ---------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Work out in the background what would change. What was found before is shown until then."""
        document, segment_map, inside = self.session.document, self.map, self._inside
        if document is None or document.photo is None or segment_map is None or inside is None:
            self.cancel()
            return
        photo, read, band = document.photo, segment_map.as_it_is(), int(self.value("band"))
        reader, writable = MapLabels(read, document.label_table()), self.session.rule.writable(document.label_table())

        def look(check: Check) -> _Found:
            draft = Draft(read, writable=writable)
            coarse = CoarseParts(read.shape, most_pixels=_PREVIEW_PIXELS, within=inside.box)
            for part in refine_edges(photo, reader, inside, band=band, check=check):
                mask = part.mask if writable is None else part.mask & writable[read.shown(part.box)]
                values = human_values(part.labels)
                coarse.add(part.box, mask, values)
                draft.paint(part.box, part.mask, values)
            refused, patch, whole = draft.refused, draft.finish(), coarse.whole()
            if patch is None or whole is None:
                return _Found(reason="Paint may not go where the boundary would move.") if refused else _Found()
            return _Found(patch, Preview(*whole, shows=Shows.CHANGES))

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
