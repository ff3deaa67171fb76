"""The colours of the classes: the usual ones of ADE20K, and sets that keep the classes of a picture apart.

The usual ADE20K colours contain one duplicate (7 and 49) and many near-duplicates. The other palettes are made here:
one greedy choice, each next colour as far as possible from all before it (Gonzalez, 1985, "Clustering to minimize the
maximum intercluster distance"), measured in OKLab (Ottosson, 2020, "A perceptual color space for image processing"),
through the eyes of everybody that the palette is for. Colours that get lost on photos do not take part: near-black,
near-white, greys, and the loudest ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.core.arrays import U8, Bool
from app.core.patterns import PATTERNS
from resources.classes import CLASS_COUNT, palette

F64 = NDArray[np.float64]


class Palette(Enum):
    """Which colours the classes have."""

    ADE = "ade"  # the usual ones of ADE20K
    DISTINCT = "distinct"  # far apart
    COLOUR_BLIND = "colour-blind"  # far apart for people who see colours differently, too


class Vision(Enum):
    """How colours are seen: by most people, and without one of the three kinds of cones."""

    USUAL = "usual"
    PROTANOPIA = "protanopia"
    DEUTERANOPIA = "deuteranopia"
    TRITANOPIA = "tritanopia"


# What a dichromat sees, in linear RGB: Machado, Oliveira and Fernandes, 2009, "A physiologically-based model for
# simulation of color vision deficiency", severity 1.0.
_SEEN = {
    Vision.USUAL: np.eye(3),
    Vision.PROTANOPIA: np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    Vision.DEUTERANOPIA: np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    Vision.TRITANOPIA: np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FIRST = (0, 130, 200)  # where the greedy choice starts: a calm blue
_STEPS = 16  # values per channel that candidates are made of
_NEARLY = 0.85  # a colour may be taken because it looks familiar when it has this much of the best separation


@dataclass(frozen=True)
class _Range:
    """Which colours take part, in OKLab units, and through whose eyes they are kept apart."""

    lightness: tuple[float, float]
    chroma: tuple[float, float]
    visions: tuple[Vision, ...]
    enough: float  # separation from which the familiar look alone decides


_RANGES = {
    Palette.DISTINCT: _Range((0.42, 0.92), (0.08, 0.22), (Vision.USUAL,), enough=0.15),
    # Where hues collapse into two, lightness has to tell classes apart.
    Palette.COLOUR_BLIND: _Range((0.33, 0.94), (0.05, 0.25), tuple(Vision), enough=0.1),
}


@dataclass(frozen=True, eq=False)
class ClassStyles:
    """How the classes are drawn, rows by class id: `colours` (256, 3) uint8 RGB, `patterns` (256,) uint8, 0 = plain."""

    colours: U8
    patterns: U8


@lru_cache(maxsize=1)
def usual_styles() -> ClassStyles:
    """The usual colours of ADE20K, and no patterns."""
    return ClassStyles(palette(), np.zeros(256, np.uint8))


def oklab(rgb: U8, vision: Vision = Vision.USUAL) -> F64:
    """Lightness 0..1, green-red and blue-yellow of sRGB colours (n, 3) uint8 as `vision` sees them: (n, 3) float64."""
    part = np.asarray(rgb, np.float64) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ _SEEN[vision].T, 0, 1)
    lab: F64 = np.cbrt(seen @ _TO_CONES.T) @ _TO_LAB.T
    return lab


def distances(colours: U8, others: U8, visions: Iterable[Vision] = (Vision.USUAL,)) -> F64:
    """How far apart (n, 3) and (m, 3) uint8 colours look to the one who tells them apart the least: (n, m) OKLab."""
    seen = [np.linalg.norm(oklab(colours, v)[:, None] - oklab(others, v)[None], axis=2) for v in visions]
    return np.asarray(np.min(seen, axis=0), np.float64)


@lru_cache(maxsize=len(Palette))
def separated_colours(kind: Palette) -> U8:
    """150 colours, (150, 3) uint8, of which the first n are far apart for every n. ValueError for the usual palette."""
    if kind not in _RANGES:
        raise ValueError("The usual palette is a list, not made by separation.")
    wanted = _RANGES[kind]
    values = np.linspace(0, 255, _STEPS).round().astype(np.uint8)
    colours = np.stack(np.meshgrid(values, values, values, indexing="ij"), axis=-1).reshape(-1, 3)
    lab = oklab(colours)
    colours = colours[_within(lab[:, 0], wanted.lightness) & _within(np.hypot(lab[:, 1], lab[:, 2]), wanted.chroma)]
    seen = np.stack([oklab(colours, vision) for vision in wanted.visions])
    chosen = [int(distances(colours, np.array([_FIRST], np.uint8))[:, 0].argmin())]
    apart = np.full(len(colours), np.inf)
    while len(chosen) < CLASS_COUNT:
        to_last = np.linalg.norm(seen - seen[:, chosen[-1], None], axis=2).min(axis=0)
        apart = np.minimum(apart, to_last)
        chosen.append(int(apart.argmax()))
    return colours[chosen]


def _within(values: F64, span: tuple[float, float]) -> Bool:
    return (values >= span[0]) & (values <= span[1])


class ClassColours:
    """Which class has which colour and pattern: a class keeps its own while others come and go.

    A class gets its colour when it first appears: one of the unused colours that are far enough, or nearly as far as
    can be, from those of the classes it appears with, and of these the one that looks most like its usual colour.
    """

    def __init__(self) -> None:
        self._kept: dict[Palette, _Kept] = {}

    def styles(self, kind: Palette, present: Iterable[int], *, patterned: bool = False) -> ClassStyles:
        """How to draw the classes while those of `present` (0..150) are seen; new ones among them get their colour.

        The same value, not only an equal one, comes back as long as nothing changes.
        """
        if kind not in self._kept:
            self._kept[kind] = _Kept(kind)
        return self._kept[kind].styles(sorted(set(present) - {0}), patterned=patterned)


class _Kept:
    """The colours and patterns that classes have got of one palette."""

    def __init__(self, kind: Palette) -> None:
        self._visions = _RANGES[kind].visions if kind in _RANGES else (Vision.USUAL,)
        self._enough = _RANGES[kind].enough if kind in _RANGES else 0.0
        self._usual = palette()
        self._fixed = kind not in _RANGES
        self._colours = self._usual[1 : CLASS_COUNT + 1] if self._fixed else separated_colours(kind)
        self._apart = distances(self._colours, self._colours, self._visions)
        self._likeness = distances(self._usual, self._colours)
        self._colour_of: dict[int, int] = {i + 1: i for i in range(CLASS_COUNT)} if self._fixed else {}
        self._pattern_of: dict[int, int] = {}
        self._made: dict[bool, ClassStyles] = {}

    def styles(self, present: Sequence[int], *, patterned: bool) -> ClassStyles:
        for class_id in present:
            if class_id not in self._colour_of:
                self._colour_of[class_id] = self._choose_colour(class_id, present)
                self._made.clear()
            if patterned and class_id not in self._pattern_of:
                self._pattern_of[class_id] = self._choose_pattern(class_id, present)
                self._made.pop(True, None)
        if patterned not in self._made:
            self._made[patterned] = ClassStyles(self._table(), self._patterns(patterned=patterned))
        return self._made[patterned]

    def _choose_colour(self, class_id: int, present: Sequence[int]) -> int:
        free = self._free()
        beside = [self._colour_of[other] for other in present if other in self._colour_of]
        if beside:
            apart = self._apart[free][:, beside].min(axis=1)
            free = free[apart >= min(self._enough, _NEARLY * apart.max())]
        return int(free[self._likeness[class_id, free].argmin()])

    def _free(self) -> NDArray[np.intp]:
        return np.setdiff1d(np.arange(len(self._colours)), list(self._colour_of.values()))

    def _choose_pattern(self, class_id: int, present: Sequence[int]) -> int:
        """The one whose users here look the least like this class; of several, plain and then the simplest."""
        mine = self._colour_of[class_id]
        nearest = np.full(PATTERNS + 1, np.inf)
        for other in present:
            if other in self._pattern_of:
                pattern = self._pattern_of[other]
                nearest[pattern] = min(nearest[pattern], self._apart[mine, self._colour_of[other]])
        return int(nearest.argmax())

    def _table(self) -> U8:
        """Classes that have not appeared yet borrow what is left, so that no two share a colour in a list of all."""
        if self._fixed:
            return self._usual
        colour_of, free = dict(self._colour_of), list(self._free())
        for class_id in range(1, CLASS_COUNT + 1):
            if class_id not in colour_of:
                colour_of[class_id] = free.pop(int(self._likeness[class_id, free].argmin()))
        table = np.zeros((256, 3), np.uint8)
        for class_id, index in colour_of.items():
            table[class_id] = self._colours[index]
        return table

    def _patterns(self, *, patterned: bool) -> U8:
        table = np.zeros(256, np.uint8)
        if patterned:
            for class_id, pattern in self._pattern_of.items():
                table[class_id] = pattern
        return table
