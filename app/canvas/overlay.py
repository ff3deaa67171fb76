"""From codes to colours: the overlay is one 256-entry table, and so is everything a person can change about it.

Colours are 32-bit values 0xAARRGGBB with premultiplied alpha, as `QImage.Format_ARGB32_Premultiplied` holds them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from app.core.arrays import U8, U32
from app.core.document import Document
from app.core.overlay import OverlaySettings
from resources.classes import palette

# Three reserved codes that no pixel shows serve the outline: what surrounds a line of a dark and of another colour, and
# what shows the photo.
LIGHT_CASING = 253
CASING = 254
CLEAR = 255
_CASING_OPACITY = 0.56
_DARK_BELOW = 70  # luma 0..255 of a class colour
_AROUND = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class Look:
    """How every code is drawn. `colours`: (256,) uint32; `labels`: (256,) uint8 visible label of each code.

    `line` is the width of the outlines in device pixels on either side of a boundary, 0 for filled areas.
    """

    colours: U32
    labels: U8
    line: int = 0

    @property
    def reach(self) -> int:
        """How far, in device pixels, a changed code changes the drawing around it."""
        return self.line + 1 if self.line else 0


def visible_labels(labels: U8, overlay: OverlaySettings) -> U8:
    """Label of every code with hidden classes, and all but solo ones if there are any, turned into 0: (256,) uint8."""
    shown = overlay.shown_classes()
    shown[0] = False
    return np.where(shown[labels], labels, 0).astype(np.uint8)


def colour_table(document: Document, overlay: OverlaySettings) -> U32:
    """Colour of every code, (256,) uint32 premultiplied ARGB; what is unlabelled or hidden is transparent."""
    return _colours(visible_labels(document.label_table(), overlay), _alpha(overlay))


def look_of(document: Document, overlay: OverlaySettings, *, line: int) -> Look:
    """How the document is drawn; `line` is the outlines' width in device pixels, used if outlines are asked for."""
    labels = visible_labels(document.label_table(), overlay)
    return Look(_colours(labels, _alpha(overlay)), labels, line if overlay.outline else 0)


def draw_overlay(codes: U8, look: Look, *, out: U32) -> None:
    """Draw codes (h, w) uint8 into `out` (h, w) uint32. The frame of a moving threshold is this one look-up."""
    drawn = outline_codes(codes, look) if look.line else codes
    cv2.LUT(drawn, look.colours.view(np.int32), dst=out.view(np.int32))


def outline_codes(codes: U8, look: Look) -> U8:
    """The codes along boundaries between different labels, casings around them and CLEAR elsewhere: (h, w) uint8.

    Each side of a boundary carries the colour of its own class, so a thin region is never covered by its neighbours.
    """
    labels = cv2.LUT(codes, look.labels)
    edge = cv2.compare(cv2.dilate(labels, _AROUND), cv2.erode(labels, _AROUND), cv2.CMP_NE)
    if look.line > 1:
        edge = cv2.dilate(edge, _AROUND, iterations=look.line - 1)
    drawn = np.full_like(codes, CLEAR)
    np.copyto(drawn, cv2.LUT(codes, _casings(look.labels)), where=cv2.dilate(edge, _AROUND) > 0)
    np.copyto(drawn, codes, where=(edge > 0) & (labels > 0))
    return drawn


def _casings(labels: U8) -> U8:
    """The casing that lets a line of each label be seen on any photo: (256,) uint8."""
    luma = _class_colours()[labels] @ np.array([0.299, 0.587, 0.114])
    return np.where((luma < _DARK_BELOW) & (labels > 0), LIGHT_CASING, CASING).astype(np.uint8)


def _alpha(overlay: OverlaySettings) -> float:
    """Thin lines need more strength than areas to be seen as well; they still follow the slider down to nothing."""
    return min(1.0, 2 * overlay.opacity) if overlay.outline else overlay.opacity


def _colours(labels: U8, alpha: float) -> U32:
    strength = np.where(labels > 0, alpha, 0.0)
    colours = np.zeros((256, 4), np.uint8)
    colours[:, 3] = np.round(strength * 255)
    colours[:, :3] = np.round(_class_colours()[labels] * (colours[:, 3:] / 255))
    table = pack(colours)
    casing = round(255 * _CASING_OPACITY * alpha)
    table[CASING] = casing << 24
    table[LIGHT_CASING] = casing * 0x01010101
    table[CLEAR] = 0
    return table


def pack(rgba: U8) -> U32:
    """(n, 4) uint8 red, green, blue, alpha to (n,) uint32 0xAARRGGBB."""
    argb: U32 = np.ascontiguousarray(rgba[:, [2, 1, 0, 3]]).view(np.uint32)[:, 0]
    return argb


@lru_cache(maxsize=1)
def _class_colours() -> U8:
    return palette()
