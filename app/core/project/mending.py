"""Making a history that holds together of what is left of one.

Steps name the revision that they were made on, so a gap shows. Where the layer at which the picture stood can still be
worked out, it is exact and the history is merely shorter; where not, it is made of everything that is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from app.core.errors import PatchError
from app.core.patches import Patch, human_snapshot
from app.core.project.records import StoredStep
from app.core.project.timeline import Mark, Shape, applied
from app.core.segment_map import SegmentMap

_Layers = dict[int, Patch | None]


@dataclass(frozen=True)
class Remains:
    """What is left of one picture's history. Every patch in it is sound and of one shape."""

    picture: int
    revision: int  # where the picture stood
    steps: tuple[StoredStep, ...]  # in order
    previous: tuple[int, ...]  # the revision that each was made on
    layers: _Layers = field(default_factory=dict)  # human layers known as a whole, by revision

    @classmethod
    def of(
        cls,
        picture: int,
        revision: int | None,
        *,
        base: Mark | None,
        snapshot: Mark | None,
        steps: Sequence[tuple[int, int, str, bytes]],
    ) -> Self:
        """From rows of a damaged file; a step is (revision, previous, text, patch). `revision` None: not known."""
        layers: _Layers = {}
        for mark in (base, snapshot):
            if mark is not None and isinstance(mark.revision, int):
                try:
                    layers[mark.revision] = mark.patch()
                except (PatchError, TypeError):
                    continue
        readable = [(step, before) for step, before in map(_read, steps) if step is not None]
        readable.sort(key=lambda pair: pair[0].revision)
        first = readable[0][1] if readable else 0
        if base is None and first == 0:
            layers.setdefault(0, None)  # no row stands for an empty layer; a lost one shows by what the steps follow
        if revision is None:
            revision = max([*layers, *(step.revision for step, _ in readable)])
        shapes = [patch.shape for patch in layers.values() if patch is not None]
        shapes += [step.patch.shape for step, _ in readable]
        fitting = [(step, before) for step, before in readable if step.patch.shape == shapes[-1]]
        layers = {at: patch for at, patch in layers.items() if patch is None or patch.shape == shapes[-1]}
        return cls(
            picture, revision, tuple(step for step, _ in fitting), tuple(before for _, before in fitting), layers
        )

    @property
    def shape(self) -> Shape | None:
        patches = [step.patch for step in self.steps] + [patch for patch in self.layers.values() if patch is not None]
        return patches[0].shape if patches else None


@dataclass(frozen=True)
class Mended:
    """A history without a gap that leads through `revision`."""

    revision: int
    base_revision: int
    base: Patch | None
    steps: tuple[StoredStep, ...]
    previous: tuple[int, ...]
    corrections: Patch | None  # at `revision`
    shape: Shape | None
    whole: bool  # whether these are all corrections that there were


def mend(remains: Remains) -> Mended:
    """The longest history around where the picture stood that leads there without a gap, or none at all."""
    run = _run(remains)
    states = [run[0][1], *(step.revision for step, _ in run)] if run else [remains.revision]
    known = [revision for revision in states if revision in remains.layers]
    shape = remains.shape
    if not known or (shape is None and run):
        return _patched_up(remains)
    start = min(known, key=lambda revision: abs(states.index(revision) - states.index(remains.revision)))
    steps = tuple(step for step, _ in run)

    def layer(revision: int) -> Patch | None:
        if shape is None or revision in remains.layers:
            return remains.layers.get(revision)
        segment_map = _map(remains.layers[start], shape)
        here, there = states.index(start), states.index(revision)
        between = [step.patch for step in (steps[here:there] if here < there else steps[there:here][::-1])]
        return human_snapshot(applied(segment_map, between, forward=here < there))

    return Mended(
        revision=remains.revision,
        base_revision=states[0],
        base=layer(states[0]),
        steps=steps,
        previous=tuple(before for _, before in run),
        corrections=layer(remains.revision),
        shape=shape,
        whole=True,
    )


def _run(remains: Remains) -> list[tuple[StoredStep, int]]:
    """The steps around where the picture stood, as far as there is no gap, each with what it was made on."""
    by_revision = {step.revision: (step, before) for step, before in zip(remains.steps, remains.previous, strict=True)}
    following = {before: (step, before) for step, before in by_revision.values()}
    run: list[tuple[StoredStep, int]] = []
    at = remains.revision
    while at in by_revision and by_revision[at][1] < at:
        run.insert(0, by_revision[at])
        at = by_revision[at][1]
    at = remains.revision
    while at in following and following[at][0].revision > at:
        run.append(following[at])
        at = following[at][0].revision
    return run


def _patched_up(remains: Remains) -> Mended:
    """Everything that is left, one over the other: no history, and some corrections may be missing."""
    shape, corrections = remains.shape, None
    if shape is not None:
        before = [revision for revision in remains.layers if revision <= remains.revision]
        start = max(before, default=0)
        steps = (step for step in remains.steps if start < step.revision <= remains.revision)
        segment_map = _map(remains.layers.get(start), shape)
        corrections = human_snapshot(applied(segment_map, (step.patch for step in steps), forward=True))
    return Mended(
        revision=remains.revision,
        base_revision=remains.revision,
        base=corrections,
        steps=(),
        previous=(),
        corrections=corrections,
        shape=shape,
        whole=False,
    )


def _map(corrections: Patch | None, shape: Shape) -> SegmentMap:
    return applied(SegmentMap(*shape), [] if corrections is None else [corrections], forward=True)


def _read(row: tuple[int, int, str, bytes]) -> tuple[StoredStep | None, int]:
    revision, previous, text, patch = row
    try:
        return StoredStep(revision, text, Patch.from_bytes(patch)), previous
    except PatchError:
        return None, previous
