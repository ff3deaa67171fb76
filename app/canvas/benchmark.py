"""How long a person waits for the canvas: milliseconds from an event to the painted widget, at any photo size.

Everything runs through the real canvas, session and tools; a `Scene` needs a QApplication, offscreen will do.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from app.canvas.canvas import Canvas
from app.canvas.viewport import MAX_SCALE
from app.core.arrays import U8
from app.core.document import ViewMode
from app.core.pyramid import build_pyramid
from app.core.segment_map import NETWORK_MAX
from app.session import Session
from app.settings import Settings
from app.tools import make_tool
from inference.prediction import Prediction, SegmentTable

_PATH = Path("benchmark.jpg")
_NOTCHES_IN = 20  # a hundredfold
_NONE, _LEFT = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton


class _WatchedCanvas(Canvas):
    """A canvas that knows whether it has painted."""

    painted = 0

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self.painted += 1


class Scene:
    """A photo of `megapixels` with 100 segments on a canvas of `view` = (width, height) pixels."""

    def __init__(self, *, megapixels: float = 24, view: tuple[int, int] = (1500, 1000)) -> None:
        height = round(math.sqrt(megapixels * 1e6 / 1.5))
        photo, layer, table, prediction = _content(height, round(height * 1.5))
        self.session = Session(Settings())
        self.session.show(_PATH)
        self.session.attach_photo(_PATH, build_pyramid(photo))
        self.session.attach_prediction(_PATH, prediction, layer=layer, table=table, mode=ViewMode.SEGMENTS)
        self.canvas = _WatchedCanvas(self.session)
        self.canvas.resize(*view)
        self.canvas.show()
        self._settle()

    def close(self) -> None:
        self.canvas.close()
        self.session.close_all()

    def threshold_frames(self, count: int = 50) -> list[float]:
        """Dragging the threshold: one new value and the painted canvas, in ms each."""
        values = np.linspace(0.1, 0.9, count)
        return [self._timed(partial(self.session.set_threshold, float(value))) for value in values]

    def opacity_frames(self, count: int = 50) -> list[float]:
        """Dragging the opacity, in ms per frame."""
        values = np.linspace(0.2, 0.9, count)
        return [self._timed(partial(self.session.set_overlay, opacity=float(value))) for value in values]

    def dabs(self, diameter: int, count: int = 60, *, scale: float | None = None) -> list[float]:
        """A stroke with a brush of `diameter` image pixels: mouse event to painted canvas, in ms each.

        `scale` is the zoom, device pixels per image pixel; the whole photo is fitted without it.
        """
        self.canvas.set_tool(make_tool("brush", self.session))
        self.session.set_brush_size(diameter)
        self.session.set_current_class(1 + self.session.current_class % 150)  # so that every stroke changes pixels
        self._zoom(scale)
        return self._drag(count)

    def pan_frames(self, count: int = 60, *, scale: float | None = 1.0) -> list[float]:
        """Dragging the picture by some pixels a frame, in ms each."""
        self.canvas.set_tool(make_tool("pan", self.session))
        self._zoom(scale)
        return self._drag(count)

    def _drag(self, count: int) -> list[float]:
        self._send(QEvent.Type.MouseButtonPress, self._on_circle(0), button=_LEFT)
        points = [self._on_circle(index) for index in range(1, count + 1)]
        times = [self._timed(partial(self._send, QEvent.Type.MouseMove, at, held=_LEFT)) for at in points]
        self._send(QEvent.Type.MouseButtonRelease, points[-1], button=_LEFT)
        self._settle()
        return times

    def zoom_frames(self, count: int = 40) -> list[float]:
        """Turning the wheel from the whole photo towards single pixels and back, again and again, in ms each."""
        self._zoom(None)
        octaves = math.log2(MAX_SCALE / self.canvas.scale)  # three notches each; one less stays within the limits
        turns = max(1, min(_NOTCHES_IN, math.floor(3 * octaves) - 1))
        notches = [120 if index // turns % 2 == 0 else -120 for index in range(count)]
        return [self._timed(partial(self._turn, notch)) for notch in notches]

    def undo_frames(self, count: int = 20) -> list[float]:
        """Undoing the last stroke and doing it again, painted each time, in ms each."""
        steps = (self.session.undo, self.session.redo)
        return [self._timed(steps[index % 2]) for index in range(count)]

    def _zoom(self, scale: float | None) -> None:
        self.canvas.zoom_fit()
        if scale is not None:
            self.canvas.zoom_to(scale)
        self._settle()

    def _on_circle(self, index: int) -> QPointF:
        """Points along a circle around the middle, about 14 pixels apart: a quick hand."""
        width, height = self.canvas.width(), self.canvas.height()
        radius = min(width, height) / 4
        angle = index * 14 / radius
        return QPointF(width / 2 + radius * math.cos(angle), height / 2 + radius * math.sin(angle))

    def _send(
        self, kind: QEvent.Type, at: QPointF, *, button: Qt.MouseButton = _NONE, held: Qt.MouseButton = _NONE
    ) -> None:
        held = button if kind is QEvent.Type.MouseButtonPress else held
        event = QMouseEvent(
            kind, at, QPointF(self.canvas.mapToGlobal(at)), button, held, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(self.canvas, event)

    def _turn(self, notch: int) -> None:
        at = QPointF(self.canvas.width() * 0.4, self.canvas.height() * 0.45)
        phase, keys = Qt.ScrollPhase.NoScrollPhase, Qt.KeyboardModifier.NoModifier
        turned = QPoint(0, notch)
        event = QWheelEvent(at, self.canvas.mapToGlobal(at), QPoint(), turned, _NONE, keys, phase, False)
        QApplication.sendEvent(self.canvas, event)

    def _timed(self, act: Callable[[], object]) -> float:
        before, start = self.canvas.painted, perf_counter()
        act()
        self._settle()
        if self.canvas.painted == before:
            raise RuntimeError("Nothing was painted: the frame that was to be measured did not happen.")
        return (perf_counter() - start) * 1000

    def _settle(self) -> None:
        QApplication.processEvents()


def _content(height: int, width: int) -> tuple[U8, U8, SegmentTable, Prediction]:
    """A made-up photo and 100 segments with wavy borders, the same at every call."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (height // 40, width // 40, 3), dtype=np.uint8)
    photo = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
    y, x = np.mgrid[0 : height // 8, 0 : width // 8].astype(np.float32)
    waves = np.sin(x / 17) * 9, np.cos(y / 13) * 9
    cell_x = np.clip((x + waves[1]) / (width / 8) * 10, 0, 9).astype(np.uint8)
    cell_y = np.clip((y + waves[0]) / (height / 8) * 10, 0, 9).astype(np.uint8)
    cells = cell_y * 10 + cell_x + 1
    layer = np.asarray(cv2.resize(cells, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)
    class_probs = rng.random((NETWORK_MAX, 150), dtype=np.float32)
    class_probs /= class_probs.max(axis=1, keepdims=True) / rng.random((NETWORK_MAX, 1), dtype=np.float32)
    prediction = Prediction(
        class_probs=class_probs, mask_probs=np.zeros((NETWORK_MAX, 8, 8), np.float32), size=(height, width)
    )
    return photo, layer, prediction.segment_table(), prediction
