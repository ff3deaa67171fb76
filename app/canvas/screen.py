"""What the canvas keeps at screen resolution, and how little of it has to be made again when something changes.

Three arrays of the view's size in device pixels, and PAD more on every side: the photo as seen, the code under every
pixel, and the overlay drawn from the codes. Moving the picture moves them and fills the strips that came in; a stroke
samples its own rectangle; a threshold, an opacity or a hidden class draws the overlay again from the codes that are
already there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from app.canvas.overlay import Look, draw_overlay
from app.canvas.viewport import Viewport
from app.core.arrays import U8, U32
from app.core.geometry import NOTHING, Box
from app.core.segment_map import Layer, SegmentMap

PAD = 8  # device pixels: an outline at the edge of the view depends on what lies just outside
_SLACK = 1e-6  # device pixels; moving the picture by whole pixels may round its corner differently
_SHARP_FROM = 2.0  # device pixels per image pixel from which single pixels are shown as squares


class Screen:
    """The photo, codes and overlay of one view. `refresh` brings them up to date for a viewport."""

    def __init__(self, *, background: int = 0xFF808080) -> None:
        self.backdrop: U32 = np.zeros((1, 1), np.uint32)  # 0xFFRRGGBB
        self.codes: U8 = np.zeros((1, 1), np.uint8)
        self.overlay: U32 = np.zeros((1, 1), np.uint32)  # 0xAARRGGBB, premultiplied
        self.background = background
        self._pyramid: Sequence[U8] = ()
        self._map: SegmentMap | None = None
        self._layer = Layer.SHOWN
        self._look: Look | None = None
        self._drawn: Viewport | None = None
        self._touched = NOTHING  # image pixels whose codes changed since the last refresh
        self._photo_stale = self._codes_stale = self._overlay_stale = True

    def set_photo(self, pyramid: Sequence[U8], *, background: int) -> None:
        """Another photo, as levels of half the size each, or another colour (0xFFRRGGBB) around it."""
        self._pyramid, self.background = pyramid, background
        self._photo_stale = True

    def set_map(self, segment_map: SegmentMap | None) -> None:
        """Another segment map, or any of its codes may have changed."""
        self._map = segment_map
        self._codes_stale = True

    def set_layer(self, layer: Layer) -> bool:
        """Show everything, or the network's own answer alone; False when that is what is shown already."""
        changed = layer is not self._layer
        self._layer = layer
        self._codes_stale |= changed
        return changed

    def set_look(self, look: Look | None) -> None:
        """Other colours for the same codes."""
        self._look = look
        self._overlay_stale = True

    def touch(self, box: Box) -> None:
        """The codes of these image pixels have changed."""
        self._touched = self._touched.union(box)

    @property
    def reach(self) -> int:
        """How far, in device pixels, a changed code changes the drawing around it."""
        return 0 if self._look is None else self._look.reach

    @property
    def has_overlay(self) -> bool:
        return self._map is not None and self._look is not None

    @property
    def seen_codes(self) -> U8:
        """The codes of the view as it was last refreshed, without the padding."""
        return self.codes[PAD:-PAD, PAD:-PAD]

    def refresh(self, view: Viewport) -> bool:
        """Make the three arrays show `view` inside their padding; True when they are new arrays, of another size."""
        view = view.padded(PAD)
        width, height = view.view
        resized = self.codes.shape != (height, width)
        if resized:
            self.backdrop = np.empty((height, width), np.uint32)
            self.codes = np.zeros((height, width), np.uint8)
            self.overlay = np.zeros((height, width), np.uint32)
        whole = Box(0, 0, width, height)
        shift = None if resized or self._drawn is None else view.shift_from(self._drawn)
        everything = shift is None or max(abs(shift[0]) / width, abs(shift[1]) / height) >= 1
        self._drawn = view
        if not everything and shift is not None and shift != (0, 0):
            for array in (self.backdrop, self.codes, self.overlay):
                _move(array, shift)
        strips = (whole,) if everything else _uncovered(whole, shift or (0, 0))
        self._refresh_photo((whole,) if self._photo_stale else strips)
        self._refresh_codes((whole,) if self._codes_stale else (*strips, *self._touched_boxes(view)))
        self._photo_stale = self._codes_stale = self._overlay_stale = False
        self._touched = NOTHING
        return resized

    def _touched_boxes(self, view: Viewport) -> tuple[Box, ...]:
        return () if self._touched.empty else (view.device_box(self._touched),)

    def _refresh_photo(self, boxes: Sequence[Box]) -> None:
        view = self._drawn
        assert view is not None
        for box in boxes:
            inside = box.intersect(view.photo_box()) if self._pyramid else NOTHING
            for strip in _outside(box, inside):
                self.backdrop[strip.slices] = self.background
            if not inside.empty:
                draw_photo(self._pyramid, view, inside, out=self.backdrop[inside.slices])

    def _refresh_codes(self, boxes: Sequence[Box]) -> None:
        view = self._drawn
        assert view is not None
        for box in boxes:
            inside = NOTHING if self._map is None else box.intersect(view.photo_box())
            for strip in _outside(box, inside):
                self.codes[strip.slices] = 0
            if self._map is not None and not inside.empty:
                _, columns = view.columns(inside.x0, inside.x1)
                _, rows = view.rows(inside.y0, inside.y1)
                self.codes[inside.slices] = self._map.sample(rows, columns, layer=self._layer)
        if self._overlay_stale:
            boxes = (Box.of_shape(self.codes.shape),)
        for box in boxes:
            self._refresh_overlay(box, view)

    def _refresh_overlay(self, box: Box, view: Viewport) -> None:
        """Outlines end at the photo's edge: that edge is no boundary between labels."""
        if self._look is None:
            return
        photo = view.photo_box()
        changed = box.grow(self._look.reach).intersect(photo)
        for strip in _outside(box, changed.intersect(box)):
            self.overlay[strip.slices] = 0
        if changed.empty:
            return
        source = changed.grow(self._look.reach).intersect(photo)
        at = source.x0 - _whole(view.x), source.y0 - _whole(view.y)
        if source == changed:
            draw_overlay(self.codes[source.slices], self._look, out=self.overlay[source.slices], at=at)
            return
        drawn = np.empty(source.shape, np.uint32)
        draw_overlay(np.ascontiguousarray(self.codes[source.slices]), self._look, out=drawn, at=at)
        self.overlay[changed.slices] = drawn[changed.move(-source.x0, -source.y0).slices]


