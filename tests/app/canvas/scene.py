"""A small picture whose every pixel and label a test knows, open in a real session."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage, QRegion
from PySide6.QtWidgets import QWidget

from app.canvas.canvas import Canvas
from app.core.arrays import U8
from app.core.document import Document, ViewMode
from app.core.geometry import Box
from app.core.pyramid import build_pyramid
from app.core.segment_map import SegmentMap
from app.editing.session import Session
from inference.prediction import Prediction, SegmentTable
from resources.classes import palette

PATH = Path("/photos/picture.jpg")
WIDTH, HEIGHT = 120, 80
TABLE = SegmentTable(np.array([3, 13, 5, 1], np.uint8), np.array([0.9, 0.8, 0.7, 0.3], np.float32))
LEFT_TOP, RIGHT_TOP, LEFT_BOTTOM, RIGHT_BOTTOM = 1, 2, 3, 4  # codes of the four quarters


def photo(width: int = WIDTH, height: int = HEIGHT) -> U8:
    """Every pixel of its own colour: red counts columns, green counts rows."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, :, 0] = np.arange(width)[None, :]
    picture[:, :, 1] = np.arange(height)[:, None]
    picture[:, :, 2] = 90
    return picture


def quarters(width: int = WIDTH, height: int = HEIGHT) -> U8:
    """Four segments; the last one lies under the usual threshold."""
    layer = np.full((height, width), LEFT_TOP, np.uint8)
    layer[: height // 2, width // 2 :] = RIGHT_TOP
    layer[height // 2 :, : width // 2] = LEFT_BOTTOM
    layer[height // 2 :, width // 2 :] = RIGHT_BOTTOM
    return layer


def show_photo(session: Session, picture: U8 | None = None, path: Path = PATH) -> None:
    session.show(path)
    session.attach_photo(path, build_pyramid(photo() if picture is None else picture))


def predict(session: Session, layer: U8 | None = None, path: Path = PATH) -> None:
    """Attach four quarters, or `layer`, as the network's answer."""
    layer = quarters() if layer is None else layer
    probs = np.zeros((100, 150), np.float32)
    prediction = Prediction(probs, np.zeros((100, 4, 4), np.float32), layer.shape)
    session.attach_prediction(path, prediction, layer=layer, table=TABLE, mode=ViewMode.SEGMENTS)


def document_of(session: Session) -> Document:
    assert session.document is not None
    return session.document


def map_of(session: Session) -> SegmentMap:
    segment_map = document_of(session).segment_map
    assert segment_map is not None
    return segment_map


def human(session: Session) -> U8:
    """The human layer as it is now."""
    return map_of(session).human.copy()


def steps(session: Session) -> int:
    """How many undo steps there are."""
    assert session.undo_stack is not None
    return session.undo_stack.count()


def paint(session: Session, box: Box, value: int) -> None:
    """Write a human-layer value into a box, as one step."""
    gesture = session.begin_edit("Brush")
    assert gesture is not None
    gesture.paint(box, None, value)
    assert gesture.commit()


def colour_at(canvas: Canvas, at: QPoint) -> tuple[int, int, int]:
    """What the screen shows at a position of the canvas."""
    colour = QColor(canvas.grab().toImage().pixel(at))
    return colour.red(), colour.green(), colour.blue()


def grabbed(canvas: Canvas) -> U8:
    """The painted canvas in device pixels, (h, w, 3) RGB uint8."""
    return rgb_of(canvas.grab().toImage())


def unsigned(canvas: Canvas) -> U8:
    """What `grabbed` gives, without the signs that stand over the picture."""
    image = QImage(canvas.size() * canvas.devicePixelRatioF(), QImage.Format.Format_RGB888)
    image.setDevicePixelRatio(canvas.devicePixelRatioF())
    canvas.render(image, QPoint(), QRegion(), QWidget.RenderFlag.DrawWindowBackground)
    return rgb_of(image)


def rgb_of(image: QImage) -> U8:
    """(h, w, 3) uint8."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def over(base: U8, class_id: int, opacity: float) -> U8:
    """The overlay of a class on RGB pixels `base`, within a rounding step or two."""
    mixed = base * (1 - opacity) + palette()[class_id] * opacity
    return np.asarray(np.round(mixed), np.uint8)


def close(one: object, other: object, steps: int = 2) -> bool:
    """Whether colours differ by rounding alone."""
    difference = np.abs(np.asarray(one, np.int16) - np.asarray(other, np.int16))
    return bool((difference <= steps).all())


def spot(canvas: Canvas, x: float, y: float) -> QPoint:
    """The widget position that shows the image position (x, y)."""
    assert canvas.viewport is not None
    ratio = canvas.devicePixelRatioF()
    across, down = canvas.viewport.to_view(x, y)
    return QPoint(int(across / ratio), int(down / ratio))
