"""Rows of a list as they were painted last: a list that is drawn again and again draws only what is new in it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QPainter, QPixmap

_MOST = 64  # rows; more than are seen at a time


class RowImages:
    """Keeps the image of a row until it is dropped, or looks different by its `state`."""

    def __init__(self) -> None:
        self._images: OrderedDict[Hashable, tuple[object, QPixmap]] = OrderedDict()
        self._stale: set[Hashable] = set()  # rows of which a part is to be painted again

    def drop(self, key: Hashable) -> None:
        """The row has something else to show."""
        self._images.pop(key, None)

    def renew(self, key: Hashable) -> None:
        """The part of a row that changes most has something else to show."""
        self._stale.add(key)

    def clear(self) -> None:
        """So have all rows."""
        self._images.clear()
        self._stale.clear()

    def draw(
        self,
        painter: QPainter,
        rect: QRect,
        *,
        key: Hashable,
        state: object,
        back: QColor,
        paint: Callable[[QPainter], None],
        part: QRect,
    ) -> None:
        """Draw the row `key` into `rect`: as it was kept, if that was in the same `state`, else as `paint` makes it.

        `paint` paints at `rect` as it would on the widget, over the colour `back`, so that letters look the same.
        `part` is what a renewed row is painted again in.
        """
        ratio = painter.device().devicePixelRatioF()
        if ratio != round(ratio):  # between screen pixels an image is not as sharp as what it was made from
            paint(painter)
            return
        state = (state, rect.size(), ratio, back)
        known = self._images.get(key)
        if known is None or known[0] != state:
            image = QPixmap(rect.size() * ratio)
            image.setDevicePixelRatio(ratio)
            known = self._images[key] = (state, image)
            _paint(image, rect, rect, back, paint)
        elif key in self._stale:
            _paint(known[1], rect, part, back, paint)
        self._stale.discard(key)
        if len(self._images) > _MOST:
            self._stale.discard(self._images.popitem(last=False)[0])
        self._images.move_to_end(key)
        painter.drawPixmap(rect.topLeft(), known[1])


def _paint(image: QPixmap, rect: QRect, part: QRect, back: QColor, paint: Callable[[QPainter], None]) -> None:
    """Paint the `part` of what lies in `rect` into its image."""
    painter = QPainter(image)
    painter.translate(-rect.topLeft())
    painter.setClipRect(part)
    painter.fillRect(part, back)
    paint(painter)
    painter.end()
