"""What labels make of corrections: exactly what was asked for, and the way back."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.core.errors import LabelsError
from app.core.human_layer import HumanLayer
from app.core.import_labels import human_values, labels_patch, revised
from app.core.patches import Patch, apply_patch, patch_between, rebuilt_map
from app.core.segment_map import HUMAN_BASE, HUMAN_UNLABELLED, SegmentMap
from app.core.tile_counts import TILE

shapes = st.one_of(
    st.tuples(st.integers(1, 9), st.integers(1, 9)), st.sampled_from([(TILE + 3, 5), (4, TILE + 1), (TILE, TILE)])
)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Labels to bring in, and human values that are there, with pixels that nobody decided among them."""
    shape = draw(shapes)
    labels = draw(arrays(np.uint8, shape, elements=st.integers(0, 150)))
    decided = st.integers(HUMAN_BASE + 1, HUMAN_UNLABELLED)
    return labels, draw(arrays(np.uint8, shape, elements=st.one_of(st.just(0), decided)))


def patch_of(human: np.ndarray) -> Patch | None:
    segment_map = SegmentMap(*human.shape)
    tiles = segment_map.tiles(segment_map.box)
    return patch_between(segment_map.shape, ((tile, 0, human[tile.slices]) for tile in tiles))


@given(scenes(), st.booleans())
def test_the_step_leads_there_and_back(scene: tuple[np.ndarray, np.ndarray], keep: bool) -> None:  # noqa: FBT001
    labels, human = scene
    before = patch_of(human)
    revision = revised(labels, None if before is None else HumanLayer.of_patch(before), keep=keep)
    expected = human_values(labels)
    if keep:
        expected = np.where(human > 0, human, expected)
    np.testing.assert_array_equal(rebuilt_map(revision.corrections).human, expected)
    assert (revision.step is None) == np.array_equal(human, expected)
    if revision.step is not None:
        segment_map = SegmentMap(*labels.shape) if before is None else rebuilt_map(before)
        apply_patch(segment_map, revision.step, forward=True)
        np.testing.assert_array_equal(segment_map.human, expected)
        apply_patch(segment_map, revision.step, forward=False)
        np.testing.assert_array_equal(segment_map.human, human)


@pytest.mark.parametrize("keep", [False, True])
def test_a_large_picture_is_gone_through_in_small_steps(keep: bool) -> None:  # noqa: FBT001
    """One step over all of it would hold up the window, which shares the interpreter with the import."""
    labels = np.full((8 * TILE, 8 * TILE), 7, np.uint8)
    before = HumanLayer.of_patch(labels_patch(np.full(labels.shape, 3, np.uint8)))
    tracemalloc.start()
    try:
        revised(labels, None)
        revised(labels, before, keep=keep)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < labels.nbytes / 4


def test_labels_of_another_size_are_refused() -> None:
    before = HumanLayer.of_patch(labels_patch(np.zeros((3, 4), np.uint8)))
    with pytest.raises(LabelsError, match="4 x 4 pixels, the corrections 4 x 3 pixels"):
        revised(np.zeros((4, 4), np.uint8), before)
