"""Which label file belongs to which picture, decided before any of them is opened, and what all of them are."""

from __future__ import annotations

import itertools
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from app.core.import_labels.findings import Finding, Kind
from app.core.import_labels.frames import photo_frame
from app.core.import_labels.inspection import inspect, settle
from app.core.pictures import list_folder
from inference.errors import PhotoError

_FEW = 3  # files that tell what a folder holds
_ENTRIES = 1000  # of a folder that are looked at for a PNG
_IMAGES, _ANNOTATIONS = "images", "annotations"  # as ADE20K calls its folders of photos and of labels


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """Where the labels of each picture come from."""

    files: dict[Path, Path]  # picture -> its label file, in the order of the pictures
    refused: dict[Path, str]  # path -> why nothing is brought in from it, one sentence


def plan_import(paths: Sequence[Path], pictures: Sequence[Path]) -> ImportPlan:
    """Give each picture the label file that belongs to it, as far as `paths`, files and folders, hold one.

    A folder stands for the PNGs in it and in its sub-folders; where it holds `annotations`, for those in there. A file
    belongs to the picture of its stem; of several such pictures to the one whose folders are most like its own, read
    from the end, with `images` for `annotations`. Below `annotations` the picture of the same place below the `images`
    beside it is meant, and no other below there, as stems may begin anew in each sub-folder. A picture is never its own
    label file. What fits no picture, or several, is refused.
    """
    known = {_place(picture): picture for picture in pictures}
    stems: dict[str, list[PurePath]] = defaultdict(list)
    for place in known:
        stems[place.stem.casefold()].append(place)
    files: dict[Path, Path] = {}
    refused: dict[Path, str] = {}
    for path in paths:
        try:
            found = list(label_files(path))
        except PhotoError as error:
            refused[path] = str(error)
            continue
        for file in found:
            place = _place(file)
            if file != path and place in known:
                continue  # a photo among the labels of others
            fitting = _fitting(place, stems.get(place.stem.casefold(), []))
            if len(fitting) != 1:
                refused[file] = _misfit(file, fitting)
            elif files.setdefault(known[fitting[0]], file) is not file:
                taken = files[known[fitting[0]]]
                if _place(taken) != place:
                    refused[file] = f"{taken} already gives labels to {known[fitting[0]].name}."
        if not found:
            refused[path] = f"There are no PNGs in {path}."
    return ImportPlan({picture: files[picture] for picture in pictures if picture in files}, refused)


def inspect_plan(plan: ImportPlan, *, check: Callable[[int], object] = lambda done: None) -> dict[Path, Finding]:
    """What the file of each picture in a plan is, beside its photo and in the light of all the others.

    No photo is decoded. `check` is called before each file with the number of those done; what it raises ends the work.
    """
    found = []
    for done, (picture, file) in enumerate(plan.files.items()):
        check(done)
        try:
            found.append(inspect(file, photo_frame(picture)))
        except PhotoError as error:
            problem = f"has no photo to lie on: {str(error).rstrip('.')}"
            found.append(Finding(file, (Kind.UNREADABLE,), problem=problem))
    return dict(zip(plan.files, settle(found), strict=True))


def look_like_labels(paths: Sequence[Path], pictures: Sequence[Path]) -> bool:
    """Whether files and folders seem to hold labels of some of these pictures rather than pictures.

    Only a few files are looked at, and folders without PNGs of their own are not searched.
    """
    if not any(_may_hold_labels(path) for path in paths):
        return False
    plan = plan_import(paths, pictures)
    few = dict(itertools.islice(plan.files.items(), _FEW))
    findings = inspect_plan(replace(plan, files=few)).values()
    return any(finding.ready or finding.convertible for finding in findings)


def _may_hold_labels(path: Path) -> bool:
    """Whether it is a PNG, or a folder that has `annotations` or a PNG among its first entries."""
    try:
        if not path.is_dir():
            return path.suffix.lower() == ".png"
        with os.scandir(path) as entries:
            names = [entry.name.lower() for entry in itertools.islice(entries, _ENTRIES)]
    except OSError:
        return False
    return _ANNOTATIONS in names or any(name.endswith(".png") for name in names)


def label_files(path: Path) -> Iterator[Path]:
    """The PNGs that a path stands for, those below `annotations` alone where it has that.

    PhotoError where it does not exist or may not be read.
    """
    if not path.is_dir():
        if not path.exists():
            raise PhotoError(f"{path} does not exist.")
        yield path
        return
    within = path / _ANNOTATIONS
    listing = list_folder(within if within.is_dir() else path, recursive=True)
    for row, name in enumerate(listing.names):
        if name.lower().endswith(".png"):
            yield listing.path(row)


def _fitting(file: PurePath, pictures: Iterable[PurePath]) -> list[PurePath]:
    """The pictures of one stem that a label file may belong to, no more than one where that is clear."""
    fitting = [picture for picture in pictures if picture != file and not _contradicts(file, picture)]
    exact = [picture for picture in fitting if picture.stem == file.stem] or fitting
    alike = [_likeness(file, picture) for picture in exact]
    return [picture for picture, likeness in zip(exact, alike, strict=True) if likeness == max(alike)]


def _contradicts(file: PurePath, picture: PurePath) -> bool:
    """Whether a picture lies beside the labels' folder, but in another place of its own."""
    for depth, part in enumerate(file.parts[:-1]):
        if part.casefold() == _ANNOTATIONS:
            above, below = file.parts[:depth], file.parts[depth + 1 : -1]
            if picture.parts[:depth] == above and len(picture.parts) > depth + 1:
                beside = picture.parts[depth].casefold() == _IMAGES
                if beside and picture.parts[depth + 1 : -1] != below:
                    return True
    return False


def _likeness(file: PurePath, picture: PurePath) -> int:
    """How many folders above the two are called alike, counted from the nearest."""
    count = 0
    for labels, photos in zip(reversed(file.parts[:-1]), reversed(picture.parts[:-1]), strict=False):
        if labels != photos and (labels.casefold(), photos.casefold()) != (_ANNOTATIONS, _IMAGES):
            break
        count += 1
    return count


def _misfit(file: Path, fitting: Sequence[PurePath]) -> str:
    if not fitting:
        return f"There is no picture called {file.stem} that {file.name} could belong to."
    return f"{file.name} may belong to {fitting[0]} or to {fitting[1]}."


def _place(path: Path) -> PurePath:
    """A path made absolute, without following links."""
    return PurePath(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links
