"""From a project to the pictures that a network learns from: those that a person called done, one at a time.

The project is only read, so whoever has it open goes on undisturbed. Its store belongs to one thread: whoever gathers
beside a window opens the file once more, for reading only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from app.core.arrays import U8
from app.core.document import DocumentSnapshot, ViewMode
from app.core.errors import DamagedProjectError
from app.core.export import Resolved, Rest, resolve
from app.core.files import reason
from app.core.human_layer import HumanLayer
from app.core.pictures import PictureStatus
from app.core.project.records import CHANGED, FileIdentity, PictureRow, identify
from app.core.project.store import ProjectStore
from app.core.segment_map import CODES, HUMAN_BASE, HUMAN_UNLABELLED
from inference.errors import Cancelled, ExpectedError, PhotoError
from inference.files import opened
from inference.learning.pictures import DECIDED, FULL_SCORE, LearnPicture, is_held_back, no_larger_than
from inference.photo import read_photo
from inference.prediction import SegmentTable

_OTHER_SIZE = "{name} has changed on disk: it has another size now."
_EMPTY = "{name} has neither a prediction nor corrections yet."


@dataclass(frozen=True, kw_only=True)
class Showing:
    """How pictures are shown and exported at the moment: what counts as labelled, beside what each has of its own."""

    mode: ViewMode = ViewMode.SEGMENTS
    threshold: float = 0.5  # 0..1, of pictures that have none of their own
    class_thresholds: Mapping[int, float] = field(default_factory=dict)  # of classes 1..150 that have their own
    for_all: bool = False  # whether no picture has a threshold of its own
    rest: Rest = Rest.THRESHOLD  # what becomes of unlabelled pixels that no person decided


@dataclass(frozen=True)
class LearnCount:
    """What a project has to learn from, known without looking at any pixel."""

    done: int  # pictures marked done, those refused included
    decided: int  # pixels of them that a person decided, as far as the project knows already: an estimate
    names: tuple[str, ...] = ()  # of those that can be learned from, as far as that can be told already
    refused: tuple[tuple[str, str], ...] = ()  # the others: (name, sentence)


def count(store: ProjectStore) -> LearnCount:
    """How much there is to learn from. ProjectError where the project cannot be read."""
    rows = _done(store)
    problems = ((row.name, _problem(store.path_of(row.name), row)) for row in rows)
    refused = {name: sentence for name, sentence in problems if sentence}
    names = tuple(row.name for row in rows if row.name not in refused)
    areas = store.areas(names)
    return LearnCount(len(rows), int(areas.areas[areas.decided].sum()), names, tuple(refused.items()))


def gather(
    store: ProjectStore,
    *,
    held_back: float,
    short_side: int | None = None,
    showing: Showing | None = None,
    cancelled: Callable[[], bool] = lambda: False,
    told: Callable[[int, int], object] = lambda _done, _total: None,
    refused: Callable[[str, str], object] = lambda _name, _sentence: None,
) -> Iterator[LearnPicture]:
    """The pictures marked done, one at a time, in the order in which the project knows them.

    Labels are what an export would write now; what the network labelled in them comes from the answer that the picture
    was finished with, whichever model gave it. A picture without one that is kept has the pixels that a person decided.

    `held_back`: a share 0..1 of the pictures, the same ones every time. `short_side`: pictures are made smaller to it,
    never larger, labels and trust by the nearest pixel; None leaves that to the job, which counts pixels before.
    `showing`: None for that of a first start. `told`: how many are looked at, of how many. `refused`: called with the
    name of a picture that cannot be learned from, and why; the rest goes on.

    Raises:
        Cancelled: `cancelled` said so.
        ProjectError: the project cannot be read any more.
    """
    showing = showing or Showing()
    names = [row.name for row in _done(store)]
    for place, name in enumerate(names):
        if cancelled():
            raise Cancelled
        told(place, len(names))
        try:
            picture = _picture(store, name, held_back=held_back, showing=showing)
            if short_side is not None:
                picture = no_larger_than(picture, short_side=short_side)
        except DamagedProjectError:
            raise
        except ExpectedError as error:
            refused(name, str(error))
        except MemoryError:
            refused(name, f"There is not enough memory for {Path(name).name}.")
        else:
            yield picture
    told(len(names), len(names))


def _done(store: ProjectStore) -> list[PictureRow]:
    return [row for row in store.rows() if row.status is PictureStatus.DONE]


def _problem(path: Path, row: PictureRow) -> str:
    """Why a picture cannot be learned from, as far as its file's facts tell; empty where nothing speaks against it."""
    try:
        with opened(path, wanted="a picture", refusal=PhotoError):
            stat = path.stat()
    except PhotoError as error:
        return str(error)
    if row.model is None and not row.revision:
        return _EMPTY.format(name=path.name)
    return "" if row.size in (None, stat.st_size) else CHANGED.format(name=path.name)


def _picture(store: ProjectStore, name: str, *, held_back: float, showing: Showing) -> LearnPicture:
    """One picture as large as it is. ExpectedError where it cannot be learned from."""
    path = store.path_of(name)
    photo, identity = read_photo(path), _identity(path)
    snapshot = _snapshot(store, name, identity, showing)
    if snapshot.shape not in (None, photo.shape[:2]):
        raise PhotoError(_OTHER_SIZE.format(name=path.name))
    resolved = resolve(snapshot, rest=showing.rest)
    return LearnPicture(name, photo, resolved.labels, _trust(resolved), is_held_back(name, held_back))


def _identity(path: Path) -> FileIdentity:
    try:
        return identify(path)
    except OSError as error:
        raise PhotoError(f"{path.name} cannot be read: {reason(error)}.") from error


def _snapshot(store: ProjectStore, name: str, identity: FileIdentity, showing: Showing) -> DocumentSnapshot:
    """What the project has of a picture, as an export would take it. PhotoError where its file is another photo."""
    path, stored, answer = store.path_of(name), store.load(name, most_bytes=0), store.prediction(name)
    assert stored is not None  # it is marked done
    if stored.identity is not None and not stored.identity.is_same(identity):
        raise PhotoError(CHANGED.format(name=path.name))
    own = None if showing.for_all else stored.threshold
    is_of_it = answer is not None and answer.identity.is_same(identity)
    return DocumentSnapshot(
        path=path,
        threshold=showing.threshold if own is None else own,
        mode=showing.mode,
        prediction=answer.prediction if answer is not None and is_of_it else None,
        corrections=None if stored.corrections is None else HumanLayer.of_patch(stored.corrections),
        class_thresholds=showing.class_thresholds,
    )


def _trust(resolved: Resolved) -> U8:
    """Who labelled each pixel, (H, W) uint8 as in `LearnPicture.trust`; 0 where nobody did."""
    values = _scores(resolved.table)
    values[resolved.label_table == 0] = 0  # hidden by the threshold
    values[HUMAN_BASE + 1 : HUMAN_UNLABELLED + 1] = DECIDED
    trust = np.asarray(cv2.LUT(resolved.codes, values), np.uint8)
    if resolved.filled is None or resolved.fill_table is None:
        return trust
    return np.maximum(trust, np.asarray(cv2.LUT(resolved.filled, _scores(resolved.fill_table)), np.uint8))


def _scores(table: SegmentTable) -> U8:
    """The score of every code of the network as trust, (256,) uint8."""
    values = np.zeros(CODES, np.uint8)
    values[1 : len(table.scores) + 1] = np.rint(FULL_SCORE * np.clip(table.scores, 0, 1)).astype(np.uint8)
    return values
