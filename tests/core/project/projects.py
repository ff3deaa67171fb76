"""Projects to test with."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.core.geometry import Box
from app.core.patches import Edit, Patch, apply_patch, human_snapshot
from app.core.project.places import FILE_NAME
from app.core.project.records import FileIdentity, StoredPicture, StoredStep
from app.core.project.store import ProjectStore
from app.core.segment_map import SegmentMap
from inference.prediction import Prediction
from tests.core.helpers import HUMAN_VALUES

U8 = NDArray[np.uint8]
SHAPE = (300, 280)  # two tiles each way
PLENTY = 2**40  # bytes: everything fits


def opened(folder: Path, *, read_only: bool = False) -> ProjectStore:
    return ProjectStore.open(folder, folder / FILE_NAME, read_only=read_only)


def identity(seed: int = 1) -> FileIdentity:
    return FileIdentity(1000 + seed, 10**18 + seed, bytes([seed % 256]) * 16)


def layer_patch(before: U8, after: U8) -> Patch | None:
    """The patch between two human layers."""
    segment_map = SegmentMap(*before.shape)
    edit = Edit(segment_map)
    edit.paint(segment_map.box, None, before)
    edit.finish()
    edit = Edit(segment_map)
    edit.paint(segment_map.box, None, after)
    return edit.finish()


def layer_of(corrections: Patch | None, shape: tuple[int, int] = SHAPE) -> U8:
    """The human layer that a patch makes of an empty one."""
    segment_map = SegmentMap(*shape)
    if corrections is not None:
        apply_patch(segment_map, corrections, forward=True)
    return segment_map.human.copy()


def snapshot_of(layer: U8) -> Patch | None:
    segment_map = SegmentMap(*layer.shape)
    edit = Edit(segment_map)
    edit.paint(segment_map.box, None, layer)
    edit.finish()
    return human_snapshot(segment_map)


def painted(layer: U8, seed: int) -> U8:
    """The layer with a rectangle of one value, or of noise, at random."""
    random = np.random.default_rng(seed)
    height, width = layer.shape
    box = Box.at(
        int(random.integers(0, width - 1)),
        int(random.integers(0, height - 1)),
        width=int(random.integers(1, width)),
        height=int(random.integers(1, height)),
    ).clip(layer.shape)
    after = layer.copy()
    value = random.choice(np.array([0, *HUMAN_VALUES], np.uint8))
    after[box.slices] = value if random.random() < 0.8 else random.choice(np.array(HUMAN_VALUES, np.uint8), box.shape)
    return after


class Painter:
    """Someone who paints into a picture of a project, and remembers every layer by its revision."""

    def __init__(self, store: ProjectStore, name: str, *, shape: tuple[int, int] = SHAPE, first: int = 1) -> None:
        self.store, self.name = store, name
        self.revision = 0
        self.layers: dict[int, U8] = {0: np.zeros(shape, np.uint8)}
        self._revisions = itertools.count(first)
        self._seeds = itertools.count(len(name))

    @staticmethod
    def empty() -> U8:
        return np.zeros(SHAPE, np.uint8)

    @property
    def layer(self) -> U8:
        return self.layers[self.revision]

    def paint(self, times: int = 1) -> None:
        for _ in range(times):
            patch = None
            while patch is None:
                after = painted(self.layer, next(self._seeds))
                patch = layer_patch(self.layer, after)
            step = StoredStep(next(self._revisions), "Brush", patch)
            self.layers[step.revision] = after  # before anybody can read it
            self.store.record_step(self.name, step, after=self.revision, shape=self.layer.shape)
            self.revision = step.revision

    def stand_at(self, revision: int) -> None:
        self.store.stand_at(self.name, revision)
        self.revision = revision


def loaded(store: ProjectStore, name: str) -> StoredPicture:
    """All that the project has of a picture that is in it."""
    kept = store.load(name, most_bytes=PLENTY)
    assert kept is not None
    return kept


def check_history(kept: StoredPicture, layers: dict[int, U8]) -> None:
    """The layer at every revision that a picture's steps lead through is as remembered, and so is where it stands."""
    segment_map = SegmentMap(*layers[kept.revision].shape)
    if kept.corrections is not None:
        apply_patch(segment_map, kept.corrections, forward=True)
    assert np.array_equal(segment_map.human, layers[kept.revision])
    done = [step for step in kept.steps if step.revision <= kept.revision]
    assert (done[-1].revision if done else kept.base_revision) == kept.revision
    for step, before in zip(done[::-1], [kept.base_revision, *(step.revision for step in done)][-2::-1], strict=True):
        apply_patch(segment_map, step.patch, forward=False)
        assert np.array_equal(segment_map.human, layers[before])
    for step in kept.steps:
        apply_patch(segment_map, step.patch, forward=True)
        assert np.array_equal(segment_map.human, layers[step.revision])


def some_prediction(seed: int = 0, *, size: tuple[int, int] = SHAPE, grid: tuple[int, int] = (9, 8)) -> Prediction:
    random = np.random.default_rng(seed)
    classes = random.dirichlet(np.full(151, 0.05), 100)[:, :150].astype(np.float32)
    return Prediction(classes, random.random((100, *grid), np.float32), size)


def damage(store: ProjectStore, table: str, column: str, where: str = "1") -> None:
    """Change one byte in the middle of blobs, as a bad disk does; SQLite itself does not notice."""
    rows = store._connection.execute(f"SELECT rowid, {column} FROM {table} WHERE {where}").fetchall()
    assert rows
    for row, data in rows:
        changed = bytearray(data)
        changed[len(data) // 2] ^= 0x55
        store._connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (bytes(changed), row))
