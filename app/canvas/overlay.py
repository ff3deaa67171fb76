"""From codes to colours: the overlay is one 256-entry table, and so is everything a person can change about it.

Colours are 32-bit values 0xAARRGGBB with premultiplied alpha, as `QImage.Format_ARGB32_Premultiplied` holds them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from app.canvas.patterns import Hatching, draw_patterns
from app.core import tables
from app.core.arrays import U8, U32
from app.core.document import Document
from app.core.overlay import DECIDER_COLOURS, NOBODY_PATTERN, OverlaySettings
from app.core.palettes import ClassStyles, usual_styles
from app.core.patterns import ink_colours, luma
from app.core.segment_map import CODES, Decider

# Three reserved codes that no pixel shows serve the outline: what surrounds a line of a dark and of another colour, and
# what shows the photo.
LIGHT_CASING = 253
CASING = 254
CLEAR = 255
_CASING_OPACITY = 0.56
_DARK_BELOW = 70  # luma 0..255 of a class colour
_INK = 1.15  # a pattern is drawn this much stronger than the area under it
_AROUND = np.ones((3, 3), np.uint8)

# The view of who decided: the labels of the look are these instead of classes.
_BY_NETWORK, _BY_PERSON = 1, 2
_NOBODY_VEIL = (255, 255, 255), 0.2  # colour, and opacity relative to that of the labels
_NOBODY_INK = (40, 40, 40), 0.9


@dataclass(frozen=True, slots=True)
class Look:
    """How every code is drawn. `colours`: (256,) uint32; `labels`: (256,) uint8 visible label of each code.

    `line` is the width of the outlines in device pixels on either side of a boundary, 0 for filled areas; `casings`
    (256,) uint8 says which of the two surrounds the line of each code. `hatching`: patterns over filled areas.
    """

    colours: U32
    labels: U8
    line: int = 0
    casings: U8 = field(default_factory=lambda: np.full(CODES, CASING, np.uint8))
    hatching: Hatching | None = None

    @property
    def reach(self) -> int:
        """How far, in device pixels, a changed code changes the drawing around it."""
        return self.line + 1 if self.line else 0


def visible_labels(labels: U8, overlay: OverlaySettings) -> U8:
    """Label of every code with hidden classes, and all but solo ones if there are any, turned into 0: (256,) uint8."""
    shown = overlay.shown_classes()
    shown[0] = False
    return np.where(shown[labels], labels, 0).astype(np.uint8)


def look_of(document: Document, overlay: OverlaySettings, *, line: int, styles: ClassStyles | None = None) -> Look:
    """How the document is drawn.

    `line` is the width in device pixels of the outlines, if they are asked for, and of a pattern's smallest part;
    `styles` are the colours and patterns of the classes, by default the usual ones.
    """
    if overlay.deciders:
        return _look_of_deciders(document.label_table(), overlay, line=line)
    styles = usual_styles() if styles is None else styles
    labels = visible_labels(document.label_table(), overlay)
    rgb, alpha = styles.colours[labels], _alpha(overlay)
    hatching = None
    if overlay.patterns and not overlay.outline:
        inks = premultiplied(ink_colours(rgb), np.where(labels > 0, min(1.0, _INK * alpha), 0.0))
        hatching = Hatching.of(np.where(labels > 0, styles.patterns[labels], 0).astype(np.uint8), inks, unit=line)
    colours = _with_casings(premultiplied(rgb, np.where(labels > 0, alpha, 0.0)), alpha)
    return Look(colours, labels, line if overlay.outline else 0, casings_for(labels, rgb), hatching)


def _look_of_deciders(labels: U8, overlay: OverlaySettings, *, line: int) -> Look:
    """Calm colours for the network and for a person; what nobody decided is veiled and hatched."""
    by = [tables.decider(code, labels) for code in range(CODES)]
    nobody = np.array([decider is Decider.NOBODY for decider in by])
    seen = np.array([{Decider.NETWORK: _BY_NETWORK, Decider.PERSON: _BY_PERSON}.get(one, 0) for one in by], np.uint8)
    rgb = np.array([DECIDER_COLOURS.get(decider, _NOBODY_VEIL[0]) for decider in by], np.uint8)
    alpha = _alpha(overlay)
    hatching = None
    strengths = np.where(nobody, 0.0, alpha)
    if not overlay.outline:
        ink = np.array([_NOBODY_INK[0]] * CODES, np.uint8)
        inks = premultiplied(ink, np.full(CODES, _NOBODY_INK[1] * alpha))
        hatching = Hatching.of(np.where(nobody, NOBODY_PATTERN, 0).astype(np.uint8), inks, unit=line)
        strengths = np.where(nobody, _NOBODY_VEIL[1] * alpha, alpha)
    colours = _with_casings(premultiplied(rgb, strengths), alpha)
    return Look(colours, seen, line if overlay.outline else 0, casings_for(seen, rgb), hatching)


def draw_overlay(codes: U8, look: Look, *, out: U32, at: tuple[int, int] = (0, 0)) -> None:
    """Draw codes (h, w) uint8 into `out` (h, w) uint32. The frame of a moving threshold is this one look-up.

    `at`: how far codes[0, 0] lies right of and below the picture's corner, in device pixels.
    """
    drawn = outline_codes(codes, look) if look.line else codes
    cv2.LUT(drawn, look.colours.view(np.int32), dst=out.view(np.int32))
    if look.hatching is not None:
        draw_patterns(codes, look.hatching, at=at, out=out)


def outline_codes(codes: U8, look: Look) -> U8:
    """The codes along boundaries between different labels, casings around them and CLEAR elsewhere: (h, w) uint8.

    Each side of a boundary carries the colour of its own class, so a thin region is never covered by its neighbours.
    """
    labels = cv2.LUT(codes, look.labels)
    edge = cv2.compare(cv2.dilate(labels, _AROUND), cv2.erode(labels, _AROUND), cv2.CMP_NE)
    if look.line > 1:
        edge = cv2.dilate(edge, _AROUND, iterations=look.line - 1)
    drawn = np.full_like(codes, CLEAR)
    np.copyto(drawn, cv2.LUT(codes, look.casings), where=cv2.dilate(edge, _AROUND) > 0)
    np.copyto(drawn, codes, where=(edge > 0) & (labels > 0))
    return drawn


def casings_for(labels: U8, rgb: U8) -> U8:
    """What surrounds the line of each code so that it is seen on any photo: (256,) uint8.

    `labels` (256,) are the visible labels, `rgb` (256, 3) uint8 the colours of the lines.
    """
    return np.where((luma(rgb) < _DARK_BELOW) & (labels > 0), LIGHT_CASING, CASING).astype(np.uint8)


def _alpha(overlay: OverlaySettings) -> float:
    """Thin lines need more strength than areas to be seen as well; they still follow the slider down to nothing."""
    return min(1.0, 2 * overlay.opacity) if overlay.outline else overlay.opacity


def _with_casings(colours: U32, alpha: float) -> U32:
    casing = round(255 * _CASING_OPACITY * alpha)
    colours[CASING] = casing << 24
    colours[LIGHT_CASING] = casing * 0x01010101
    colours[CLEAR] = 0
    return colours


def premultiplied(rgb: U8, alpha: NDArray[np.float64]) -> U32:
    """(n, 3) uint8 red, green, blue and (n,) opacity 0..1 to (n,) uint32 0xAARRGGBB."""
    rgba = np.empty((len(rgb), 4), np.uint8)
    rgba[:, 3] = np.round(alpha * 255)
    rgba[:, :3] = np.round(rgb * (rgba[:, 3:] / 255))
    return pack(rgba)


def pack(rgba: U8) -> U32:
    """(n, 4) uint8 red, green, blue, alpha to (n,) uint32 0xAARRGGBB."""
    argb: U32 = np.ascontiguousarray(rgba[:, [2, 1, 0, 3]]).view(np.uint32)[:, 0]
    return argb
