"""Random work on two pictures against a plain model that keeps every layer as an array.

After every step what is loaded must be the model's, bit for bit: where the picture stands, its history in both
directions, and its facts. The file is closed and opened again in between.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from numpy.typing import NDArray

from app.core.pictures import PictureStatus
from app.core.project.records import StoredStep
from tests.core.project.projects import (
    PLENTY,
    SHAPE,
    check_history,
    layer_of,
    layer_patch,
    opened,
    painted,
    snapshot_of,
)

NAMES = ("a.jpg", "sub folder/Wölfe\udcff.png")
names = st.sampled_from(NAMES)
seeds = st.integers(0, 2**32 - 1)


@dataclass
class Picture:
    """What the store has to know."""

    layers: dict[int, NDArray[np.uint8]] = field(default_factory=lambda: {0: np.zeros(SHAPE, np.uint8)})
    history: list[int] = field(default_factory=lambda: [0])  # revisions, the base first
    texts: dict[int, str] = field(default_factory=dict)
    at: int = 0
    status: PictureStatus = PictureStatus.NEW

    def index(self) -> int:
        return self.history.index(self.at)


class Work(RuleBasedStateMachine):
    """One person, two pictures, one file."""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="ade-mask-studio-project-")
        self.store = opened(Path(self.folder.name))
        self.pictures = {name: Picture() for name in NAMES}
        self.last = 0

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()

    @rule(name=names, seed=seeds, text=st.text(st.characters(exclude_categories=("Cs",)), max_size=5))
    def paint(self, name: str, seed: int, text: str) -> None:
        picture = self.pictures[name]
        after = painted(picture.layers[picture.at], seed)
        patch = layer_patch(picture.layers[picture.at], after)
        if patch is None:
            return
        self.last += 1 + seed % 3
        self.store.record_step(name, StoredStep(self.last, text, patch), after=picture.at, shape=SHAPE)
        del picture.history[picture.index() + 1 :]
        picture.history.append(self.last)
        picture.layers[self.last], picture.texts[self.last] = after, text
        picture.at = self.last
        if picture.status in (PictureStatus.NEW, PictureStatus.PREDICTED, PictureStatus.UNREADABLE):
            picture.status = PictureStatus.IN_WORK

    @rule(name=names, data=st.data())
    def stand_at(self, name: str, data: st.DataObject) -> None:
        picture = self.pictures[name]
        picture.at = data.draw(st.sampled_from(picture.history))
        self.store.stand_at(name, picture.at)
        is_worked = picture.index() > 0 or bool(picture.layers[picture.history[0]].any())
        if is_worked and picture.status in (PictureStatus.NEW, PictureStatus.PREDICTED):
            picture.status = PictureStatus.IN_WORK
        elif not is_worked and picture.status is PictureStatus.IN_WORK:
            picture.status = PictureStatus.NEW

    @rule(name=names, data=st.data())
    def keep_snapshot(self, name: str, data: st.DataObject) -> None:
        picture = self.pictures[name]
        revision = data.draw(st.sampled_from(sorted(picture.layers)))  # of any moment, also of steps that are gone
        kept = self.store.keep_snapshot(name, revision, snapshot_of(picture.layers[revision]))
        assert kept == (revision in picture.history)

    @rule(name=names, steps=st.integers(0, 4))
    def fold(self, name: str, steps: int) -> None:
        picture = self.pictures[name]
        stored = self.store.load(name, most_bytes=PLENTY)
        sizes = [] if stored is None else [len(step.patch.to_bytes()) for step in stored.steps]
        kept = max(steps, len(picture.history) - 1 - picture.index())  # undone ones stay whatever they take
        folded = self.store.fold(name, sum(sizes[::-1][:steps]))
        assert folded == max(0, len(picture.history) - 1 - kept)
        del picture.history[:folded]

    @rule(name=names, status=st.sampled_from(PictureStatus))
    def set_status(self, name: str, status: PictureStatus) -> None:
        self.store.set_status(name, status)
        self.pictures[name].status = status

    @rule(name=names)
    def load_a_part(self, name: str) -> None:
        picture = self.pictures[name]
        whole = self.store.load(name, most_bytes=PLENTY)
        if whole is not None and whole.steps:
            most = max(step.patch.nbytes for step in whole.steps)
            part = self.store.load(name, most_bytes=most)
            assert part is not None
            assert sum(step.patch.nbytes for step in part.steps) <= most
            check_history(part, picture.layers)
        nothing = self.store.load(name, most_bytes=0)
        if nothing is not None:
            assert nothing.steps == ()
            assert np.array_equal(layer_of(nothing.corrections), picture.layers[picture.at])

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = opened(Path(self.folder.name))
        assert not self.store.rescued

    @invariant()
    def all_of_it_comes_back(self) -> None:
        assert self.store.last_revision == self.last
        for name, picture in self.pictures.items():
            kept = self.store.load(name, most_bytes=PLENTY)
            if kept is None:
                assert picture.history == [0]
                continue
            assert kept.revision == picture.at
            assert kept.status is picture.status
            assert [kept.base_revision, *(step.revision for step in kept.steps)] == picture.history
            assert [step.text for step in kept.steps] == [picture.texts[revision] for revision in picture.history[1:]]
            check_history(kept, picture.layers)


TestWork = Work.TestCase
TestWork.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
