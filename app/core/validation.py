"""Everything that is wrong with a folder of ADE PNGs, file by file and beside the photos."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from app.core.export import is_own_overlay
from app.core.import_labels import Finding, Kind, inspect, label_files, photo_frame, plan_import, settle
from app.core.pictures import list_folder, photos_among_labels
from inference.errors import ExpectedError


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a file, or what a photo lacks."""

    file: Path
    kind: str  # a few words, the same for all files with this problem
    sentence: str
    convertible: bool = False  # whether `convert` makes an ADE PNG of it


@dataclass(frozen=True, slots=True)
class Validation:
    """What was looked at, and what was found."""

    files: int
    problems: tuple[Problem, ...]  # in the order of the files, photos without labels last


def validate(
    folder: Path, *, images: Path | None = None, done: Callable[[int, int], object] = lambda count, of: None
) -> Validation:
    """Look at every PNG in a folder and those below it, and at the photo of each where `images` holds them.

    A folder of ADE20K, with `annotations` and `images` in it, knows its photos itself. Labels that no other program
    would notice count as problems too: a size that is not the photo's, classes counted from 0, a JPEG among the PNGs.
    `done` is told how many files were looked at, and of how many. PhotoError where a folder cannot be listed.
    """
    files = list(label_files(folder))
    if images is None and (folder / "annotations").is_dir() and (folder / "images").is_dir():
        images = folder / "images"
    photos = None if images is None else photos_among_labels(images)
    problems = list(_unlisted(folder, {photo.resolve() for photo in photos or ()}))
    belongs: dict[Path, Path] = {}
    if photos is not None:
        plan = plan_import([folder], photos)
        belongs = {file: photo for photo, file in plan.files.items()}
        problems += [Problem(file, "no photo", reason) for file, reason in plan.refused.items() if file != folder]
    findings = settle(_inspected(files, belongs, done))
    problems += [
        Problem(finding.file, finding.kind.value, finding.sentence, convertible=finding.convertible)
        for finding in findings
        if not finding.ready
    ]
    place = {file: number for number, file in enumerate(files)}
    problems.sort(key=lambda problem: place.get(problem.file, len(place)))
    if photos is not None:
        labelled = set(belongs.values())
        problems += [
            Problem(photo, "no labels", f"There are no labels for {photo.name}.")
            for photo in photos
            if photo not in labelled
        ]
    return Validation(len(files), tuple(problems))


def _unlisted(folder: Path, photos: Collection[Path]) -> list[Problem]:
    """What lies among the labels and is neither one nor a photo: other pictures, and what cannot be looked at."""
    if not folder.is_dir():
        return []
    within = folder / "annotations"
    listing = list_folder(within if within.is_dir() else folder, recursive=True)
    problems = [Problem(path, Kind.UNREADABLE.value, reason) for path, reason in listing.refused]
    for path in listing.paths():
        if path.suffix.lower() == ".png" or path.resolve() in photos:
            continue
        with contextlib.suppress(OSError):
            if is_own_overlay(path):
                continue
        problems.append(Problem(path, Kind.NOT_PNG.value, f"{path.name} is no PNG, and other pictures lose labels."))
    return problems


def _inspected(
    files: Sequence[Path], belongs: dict[Path, Path], done: Callable[[int, int], object]
) -> Sequence[Finding]:
    def look(file: Path) -> Finding:
        photo = belongs.get(file)
        if photo is None:
            return inspect(file)
        try:
            finding = inspect(file, photo_frame(photo))
        except ExpectedError as error:
            problem = f"has a photo whose size cannot be read: {str(error).rstrip('.')}"
            return Finding(file, (Kind.UNREADABLE,), problem=problem)
        return finding

    found = []
    with ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="validate") as pool:
        try:
            for number, finding in enumerate(pool.map(look, files), 1):
                found.append(finding)
                done(number, len(files))
        finally:
            pool.shutdown(cancel_futures=True)
    return found


def as_record(found: Validation) -> dict[str, object]:
    """Everything as plain data for JSON."""
    return {
        "files": found.files,
        "problems": [
            {
                "file": str(problem.file),
                "kind": problem.kind,
                "sentence": problem.sentence,
                "convertible": problem.convertible,
            }
            for problem in found.problems
        ],
    }
