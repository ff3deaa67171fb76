"""The names of the classes, written into the regions that have room for them.

Where a name stands is worked out from the codes on screen (`place_names`) when things have come to rest; until then it
stays where it was in the picture. Drawing (`NameTags`) takes letters from images that are made once.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen, QRegion

from app.canvas.viewport import Viewport
from app.core.arrays import U8, Bool
from resources.classes import ade_class

MOST_OF_A_CLASS = 3  # regions of one class that are named in one view
_STEP = 4  # cells; widths are rounded up to this, so that names of about one length are tried at once
_CELL = 4  # device pixels that the codes are reduced by on both axes, per device pixel ratio
_ROOM = 8.0  # logical pixels that a name keeps from the border of its region
_HALO = 3.0  # logical pixels around the letters
_FONT = 12.5  # logical pixels
_KEPT_IMAGES = 200
_WHITE, _DARK = QColor(255, 255, 255), QColor(0, 0, 0, 165)

Measure = Callable[[int], tuple[float, float]]
"""Width and height of the name of a class, in device pixels."""


@dataclass(frozen=True, slots=True)
class NamePlace:
    """The name of a class, centred on an image position."""

    class_id: int
    x: float
    y: float


def place_names(
    codes: U8, labels: U8, view: Viewport, measure: Measure, *, ratio: float = 1.0
) -> tuple[NamePlace, ...]:
    """Where names fit: in the largest regions of each class, as far from their borders as can be.

    `codes` (h, w) uint8 are those that `view` shows, `labels` (256,) uint8 the visible label of each, 0 for none;
    `ratio` is device pixels per logical pixel. A place is chosen among those where the whole name with some room around
    it lies inside its region, at the pole of inaccessibility: there the nearest border is the furthest away. Borders of
    the photo and of the view count, so that what can be seen has its name where it can be seen.
    """
    cell = max(1, round(_CELL * ratio))
    photo = view.photo_box()
    reduced = np.ascontiguousarray(codes[photo.slices][cell // 2 :: cell, cell // 2 :: cell])
    if not reduced.size:
        return ()
    seen = np.asarray(cv2.LUT(reduced, labels), np.uint8)
    regions = _Regions(seen)
    room = 2 * _ROOM * ratio
    sizes = {
        int(class_id): (ceil((width + room) / cell), ceil((height + room) / cell))
        for class_id in np.flatnonzero(np.bincount(seen.reshape(-1)))
        if class_id
        for width, height in (measure(int(class_id)),)
    }
    named: Counter[int] = Counter()
    places = []
    for x, y in regions.spots(sizes):
        class_id = int(seen[y, x])
        named[class_id] += 1
        if named[class_id] <= MOST_OF_A_CLASS:
            middle = (photo.x0 + x * cell + cell // 2 + 0.5, photo.y0 + y * cell + cell // 2 + 0.5)
            places.append(NamePlace(class_id, *view.to_photo(*middle)))
    return tuple(places)


class _Regions:
    """Connected pixels of one label, all of them found in one pass: what is left between the borders of labels."""

    def __init__(self, labels: U8) -> None:
        inner = np.zeros(labels.shape, np.uint8)
        core = labels[1:-1, 1:-1]
        inner[1:-1, 1:-1] = (core > 0) & (core == labels[1:-1, 2:]) & (core == labels[2:, 1:-1])
        self._labels, self._inner = labels, inner
        self._reach = np.asarray(cv2.distanceTransform(inner, cv2.DIST_L2, 3), np.float32)
        count, numbers, stats, _ = cv2.connectedComponentsWithStats(inner, connectivity=4, ltype=cv2.CV_32S)
        self._count, self._numbers = int(count), np.asarray(numbers, np.int32)
        self._areas = stats[:, cv2.CC_STAT_AREA]

    def spots(self, sizes: dict[int, tuple[int, int]]) -> list[tuple[int, int]]:
        """The best place (x, y) in each region for the rectangle (width, height) of its label; largest regions first.

        Regions in which it fits nowhere have none.
        """
        where = np.flatnonzero(self._fitting(sizes))
        numbers, reach = self._numbers.reshape(-1)[where], self._reach.reshape(-1)[where]
        furthest = np.zeros(self._count, np.float32)
        np.maximum.at(furthest, numbers, reach)
        best = where[reach == furthest[numbers]][::-1]
        spot = np.full(self._count, -1, np.intp)
        spot[self._numbers.reshape(-1)[best]] = best  # of equals the first
        order = np.argsort(-self._areas, kind="stable")
        across = self._labels.shape[1]
        return [(int(at) % across, int(at) // across) for at in spot[order] if at >= 0]

    def _fitting(self, sizes: dict[int, tuple[int, int]]) -> Bool:
        """Where the rectangle of the label that is there can have its middle without touching a border: (h, w) bool."""
        fitting = np.zeros(self._inner.shape, np.uint8)
        by_size: dict[tuple[int, int], list[int]] = {}
        for class_id, (width, height) in sizes.items():
            by_size.setdefault((width // _STEP * _STEP + _STEP | 1, height | 1), []).append(class_id)
        for size, class_ids in by_size.items():
            room = cv2.erode(
                self._inner,
                cv2.getStructuringElement(cv2.MORPH_RECT, size),
                borderType=cv2.BORDER_CONSTANT,
                borderValue=0.0,
            )
            mine = np.zeros(256, np.uint8)
            mine[class_ids] = 1
            fitting |= np.asarray(cv2.LUT(self._labels, mine), np.uint8) & np.asarray(room, np.uint8)
        return fitting.view(np.bool_)


class NameTags:
    """The names as they are drawn: white letters with a dark halo, legible on any photo."""

    def __init__(self, font: QFont, *, ratio: float = 1.0) -> None:
        self._images: OrderedDict[int, QImage] = OrderedDict()
        self._widths: dict[int, float] = {}
        self._made_for: tuple[QFont, float] | None = None
        self.fit(font, ratio=ratio)

    def fit(self, font: QFont, *, ratio: float) -> bool:
        """Write in a bolder version of `font`, on a screen of `ratio`; False if that is how it is done already."""
        if self._made_for == (font, ratio):
            return False
        self._made_for, self._ratio = (font, ratio), ratio
        self._font = QFont(font)
        self._font.setPixelSize(max(1, round(_FONT * ratio)))
        self._font.setWeight(QFont.Weight.DemiBold)
        self._metrics = QFontMetricsF(self._font)
        self._widths.clear()
        self._images.clear()
        return True

    def measure(self, class_id: int) -> tuple[float, float]:
        """Width and height of a name in device pixels, without its halo."""
        if class_id not in self._widths:
            self._widths[class_id] = self._metrics.horizontalAdvance(ade_class(class_id).name)
        return self._widths[class_id], self._metrics.height()

    def place(self, codes: U8, labels: U8, view: Viewport) -> tuple[NamePlace, ...]:
        """`place_names` for the names as they are written here."""
        return place_names(codes, labels, view, self.measure, ratio=self._ratio)

    def draw(self, painter: QPainter, places: Sequence[NamePlace], view: Viewport) -> None:
        """Draw the names; the painter works in device pixels."""
        for place in places:
            image = self._image(place.class_id)
            painter.drawImage(_corner(place, image, view), image)

    def region(self, places: Sequence[NamePlace], view: Viewport) -> QRegion:
        """What drawing them touches, in logical pixels."""
        touched = QRegion()
        for place in places:
            image = self._image(place.class_id)
            box = QRectF(_corner(place, image, view), image.size().toSizeF())
            logical = QRectF(box.topLeft() / self._ratio, box.size() / self._ratio)
            touched += QRegion(logical.toAlignedRect())
        return touched

    def _image(self, class_id: int) -> QImage:
        if class_id in self._images:
            self._images.move_to_end(class_id)
        else:
            self._images[class_id] = self._write(ade_class(class_id).name)
            if len(self._images) > _KEPT_IMAGES:
                self._images.popitem(last=False)
        return self._images[class_id]

    def _write(self, text: str) -> QImage:
        halo = _HALO * self._ratio
        path = QPainterPath()
        path.addText(QPointF(halo, halo + self._metrics.ascent()), self._font, text)
        width, height = self._metrics.horizontalAdvance(text) + 2 * halo, self._metrics.height() + 2 * halo
        size = QRect(0, 0, ceil(width), ceil(height)).size()
        image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        round_pen = QPen(_DARK, halo, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        painter.strokePath(path, round_pen)
        painter.fillPath(path, _WHITE)
        painter.end()
        return image


def _corner(place: NamePlace, image: QImage, view: Viewport) -> QPointF:
    """The top left corner of a name's image, on whole device pixels so that the letters stay sharp."""
    x, y = view.to_view(place.x, place.y)
    return QPointF(round(x - image.width() / 2), round(y - image.height() / 2))
