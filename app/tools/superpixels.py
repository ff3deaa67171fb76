"""Superpixels: pieces of the picture that follow its edges, painted one after the other by dragging over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from app.core.arrays import U8, Bool
from app.core.geometry import Box
from app.core.segment_map import human_value
from app.core.superpixels import COMPACTNESS, LARGEST_SIZE, SMALLEST_SIZE, Labels, SuperpixelTiles, prepare
from app.tools.base import Button, Pointer, Preview, Tool, class_name
from app.tools.options import Measure, Number, Option

if TYPE_CHECKING:
    from app.core.parts import Check
    from app.editing.gesture import Gesture, Paint, Paints
    from app.editing.session import Session

Pixel = tuple[int, int]
Passed = tuple[int, Pixel]  # by which stroke, and where
_STEP = 1.25  # of the size, for each step of keys or wheel
_FAINT = 0.35  # opacity: its edges are compared with those of the photo
_FINE = 16  # a 16th of the size: who only brushes a corner that small does not mean it
_AHEAD = 3  # a third of a tile around the pointer is computed before the hand gets there


class _Painted(NamedTuple):
    """A superpixel that is painted, as far as the rule allowed."""

    region: tuple[Box, Bool]
    value: int
    renewals: int  # of the rule before that

    def covers(self, pixel: Pixel, value: int, renewals: int) -> bool:
        """Whether painting the superpixel at `pixel` would change nothing."""
        return self[1:] == (value, renewals) and _holds(self.region, pixel)


class Superpixels(Tool):
    """The superpixel under the pointer is shown; dragging paints every one it touches, as one undo step.

    They are computed in the background around the pointer. Where the hand is faster, they are painted as they arrive,
    also after the button was let go.
    """

    id: ClassVar[str] = "superpixels"
    hint: ClassVar[str] = "Drag: paint · right button: unlabelled · Ctrl+wheel: size"
    options: ClassVar[tuple[Option, ...]] = (
        Number(
            "size", "Size", SMALLEST_SIZE, LARGEST_SIZE, 32, suffix=" px", geometric=True,
            tip="How wide a superpixel is, in picture pixels ([ and ], Ctrl+wheel)", measures=Measure.LENGTH,
        ),
        Number(
            "compactness", "Compactness", 1, 40, COMPACTNESS, geometric=True,
            tip="Low: they follow every edge · high: they are nearly squares",
        ),
    )  # fmt: skip

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._tiles: SuperpixelTiles | None = None
        self._pyramid: tuple[U8, ...] = ()  # what they are tiles of
        self._computing = False
        self._stop: Callable[[], None] = lambda: None
        self._at: Pixel | None = None  # under the pointer, while that is over the picture
        self._preview: Preview | None = None
        self._gesture: Gesture | None = None
        self._held = False  # the button is down
        self._class = 0  # what the stroke paints
        self._last: Pixel | None = None  # where the stroke is
        self._strokes = 0  # how many there were
        self._waiting: dict[Box, dict[Passed, int]] = {}  # by missing tile: where strokes went, and what to paint there
        self._painted: _Painted | None = None  # the latest
        self._noted = ""  # what was said last of the state
        session.compute(lambda _check: prepare(), key=(self.id, "prepare"), done=lambda _: None)

    def press(self, pointer: Pointer) -> None:
        goes_on = self._gesture is not None and self._gesture.is_open
        waiting, self._waiting = self._waiting if goes_on else {}, {}  # what still waits is painted by this stroke
        self._class = 0 if pointer.button is Button.RIGHT else self.session.current_class
        text = f"Superpixels with {class_name(self._class)}" if self._class else "Erase superpixels"
        self._gesture, self._painted = self.session.begin_edit(text, rest=self._give_rest), None
        self._waiting = waiting
        self._held, self._last, self._strokes = True, None, self._strokes + 1
        self.move(pointer)

    def drags(self) -> bool:
        return True

    def skips(self) -> bool:
        return not self._held  # a stroke paints all that it touches

    def move(self, pointer: Pointer) -> None:
        pixel = pointer.pixel
        tiles = self._current()
        self._at = pixel if tiles is not None and Box.of_shape(self._pyramid[0].shape).contains(*pixel) else None
        if tiles is not None and self._held:
            bounds = Box.of_shape(self._pyramid[0].shape)
            step = max(tiles.grain, tiles.size // _FINE)
            passed = _line(pixel if self._last is None else self._last, pixel, step=step)
            self._last = pixel
            self._paint(tiles, {(self._strokes, at): human_value(self._class) for at in passed if bounds.contains(*at)})
        self._follow()

    def release(self, pointer: Pointer) -> None:
        self._held = False
        self._follow()
        if self._waiting:
            self.show()  # there is something now that can be taken back

    def leave(self) -> None:
        self._at = None
        self._follow()

    def put_away(self) -> None:
        super().put_away()
        self._at, self._preview = None, None
        if not self._waiting:
            self._stop_computing()  # it was for what is under the pointer

    def cancel(self) -> None:
        self._stop_computing()
        gesture, self._gesture = self._gesture, None
        self._held, self._at, self._preview = False, None, None
        self._waiting.clear()
        document = self.session.document
        if document is None or document.pyramid is not self._pyramid:
            self._tiles, self._pyramid = None, ()
        if gesture is not None:
            gesture.cancel()
        self.show()

    def changed(self) -> None:
        if self._gesture is not None and not self._gesture.is_open:
            self._gesture = None  # something else ended it, or took it back
            self._waiting.clear()
        if self._preview is not None and self._preview.value != self._value:
            self._preview = replace(self._preview, value=self._value)
            self.show()

    def value_changed(self, key: str) -> None:
        self._follow()

    def adjust(self, steps: int) -> bool:
        size = self.value("size")
        self.set_value("size", max(size * _STEP**steps, size + 1) if steps > 0 else size * _STEP**steps)
        return True

    def preview(self) -> Preview | None:
        return self._preview

    def note(self) -> str:
        if self._waiting:
            count = len(self._waiting)
            places = f"{count} place{'s' if count > 1 else ''} of the stroke"
            return f"Computing superpixels: {places} to go · painted as they arrive, Esc takes the stroke back"
        if self._at is not None and self._preview is None:
            return "Computing the superpixels here… · they show as soon as they are there"
        return ""

    @property
    def _value(self) -> int:
        """What the next superpixel becomes."""
        return human_value(self._class if self._held else self.session.current_class)

    def _current(self) -> SuperpixelTiles | None:
        """The superpixels of the picture on screen, with the options as they are; None without a picture."""
        document = self.session.document
        if document is None or document.segment_map is None or not document.pyramid:
            return None
        size, compactness = int(self.value("size")), float(self.value("compactness"))
        known = self._tiles
        if (
            known is None
            or self._pyramid is not document.pyramid
            or (known.size, known.compactness) != (size, compactness)
        ):
            self._stop_computing()
            if self._pyramid is not document.pyramid:
                self._at = None  # the pointer was over another picture
            self._pyramid, self._preview, self._painted = document.pyramid, None, None
            known = self._tiles = SuperpixelTiles(self._pyramid, size, compactness=compactness)
            waiting, self._waiting = self._waiting, {}
            for passed in waiting.values():
                self._paint(known, passed)
        return known

    # --- the stroke ------------------------------------------------------------------------------------------------

    def _paint(self, tiles: SuperpixelTiles, passed: dict[Passed, int]) -> None:
        """Paint the superpixels at the pixels `passed`; those not known yet wait for the tile that is missing.

        Where several strokes waited for the same one, the last stroke counts.
        """
        gesture, unknown = self._gesture, None
        if gesture is None or not gesture.is_open:
            return
        for (stroke, pixel), value in sorted(passed.items(), key=lambda item: item[0][0]):
            if self._painted is not None and self._painted.covers(pixel, value, gesture.renewals):
                continue
            if unknown is None or not unknown.contains(*pixel):
                region = tiles.region(*pixel)
                if region is not None:
                    self._painted = _Painted(region, value, gesture.renewals)
                    gesture.paint(*region, value)
                    continue
                missing = tiles.missing(*pixel)
                unknown = missing if missing == tiles.tile_at(*pixel) else None
            else:
                missing = unknown
            if missing is not None:
                self._waiting.setdefault(missing, {})[stroke, pixel] = value

    def _give_rest(self) -> Paints | None:
        """Something else ends the stroke, or shows another picture: what waits is painted all the same, without us."""
        tiles, waiting = self._tiles, self._waiting
        if tiles is None or not waiting:
            return None
        self._gesture, self._waiting = None, {}
        known, passed = tiles.fork(), {at: value for some in waiting.values() for at, value in some.items()}
        self.show()
        return lambda check: _regions(known, passed, check)

    def _end(self) -> None:
        """All of the stroke is painted."""
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.commit(unchanged=f"This is {class_name(self._class)} already." if self._painted else "")

    # --- what is under the pointer ---------------------------------------------------------------------------------

    def _follow(self) -> None:
        """Show what is under the pointer, compute what is missing, and end the stroke that waits for nothing."""
        shown = self._preview
        tiles = self._current()
        known = self._preview
        if tiles is None or self._at is None:
            self._preview = None
        elif known is None or known.value != self._value or not _holds((known.box, known.mask), self._at):
            region = tiles.region(*self._at)
            self._preview = None if region is None else Preview(*region, self._value, _FAINT)
        if not self._held and not self._waiting:
            self._end()
        if self._preview is not shown or self.note() != self._noted:
            self._noted = self.note()
            self.show()
        if tiles is not None and not self._computing:
            self._compute(tiles, self._missing(tiles))

    def _missing(self, tiles: SuperpixelTiles) -> Box | None:
        """The tile that is needed first: under the pointer, then on the way of the stroke, then around the pointer."""
        here = None if self._at is None else tiles.missing(*self._at)
        if here is not None or self._waiting:
            return here or next(iter(self._waiting))
        around = [] if self._at is None else self._around(self._at, tiles)
        return next((tile for pixel in around if (tile := tiles.missing(*pixel)) is not None), None)

    def _around(self, at: Pixel, tiles: SuperpixelTiles) -> Iterator[Pixel]:
        """Where the pointer may be soon."""
        bounds, ahead = Box.of_shape(self._pyramid[0].shape), tiles.tile_at(*at).width // _AHEAD
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)):
            pixel = at[0] + dx * ahead, at[1] + dy * ahead
            if bounds.contains(*pixel):
                yield pixel

    def _compute(self, tiles: SuperpixelTiles, tile: Box | None) -> None:
        if tile is None:
            return

        def take(labels: Labels) -> None:
            self._computing = False
            tiles.add(tile, labels)
            self._paint(tiles, self._waiting.pop(tile, {}))
            self._follow()

        def fail(reason: str) -> None:
            self._computing, self._at = False, None  # until the pointer moves again
            self._waiting.clear()
            self.session.said.emit(reason)
            if not self._held:
                self._end()
            self.show()

        self._computing = True
        stop = self.session.compute(lambda _check: tiles.compute(tile), key=(self.id, "tile"), done=take, failed=fail)
        if self._computing:
            self._stop = stop

    def _stop_computing(self) -> None:
        self._stop()
        self._computing, self._stop = False, lambda: None


def _regions(tiles: SuperpixelTiles, passed: dict[Passed, int], check: Check) -> Iterator[Paint]:
    """The superpixels at the pixels `passed`, with what is to be painted there: those of the last stroke last."""
    latest: tuple[tuple[Box, Bool], int] | None = None
    for (_, pixel), value in sorted(passed.items(), key=lambda item: item[0][0]):
        if latest is not None and latest[1] == value and _holds(latest[0], pixel):
            continue
        while (missing := tiles.missing(*pixel)) is not None:
            check()
            tiles.add(missing, tiles.compute(missing))
        region = tiles.region(*pixel)
        if region is not None:
            latest = region, value
            yield (*region, value)


def _holds(region: tuple[Box, Bool], pixel: Pixel) -> bool:
    """Whether a pixel lies under the mask of a region."""
    box, mask = region
    return box.contains(*pixel) and bool(mask[pixel[1] - box.y0, pixel[0] - box.x0])


def _line(start: Pixel, end: Pixel, *, step: int) -> Iterator[Pixel]:
    """Pixels from `start` to `end`, both included, not more than `step` columns or rows apart."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    count = max(1, -(-max(abs(dx), abs(dy)) // step))
    for index in range(count + 1):
        yield start[0] + round(dx * index / count), start[1] + round(dy * index / count)
