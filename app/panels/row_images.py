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

    def drop(self, key: Hashable) -> None:
        """The row has something else to show."""
        self._images.pop(key, None)

    def clear(self) -> None:
        """So have all rows."""
        self._images.clear()

    def draw(
        self,
        painter: QPainter,
        rect: QRect,
        *,
        key: Hashable,
        state: object,
        back: QColor,
        paint: Callable[[QPainter], None],
    ) -> None:
        """Draw the row `key` into `rect`: as it was kept, if that was in the same `state`, else as `paint` makes it.

        `paint` paints at `rect` as it would on the widget, over the colour `back`, so that letters look the same.
        """
        ratio = painter.device().devicePixelRatioF()
        if ratio != round(ratio):  # between screen pixels an image is not as sharp as what it was made from
            paint(painter)
            return
        state = (state, rect.size(), ratio, back)
        known = self._images.get(key)
        if known is None or known[0] != state:
            known = self._images[key] = (state, _painted(rect, ratio, back, paint))
            if len(self._images) > _MOST:
                self._images.popitem(last=False)
        self._images.move_to_end(key)
        painter.drawPixmap(rect.topLeft(), known[1])


def _painted(rect: QRect, ratio: float, back: QColor, paint: Callable[[QPainter], None]) -> QPixmap:
    image = QPixmap(rect.size() * ratio)
    image.setDevicePixelRatio(ratio)
    image.fill(back)
    painter = QPainter(image)
    painter.translate(-rect.topLeft())
    paint(painter)
    painter.end()
    return image