def _whole(corner: float) -> int:
    """The device pixel that a picture's corner lies in; the same one, but for the shift, wherever it is moved to."""
    return math.floor(corner + _SLACK)


def draw_photo(pyramid: Sequence[U8], view: Viewport, box: Box, *, out: U32) -> None:
    """The part of the photo that `box` (device pixels, on the photo) shows, into `out` (h, w) uint32 0xFFRRGGBB.

    Close up every image pixel is a square; otherwise the pyramid level that is at most twice as fine as the screen
    is interpolated.
    """
    if view.scale >= _SHARP_FROM or view.scale == 1.0:
        _draw_squares(pyramid[0], view, box, out=out)
    else:
        level = max(k for k in range(len(pyramid)) if k == 0 or view.scale * 2**k <= 1.0)
        _draw_smooth(pyramid[level], view, box, out=out)


def _draw_squares(photo: U8, view: Viewport, box: Box, *, out: U32) -> None:
    _, xs = view.columns(box.x0, box.x1)
    _, ys = view.rows(box.y0, box.y1)
    part = _argb(photo[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1])
    if part.shape == out.shape:
        out[:] = part
    else:
        part.take(xs - xs[0], axis=1).take(ys - ys[0], axis=0, out=out, mode="clip")


def _draw_smooth(level: U8, view: Viewport, box: Box, *, out: U32) -> None:
    """Bilinear; the middle of device pixel i lies over the level's pixel position a * i + b on each axis."""
    spans = []
    for start, stop, corner, size, photo in (
        (box.x0, box.x1, view.x, level.shape[1], view.photo[0]),
        (box.y0, box.y1, view.y, level.shape[0], view.photo[1]),
    ):
        a = size / photo / view.scale
        b = (start + 0.5 - corner) * a - 0.5
        first = min(max(0, int(b) - 1), size - 1)
        last = min(size, int(a * (stop - start) + b) + 3)
        spans.append((a, b - first, first, max(last, first + 1)))
    (ax, bx, left, right), (ay, by, top, bottom) = spans
    part = cv2.cvtColor(level[top:bottom, left:right], cv2.COLOR_RGB2BGRA)  # four channels warp 2.5 times faster than 3
    drawn = cv2.warpAffine(
        part,
        np.array([[ax, 0, bx], [0, ay, by]]),
        (box.width, box.height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    out[:] = drawn.view(np.uint32)[:, :, 0]


def _argb(rgb: U8) -> U32:
    argb: U32 = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA).view(np.uint32)[:, :, 0]
    return argb


def _move(array: NDArray[Any], shift: tuple[int, int]) -> None:
    """Move the content of a (h, w) array in place; what comes in keeps old values."""
    (to_y, from_y), (to_x, from_x) = (
        (slice(max(0, by), size + min(0, by)), slice(max(0, -by), size + min(0, -by)))
        for by, size in zip((shift[1], shift[0]), array.shape, strict=True)
    )
    array[to_y, to_x] = array[from_y, from_x]


def _uncovered(whole: Box, shift: tuple[int, int]) -> tuple[Box, ...]:
    """The parts of `whole` that moving it by `shift` leaves bare."""
    return _outside(whole, whole.move(*shift).intersect(whole))


def _outside(whole: Box, kept: Box) -> tuple[Box, ...]:
    """What of `whole` lies above, below, left and right of the part `kept` of it."""
    if kept.empty:
        return (whole,)
    strips = (
        Box(whole.x0, whole.y0, whole.x1, kept.y0),
        Box(whole.x0, kept.y1, whole.x1, whole.y1),
        Box(whole.x0, kept.y0, kept.x0, kept.y1),
        Box(kept.x1, kept.y0, whole.x1, kept.y1),
    )
    return tuple(strip for strip in strips if not strip.empty)
