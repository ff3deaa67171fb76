"""Icons that follow the palette, and the colour swatches of classes."""

from __future__ import annotations

import math
from functools import cache
from importlib import resources

import numpy as np
from PySide6.QtCore import QByteArray, QLineF, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QBitmap,
    QBrush,
    QColor,
    QGuiApplication,
    QIcon,
    QIconEngine,
    QImage,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
    QPixmapCache,
    QTransform,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QWidget

from app.core.palettes import ClassStyles, usual_styles
from app.core.patterns import ink_colours, pattern_bit, pattern_tile
from app.panels.style import HALF, ICON, accent, muted, tint

_styles = usual_styles()


def icon(name: str) -> QIcon:
    """The icon resources/icons/`name`.svg, drawn in the colours of the palette at the moment it is painted.

    Raises FileNotFoundError when there is no such icon.
    """
    _svg(name)
    return QIcon(_PaletteIcon(name))


def paint_icon(painter: QPainter, rect: QRectF, name: str, colour: QColor) -> None:
    """Draw the icon `name` in one `colour`, for delegates and custom widgets."""
    ratio = painter.device().devicePixelRatioF()
    side = QSize(round(rect.width() * ratio), round(rect.height() * ratio))
    painter.drawPixmap(rect, _pixmap(name, colour, side), QRectF(0, 0, side.width(), side.height()))


def set_class_styles(styles: ClassStyles) -> None:
    """The colours and patterns of all swatches from now on; like a palette, they are those of the whole application."""
    global _styles
    if styles is not _styles:
        _styles = styles
        for widget in QApplication.allWidgets():
            widget.update()


def class_styles() -> ClassStyles:
    """The colours and patterns that swatches have at the moment."""
    return _styles


def swatch(class_id: int, size: int, *, ratio: float = 0.0) -> QPixmap:
    """The colour of a class as a rounded square, `size` device-independent pixels wide; 0 is the hollow 'unlabelled'.

    `ratio` is the device pixel ratio; 0 takes the main screen's.
    """
    ratio = ratio or QGuiApplication.primaryScreen().devicePixelRatio()
    side = math.ceil(size * ratio)
    pixmap = QPixmap(side, side)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint_swatch(painter, QRectF(0, 0, size, size), class_id)
    painter.end()
    return pixmap


def swatch_icon(class_id: int) -> QIcon:
    """The swatch as an icon for buttons and menus, sharp at any size."""
    return QIcon(_SwatchIcon(class_id))


def paint_swatch(painter: QPainter, rect: QRectF, class_id: int) -> None:
    """Draw the swatch of a class; a hairline keeps colours near the chrome's visible."""
    text = QGuiApplication.palette().color(QPalette.ColorRole.WindowText)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    inner = rect.adjusted(0.5, 0.5, -0.5, -0.5)
    radius = min(3.0, rect.width() / 5)
    if class_id == 0:
        painter.setPen(QPen(tint(text, 0.5), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(inner, radius, radius)
        inset = rect.width() * 0.28
        painter.drawLine(
            QLineF(
                QPointF(inner.left() + inset, inner.bottom() - inset),
                QPointF(inner.right() - inset, inner.top() + inset),
            )
        )
    else:
        painter.setPen(QPen(tint(text, 0.28), 1))
        colour = _styles.colours[class_id]
        painter.setBrush(QColor(*colour.tolist()))
        painter.drawRoundedRect(inner, radius, radius)
        pattern = int(_styles.patterns[class_id])
        if pattern:
            ink = QColor(*ink_colours(colour[None])[0].tolist())
            paint_pattern(painter, inner.adjusted(0.5, 0.5, -0.5, -0.5), pattern, ink, radius=radius)
    painter.restore()


def paint_pattern(painter: QPainter, rect: QRectF, pattern: int, ink: QColor, *, radius: float) -> None:
    """Draw pattern 1..8 of the labels into a rounded rectangle."""
    unit = math.ceil(painter.device().devicePixelRatioF())
    brush = QBrush(ink, _pattern_mask(pattern, unit))
    brush.setTransform(QTransform.fromScale(1 / unit, 1 / unit))
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrushOrigin(rect.topLeft())
    painter.setBrush(brush)
    painter.drawRoundedRect(rect, radius, radius)
    painter.restore()


@cache
def _pattern_mask(pattern: int, unit: int) -> QBitmap:
    inked = pattern_tile(unit) & pattern_bit(pattern) > 0
    side = len(inked)
    shades = np.where(inked, 0, 255).astype(np.uint8)
    return QBitmap.fromImage(QImage(shades.tobytes(), side, side, side, QImage.Format.Format_Grayscale8))


class PaletteIconLabel(QWidget):
    """An icon that is no button, in the palette's quiet colour."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self.setFixedSize(ICON + HALF, ICON + HALF)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_icon(painter, QRectF(self.rect()), self._name, muted(self.palette()))
        painter.end()


class _PaletteIcon(QIconEngine):
    """Asks the palette for its colour whenever it paints, so a change from light to dark needs no bookkeeping."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def clone(self) -> QIconEngine:
        return _PaletteIcon(self._name)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return _pixmap(self._name, _colour(mode, state), size)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        paint_icon(painter, QRectF(rect), self._name, _colour(mode, state))


class _SwatchIcon(QIconEngine):
    def __init__(self, class_id: int) -> None:
        super().__init__()
        self._class_id = class_id

    def clone(self) -> QIconEngine:
        return _SwatchIcon(self._class_id)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        side = min(rect.width(), rect.height())
        square = QRectF(0, 0, side, side)
        square.moveCenter(QRectF(rect).center())
        paint_swatch(painter, square, self._class_id)


def _colour(mode: QIcon.Mode, state: QIcon.State) -> QColor:
    palette = QGuiApplication.palette()
    if mode is QIcon.Mode.Disabled:
        return palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
    if mode is QIcon.Mode.Selected:
        return palette.color(QPalette.ColorRole.HighlightedText)
    return accent(palette) if state is QIcon.State.On else palette.color(QPalette.ColorRole.ButtonText)


@cache
def _svg(name: str) -> bytes:
    return (resources.files("resources") / "icons" / f"{name}.svg").read_bytes()


def _pixmap(name: str, colour: QColor, size: QSize) -> QPixmap:
    """The icon in `colour`, `size` in device pixels, kept in Qt's pixmap cache."""
    key = f"ade-icon/{name}/{colour.rgba():08x}/{size.width()}x{size.height()}"
    kept = QPixmap()
    if QPixmapCache.find(key, kept):
        return kept
    opaque = QColor(colour.rgb())
    renderer = QSvgRenderer(QByteArray(_svg(name).replace(b"currentColor", opaque.name().encode())))
    pixmap = QPixmap(size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setOpacity(colour.alphaF())
    renderer.render(painter, QRectF(0, 0, size.width(), size.height()))
    painter.end()
    QPixmapCache.insert(key, pixmap)
    return pixmap
