"""What labels were made of, kept inside their PNG: so a folder of results says itself what is done.

It is part of the file that is written last, in one step, so it can neither be lost nor be there without its result.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

from app.core.ade_png import png_origin
from app.core.project.records import FileIdentity, identify
from inference.errors import ExpectedError

_HASH_BYTES = 16


class Finding(Enum):
    """What is there of the results of a photo."""

    DONE = "done"  # just what would be written now
    WANTING = "wanting"  # nothing, not all, damaged, or made of something else
    UNTOLD = "untold"  # whole labels that do not say what they were made of: exported from the window, or edited


@dataclass(frozen=True)
class Recipe:
    """What all results of one run have in common. Engine and device are left out: they differ by rounding alone."""

    model: str
    weights: str | None  # SHA-256
    input_size: int | None
    mode: str
    threshold: float | None  # None in the semantic view


@dataclass(frozen=True)
class Origin:
    """One photo, as it was just before it was read, and what was done with it."""

    photo: FileIdentity
    recipe: Recipe

    @classmethod
    def of(cls, photo: Path, recipe: Recipe) -> Origin:
        """OSError when the photo cannot be read."""
        return cls(identify(photo), recipe)

    def text(self, beside: Mapping[str, bytes]) -> str:
        """ASCII for the PNG. `beside`: the content of the files written with it, by what comes after the stem."""
        made = {"photo": {**asdict(self.photo), "header": self.photo.header.hex()}, **asdict(self.recipe)}
        return json.dumps({**made, "files": {suffix: _hash(data) for suffix, data in beside.items()}})

    def find(self, files: Sequence[Path], *, stem: str) -> Finding:
        """What is there of the results that this origin would have: `files` for `stem`, the PNG first."""
        labels, *beside = files
        try:
            text = png_origin(labels.read_bytes(), labels.name)
            if text is None:
                return Finding.UNTOLD
            hashes = {file.name[len(stem) :]: _hash(file.read_bytes()) for file in beside}
            told = json.loads(text)
            there = dict(told.pop("files"))
            wanted = json.loads(self.text({}))
            wanted.pop("files")
        except (OSError, ExpectedError, ValueError, TypeError, KeyError, AttributeError):
            return Finding.WANTING
        return Finding.DONE if told == wanted and hashes.items() <= there.items() else Finding.WANTING


def _hash(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=_HASH_BYTES).hexdigest()
