"""Where the photo lies on the screen: the one mapping between image pixels and device pixels.

All screen lengths here are device pixels (what the screen really has), so that 100 % is one image pixel on one
screen pixel on every display. The widget converts from and to Qt's logical pixels at its border.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from app.core.geometry import Box

MAX_SCALE = 64.0
ZOOM_STEPS = (
    1 / 32, 1 / 24, 1 / 16, 1 / 12, 1 / 8, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3,
    1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0, MAX_SCALE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Viewport:
    """A photo of `photo` = (width, height) image pixels seen through `view` = (width, height) device pixels.

    `scale` is device pixels per image pixel; (`x`, `y`) is the device position of the photo's top left corner.
    `fitted` says that the whole photo is shown and should stay so when the view changes its size.
    """

    view: tuple[int, int]
    photo: tuple[int, int]
    scale: float
    x: float
    y: float
    fitted: bool
    margin: int

    @classmethod
    def fit(cls, *, view: tuple[int, int], photo: tuple[int, int], margin: int = 0) -> Self:
        """The whole photo, centred, `margin` device pixels away from the edges where there is room."""
        scale = _fit_scale(view, photo, margin)
        x, y = (round((space - size * scale) / 2) for space, size in zip(view, photo, strict=True))
        return cls(view=view, photo=photo, scale=scale, x=x, y=y, fitted=True, margin=margin)._clamped()

    @property
    def smallest(self) -> float:
        """The smallest scale: half of what fits, so that the photo can be seen from afar but never lost."""
        return min(1.0, _fit_scale(self.view, self.photo, self.margin) / 2)

    def to_photo(self, x: float, y: float) -> tuple[float, float]:
        """Device position to image position."""
        return (x - self.x) / self.scale, (y - self.y) / self.scale

    def to_view(self, x: float, y: float) -> tuple[float, float]:
        """Image position to device position."""
        return x * self.scale + self.x, y * self.scale + self.y

    def zoomed(self, scale: float, *, at: tuple[float, float]) -> Self:
        """At another scale, with the image point under the device position `at` staying there.

        Zooming in keeps it always; zooming out gives way where the photo would leave the middle of the view.
        """
        scale = min(max(scale, self.smallest), MAX_SCALE)
        ratio = scale / self.scale
        x, y = (point - (point - corner) * ratio for point, corner in zip(at, (self.x, self.y), strict=True))
        return replace(self, scale=scale, x=x, y=y, fitted=False)._clamped()

    def showing(self, box: Box, *, margin: int) -> Self:
        """As close as all of `box` (image pixels) can be seen, and it in the middle."""
        scale = _fit_scale(self.view, (max(1, box.width), max(1, box.height)), margin)
        scale = min(max(scale, self.smallest), MAX_SCALE)
        middle = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        x, y = (round(space / 2 - at * scale) for space, at in zip(self.view, middle, strict=True))
        return replace(self, scale=scale, x=x, y=y, fitted=False)._clamped()

    @property
    def middle(self) -> tuple[float, float]:
        """The image point in the middle of the view."""
        return self.to_photo(self.view[0] / 2, self.view[1] / 2)

    def around(self, x: float, y: float, *, scale: float) -> Self:
        """At another scale, with the image point (x, y) in the middle, as far as the photo stays in view."""
        scale = min(max(scale, self.smallest), MAX_SCALE)
        left, top = (round(space / 2 - at * scale) for space, at in zip(self.view, (x, y), strict=True))
        return replace(self, scale=scale, x=left, y=top, fitted=False)._clamped()

    def next_scale(self, *, closer: bool) -> float:
        """The next round scale, closer or further away."""
        if closer:
            return next((step for step in ZOOM_STEPS if step > self.scale * 1.01), MAX_SCALE)
        return next((step for step in reversed(ZOOM_STEPS) if step < self.scale * 0.99), self.smallest)

    def panned(self, dx: float, dy: float) -> Self:
        """Moved by whole device pixels, as far as the photo's edge reaching the middle of the view.

        Whole pixels, so that what was drawn before can be moved instead of being sampled again.
        """
        by_x, by_y = (
            math.trunc(min(max(delta, low - corner), high - corner))
            for corner, delta, (low, high) in zip((self.x, self.y), (dx, dy), self._limits(), strict=True)
        )
        return replace(self, x=self.x + by_x, y=self.y + by_y, fitted=False) if by_x or by_y else self

    def resized(self, view: tuple[int, int], *, margin: int) -> Self:
        """In a view of another size: still the whole photo if it was, else the same image point in the middle."""
        if self.fitted:
            return type(self).fit(view=view, photo=self.photo, margin=margin)
        dx, dy = ((new - old) // 2 for new, old in zip(view, self.view, strict=True))
        return replace(self, view=view, x=self.x + dx, y=self.y + dy, margin=margin)._clamped()

    def padded(self, pad: int) -> Self:
        """With `pad` device pixels more on every side, showing the same in the middle."""
        width, height = self.view
        return replace(self, view=(width + 2 * pad, height + 2 * pad), x=self.x + pad, y=self.y + pad)

    def columns(self, start: int, stop: int) -> tuple[int, NDArray[np.intp]]:
        """Image column under the centre of each device column from `start` to `stop`.

        Returns the first device column that shows the photo and the image columns (intp) from there on, possibly none.
        """
        return _samples(start, stop, corner=self.x, scale=self.scale, size=self.photo[0])

    def rows(self, start: int, stop: int) -> tuple[int, NDArray[np.intp]]:
        """Image row under the centre of each device row from `start` to `stop`; as `columns`."""
        return _samples(start, stop, corner=self.y, scale=self.scale, size=self.photo[1])

    def first_column(self, column: int) -> int:
        """The first device column that shows the image column `column` or a later one."""
        return _first(column, corner=self.x, scale=self.scale)

    def first_row(self, row: int) -> int:
        """The first device row that shows the image row `row` or a later one."""
        return _first(row, corner=self.y, scale=self.scale)

    def device_box(self, box: Box) -> Box:
        """The device pixels, inside the view, that can show an image pixel of `box`."""
        return Box(
            max(0, self.first_column(box.x0) - 1),
            max(0, self.first_row(box.y0) - 1),
            min(self.view[0], self.first_column(box.x1) + 1),
            min(self.view[1], self.first_row(box.y1) + 1),
        )

    def photo_box(self) -> Box:
        """The device pixels, inside the view, that show the photo."""
        (x0, x1), (y0, y1) = (
            _span(0, space, corner=corner, scale=self.scale, size=size)
            for space, corner, size in zip(self.view, (self.x, self.y), self.photo, strict=True)
        )
        return Box(x0, y0, x1, y1)

    def shift_from(self, other: Viewport) -> tuple[int, int] | None:
        """(dx, dy) if this is `other` moved by whole device pixels, else None."""
        if (self.view, self.photo, self.scale) != (other.view, other.photo, other.scale):
            return None
        dx, dy = self.x - other.x, self.y - other.y
        if abs(dx - round(dx)) > 1e-6 or abs(dy - round(dy)) > 1e-6:
            return None
        return round(dx), round(dy)

    def _limits(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Smallest and largest corner position per axis: the middle of the view stays over the photo."""
        low_x, low_y = (space / 2 - size * self.scale for space, size in zip(self.view, self.photo, strict=True))
        return (low_x, self.view[0] / 2), (low_y, self.view[1] / 2)

    def _clamped(self) -> Self:
        (low_x, high_x), (low_y, high_y) = self._limits()
        return replace(self, x=min(max(self.x, low_x), high_x), y=min(max(self.y, low_y), high_y))


def _fit_scale(view: tuple[int, int], photo: tuple[int, int], margin: int) -> float:
    scales = (max(space - 2 * margin, space / 2, 1) / size for space, size in zip(view, photo, strict=True))
    return min(*scales, MAX_SCALE)


def _first(pixel: int, *, corner: float, scale: float) -> int:
    """A device pixel shows what lies under its centre, so the first one at or after an edge has its centre past it."""
    return math.ceil(pixel * scale + corner - 0.5)


def _span(start: int, stop: int, *, corner: float, scale: float, size: int) -> tuple[int, int]:
    """The device pixels from `start` to `stop` that show the photo; a photo thinner than one still shows as one."""
    edge = _first(0, corner=corner, scale=scale)
    first = max(start, edge)
    return first, max(first, min(stop, max(_first(size, corner=corner, scale=scale), edge + 1)))


def _samples(start: int, stop: int, *, corner: float, scale: float, size: int) -> tuple[int, NDArray[np.intp]]:
    first, last = _span(start, stop, corner=corner, scale=scale, size=size)
    pixels = np.floor((np.arange(first, last) + (0.5 - corner)) / scale).astype(np.intp)
    return first, np.minimum(np.maximum(pixels, 0), size - 1)
