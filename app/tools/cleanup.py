"""Clean-up: gaps filled, specks and holes removed, boundaries smoothed, after one has seen what would change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from app.core import cleanup
from app.core.arrays import Bool
from app.core.coarse import CoarseParts
from app.core.parts import Check, MapLabels, Part, human_values
from app.core.patches import Draft, Patch
from app.core.spans import Spans
from app.tools.area import LassoTool
from app.tools.base import Cursor, Pointer, Preview, Shows, Sketch, class_name
from app.tools.options import Choice, Measure, Number, Option
from resources.classes import CLASS_COUNT

if TYPE_CHECKING:
    from app.editing.gesture import Paint
    from app.editing.session import Session
    from app.settings import Value

_GAPS, _SPECKS, _HOLES, _SMOOTH = "gaps", "specks", "holes", "smooth"
_TEXTS = {_GAPS: "Fill gaps", _SPECKS: "Remove specks", _HOLES: "Fill holes", _SMOOTH: "Smooth boundaries"}
_NONE = 0  # no size of its own: it is back to the common one
_SIZED, _CLASSED = frozenset({_SPECKS, _HOLES}), frozenset({_SPECKS})


@dataclass(frozen=True, eq=False)
class _Found:
    """What a clean-up would change; `refused`: the rule keeps paint from some of it."""

    patch: Patch | None
    preview: Preview | None
    refused: bool

    @property
    def count(self) -> int:
        """How many pixels."""
        return 0 if self.patch is None else self.patch.changed


class Cleanup(LassoTool):
    """Click to look at the whole picture, or drag around an area: what would change is shown and counted.

    Return does it. Specks are looked for in all classes or in the current one, holes in the current class. The size of
    specks that is set while the current class is meant is that class's own, and counts as well when all are meant.
    """

    id: ClassVar[str] = "cleanup"
    hint: ClassVar[str] = "Click: look through the whole picture · drag: only inside a line"
    cursor: ClassVar[Cursor] = Cursor.POINT
    options: ClassVar[tuple[Option, ...]] = (
        Choice(
            "what",
            "Clean up",
            ((_GAPS, "Fill gaps"), (_SPECKS, "Remove specks"), (_HOLES, "Fill holes"), (_SMOOTH, "Smooth boundaries")),
            tip="Gaps: unlabelled pixels take the nearest label · specks: small regions vanish · "
            "holes: small regions inside the current class join it",
        ),
        Number(
            "size", "under", 2, 100_000, 200, suffix=" px", geometric=True,
            tip="Regions with fewer pixels than this; set for the current class, it is that class's own",
            only=("what", _SIZED), measures=Measure.AREA,
        ),
        Choice(
            "classes", "of", (("all", "All classes"), ("current", "Current class")),
            tip="Whose specks are removed; each class may have its own size, set while it is the current one",
            only=("what", _CLASSED),
        ),
        Number(
            "radius", "Radius", 1, 50, 4, suffix=" px", geometric=True,
            tip="How far around a pixel its neighbours vote", only=("what", frozenset({_SMOOTH})),
            measures=Measure.LENGTH,
        ),
    )  # fmt: skip

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._inside: Spans | None = None  # None while the whole picture is meant
        self._asked = False  # something was looked for
        self._found: _Found | None = None  # None while it is still being looked for
        self._settled = False  # what was found fits what the picture, the rule and the options are now
        self._stop: Callable[[], None] = lambda: None

    def click(self, pointer: Pointer) -> None:
        self._look(None)

    def area(self, inside: Spans, start: Pointer) -> None:
        self._look(inside)

    def cancel(self) -> None:
        self._stop()
        self._asked, self._found, self._inside, self._settled = False, None, None, False
        super().cancel()

    def pending(self) -> bool:
        return self._asked

    def acceptable(self) -> bool:
        return self._settled and self._found is not None and self._found.count > 0

    def accept(self) -> None:
        """Only what was seen and counted is done; it is not worked out again."""
        found, work = self._found, self._work()
        if work is not None and (found is None or not self._settled):
            self.session.said.emit("Still looking: Return does it once it is seen what would change.")
            return
        reach = None if self._inside is None else self._inside.box
        self.cancel()
        if work is None or found is None:
            return

        def parts(check: Check) -> Iterable[Paint]:
            if found.patch is None and found.refused:  # the edit has to say why nothing changes
                return ((part.box, part.mask, human_values(part.labels)) for part in work(check))
            return () if found.patch is None else found.patch.contents(forward=True)

        self.session.edit(self._text(), parts, reach=reach, slow=True, unchanged="There is nothing to clean up here.")

    def changed(self) -> None:
        if self._asked:
            self._look(self._inside)

    def value_changed(self, key: str) -> None:
        self.changed()

    def adjust(self, steps: int) -> bool:
        key = {_SPECKS: "size", _HOLES: "size", _SMOOTH: "radius"}.get(self.value("what"))
        if key is None:
            return False
        value = self.value(key)
        self.set_value(
            key, max(value + steps, value * 1.25**steps) if steps > 0 else min(value - 1, value * 1.25**steps)
        )
        return True

    def sketch(self) -> Sketch | None:
        drawing = super().sketch()
        return self.line if drawing is None and self._asked and self._inside is not None else drawing

    def preview(self) -> Preview | None:
        return None if self._found is None else self._found.preview

    def note(self) -> str:
        if not self._asked:
            return ""
        if self._found is None:
            return "Looking…"
        where = "in the whole picture" if self._inside is None else "inside the line"
        if not self._found.count:
            return f"Nothing to change {where}{self._sizes_note()}"
        pixels = f"{self._found.count:,}".replace(",", " ")
        return f"Changes {pixels} pixel{'s' if self._found.count > 1 else ''} {where}{self._sizes_note()}"

    def _sizes_note(self) -> str:
        """That the size which is shown is not that of every class."""
        own = len(self._own_sizes()) if self.value("what") == _SPECKS and not self._for_one_class else 0
        return f" · {own} class{'es' if own > 1 else ''} with {'their' if own > 1 else 'its'} own size" if own else ""

    # --- sizes of specks -------------------------------------------------------------------------------------------

    def value(self, key: str) -> Any:
        own = self._own_size(self.session.current_class) if key == "size" and self._for_one_class else None
        return super().value(key) if own is None else own

    def set_value(self, key: str, value: Value) -> None:
        if key != "size" or not self._for_one_class or not isinstance(value, int | float):
            super().set_value(key, value)
            return
        option, class_id, common = self._option(key), self.session.current_class, super().value(key)
        size = round(min(max(value, option.low), option.high))
        self.session.set_tool_value(self._name_of(class_id), _NONE if size == common else size)

    @property
    def _for_one_class(self) -> bool:
        """Whether the size is that of specks of the current class."""
        return bool(super().value("what") == _SPECKS and super().value("classes") == "current")

    def _name_of(self, class_id: int) -> str:
        return f"{self.id}.size.{class_id}"

    def _own_size(self, class_id: int) -> int | None:
        """The size of specks of a class where it has one of its own, in pixels."""
        own = self.session.tool_value(self._name_of(class_id))
        return int(own) if own is not None and self._option("size").accepts(own) else None

    def _own_sizes(self) -> dict[int, int]:
        sizes = {class_id: self._own_size(class_id) for class_id in range(CLASS_COUNT + 1)}
        return {class_id: size for class_id, size in sizes.items() if size is not None}

    def _option(self, key: str) -> Number:
        option = next(option for option in self.options if option.key == key)
        assert isinstance(option, Number)
        return option

    # --- looking ---------------------------------------------------------------------------------------------------

    def _look(self, inside: Spans | None) -> None:
        """Find out in the background what would change."""
        if inside is not self._inside or not self._asked:
            self._found = None
        self._inside, self._asked = inside, True
        segment_map, document, work = self.map, self.session.document, self._work()
        if segment_map is None or document is None or work is None:
            self.cancel()
            return
        read, writable = segment_map.as_it_is(), self.session.rule.writable(document.label_table())

        def look(check: Check) -> _Found:
            draft, coarse = Draft(read, writable=writable), CoarseParts(read.shape)
            for part in work(check):
                mask: Bool = part.mask if writable is None else part.mask & writable[read.shown(part.box)]
                values = human_values(part.labels)
                coarse.add(part.box, mask, values)
                draft.paint(part.box, part.mask, values)
            refused, patch, whole = draft.refused, draft.finish(), coarse.whole()
            return _Found(patch, None if whole is None else Preview(*whole, shows=Shows.CHANGES), refused)

        self._settled = False
        self._stop = self.session.compute(
            look, key=(self.id, "look"), done=self._take, text=f"{self._text()}: looking…"
        )
        self.show()

    def _take(self, found: _Found) -> None:
        self._found, self._settled = found, True
        self.show()

    def _work(self) -> Callable[[Check], Iterable[Part]] | None:
        """What finds the changes, with the options as they are now; None without a picture."""
        document, segment_map = self.session.document, self.map
        if document is None or segment_map is None:
            return None
        reader = MapLabels(segment_map.as_it_is(), document.label_table())
        what, size, radius = self.value("what"), int(self.value("size")), int(self.value("radius"))
        current, inside = self.session.current_class, self._inside
        classes, sizes = ((current,) if self.value("classes") == "current" else None), self._own_sizes()

        def work(check: Check) -> Iterator[Part]:
            if what == _GAPS:
                return cleanup.fill_gaps(reader, area=inside, check=check)
            if what == _SPECKS:
                return cleanup.remove_specks(reader, size=size, sizes=sizes, classes=classes, area=inside, check=check)
            if what == _HOLES:
                return cleanup.fill_holes(reader, class_id=current, size=size, area=inside, check=check)
            return cleanup.smooth(reader, radius=radius, area=inside, check=check)

        return work

    def _text(self) -> str:
        what = self.value("what")
        return f"{_TEXTS[what]} of {class_name(self.session.current_class)}" if what == _HOLES else _TEXTS[what]
