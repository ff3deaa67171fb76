"""What a project keeps of one picture."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from app.core.document import ViewMode
from app.core.export import Rest
from app.core.patches import Patch
from app.core.pictures import PictureStatus
from inference.prediction import Prediction

_HEADER_BYTES = 16 * 2**10
_HASH_BYTES = 16

CHANGED = "{name} has changed on disk since it was worked on."
"""What is said of a photo that is not the one that a project has a record of."""
STATUSES = {status.value: status for status in PictureStatus}
"""By their values. `PictureStatus(value)` takes several times as long, which counts for a hundred thousand pictures."""


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """By what a photo's file is known again."""

    size: int  # bytes
    mtime_ns: int
    header: bytes = b""  # blake2b of the first 16 KiB, 16 bytes; empty where nobody looked yet

    def is_same(self, other: FileIdentity) -> bool:
        """Whether both are one photo: the beginning of the file decides, or its time where that is not known."""
        if self.size != other.size:
            return False
        if self.header and other.header:
            return self.header == other.header
        return self.mtime_ns == other.mtime_ns


def identify(path: Path) -> FileIdentity:
    """What the file `path` is known by, its beginning included. OSError when it cannot be read."""
    with path.open("rb") as file:
        header = hashlib.blake2b(file.read(_HEADER_BYTES), digest_size=_HASH_BYTES).digest()
    stat = path.stat()
    return FileIdentity(stat.st_size, stat.st_mtime_ns, header)


@dataclass(frozen=True)
class StoredStep:
    """One finished gesture: `revision` names the state of the picture after it."""

    revision: int  # 1 or more; grows along the history and is never used twice
    text: str
    patch: Patch


@dataclass(frozen=True)
class RawStep:
    """A step as a project keeps it: reading the patch takes a hundredth of a second where it is large."""

    revision: int
    previous: int  # the revision that it was made on
    text: str
    data: bytes

    def read(self) -> StoredStep:
        """PatchError when it is damaged."""
        return StoredStep(self.revision, self.text, Patch.from_bytes(self.data))


@dataclass(frozen=True, slots=True)
class ExportedState:
    """What an export has written depends on, besides the network's answer."""

    revision: int
    mode: ViewMode
    threshold: float | None = None  # None in the semantic view, where every pixel counts whatever its score
    class_thresholds: tuple[tuple[int, float], ...] = ()
    rest: Rest = Rest.THRESHOLD  # what became of unlabelled pixels; the semantic view has nothing to fill

    def to_json(self) -> str:
        return json.dumps(
            {
                "revision": self.revision,
                "mode": self.mode.value,
                "threshold": self.threshold,
                "class_thresholds": self.class_thresholds,
                "rest": self.rest.value,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> ExportedState:
        """Read what `to_json` wrote. ValueError, KeyError or TypeError for anything else."""
        kept = json.loads(text)
        return cls(
            revision=int(kept["revision"]),
            mode=ViewMode(kept["mode"]),
            threshold=kept["threshold"],
            class_thresholds=tuple((int(class_id), float(value)) for class_id, value in kept["class_thresholds"]),
            rest=Rest(kept["rest"]),
        )


@dataclass(frozen=True)
class StoredPrediction:
    """What the network `model` answered for the photo that was `identity` then."""

    prediction: Prediction  # rounded: see `app.core.project.packing`
    model: str
    identity: FileIdentity


@dataclass(frozen=True)
class StoredPicture:
    """A picture as it was left: its history stands at `revision`, where the human layer is `corrections`.

    `steps` are in the order in which they were made. The first one leads on from `base_revision`; those after
    `revision` were undone.
    """

    name: str
    identity: FileIdentity | None  # None where nobody looked at the file yet
    shape: tuple[int, int] | None  # (H, W), None while no step was recorded
    status: PictureStatus
    reason: str
    note: str
    threshold: float | None  # its own, or None
    revision: int
    base_revision: int
    steps: tuple[StoredStep, ...]
    corrections: Patch | None  # makes the human layer of an empty one; None where nobody decided any pixel
    exported: ExportedState | None
    model: str | None  # that made the prediction, None where there is none
    newest: int = 0  # the largest revision it ever had
    more_steps: bool = False  # whether the history has steps that are not in `steps`
    damaged_steps: int = 0  # steps of the history that could not be read: it begins after them, or ends before


class PictureRow(NamedTuple):
    """What the list of all pictures shows of one. A tuple, because there are a hundred thousand of them."""

    name: str
    size: int | None  # bytes of the photo's file
    mtime_ns: int | None
    status: PictureStatus
    reason: str
    has_note: bool
    repredicted: bool  # the network has answered otherwise since the export
    shape: tuple[int, int] | None
    threshold: float | None
    model: str | None
    revision: int
    exported_revision: int | None  # None where no export has written it
    exported_threshold: float | None

    def changed_since_export(self, threshold: float | None) -> bool:
        """Whether an export would write other labels than the last one did; False where there was none.

        `threshold`: of all pictures that have none of their own, or None in the semantic view, where none counts.
        """
        if self.exported_revision is None:
            return False
        own = threshold if threshold is None or self.threshold is None else self.threshold
        return self.repredicted or self.exported_revision != self.revision or self.exported_threshold != own
