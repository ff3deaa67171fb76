"""What the network would have said: its soft masks, also of queries that lost or lie under the threshold.

A query is a row 0..99 of the prediction; where it owns a pixel, the segment map holds query + 1. Masks are resized as
for the segment map, in the same order of operations, so both agree in every bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from app.core.arrays import F32, Bool
from app.core.geometry import NOTHING, Box
from inference.prediction import Prediction
from inference.resizing import Axis, lerp, margin_of, resized
from resources.classes import CLASS_COUNT

LEAST_MASK_PROB = 0.05
PREVIEW_PIXELS = 1_000_000


@dataclass(frozen=True)
class Candidate:
    """A query at one pixel."""

    query: int  # 0..99
    class_id: int  # 1..150, its most probable class
    score: float  # 0..1, how probable that class is
    mask_prob: float  # 0..1, how probably the pixel lies in its mask


def ranked_queries(prediction: Prediction, x: int, y: int) -> tuple[Candidate, ...]:
    """The queries whose mask may hold pixel (x, y) of the photo, the best by score · mask probability there first.

    The first one owns the pixel in `prediction.segment_map()`; equals stand in the order of queries. It is always
    there, the others only with a mask probability of at least 0.05. IndexError outside the photo.
    """
    if not Box.of_shape(prediction.size).contains(x, y):
        raise IndexError(f"Pixel ({x}, {y}) lies outside a photo of {prediction.size}.")
    rows, columns = _pixel_axes(prediction, x, y)
    planes = prediction.mask_probs * prediction.scores[:, None, None]  # as in the segment map: products, then resized
    strengths = resized(planes, rows=rows, columns=columns).ravel()
    mask_probs = resized(prediction.mask_probs, rows=rows, columns=columns).ravel()
    owner, *others = np.argsort(-strengths, kind="stable").tolist()
    return tuple(
        Candidate(
            query=query,
            class_id=int(prediction.class_ids[query]),
            score=float(prediction.scores[query]),
            mask_prob=float(mask_probs[query]),
        )
        for query in (owner, *(query for query in others if mask_probs[query] >= LEAST_MASK_PROB))
    )


def probable_classes(prediction: Prediction, query: int, count: int = 5) -> tuple[tuple[int, float], ...]:
    """The `count` most probable classes of a query as (class id 1..150, probability 0..1), the most probable first."""
    probs = prediction.class_probs[query, :CLASS_COUNT]
    best = np.argsort(-probs, kind="stable")[:count].tolist()
    return tuple((index + 1, float(probs[index])) for index in best)


def classes_at(prediction: Prediction, x: int, y: int, count: int = 5) -> tuple[tuple[int, float], ...]:
    """The `count` classes with the largest shares at pixel (x, y), whatever the queries, as the semantic view sees it.

    As for `probable_classes`; the share of a class is Σ over queries of class · mask probability, the shares of all
    classes adding up to 1. IndexError outside the photo.
    """
    if not Box.of_shape(prediction.size).contains(x, y):
        raise IndexError(f"Pixel ({x}, {y}) lies outside a photo of {prediction.size}.")
    rows, columns = _pixel_axes(prediction, x, y)
    mask_probs = resized(prediction.mask_probs, rows=rows, columns=columns).ravel()
    sums = mask_probs @ prediction.class_weights
    shares: F32 = sums / np.float32(max(float(sums.sum()), 1e-30))
    best = np.argsort(-shares, kind="stable")[:count].tolist()
    return tuple((index + 1, float(shares[index])) for index in best)


def soft_mask(prediction: Prediction, query: int, level: float, *, box: Box | None = None) -> tuple[Box, Bool]:
    """The pixels of the photo where the mask probability of a query exceeds `level` (0..1).

    Returns the smallest box that holds them and a mask (h, w) bool, the same as resizing the whole mask would give;
    `box` limits the search. Only where the edge of the mask may run is it computed pixel by pixel.
    """
    plane, bounds = prediction.mask_probs[query], Box.of_shape(prediction.size)
    bounds = bounds if box is None else bounds.intersect(box)
    if bounds.empty:
        return NOTHING, np.zeros((0, 0), np.bool_)
    (height, width), (photo_height, photo_width) = plane.shape, prediction.size
    rows = Axis.of(pixels=photo_height, centres=height, start=bounds.y0, stop=bounds.y1)
    columns = Axis.of(pixels=photo_width, centres=width, start=bounds.x0, stop=bounds.x1)
    found, mask = _above(plane, level, rows=rows, columns=columns)
    return (NOTHING if found.empty else found.move(bounds.x0, bounds.y0)), mask


def coarse_soft_mask(
    prediction: Prediction, query: int, level: float, most_pixels: int = PREVIEW_PIXELS
) -> tuple[Box, Bool]:
    """What `soft_mask` finds, for a preview: as if the photo had at most `most_pixels` pixels.

    Returns a box in pixels of the photo and a mask (h, w) bool to be stretched over it: its pixels are squares of
    1, 2, 3 … pixels of the photo, judged at their middle; the last ones may reach past its right and lower edge.
    """
    plane = prediction.mask_probs[query]
    (height, width), (photo_height, photo_width) = plane.shape, prediction.size
    step = max(1, math.isqrt(photo_height * photo_width // most_pixels))
    while -(-photo_height // step) * -(-photo_width // step) > most_pixels and step < max(prediction.size):
        step += 1
    rows = Axis.of(pixels=photo_height, centres=height, step=step)
    columns = Axis.of(pixels=photo_width, centres=width, step=step)
    found, mask = _above(plane, level, rows=rows, columns=columns)
    return Box(*(step * side for side in found)), mask


def _pixel_axes(prediction: Prediction, x: int, y: int) -> tuple[Axis, Axis]:
    """Rows and columns of one pixel."""
    (height, width), (photo_height, photo_width) = prediction.mask_probs.shape[1:], prediction.size
    rows = Axis.of(pixels=photo_height, centres=height, start=y, stop=y + 1)
    return rows, Axis.of(pixels=photo_width, centres=width, start=x, stop=x + 1)


def _above(plane: F32, level: float, *, rows: Axis, columns: Axis) -> tuple[Box, Bool]:
    """Where a plane (h, w) exceeds `level`: the smallest box, counted along `rows` and `columns`, and its mask."""
    margin = float(margin_of(plane))
    maybe = plane > level - margin
    ys, xs = _reach(maybe, rows, across=1), _reach(maybe, columns, across=0)
    if ys.start == ys.stop or xs.start == xs.stop:
        return NOTHING, np.zeros((0, 0), np.bool_)
    rows, columns = rows.part(ys), columns.part(xs)
    mask = np.empty((len(rows.first), len(columns.first)), np.bool_)
    for band in rows.bands():
        upper, lower = plane[rows.first[band.start]], plane[rows.second[band.start]]
        least, most = np.minimum(upper, lower), np.maximum(upper, lower)
        # Between four corners that all exceed the level, or all stay below, so does every pixel, rounding included.
        inside = np.minimum(least[columns.first], least[columns.second]) > level + margin
        outside = np.maximum(most[columns.first], most[columns.second]) <= level - margin
        edge = np.flatnonzero(~(inside | outside))
        across = columns.part(edge)
        top, bottom = (lerp(at[across.first], at[across.second], across.rest, across.weight) for at in (upper, lower))
        mask[band] = inside
        mask[band, edge] = lerp(top, bottom, rows.rest[band, None], rows.weight[band, None]) > np.float32(level)
    found = Box.around(mask)
    return (NOTHING if found.empty else found.move(xs.start, ys.start)), mask[found.slices]


def _reach(marked: Bool, axis: Axis, *, across: int) -> slice:
    """From the first to the last pixel of the axis beside a `marked` mask centre, looked up `across` the other axis."""
    centres = np.asarray(marked.any(axis=across), np.bool_)
    pixels = np.flatnonzero(centres[axis.first] | centres[axis.second])
    return slice(int(pixels[0]), int(pixels[-1]) + 1) if len(pixels) else slice(0, 0)
