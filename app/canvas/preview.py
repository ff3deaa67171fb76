"""What a tool would paint, as pixels over the picture: its classes as a tint, and a line that is seen on any photo."""

from __future__ import annotations

import math

import cv2
import numpy as np

from app.canvas.overlay import premultiplied
from app.canvas.viewport import Viewport
from app.core.arrays import U8, U32, Bool, Intp
from app.core.geometry import Box
from app.core.segment_map import HUMAN_BASE, HUMAN_UNLABELLED
from app.tools.base import Preview, Shows

_EDGE_IN, _EDGE_OUT = 0xFFFFFFFF, 0xB0000000
_RIM = 3  # logical pixels that are drawn beyond what is previewed, at most
_CALM = 9  # logical pixels around one, most of which decide whether it lies inside the line around an area
_SEEN_UP_TO = 3  # device pixels that show one of the mask, from where on each can be told from its neighbours


def preview_box(preview: Preview, view: Viewport, ratio: float = 1.0) -> Box:
    """The device pixels that a preview may touch."""
    box = view.device_box(preview.box)
    return box if box.empty else box.grow(_RIM * _line(ratio)).intersect(view.photo_box())


def preview_pixels(
    preview: Preview, view: Viewport, colours: U8, *, allowed: Bool | None = None, ratio: float = 1.0
) -> U32:
    """The part of a preview that `view` shows, over its `preview_box`: (h, w) uint32 premultiplied ARGB.

    An area has a calm line around it: one that leaves out the many specks and holes that texture makes of it. Of
    changes here and there each has a line of its own, and none is too small to be seen, whatever the zoom.
    `allowed` (h, w): the device pixels that an area may cover; None for all of them. Changes are those that the rule
    allows: pixels of the picture, several of which may lie under one of the screen.
    """
    box = preview_box(preview, view, ratio)
    if box.empty:
        return np.zeros((0, 0), np.uint32)
    marks = _marks(preview, view, box)
    if preview.shows is Shows.CHANGES:
        marks = _seen(marks, _line(ratio))
    elif allowed is not None:
        marks *= allowed
    table = np.zeros(256, np.uint32)
    table[1:] = preview_colours(colours, opacity=preview.opacity)[:-1]
    area = (marks > 0).view(np.uint8)
    close_up = preview.box.width * view.scale >= _SEEN_UP_TO * preview.mask.shape[1]
    line = area if close_up or preview.shows is Shows.CHANGES else _calm(area, _line(ratio))
    return _edged(table[marks], line, _line(ratio))


def _line(ratio: float) -> int:
    """How many device pixels a line is wide, on a screen with `ratio` of them to a logical one."""
    return max(1, round(ratio))


def _marks(preview: Preview, view: Viewport, box: Box) -> U8:
    """The values under the device pixels of a box, each one larger than it is; 0 where nothing is offered.

    Where one device pixel stands for several of the picture, changes are looked for around the one under its centre.
    """
    _, xs = view.columns(box.x0, box.x1)
    _, ys = view.rows(box.y0, box.y1)
    height, width = preview.mask.shape
    columns = _cells(xs, preview.box.x0, preview.box.width, width)
    rows = _cells(ys, preview.box.y0, preview.box.height, height)
    mask, value = preview.mask, preview.value
    around = int(max(width / preview.box.width, height / preview.box.height) / view.scale + 1)
    if preview.shows is Shows.CHANGES and around > 1:
        near = slice(max(0, rows.min() - around), rows.max() + around + 1)
        across = slice(max(0, columns.min() - around), columns.max() + around + 1)
        codes = value[near, across] + np.uint8(1) if isinstance(value, np.ndarray) else np.uint8(value + 1)
        fine = np.ascontiguousarray(mask[near, across] * codes)
        spread = cv2.dilate(fine, np.ones((around, around), np.uint8))
        marks = np.asarray(spread, np.uint8).take(rows - near.start, axis=0).take(columns - across.start, axis=1)
    elif isinstance(value, np.ndarray):
        marks = value.take(rows, axis=0).take(columns, axis=1) + np.uint8(1)
        marks *= mask.take(rows, axis=0).take(columns, axis=1)
    else:
        marks = mask.take(rows, axis=0).take(columns, axis=1) * np.uint8(value + 1)
    beside = math.ceil(0.5 / view.scale) if preview.shows is Shows.CHANGES and view.scale < 1 else 0
    marks *= (xs >= preview.box.x0 - beside) & (xs < preview.box.x1 + beside)
    marks *= ((ys >= preview.box.y0 - beside) & (ys < preview.box.y1 + beside))[:, None]
    return np.ascontiguousarray(marks, np.uint8)


def _cells(pixels: Intp, start: int, length: int, count: int) -> Intp:
    """Which of `count` cells over `length` pixels from `start` on lies under each pixel; beside them the nearest."""
    return np.asarray(np.clip((pixels - start) * count // length, 0, count - 1), np.intp)


def _seen(marks: U8, line: int) -> U8:
    """What is thinner than three lines becomes so wide; what is wider stays as it is."""
    square = np.ones((2 * line + 1, 2 * line + 1), np.uint8)
    thin = cv2.subtract(marks, np.asarray(cv2.morphologyEx(marks, cv2.MORPH_OPEN, square), np.uint8))
    grown = np.asarray(cv2.dilate(marks * (thin > 0), square), np.uint8)
    np.copyto(grown, marks, where=marks > 0)
    return grown


def _calm(area: U8, line: int) -> U8:
    """The area, (h, w) of 0 and 1, without specks and holes and frayed edges; as it is where nothing else is left."""
    side = _CALM * line
    side += 1 - side % 2
    share = cv2.boxFilter(area, cv2.CV_16S, (side, side), normalize=False, borderType=cv2.BORDER_REPLICATE)
    calm = (np.asarray(share) > side * side // 2).view(np.uint8)
    return calm if calm.any() else area


def _edged(pixels: U32, area: U8, line: int) -> U32:
    """A white line just inside the area and a dark one just outside."""
    around = np.ones((2 * line + 1, 2 * line + 1), np.uint8)
    inner = area - cv2.erode(area, around, borderType=cv2.BORDER_REPLICATE)
    outer = cv2.dilate(area, around) - area
    np.copyto(pixels, np.uint32(_EDGE_OUT), where=outer.view(np.bool_))
    np.copyto(pixels, np.uint32(_EDGE_IN), where=inner.view(np.bool_))
    return pixels


def preview_colours(colours: U8, *, opacity: float) -> U32:
    """The colour of every human-layer value in a preview, (256,) premultiplied ARGB.

    Unlabelled is dark and "back to the network" light: both are the absence of a class.
    """
    rgb = np.zeros((256, 3), np.uint8)
    rgb[HUMAN_BASE + 1 : HUMAN_UNLABELLED] = colours[1 : HUMAN_UNLABELLED - HUMAN_BASE]
    rgb[HUMAN_UNLABELLED], rgb[0] = 20, 235
    alpha = np.full(256, opacity)
    alpha[[0, HUMAN_UNLABELLED]] = opacity / 2
    return premultiplied(rgb, alpha)
