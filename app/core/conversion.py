"""Label files of other kinds made into ADE PNGs, and ADE PNGs into files that count classes from 0.

Nothing is guessed: where a file can be meant in several ways that give different labels, the way has to be named, and
colours, of which two classes share one, are refused.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import TypeVar

import numpy as np

from app.core.ade_png import write_labels, write_values
from app.core.arrays import U8
from app.core.errors import LabelsError
from app.core.files import make_folder
from app.core.import_labels import Conversion, Finding, Kind, Numbers, Reading, inspect, label_files, read, settle
from inference.errors import ExpectedError
from resources.classes import CLASS_COUNT

STEPS = 2
"""How often `convert` comes to each file."""
_WRITERS = 8
"""Files that are written at once, more than there are processors: most of that is waiting for the disk."""
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_BOTH = {Numbers.ADE, Numbers.IGNORED}


class Counting(Enum):
    """How a file numbers its classes."""

    ADE = "ade"  # 0 unlabelled, classes from 1; where there is 255, that is unlabelled too
    ZERO_BASED = "zero-based"  # classes from 0, 255 unlabelled


def way_of(finding: Finding, counting: Counting | None = None) -> Conversion | None:
    """How the labels of a file are read: None as they are.

    `counting` names how the file numbers its classes, where that is known. LabelsError, one sentence, for what holds no
    labels, for colours, and where `counting` is needed or contradicts the file.
    """
    if finding.problem:
        raise LabelsError(finding.sentence)
    ways = [way for way in finding.choices if way.reading is not Reading.COLOURS]
    if finding.choices and not ways:
        raise LabelsError(
            f"{finding.file.name} shows labels in colours, which cannot be turned back: road and skyscraper share one."
        )
    if counting is Counting.ZERO_BASED:
        return _zero_based(finding, ways)
    if counting is Counting.ADE:
        ways = [way for way in ways if way.numbers in _BOTH]
        if finding.choices and not ways:
            raise LabelsError(f"{finding.file.name} does not count its classes from 1.")
    if len({way.numbers for way in ways}) > 1:
        raise LabelsError(f"{finding.sentence[:-1]}; say which: --from zero-based or --from ade.")
    return ways[0] if ways else None


def _zero_based(finding: Finding, ways: list[Conversion]) -> Conversion:
    if CLASS_COUNT in finding.numbers:
        raise LabelsError(f"{finding.file.name} holds {CLASS_COUNT}, which no file does that counts classes from 0.")
    if any(way.numbers is Numbers.ZERO_BASED for way in ways):
        return next(way for way in ways if way.numbers is Numbers.ZERO_BASED)
    return replace(ways[0] if ways else Conversion(), numbers=Numbers.ZERO_BASED)


def labels_of(finding: Finding, way: Conversion | None) -> U8:
    """The labels (H, W) uint8 0..150 of a file, read in the way that `way_of` found. LabelsError."""
    if way is not None and way not in finding.choices:
        finding = replace(finding, choices=(way,), kinds=(Kind.UNSURE_NUMBERS,))
    return read(finding, way)


def write_converted(path: Path, labels: U8, counting: Counting) -> None:
    """Write labels (H, W) uint8 0..150, atomically: as an ADE PNG, or with classes from 0 and 255 for unlabelled.

    ExportError where that fails.
    """
    match counting:
        case Counting.ADE:
            write_labels(path, labels)
        case Counting.ZERO_BASED:
            write_values(path, labels - np.uint8(1))  # 0 becomes 255


@dataclass(frozen=True, slots=True)
class ConversionPlan:
    """Which files are read, and what they become."""

    targets: dict[Path, Path]  # label file -> new file
    refused: dict[Path, str]  # what is left out, one sentence each


@dataclass
class Converted:
    """What became of each file."""

    written: dict[Path, str] = field(default_factory=dict)  # label file -> what was done, one sentence
    refused: dict[Path, str] = field(default_factory=dict)


def plan_conversion(paths: Sequence[Path], folder: Path, *, overwrite: bool = False) -> ConversionPlan:
    """The PNGs behind files and folders, and their new places in `folder`, in the same sub-folders.

    Refused are: a new file that is there already unless `overwrite`, one that would replace a file that is read, and
    the second of two with the same place.
    """
    sources: dict[Path, Path] = {}  # file -> its place below what was named
    refused: dict[Path, str] = {}
    for path in paths:
        try:
            within = path / "annotations"
            top = (within if within.is_dir() else path) if path.is_dir() else path.parent
            found = list(label_files(path))
        except ExpectedError as error:
            refused[path] = str(error)
            continue
        sources.update({file: file.relative_to(top) for file in found})
        if not found:
            refused[path] = f"There are no PNGs in {path}."
    real = {file.resolve() for file in sources}
    taken: dict[str, Path] = {}
    targets: dict[Path, Path] = {}
    for file, place in sources.items():
        target = (folder / place).with_suffix(".png")
        first = taken.setdefault(str(place.with_suffix("")).casefold(), file)
        if first is not file:
            refused[file] = f"{file} and {first} would both become {target}."
        elif target.resolve() in real:
            refused[file] = f"{target} is a file that is converted itself: use another output folder."
        elif target.exists() and not overwrite:
            refused[file] = f"{target} is there already; --overwrite replaces it."
        else:
            targets[file] = target
    return ConversionPlan(targets, refused)


def convert(
    plan: ConversionPlan,
    *,
    source: Counting | None = None,
    target: Counting = Counting.ADE,
    done: Callable[[int], object] = lambda count: None,
) -> Converted:
    """Write every file of a plan anew; what cannot be converted is refused and the others go on.

    `source` says how the files number their classes where that is not clear from themselves and those beside them.
    `done` is told of each step, `STEPS` for each file: all are looked at before the first one is written.
    """
    found = Converted(refused=dict(plan.refused))

    def look_at(file: Path) -> Finding:
        return inspect(file, zero_based=source is Counting.ZERO_BASED)

    def write(finding: Finding) -> tuple[Finding, str, str]:
        place = plan.targets[finding.file]
        try:
            way = way_of(finding, source)
            labels = labels_of(finding, way)
            make_folder(place.parent)
            write_converted(place, labels, target)
        except ExpectedError as error:
            return finding, "", str(error)
        return finding, _told(finding, way, target), ""

    looked_at = []
    for number, finding in enumerate(_several_at_once(look_at, plan.targets, threads=os.cpu_count() or 1), 1):
        looked_at.append(finding)
        done(number)
    writing = _several_at_once(write, settle(looked_at), threads=_WRITERS)
    for number, (finding, told, refused) in enumerate(writing, len(looked_at) + 1):
        if refused:
            found.refused[finding.file] = refused
        else:
            found.written[finding.file] = told
        done(number)
    return found


def _several_at_once(work: Callable[[_Item], _Result], items: Iterable[_Item], *, threads: int) -> Iterator[_Result]:
    """The results in the order of the items; what has not begun when nobody goes on asking is left alone."""
    with ThreadPoolExecutor(threads, thread_name_prefix="convert") as pool:
        try:
            yield from pool.map(work, items)
        finally:
            pool.shutdown(cancel_futures=True)


def _told(finding: Finding, way: Conversion | None, target: Counting) -> str:
    said = "ADE labels as they are" if way is None else finding.offer(way).removeprefix("Conversion ").rstrip(".")
    return f"{said}, then takes 1 from each class" if target is Counting.ZERO_BASED else said
