"""Folders of pictures for the tests of the list: what is known of them, without files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.core.catalogue import Catalogue
from app.folder import Arrangement, Folder

ROOT = Path("/photos")
NAMES = ("boat.jpg", "castle.jpg", "Castle ruin.jpg", "cows.jpg", "dogs.jpg")
PATHS = [ROOT / name for name in NAMES]


def fill(folder: Folder, names: Sequence[str] = NAMES, *, root: Path = ROOT) -> Folder:
    """Put pictures of these names into a folder, all new; the filter and the order stay."""
    catalogue = Catalogue(names)
    folder.take(root, catalogue, Arrangement.of(catalogue, folder.filter, folder.sort))
    return folder


def many(count: int) -> list[str]:
    """Names in order."""
    return [f"{number:06d}.jpg" for number in range(count)]
