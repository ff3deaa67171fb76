"""Which picture becomes which files: decided before anything is written, for the window and the command line alike."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.core.export import ExportOptions


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """Where the files of each picture go."""

    folder: Path
    targets: dict[Path, str]  # picture -> stem of its files, below `folder` with "/" after each folder
    refused: dict[Path, str]  # picture -> why it is left out
    options: ExportOptions

    def files(self, picture: Path) -> list[Path]:
        """The files that a picture becomes, its ADE PNG first."""
        return target_files(self.folder, self.targets[picture], self.options)

    def existing(self) -> dict[Path, list[Path]]:
        """Pictures of which a file is there already, with those files."""
        found = {picture: [file for file in self.files(picture) if _exists(file)] for picture in self.targets}
        return {picture: files for picture, files in found.items() if files}

    def without(self, reasons: dict[Path, str]) -> ExportPlan:
        """The same without these pictures, for these reasons."""
        kept = {picture: stem for picture, stem in self.targets.items() if picture not in reasons}
        return ExportPlan(self.folder, kept, {**self.refused, **reasons}, self.options)


def target_files(folder: Path, stem: str, options: ExportOptions) -> list[Path]:
    """What `export_picture` writes for these options, the ADE PNG first."""
    suffixes = [".png"] + [".json"] * options.detections + ["_overlay.jpg"] * options.overlay
    return [folder / f"{stem}{suffix}" for suffix in suffixes]


def plan_export(
    pictures: Sequence[Path],
    folder: Path,
    options: ExportOptions,
    *,
    sources: Iterable[Path] = (),
    below: Mapping[Path, str] | None = None,
) -> ExportPlan:
    """Give each picture its `<stem>.png` and what else `options` ask for.

    `below`: what comes before the stem of a picture whose files go into a folder below, such as "sub/".
    Of two pictures with one stem the later is refused (letter case does not count: many file systems have none), and so
    is one whose files would replace a photo, be it one of `pictures` or of `sources`.
    """
    photos = set(_places(itertools.chain(pictures, sources)))
    home = _place(folder)
    targets: dict[Path, str] = {}
    refused: dict[Path, str] = {}
    owners: dict[str, Path] = {}
    for picture in pictures:
        stem = (below or {}).get(picture, "") + picture.stem
        files = target_files(home, stem, options)
        owner = owners.setdefault(stem.casefold(), picture)
        over = next((file for file in files if _comparable(file) in photos), None)
        if owner is not picture:
            name = f"{stem}.png"
            refused[picture] = f"{owner} would get the same name {name}: use another folder for one of them."
        elif over is not None:
            refused[picture] = f"{over.name} would overwrite a photo of that name: use another folder."
        else:
            targets[picture] = stem
    return ExportPlan(folder, targets, refused, options)


def _places(paths: Iterable[Path]) -> Iterator[str]:
    """Where they lead, links followed: each folder is looked at once, as there may be very many files in it."""
    folders: dict[str, str] = {}
    for path in paths:
        above, name = os.path.split(path)
        if name == ".." or os.path.islink(path):  # noqa: PTH114 - no Path for each of a hundred thousand
            yield _comparable(_place(path))
            continue
        if above not in folders:
            folders[above] = str(_place(path.parent))
        yield _comparable(os.path.join(folders[above], name))  # noqa: PTH118


def _comparable(path: str | Path) -> str:
    """A path as its file system compares it."""
    return os.path.normcase(path)


def _place(path: Path) -> Path:
    """Where a path leads, links followed; as it is where that cannot be told."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute()


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder without permission or a name that is too long: writing there says so
        return False
