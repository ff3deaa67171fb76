"""Random sequences of gestures, undo, redo and predictions against a plain model that copies everything.

After each step the human layer, the codes shown, the histogram, the areas of the labels and who decided must agree.
"""

from __future__ import annotations

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from numpy.typing import NDArray

from app.core import tables
from app.core.geometry import Box
from app.core.painting import stroke
from app.core.patches import Draft, Edit, Patch, apply_patch, human_snapshot
from app.core.regions import region_at
from app.core.segment_map import Decider, SegmentMap
from app.core.targets import Scope, target_at
from inference.prediction import SegmentTable

LARGEST = 300  # more than one tile each way
values = st.one_of(st.sampled_from((0, 101, 102, 250, 251)), st.integers(101, 251))
positions = st.floats(-20, LARGEST + 20)
seeds = st.integers(0, 2**32 - 1)


def random_network(shape: tuple[int, int], seed: int) -> NDArray[np.uint8]:
    """Areas rather than noise, so that regions and runs are what they are in photos."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 101, (4, 5), dtype=np.uint8)
    return np.ascontiguousarray(
        np.kron(coarse, np.ones((LARGEST // 4 + 1, LARGEST // 5 + 1), np.uint8))[: shape[0], : shape[1]]
    )


class History(RuleBasedStateMachine):
    """One picture under the hands of someone who cannot decide."""

    @initialize(height=st.integers(1, LARGEST), width=st.integers(1, LARGEST), seed=seeds)
    def open(self, height: int, width: int, seed: int) -> None:
        self.map = SegmentMap(height, width)
        self.network = np.zeros((height, width), np.uint8)
        self.human = np.zeros((height, width), np.uint8)
        self.edit: Edit | None = None
        self.writable = np.ones(256, bool)
        self.asked = True  # whether anybody asks for counts, which the map puts off until then
        self.before = self.human.copy()  # of the gesture in progress
        self.done: list[tuple[Patch, NDArray[np.uint8], NDArray[np.uint8]]] = []
        self.undone: list[tuple[Patch, NDArray[np.uint8], NDArray[np.uint8]]] = []
        self.table = SegmentTable(np.zeros(0, np.uint8), np.zeros(0, np.float32))
        self.predict(seed)

    def shown(self) -> NDArray[np.uint8]:
        return np.where(self.human, self.human, self.network)

    def paint_plainly(self, box: Box, mask: NDArray[np.bool_] | None, value: int | NDArray[np.uint8]) -> None:
        """The definition: under the mask, where the shown code may be covered, the value."""
        under = np.zeros(self.human.shape, bool)
        wide = np.zeros(self.human.shape, np.uint8)
        inside = box.clip(self.human.shape)
        part = (slice(inside.y0 - box.y0, inside.y1 - box.y0), slice(inside.x0 - box.x0, inside.x1 - box.x0))
        if not inside.empty:
            under[inside.slices] = True if mask is None else mask[part]
            wide[inside.slices] = value if isinstance(value, int) else value[part]
        under &= self.writable[self.shown()]
        self.human = np.where(under, wide, self.human)

    def paint(self, box: Box, mask: NDArray[np.bool_] | None, value: int | NDArray[np.uint8]) -> None:
        assert self.edit is not None
        before = self.human
        self.paint_plainly(box, mask, value)
        changed = self.edit.paint(box, mask, value)
        ys, xs = np.nonzero(before != self.human)
        assert changed == (Box(xs.min(), ys.min(), xs.max() + 1, ys.max() + 1) if len(ys) else None)

    # --- the network -------------------------------------------------------------------------------------------------

    @rule(seed=seeds)
    def predict(self, seed: int) -> None:
        self.network = random_network(self.human.shape, seed)
        random = np.random.default_rng(seed)
        self.table = SegmentTable(random.integers(1, 151, 100).astype(np.uint8), random.random(100, np.float32))
        self.map.set_network(self.network.copy())

    # --- gestures ----------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.edit is None)
    @rule(seed=st.one_of(st.none(), seeds))
    def begin(self, seed: int | None) -> None:
        self.writable = np.ones(256, bool) if seed is None else np.random.default_rng(seed).random(256) < 0.5
        self.edit = Edit(self.map, writable=None if seed is None else self.writable)
        self.before = self.human.copy()

    @precondition(lambda self: self.edit is not None)
    @rule(
        start=st.tuples(positions, positions),
        end=st.tuples(positions, positions),
        size=st.integers(1, 80),
        value=values,
    )
    def brush(self, start: tuple[float, float], end: tuple[float, float], size: int, value: int) -> None:
        box, mask = stroke(start, end, size, self.map.shape)
        self.paint(box, mask, value)
        histogram = self.map.histogram()
        self.paint(box, mask, value)  # passing over it again changes nothing, whatever the rule
        assert np.array_equal(self.map.histogram(), histogram)

    @precondition(lambda self: self.edit is not None)
    @rule(
        x=st.integers(-30, LARGEST),
        y=st.integers(-30, LARGEST),
        w=st.integers(0, 200),
        h=st.integers(0, 200),
        value=values,
    )
    def rectangle(self, x: int, y: int, w: int, h: int, value: int) -> None:
        self.paint(Box.at(x, y, width=w, height=h), None, value)

    @precondition(lambda self: self.edit is not None)
    @rule(x=st.integers(-30, LARGEST), y=st.integers(-30, LARGEST), seed=seeds)
    def many_values(self, x: int, y: int, seed: int) -> None:
        random = np.random.default_rng(seed)
        allowed = np.array((0, 101, 160, 250, 251), np.uint8)
        self.paint(Box.at(x, y, width=90, height=70), random.random((70, 90)) < 0.3, random.choice(allowed, (70, 90)))

    @precondition(lambda self: self.edit is not None)
    @rule(data=st.data(), value=values)
    def fill(self, data: st.DataObject, value: int) -> None:
        x, y = data.draw(st.integers(0, self.map.shape[1] - 1)), data.draw(st.integers(0, self.map.shape[0] - 1))
        self.paint(*region_at(self.map, x, y, table=tables.label_table(self.table, threshold=0.5)), value)

    @precondition(lambda self: self.edit is not None)
    @rule(data=st.data(), value=values)
    def relabel(self, data: st.DataObject, value: int) -> None:
        x, y = data.draw(st.integers(0, self.map.shape[1] - 1)), data.draw(st.integers(0, self.map.shape[0] - 1))
        target = target_at(self.map, tables.label_table(self.table, threshold=0.5), x, y, Scope.SEGMENT)
        assert target is not None
        for box, mask in list(target.parts()):
            self.paint(box, mask, value)

    @precondition(lambda self: self.edit is not None)
    @rule()
    def finish(self) -> None:
        assert self.edit is not None
        patch, self.edit = self.edit.finish(), None
        changed = int(np.count_nonzero(self.before != self.human))
        assert (patch is None) == (changed == 0)
        if patch is not None:
            assert patch.changed == changed
            stored = Patch.from_bytes(patch.to_bytes())
            assert stored == patch
            self.done.append((stored, self.before, self.human.copy()))
            self.undone.clear()

    @precondition(lambda self: self.edit is not None)
    @rule()
    def cancel(self) -> None:
        assert self.edit is not None
        changed, self.edit = self.edit.cancel(), None
        assert (changed is None) == np.array_equal(self.before, self.human)
        self.human = self.before.copy()

    @precondition(lambda self: self.edit is None)
    @rule(
        seed=st.one_of(st.none(), seeds),
        boxes=st.lists(st.tuples(st.integers(-30, LARGEST), st.integers(-30, LARGEST), seeds, values), max_size=3),
    )
    def compute(self, seed: int | None, boxes: list[tuple[int, int, int, int]]) -> None:
        """An edit that is computed away from the map, and then shown."""
        before = self.human.copy()
        self.writable = np.ones(256, bool) if seed is None else np.random.default_rng(seed).random(256) < 0.5
        draft = Draft(self.map, writable=None if seed is None else self.writable)
        for x, y, salt, value in boxes:
            mask = np.random.default_rng(salt).random((120, 260)) < 0.7
            draft.paint(Box.at(x, y, width=260, height=120), mask, value)
            self.paint_plainly(Box.at(x, y, width=260, height=120), mask, value)
        patch = draft.finish()
        assert np.array_equal(self.map.human, before)
        assert (patch is None) == np.array_equal(before, self.human)
        if patch is not None:
            assert apply_patch(self.map, patch, forward=True) == patch.box
            self.done.append((patch, before, self.human.copy()))
            self.undone.clear()

    # --- history -----------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.edit is None and self.done)
    @rule()
    def undo(self) -> None:
        step = self.done.pop()
        assert apply_patch(self.map, step[0], forward=False) == step[0].box
        self.human = step[1].copy()
        self.undone.append(step)

    @precondition(lambda self: self.edit is None and self.undone)
    @rule()
    def redo(self) -> None:
        step = self.undone.pop()
        assert apply_patch(self.map, step[0], forward=True) == step[0].box
        self.human = step[2].copy()
        self.done.append(step)

    @precondition(lambda self: self.edit is None)
    @rule()
    def park(self) -> None:
        """Give up the map and bring it back from its snapshot."""
        kept = human_snapshot(self.map)
        self.map = SegmentMap(*self.human.shape)
        self.map.set_network(self.network.copy())
        if kept is not None:
            apply_patch(self.map, kept, forward=True)

    # --- what must hold after each step ------------------------------------------------------------------------------

    @rule(asked=st.booleans())
    def ask_for_counts(self, *, asked: bool) -> None:
        self.asked = asked

    @invariant()
    def map_agrees(self) -> None:
        assert np.array_equal(self.map.human, self.human)
        assert np.array_equal(self.map.network, self.network)
        assert np.array_equal(self.map.shown(), self.shown())
        rows, columns = np.arange(self.map.shape[0]), np.arange(0, self.map.shape[1], 2)
        assert np.array_equal(self.map.sample(rows, columns), self.shown()[:, ::2])

    @invariant()
    @precondition(lambda self: self.asked)
    def counts_agree(self) -> None:
        assert np.array_equal(self.map.histogram(), np.bincount(self.shown().ravel(), minlength=256))
        assert self.map.decided == np.count_nonzero(self.human)

    @invariant()
    @precondition(lambda self: self.asked)
    def tables_agree(self) -> None:
        for threshold in (0.0, 0.5, None):
            plain = np.zeros(self.human.shape, int)
            for row, (class_id, score) in enumerate(zip(self.table.class_ids, self.table.scores, strict=True)):
                if threshold is None or score > threshold:
                    plain[self.network == row + 1] = class_id
            person = self.human > 0
            plain[person] = np.where(self.human == 251, 0, self.human.astype(int) - 100)[person]
            labels = tables.label_table(self.table, threshold=threshold)
            assert np.array_equal(labels[self.map.shown()], plain)
            assert np.array_equal(tables.areas(self.map.histogram(), labels), np.bincount(plain.ravel(), minlength=151))
            shares = tables.decided_areas(self.map.histogram(), labels)
            assert shares[Decider.PERSON] == person.sum()
            assert shares[Decider.NETWORK] == ((plain > 0) & ~person).sum()


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
