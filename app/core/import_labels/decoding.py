"""From the bytes of a PNG to the number that stands at each pixel, in every way it may be meant."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.core.ade_png import PngHeader
from app.core.arrays import U8, U32, Bool, Intp
from app.core.errors import LabelsError
from app.core.import_labels.findings import IGNORE, Kind, Reading
from app.core.tile_counts import count_codes
from inference.photo import MAXIMUM_PIXELS
from resources.classes import CLASS_COUNT, palette

Codes = NDArray[np.unsignedinteger[Any]]
_GREY, _COLOUR, _INDEXED, _GREY_ALPHA, _COLOUR_ALPHA = 0, 2, 3, 4, 6  # PNG colour types
_NO_LABEL = 254  # what stands for numbers that are none, in tables: neither a label nor `IGNORE`
_ROWS_AT_ONCE = 256
_COLOURS = 1 << 24
_UP_TO_16_BITS = 257  # 8 bits become 16 by this factor
_FULL_ADE_CLASSES = 3688


class Unusable(LabelsError):
    """A file that no labels can be made of; `problem` is what follows its name in a sentence."""

    def __init__(self, kind: Kind, problem: str) -> None:
        super().__init__(problem)
        self.kind = kind
        self.problem = problem


@dataclass(frozen=True)
class Decoded:
    """A picture of codes, and what its codes may stand for.

    `codes` (H, W) uint8 or uint16, or (H, W, 3) uint8 BGR, whose code is B + 256 G + 65536 R; `present` (N,) the codes
    that occur; `readings` a number 0..255 for each of them (N,) uint8, the likeliest reading first.
    """

    codes: Codes
    present: Intp
    readings: Mapping[Reading, U8]
    kinds: tuple[Kind, ...]
    first_class: int | None = None  # 0 or 1: what the first class is counted as, where that is sure

    def numbers(self, reading: Reading) -> U8:
        """The number at each pixel, (H, W) uint8 0..255."""
        if self.codes.ndim == 2 and np.array_equal(self.readings[reading], self.present):
            return self.codes.astype(np.uint8, copy=False)
        table = np.zeros(int(self.present[-1]) + 1, np.uint8)
        table[self.present] = self.readings[reading]
        numbers = np.empty(self.codes.shape[:2], np.uint8)
        for top, codes in _bands(self.codes):
            np.take(table, codes, out=numbers[top : top + len(codes)], mode="clip")
        return numbers


def decode(data: bytes, header: PngHeader) -> Decoded:
    """What a PNG whose chunks are whole holds. `Unusable` for what cannot stand for labels."""
    match header.colour_type, header.depth:
        case _ if header.width * header.height > MAXIMUM_PIXELS:
            raise Unusable(Kind.DAMAGED, f"claims to have more than {MAXIMUM_PIXELS // 10**6} megapixels")
        case 0, 1:
            raise Unusable(Kind.MASK, "has 1 bit per pixel: it is a mask of yes and no, not labels")
        case 0, (2 | 4) as depth:
            problem = f"has {depth} bits of grey per pixel, so it cannot be told which number stands for which class"
            raise Unusable(Kind.FEW_BITS, problem)
        case 3, _:
            return _decode_indexed(data)
        case ((0 | 2 | 4 | 6), (8 | 16)):
            return _decode_channels(_pixels(data), header)
        case _:
            raise Unusable(Kind.DAMAGED, "is damaged")


def _pixels(data: bytes) -> Codes:
    """(H, W), or (H, W, 3 or 4) in the order BGRA, uint8 or uint16."""
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise Unusable(Kind.DAMAGED, "is damaged")
    return np.asarray(pixels)


def _decode_channels(pixels: Codes, header: PngHeader) -> Decoded:
    kinds: tuple[Kind, ...] = ()
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        if int(pixels[..., 3].min()) < np.iinfo(pixels.dtype).max:
            raise Unusable(Kind.SEE_THROUGH, "is partly transparent, so it cannot be told which of its pixels count")
        kinds = (Kind.ALPHA,)
        pixels = np.ascontiguousarray(pixels[..., :3])
    if pixels.ndim == 3 and header.colour_type in (_GREY, _GREY_ALPHA):
        pixels = np.ascontiguousarray(pixels[..., 0])
    if pixels.dtype == np.uint16:
        if pixels.ndim == 3:
            raise Unusable(Kind.OTHER_COLOURS, "is a colour picture of 16 bits per channel, not labels")
        return _of_16_bits(pixels, kinds)
    if pixels.ndim == 2:
        present = np.flatnonzero(count_codes(np.asarray(pixels, np.uint8)))
        return Decoded(pixels, present, {Reading.VALUES: present.astype(np.uint8)}, kinds)
    return _of_colours(np.asarray(pixels, np.uint8), kinds)


def _of_16_bits(pixels: Codes, kinds: tuple[Kind, ...]) -> Decoded:
    present = np.flatnonzero(np.bincount(pixels.ravel(), minlength=1 << 16))
    if present[-1] > IGNORE and not (present % _UP_TO_16_BITS).any():
        values = present // _UP_TO_16_BITS
    else:
        values = np.where(present == (1 << 16) - 1, IGNORE, present)
    if int(values.max()) > IGNORE:
        raise over_150(set(values.tolist()))
    return Decoded(pixels, present, {Reading.VALUES: values.astype(np.uint8)}, (Kind.SIXTEEN_BIT, *kinds))


def _decode_indexed(data: bytes) -> Decoded:
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            indices = np.array(image, np.uint8)
            colours = np.array(image.getpalette("RGB") or [], np.int64).reshape(-1, 3)
    except (OSError, SyntaxError, ValueError) as error:
        raise Unusable(Kind.DAMAGED, "is damaged") from error
    present = np.flatnonzero(count_codes(indices))
    if int(present[-1]) >= len(colours):
        raise Unusable(Kind.DAMAGED, "is damaged: it uses colours that its palette does not have")
    used = colours[present]
    by_index = {Reading.INDICES: present.astype(np.uint8)}
    first_class = _first_class(present, used)
    readings = {**_colour_readings(used), **by_index} if first_class is None else by_index
    return Decoded(indices, present, _likely(readings), (Kind.PALETTE,), first_class)


def _first_class(indices: Intp, colours: Intp) -> int | None:
    """From what number a palette gives the indices used their ADE colours: 0, 1, or None where it does not.

    Greys alone prove nothing: a palette may hold them for another reason.
    """
    if (colours == colours[:, :1]).all():
        return None
    ade = palette().astype(np.int64)
    for first in (0, 1):
        classes = indices + (1 - first)
        known = (classes >= 1) & (classes <= CLASS_COUNT)
        if known.any() and np.array_equal(ade[classes[known]], colours[known]):
            return first
    return None


def _of_colours(pixels: U8, kinds: tuple[Kind, ...]) -> Decoded:
    seen = np.zeros(_COLOURS, np.bool_)
    for _, codes in _bands(pixels):
        seen[codes] = True
    present = np.flatnonzero(seen)
    used = np.stack([present >> 16, present >> 8 & 255, present & 255], axis=1)
    readings = _colour_readings(used)
    if not readings:
        raise _no_label_colours(used)
    kind = {Reading.COLOURS: Kind.COLOUR, Reading.GREYS: Kind.THREE_CHANNELS}[next(iter(readings))]
    return Decoded(pixels, present, _likely(readings), (kind, *kinds))


def _colour_readings(colours: Intp) -> dict[Reading, U8]:
    """What RGB colours (N, 3) may stand for: labels, where all are different greys, or classes."""
    readings = {}
    classes = _classes_of(colours)
    if not (classes == _NO_LABEL).any():
        readings[Reading.COLOURS] = classes
    if (colours == colours[:, :1]).all() and len(np.unique(colours[:, 0])) == len(colours):
        readings[Reading.GREYS] = colours[:, 0].astype(np.uint8)
    return readings


def _classes_of(colours: Intp) -> U8:
    """The label of each RGB colour (N, 3), the first of those that share it; `_NO_LABEL` for others."""
    known = {tuple(colour): label for label, colour in reversed(list(enumerate(palette()[: CLASS_COUNT + 1].tolist())))}
    return np.array([known.get(tuple(colour), _NO_LABEL) for colour in colours.tolist()], np.uint8)


def _likely(readings: Mapping[Reading, U8]) -> dict[Reading, U8]:
    """The readings that give labels, each different from those before it; the first of all where none does."""
    kept: dict[Reading, U8] = {}
    for reading, numbers in readings.items():
        labels: Bool = (numbers <= CLASS_COUNT) | (numbers == IGNORE)
        if labels.all() and not any(np.array_equal(numbers, others) for others in kept.values()):
            kept[reading] = numbers
    return kept or dict(list(readings.items())[:1])


def _no_label_colours(colours: Intp) -> Unusable:
    """Which colours these are: classes of the full ADE20K are R / 10 * 256 + G."""
    red, green, _ = colours.T
    if not (red % 10).any() and int((red // 10 * 256 + green).max()) <= _FULL_ADE_CLASSES:
        problem = "seems to be of the full ADE20K, whose more than 3,000 classes are not the 150 of ADE PNGs"
        return Unusable(Kind.FULL_ADE, problem)
    others = colours[_classes_of(colours) == _NO_LABEL]
    red, green, blue = others[0].tolist()
    problem = f"has {len(others):,} colours that stand for no class of ADE20K, such as ({red}, {green}, {blue})"
    return Unusable(Kind.OTHER_COLOURS, problem)


def over_150(numbers: Collection[int]) -> Unusable:
    """What is wrong with numbers of which some are no label."""
    over = {number for number in numbers if number > CLASS_COUNT}
    more = f"{len(over):,} values over {CLASS_COUNT}, up to" if len(over) > 1 else "the value"
    return Unusable(Kind.OVER_150, f"holds {more} {max(over)}; labels go from 0 to {CLASS_COUNT}")


def _bands(codes: Codes) -> Iterator[tuple[int, Codes]]:
    """Some rows at a time, with the first: colours as one number each, which for all would take four times the room."""
    for top in range(0, len(codes), _ROWS_AT_ONCE):
        band = codes[top : top + _ROWS_AT_ONCE]
        if band.ndim == 2:
            yield top, band
        else:
            blue, green, red = (band[..., channel].astype(np.uint32) for channel in range(3))
            packed: U32 = np.asarray(blue | green << 8 | red << 16, np.uint32)
            yield top, packed
