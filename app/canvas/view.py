"""Looking at a photo: which part of it a widget shows and how close. What is drawn is the canvas's business."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QSize, Signal
from PySide6.QtWidgets import QWidget

from app.canvas.viewport import Viewport
from app.tools.base import Look

_MARGIN = 16  # logical pixels around a fitted photo


class PhotoView(QWidget):
    """A widget with a viewport on a photo; a fitted one follows the widget's size."""

    zoom_changed = Signal(float)  # device pixels per image pixel
    view_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.viewport: Viewport | None = None
        self._photo: tuple[int, int] | None = None  # (width, height)

    def sizeHint(self) -> QSize:
        return QSize(960, 640)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 180)

    def looked(self) -> None:
        """The view is another one now."""
        self.update()

    def pointed_at(self) -> QPointF | None:
        """Where the pointer is, in device pixels; None while it is elsewhere."""
        return None

    def set_photo_size(self, size: tuple[int, int] | None) -> None:
        """Show another photo of (width, height), all of it; None shows none."""
        self._photo = size
        self.look(None)
        self.zoom_fit()

    @property
    def scale(self) -> float:
        """Device pixels per image pixel; 1 when there is no photo."""
        return 1.0 if self.viewport is None else self.viewport.scale

    def zoom_fit(self) -> None:
        """Show the whole photo, and keep doing so when the window changes its size."""
        if self._photo is not None:
            self.look(Viewport.fit(view=self._device_size(), photo=self._photo, margin=self._margin()))

    def zoom_to(self, scale: float) -> None:
        """Show one image pixel as `scale` device pixels, around the pointer if it is over the photo."""
        if self.viewport is not None:
            self.look(self.viewport.zoomed(scale, at=self._anchor(self.viewport)))

    def zoom_in(self) -> None:
        """To the next round scale."""
        if self.viewport is not None:
            self.zoom_to(self.viewport.next_scale(closer=True))

    def zoom_out(self) -> None:
        """To the last round scale."""
        if self.viewport is not None:
            self.zoom_to(self.viewport.next_scale(closer=False))

    def pan_by(self, dx: float, dy: float) -> None:
        """Move the photo by logical pixels."""
        if self.viewport is not None:
            ratio = self.devicePixelRatioF()
            self.look(self.viewport.panned(dx * ratio, dy * ratio))

    def look(self, viewport: Viewport | None) -> None:
        """Show the photo through `viewport`."""
        before, self.viewport = self.viewport, viewport
        if viewport != before:
            if viewport is not None and (before is None or viewport.scale != before.scale):
                self.zoom_changed.emit(viewport.scale)
            self.looked()
            self.view_changed.emit()

    def follow(self, look: Look | None) -> None:
        """Show what a tool asks to be shown."""
        if look is None or self.viewport is None:
            return
        if look.box is not None:
            self.look(self.viewport.showing(look.box, margin=self._margin()))
        else:
            self.look(self.viewport.zoomed(self.viewport.scale * look.factor, at=self.viewport.to_view(*look.at)))

    def _anchor(self, viewport: Viewport) -> tuple[float, float]:
        at = self.pointed_at()
        if at is not None and viewport.photo_box().contains(int(at.x()), int(at.y())):
            return at.x(), at.y()
        return viewport.view[0] / 2, viewport.view[1] / 2

    def _device_size(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return max(1, math.ceil(self.width() * ratio)), max(1, math.ceil(self.height() * ratio))

    def _margin(self) -> int:
        return round(_MARGIN * self.devicePixelRatioF())

    def resized(self) -> None:
        """The widget or its screen has another size."""
        if self.viewport is not None:
            self.look(self.viewport.resized(self._device_size(), margin=self._margin()))
