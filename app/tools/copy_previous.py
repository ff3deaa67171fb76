"""Copy from the previous picture: in a sequence, what was corrected once need not be corrected again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from app.core.arrays import U8, Bool
from app.core.coarse import CoarseParts
from app.core.geometry import Box
from app.core.human_layer import HumanLayer
from app.core.parts import Check
from app.core.spans import Spans
from app.tools.area import LassoTool
from app.tools.base import Pointer, Preview
from app.tools.options import Choice, Option

if TYPE_CHECKING:
    from app.session import Session

Values = tuple[Box, Bool, U8]
_KEEP, _CLEAR = "keep", "clear"
_ALREADY = "All corrections of the previous picture are here already."
_QUICK = 4_000_000  # pixels that can be copied while a hand waits


@dataclass(frozen=True, eq=False)
class _Source:
    """What a person decided in the previous picture, and the name of that."""

    name: str
    layer: HumanLayer


@dataclass(frozen=True, eq=False)
class _Found:
    """What copying all of it would change; `refused`: the rule keeps paint from some pixel that differs."""

    preview: Preview | None
    refused: bool


class CopyPrevious(LassoTool):
    """Drag around an area: what a person decided there in the previous picture of the list is decided here as well.

    A click offers all of it. Both pictures must have the same size.
    """

    id: ClassVar[str] = "copy"
    hint: ClassVar[str] = "Drag: corrections of the previous picture inside a line · click: all of them"
    options: ClassVar[tuple[Option, ...]] = (
        Choice(
            "rest",
            "Elsewhere",
            ((_KEEP, "Keep what is here"), (_CLEAR, "Back to the network")),
            tip="What becomes of the pixels that the previous picture has no correction for",
        ),
    )

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._offered: _Source | None = None
        self._preview: Preview | None = None  # None while it is on its way
        self._stop: Callable[[], None] = lambda: None

    def area(self, inside: Spans, start: Pointer) -> None:
        self._drop()
        source = self._source()
        if source is not None:
            self._copy(source, inside)

    def click(self, pointer: Pointer) -> None:
        self._drop()
        self._offer(self._source())

    def cancel(self) -> None:
        self._drop()
        super().cancel()

    def pending(self) -> bool:
        return self._offered is not None

    def accept(self) -> None:
        source = self._offered
        self._drop()
        if source is not None:
            self._copy(source, None)

    def value_changed(self, key: str) -> None:
        self._offer(self._offered)

    def changed(self) -> None:
        self._offer(self._offered)

    def preview(self) -> Preview | None:
        return self._preview

    def note(self) -> str:
        return "" if self._offered is None else f"From {self._offered.name}"

    # --- how -------------------------------------------------------------------------------------------------------

    def _source(self) -> _Source | None:
        """The corrections of the previous picture; where they cannot be copied the person is told why."""
        document, path = self.session.document, self.session.previous_path()
        if document is None or document.segment_map is None:
            return None
        if path is None:
            self.session.said.emit("This is the first picture of the list: there is none before it to copy from.")
            return None
        previous = self.session.find(path)
        self.session.settle(path)
        layer = None if previous is None else previous.human_layer()
        if layer is None:
            self.session.said.emit(f"{path.name}, the previous picture, has no corrections to copy.")
            return None
        (height, width), (there_high, there_wide) = document.segment_map.shape, layer.shape
        if (height, width) != (there_high, there_wide):
            self.session.said.emit(
                f"{path.name}, the previous picture, has {there_wide} x {there_high} pixels and this one "
                f"{width} x {height}: corrections can be copied between pictures of one size only."
            )
            return None
        return _Source(path.name, layer)

    def _offer(self, source: _Source | None) -> None:
        """Show what all of `source` would change."""
        segment_map, document = self.map, self.session.document
        if source is None or segment_map is None or document is None:
            return
        self._offered = source
        clear = self.value("rest") == _CLEAR

        writable = self.session.rule.writable(document.label_table())

        def look(check: Check) -> _Found:
            coarse, refused = CoarseParts(segment_map.shape), False
            for box, mask, values in _values(source.layer, None, clear=clear):
                check()
                mask &= values != segment_map.human[box.slices]
                if writable is not None and mask.any():
                    mask &= writable[segment_map.shown(box)]
                    refused = True
                coarse.add(box, mask, values)
            whole = coarse.whole()
            return _Found(None if whole is None else Preview(*whole), refused)

        self._stop = self.session.compute(look, key=(self.id, "preview"), done=self._take)
        self.show()

    def _take(self, found: _Found) -> None:
        if found.preview is not None:
            self._preview = found.preview
            self.show()
            return
        self._drop()
        if found.refused:
            self.session.say_refused()
        else:
            self.session.said.emit(_ALREADY)

    def _drop(self) -> None:
        self._stop()
        self._offered = self._preview = None
        self._stop = lambda: None
        self.show()

    def _copy(self, source: _Source, inside: Spans | None) -> None:
        reach = Box.of_shape(source.layer.shape) if inside is None else inside.box
        clear = self.value("rest") == _CLEAR
        nothing = f"Nothing to copy inside this line: {source.name} has no corrections there, or they are here already."
        self.session.edit(
            f"Copy from {source.name}",
            lambda _check: _values(source.layer, inside, clear=clear),
            reach=reach,
            slow=reach.area > _QUICK,
            unchanged=_ALREADY if inside is None else nothing,
        )


def _values(layer: HumanLayer, inside: Spans | None, *, clear: bool) -> Iterator[Values]:
    """The decisions of `layer`, everywhere or only `inside`, as parts; with `clear` also where there is none."""
    if inside is None:
        for band in layer.bands():
            values = layer.read(band)
            if clear or values.any():
                yield band, (values >= 0) if clear else values > 0, values
        return
    for box, mask in inside.parts():
        values = layer.read(box)
        if clear or values.any():
            yield box, mask if clear else mask & (values > 0), values
