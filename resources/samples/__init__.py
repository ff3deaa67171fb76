"""The sample photographs that come with the application; authors and licences stand in `README.md` beside them."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def sample_paths() -> list[Path]:
    """The shipped photographs (RGB JPEG, at most 2000 pixels on the long side), sorted by name.

    They are real files on disk: the application is installed into its own environment, never run from an archive.
    """
    folder = resources.files(__name__)
    return sorted(Path(str(entry)) for entry in folder.iterdir() if entry.name.endswith(".jpg"))
