"""Which kind of label file a file is, and the labels that can be made of it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from app.core.ade_png import PngHeader, png_header
from app.core.arrays import U8
from app.core.errors import LabelsError
from app.core.files import reason
from app.core.geometry import Box
from app.core.import_labels.decoding import Decoded, Unusable, decode, over_150
from app.core.import_labels.findings import IGNORE, Conversion, Finding, Kind, Numbers, Reading, size_problem
from app.core.import_labels.frames import Fit, PhotoFrame
from app.core.patches import Patch, patch_between
from app.core.segment_map import HUMAN_BASE, HUMAN_UNLABELLED
from app.core.tile_counts import TILE
from resources.classes import CLASS_COUNT, ade_classes

_PNG = b"\x89PNG\r\n\x1a\n"
_OTHER_PICTURES = {
    b"\xff\xd8\xff": "JPEG",
    b"BM": "BMP",
    b"GIF8": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"RIFF": "WebP",
}
"""First bytes of pictures that may hold anything but the labels asked for."""
_COUNTING_KINDS = {
    Numbers.ADE: (),
    Numbers.IGNORED: (Kind.IGNORED,),
    Numbers.ZERO_BASED: (Kind.ZERO_BASED,),
}
_TWINS = {
    entry.id: twins
    for entry in ade_classes()
    if len(twins := tuple(other.id for other in ade_classes() if other.color == entry.color)) > 1
    and twins[0] == entry.id
}
"""Classes that share their colour, by the first of them."""


def inspect(file: Path, frame: PhotoFrame | None = None, *, zero_based: bool = False) -> Finding:
    """What a file that may hold labels is, beside the photo that it belongs to; it raises nothing but a lack of memory.

    What its header rules out is said without decoding it. Where its classes are known to be `zero_based`, one that
    holds nothing but 0 and 255 is no mask.
    """
    try:
        return _examined(file, frame, beside=zero_based)[0]
    except Unusable as error:
        return Finding(file, (error.kind,), frame=frame, problem=error.problem)


def settle(findings: Sequence[Finding]) -> list[Finding]:
    """The same findings in the light of each other, for files that belong together, as those of one folder do.

    A file that holds neither 150 nor 255 may count its classes from 0 as well as from 1. Where others beside it seem to
    count from 0 it is not taken as it is, and neither are those where others are sure to count from 1.
    """
    from_zero = any(Kind.ZERO_BASED in finding.kinds for finding in findings)
    if not from_zero:
        return list(findings)
    from_one = any(CLASS_COUNT in finding.numbers and Kind.COLOUR not in finding.kinds for finding in findings)
    return [_doubted(finding, from_one=from_one) for finding in findings]


def read(finding: Finding, choice: Conversion | None = None) -> U8:
    """The labels (H, W) uint8 0..150 of a file that was inspected; their shape is the photo's where that was given.

    Without a `choice` only where the file is `ready`, else by one of its `choices`. LabelsError, one sentence, when it
    needs one, or none is left, and when the file has changed meanwhile. ValueError for a choice it does not have.
    """
    if choice is None:
        if not finding.ready:
            raise LabelsError(finding.sentence)
        choice = Conversion()
    elif choice not in finding.choices:
        raise ValueError(f"{finding.file.name} does not offer {choice}.")
    try:
        again, decoded = _examined(finding.file, finding.frame, beside=True)  # `choices` say what may be read
    except Unusable as error:
        raise LabelsError(f"{finding.file.name} {error.problem}.") from error
    if again.numbers != finding.numbers or again.shape != finding.shape or choice.reading not in decoded.readings:
        raise LabelsError(f"{finding.file.name} has changed since it was looked at.")
    labels = np.asarray(cv2.LUT(decoded.numbers(choice.reading), _label_table(choice)), np.uint8)
    if finding.frame is None:
        return labels
    if choice.turn:
        labels = finding.frame.turned(labels)
    return labels if labels.shape == finding.frame.shape else finding.frame.scaled(labels)


def human_values(labels: U8) -> U8:
    """The human layer that shows exactly `labels` (H, W) uint8 0..150, whatever the network says: 0 becomes 251."""
    table = np.zeros(256, np.uint8)
    table[: CLASS_COUNT + 1] = np.arange(CLASS_COUNT + 1) + HUMAN_BASE
    table[0] = HUMAN_UNLABELLED
    return np.asarray(cv2.LUT(labels, table), np.uint8)


def labels_patch(labels: U8) -> Patch:
    """The patch that makes an empty human layer show exactly `labels` (H, W) uint8 0..150.

    Made tile by tile: no step in it is so long that the window, in another thread, would have to wait for it.
    """
    tiles = Box.of_shape(labels.shape).tiles(TILE)
    patch = patch_between(labels.shape, ((tile, 0, human_values(labels[tile.slices])) for tile in tiles))
    assert patch is not None  # every pixel is decided
    return patch


def _examined(file: Path, frame: PhotoFrame | None, *, beside: bool = False) -> tuple[Finding, Decoded]:
    """`Unusable` where nothing can be made of the file; `beside` others that seem to count classes from 0."""
    data, header = _png(file)
    shape = header.height, header.width
    fit = Fit((False,), scaled=False) if frame is None else frame.fit(shape)
    if frame is not None and not fit.turns:
        raise Unusable(Kind.WRONG_SIZE, size_problem(shape, frame.shape))
    decoded = decode(data, header)
    readings = list(decoded.readings)
    numbers = {reading: frozenset(values.tolist()) for reading, values in decoded.readings.items()}
    counted = _countings(numbers[readings[0]], readings[0], decoded.first_class, beside=beside)
    kinds = [*decoded.kinds, *_COUNTING_KINDS[counted[0]], *_fit_kinds(fit)]
    found = Finding(file, tuple(kinds) or (Kind.ADE,), shape, frame, numbers[readings[0]])
    if kinds:
        ways = [Conversion(readings[0], counting) for counting in counted]
        for reading in readings[1:]:
            with contextlib.suppress(Unusable):
                others = _countings(numbers[reading], reading, decoded.first_class, beside=beside)
                ways += [Conversion(reading, counting) for counting in others]
        ways = [replace(way, shared=twin) for way in ways for twin in _twins(numbers[way.reading], way.reading)]
        found = replace(found, choices=tuple(replace(way, turn=turn) for way in ways for turn in fit.turns))
    sure = readings[0] is Reading.COLOURS or decoded.first_class is not None or CLASS_COUNT in found.numbers
    return replace(found, sure=sure), decoded


def _png(file: Path) -> tuple[bytes, PngHeader]:
    """The bytes of a PNG whose chunks are whole, and its header."""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise Unusable(Kind.UNREADABLE, "does not exist") from None
    except OSError as error:
        raise Unusable(Kind.UNREADABLE, f"cannot be read: {reason(error)}") from error
    if data and not data.startswith(_PNG):
        raise _other_file(data)
    try:
        return data, png_header(data, file.name)
    except LabelsError as error:
        raise Unusable(Kind.DAMAGED, str(error).removeprefix(f"{file.name} ").rstrip(".")) from error


def _other_file(data: bytes) -> Unusable:
    kind = next((kind for start, kind in _OTHER_PICTURES.items() if data.startswith(start)), None)
    if kind is None or (kind == "WebP" and data[8:12] != b"WEBP"):
        return Unusable(Kind.NOT_A_PICTURE, "is not a picture")
    return Unusable(Kind.NOT_PNG, f"is a {kind} picture; labels are read from PNG files, which keep every number")


def _countings(
    numbers: frozenset[int], reading: Reading, first_class: int | None, *, beside: bool
) -> tuple[Numbers, ...]:
    """How numbers may stand for labels, the likeliest first. `Unusable` where they cannot."""
    over = {number for number in numbers if number > CLASS_COUNT}
    if over - {IGNORE}:
        raise over_150(over)
    if reading is Reading.COLOURS:
        return (Numbers.ADE,)
    if first_class == 0:
        return (Numbers.ZERO_BASED,)
    if not over:
        return (Numbers.ADE,)
    if first_class == 1 or CLASS_COUNT in numbers:
        return (Numbers.IGNORED,)
    if numbers <= {0, IGNORE} and not beside:
        raise Unusable(Kind.MASK, "holds nothing but 0 and 255: it is a mask of yes and no, not labels")
    return Numbers.ZERO_BASED, Numbers.IGNORED


def _fit_kinds(fit: Fit) -> list[Kind]:
    kinds = [Kind.UNSURE_TURN] if len(fit.turns) > 1 else [Kind.TURNED] if fit.turns[0] else []
    return kinds + [Kind.SCALED] * fit.scaled


def _twins(numbers: frozenset[int], reading: Reading) -> tuple[int, ...]:
    """The classes that a colour in the file may mean, where two share it; (0,) where there is no such colour."""
    first = next((number for number in numbers if number in _TWINS), 0) if reading is Reading.COLOURS else 0
    return _TWINS.get(first, (0,))


def _label_table(choice: Conversion) -> U8:
    """The label of each number, (256,) uint8."""
    table = np.zeros(256, np.uint8)
    if choice.numbers is Numbers.ZERO_BASED:
        table[:CLASS_COUNT] = np.arange(1, CLASS_COUNT + 1)
    else:
        table[: CLASS_COUNT + 1] = np.arange(CLASS_COUNT + 1)
    for first, twins in _TWINS.items():
        if choice.shared in twins:
            table[first] = choice.shared
    return table


def _doubted(finding: Finding, *, from_one: bool) -> Finding:
    """A finding beside files that seem to count classes from 0, and perhaps others that are sure to count from 1."""
    if finding.kind is Kind.MASK:
        with contextlib.suppress(Unusable):
            return _doubted(_examined(finding.file, finding.frame, beside=True)[0], from_one=from_one)
    if finding.problem or finding.sure or (Kind.ZERO_BASED in finding.kinds and not from_one):
        return finding
    plain = Numbers.IGNORED if Kind.ZERO_BASED in finding.kinds else Numbers.ADE
    ways = [way for way in finding.choices or (Conversion(),) if way.numbers is plain]
    others = [replace(way, numbers=Numbers.ZERO_BASED) for way in ways]
    kinds = tuple(kind for kind in finding.kinds if kind not in (Kind.ADE, Kind.ZERO_BASED))
    choices = tuple(ways + others if from_one else others + ways)
    return replace(finding, kinds=(*kinds, Kind.UNSURE_NUMBERS), choices=choices)
