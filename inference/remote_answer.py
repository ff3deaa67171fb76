"""The detections that the remote service answers with → queries, as every other engine gives them.

An answer is `{"detections": [{"bbox": [x1, y1, x2, y2], "conf": 0..1, "cls_id": 0..149, "label": …, "mask": …}, …]}`
with boxes in pixels of the photo that was sent, and masks as base64 of a greyscale PNG, cropped to their box. All of it
is checked before any of it is used.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.prediction import MAXIMUM_SEGMENTS
from inference.remote_key import RemoteError
from resources.classes import CLASS_COUNT, ade_class

F32 = NDArray[np.float32]
U8 = NDArray[np.uint8]

MOST_CELLS = 1 << 17
"""Of a mask grid: a short side of 362 at most, four times as fine as the network's own masks at its 640 pixels."""
_PNG = b"\x89PNG\r\n\x1a\n"
_HEADER = struct.Struct(">8s4x4sII")  # signature, length of the first chunk, its name, width and height of the picture
_FAR = 1e6  # pixels; no side of a box lies there
_INSIDE = 128  # grey values from here on belong to a mask; of a cell, this many of 255 claimed make it somebody's


@dataclass(frozen=True)
class _Detection:
    class_id: int  # 1..150
    score: float
    box: tuple[int, int, int, int]  # left, top, right, bottom in pixels
    png: bytes


def queries_of(answer: Any, *, size: tuple[int, int], host: str) -> tuple[F32, F32]:
    """The best 100 detections for a photo sent with `size` (H, W) → `class_probs` (N, 150) and `mask_probs` (N, h, w).

    A row of `class_probs` holds the score at the class. Masks are averaged over the cells of a grid. Where a photo has
    parts that nobody claims, row 0 is a query of no class and no mask: it comes first in a tie of nothing with nothing,
    and its score of 0 is above no threshold. In the semantic view such parts, which are of no class, are unlabelled.
    Raises `RemoteError` for an answer that is not as described above.
    """
    try:
        found = sorted(_detections(answer), key=lambda detection: -detection.score)
        return _queries(found, size)
    except _Wrong as error:
        raise RemoteError(f"The answer of {host} cannot be used: {error}.") from None


class _Wrong(Exception):
    """What is wrong with an answer, as a clause."""


def _detections(answer: Any) -> list[_Detection]:
    listed = answer.get("detections") if isinstance(answer, dict) else None
    if not isinstance(listed, list):
        raise _Wrong("it has no list of detections")
    return [_detection(record) for record in listed]


def _detection(record: Any) -> _Detection:
    if not isinstance(record, dict):
        raise _Wrong("a detection is no record")
    score, box = _number(record.get("conf")), record.get("bbox")
    if not 0 <= score <= 1:
        raise _Wrong("a detection has no score from 0 to 1")
    sides = [_number(side) for side in box] if isinstance(box, list) else []
    if len(sides) != 4 or not all(abs(side) < _FAR for side in sides):
        raise _Wrong("a detection has no box")
    left, top, right, bottom = (round(side) for side in sides)
    class_id = _class_id(record.get("cls_id"), record.get("label"))
    return _Detection(class_id, score, (left, top, right, bottom), _png(record.get("mask")))


def _class_id(number: Any, label: Any) -> int:
    """The service counts classes from 0, ADE20K from 1. The name that comes with a number tells that they still do."""
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < CLASS_COUNT:
        raise _Wrong(f"a detection has no class from 0 to {CLASS_COUNT - 1}")
    entry = ade_class(number + 1)
    if label is not None:
        known = {_folded(name) for name in (entry.name, entry.full_name, *entry.synonyms)}
        said = str(label)
        if not known & {_folded(name) for name in (said, *re.split("[,;]", said))}:
            raise _Wrong(f"it calls class {number} {said[:40]!r}, which is {entry.name!r} in ADE20K")
    return number + 1


def _folded(name: str) -> str:
    return " ".join(name.casefold().replace("-", " ").split())


def _number(value: Any) -> float:
    """A number of the answer; not a number for anything else."""
    try:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:
        return math.nan


def _png(mask: Any) -> bytes:
    try:
        data = base64.b64decode(mask, validate=True) if isinstance(mask, str) else b""
    except (binascii.Error, ValueError):
        data = b""
    if not data.startswith(_PNG) or len(data) < _HEADER.size:
        raise _Wrong("a mask is no PNG in base64")
    return data


def _queries(found: Sequence[_Detection], size: tuple[int, int]) -> tuple[F32, F32]:
    height, width = size
    scale = min(1.0, math.sqrt(MOST_CELLS / (height * width)))
    rows, columns = max(1, math.floor(height * scale)), max(1, math.floor(width * scale))
    claimed = np.zeros(size, np.uint8)
    planes: list[F32] = []
    for detection in found[:MAXIMUM_SEGMENTS]:
        mask = _mask(detection, size)
        claimed |= mask
        planes.append(_averaged(mask, rows, columns).astype(np.float32) / np.float32(255))
    # Resizing carries a mask half a cell beyond its last one; a cell that is mostly nobody's is therefore left empty.
    nobody = _averaged(claimed, rows, columns) < _INSIDE
    kept = list(zip(found, planes, strict=False))
    if nobody.any() or not kept:
        kept = kept[: MAXIMUM_SEGMENTS - 1]
    first = int(nobody.any() or not kept)
    class_probs = np.zeros((first + len(kept), CLASS_COUNT), np.float32)
    mask_probs = np.zeros((first + len(kept), rows, columns), np.float32)
    for row, (detection, plane) in enumerate(kept, start=first):
        class_probs[row, detection.class_id - 1] = detection.score
        mask_probs[row] = np.where(nobody, 0, plane)
    return class_probs, mask_probs


def _averaged(mask: U8, rows: int, columns: int) -> U8:
    return np.asarray(cv2.resize(mask, (columns, rows), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _mask(detection: _Detection, size: tuple[int, int]) -> U8:
    """The mask in its place: (H, W) uint8, 255 inside."""
    height, width = size
    signature, chunk, columns, rows = _HEADER.unpack_from(detection.png)
    left, top, right, bottom = detection.box
    if signature != _PNG or chunk != b"IHDR":
        raise _Wrong("a mask is no PNG in base64")
    # Whether the last row and column of a box belong to it is not the same in all versions of the service.
    if abs(columns - (right - left)) > 1 or abs(rows - (bottom - top)) > 1:
        if (rows, columns) != size:
            raise _Wrong(f"a mask of {columns}×{rows} pixels is not that of a box of {right - left}×{bottom - top}")
        left = top = 0
    if left < -1 or top < -1 or left + columns > width + 1 or top + rows > height + 1:
        raise _Wrong("a box lies outside of the photo")
    pixels = _decoded(detection.png, (rows, columns))
    whole = np.zeros(size, np.uint8)
    inside = slice(max(0, -top), height - top), slice(max(0, -left), width - left)
    part = np.where(pixels[inside] >= _INSIDE, np.uint8(255), np.uint8(0))
    whole[max(0, top) : max(0, top) + part.shape[0], max(0, left) : max(0, left) + part.shape[1]] = part
    return whole


def _decoded(png: bytes, shape: tuple[int, int]) -> U8:
    try:
        pixels = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error:
        pixels = None
    if pixels is None or pixels.shape != shape:
        raise _Wrong("a mask is a damaged PNG")
    return np.asarray(pixels, dtype=np.uint8)
