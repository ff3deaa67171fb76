"""Copy from the previous picture: in a sequence, what was corrected once need not be corrected again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from app.core.arrays import U8, Bool
from app.core.coarse import CoarseParts
from app.core.geometry import Box
from app.core.human_layer import HumanLayer
from app.core.parts import Check
from app.core.spans import Spans
from app.tools.area import LassoTool
from app.tools.base import Pointer, Preview, Shows, Sketch
from app.tools.options import Choice, Option

if TYPE_CHECKING:
    from app.editing.session import Session

Values = tuple[Box, Bool, U8]
_KEEP, _CLEAR = "keep", "clear"
_QUICK = 4_000_000  # pixels that can be copied while a hand waits


@dataclass(frozen=True, eq=False)
class _Source:
    """What a person decided in the previous picture, the name of that, and the area that is asked for; None for all."""

    name: str
    layer: HumanLayer
    inside: Spans | None

    @property
    def reach(self) -> Box:
        """The box that copying stays in."""
        return Box.of_shape(self.layer.shape) if self.inside is None else self.inside.box

    @property
    def nothing(self) -> str:
        """Why copying changes nothing, in one sentence."""
        if self.inside is None:
            return "All corrections of the previous picture are here already."
        return f"Nothing to copy inside this line: {self.name} has no corrections there, or they are here already."


@dataclass(frozen=True, eq=False)
class _Found:
    """What copying would change; `refused`: the rule keeps paint from some pixel that differs."""

    preview: Preview | None
    count: int
    refused: bool


class CopyPrevious(LassoTool):
    """Drag around an area: what a person decided there in the previous picture of the list is offered for this one.

    A click offers all of it. Either way it is shown first and Return makes it a correction: what comes over was painted
    for another picture and is not known by heart, so one has to see whether it fits. Both must have the same size.
    """

    id: ClassVar[str] = "copy"
    hint: ClassVar[str] = "Drag: see the previous picture's corrections inside a line · click: all · Return: copy"
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
        self._found: _Found | None = None  # None while it is looked for
        self._stop: Callable[[], None] = lambda: None

    def area(self, inside: Spans, start: Pointer) -> None:
        self._drop()
        self._offer(self._source(inside))

    def click(self, pointer: Pointer) -> None:
        self._drop()
        self._offer(self._source(None))

    def cancel(self) -> None:
        self._drop()
        super().cancel()

    def pending(self) -> bool:
        return self._offered is not None

    def accept(self) -> None:
        source = self._offered
        self._drop()
        if source is not None:
            self._copy(source)

    def value_changed(self, key: str) -> None:
        self._offer(self._offered)

    def changed(self) -> None:
        self._offer(self._offered)

    def sketch(self) -> Sketch | None:
        drawing, offered = super().sketch(), self._offered
        return self.line if drawing is None and offered is not None and offered.inside is not None else drawing

    def preview(self) -> Preview | None:
        return None if self._found is None else self._found.preview

    def note(self) -> str:
        if self._offered is None:
            return ""
        if self._found is None:
            return f"Looking at {self._offered.name}…"
        pixels = f"{self._found.count:,}".replace(",", " ")
        return f"Changes {pixels} pixel{'s' if self._found.count > 1 else ''}, from {self._offered.name}"

    # --- how -------------------------------------------------------------------------------------------------------

    def _source(self, inside: Spans | None) -> _Source | None:
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
        return _Source(path.name, layer, inside)

    def _offer(self, source: _Source | None) -> None:
        """Show what copying `source` would change."""
        segment_map, document = self.map, self.session.document
        if source is None or segment_map is None or document is None:
            return
        self._offered = source
        clear = self.value("rest") == _CLEAR
        writable = self.session.rule.writable(document.label_table())

        def look(check: Check) -> _Found:
            coarse, count, refused = CoarseParts(segment_map.shape, within=source.reach), 0, False
            for box, mask, values in _values(source, clear=clear):
                check()
                mask &= values != segment_map.human[box.slices]
                if writable is not None and mask.any():
                    mask &= writable[segment_map.shown(box)]
                    refused = True
                count += int(np.count_nonzero(mask))
                coarse.add(box, mask, values)
            whole = coarse.whole()
            return _Found(None if whole is None else Preview(*whole, shows=Shows.CHANGES), count, refused)

        self._stop = self.session.compute(
            look, key=(self.id, "preview"), done=self._take, text="Copy from previous picture: looking…"
        )
        self.show()

    def _take(self, found: _Found) -> None:
        source = self._offered
        if found.preview is not None:
            self._found = found
            self.show()
            return
        self._drop()
        if found.refused:
            self.session.say_refused()
        elif source is not None:
            self.session.said.emit(source.nothing)

    def _drop(self) -> None:
        self._stop()
        self._offered = self._found = None
        self._stop = lambda: None
        self.show()

    def _copy(self, source: _Source) -> None:
        clear = self.value("rest") == _CLEAR
        self.session.edit(
            f"Copy from {source.name}",
            lambda _check: _values(source, clear=clear),
            reach=source.reach,
            slow=source.reach.area > _QUICK,
            unchanged=source.nothing,
        )


def _values(source: _Source, *, clear: bool) -> Iterator[Values]:
    """The decisions of `source` as parts; with `clear` also where there is none."""
    layer = source.layer
    if source.inside is None:
        for band in layer.bands():
            values = layer.read(band)
            if clear or values.any():
                yield band, (values >= 0) if clear else values > 0, values
        return
    for box, mask in source.inside.parts():
        values = layer.read(box)
        if clear or values.any():
            yield box, mask if clear else mask & (values > 0), values
