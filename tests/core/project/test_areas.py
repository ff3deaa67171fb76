"""Areas of segments as bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import tables
from app.core.project.areas import FolderAreas, is_sound_areas, pack_areas
from app.core.tables import Thresholds
from inference.prediction import SegmentTable

thresholds = st.one_of(
    st.none(),
    st.sampled_from((0.0, 0.3, 0.5, 1.0)),
    st.builds(
        Thresholds,
        st.sampled_from((0.0, 0.3, 0.9)),
        st.dictionaries(st.integers(1, 150), st.sampled_from((0.1, 0.3, 1.0)), max_size=60),
    ),
)


def some_picture(seed: int) -> tuple[np.ndarray, SegmentTable]:
    """Pixels per code, and a table with scores that meet thresholds exactly."""
    random = np.random.default_rng(seed)
    counts = np.where(random.random(252) < 0.2, random.integers(1, 10_000, 252), 0)
    table = SegmentTable(
        random.integers(1, 151, 100).astype(np.uint8), random.choice(np.array((0, 0.1, 0.3, 0.7, 1), np.float32), 100)
    )
    return np.concatenate([counts, np.zeros(4, np.int64)]), table


def with_own(threshold: Thresholds | float | None, own: float | None) -> Thresholds | float | None:
    if threshold is None or own is None:
        return threshold
    return Thresholds(own, threshold.by_class if isinstance(threshold, Thresholds) else {})


@given(
    pictures=st.lists(
        st.tuples(st.integers(0, 2**32 - 1), st.one_of(st.none(), st.sampled_from((0.0, 0.3, 0.6)))), max_size=5
    ),
    threshold=thresholds,
    class_id=st.integers(1, 150),
    share=st.sampled_from((0.0, 0.01, 0.2)),
)
def test_areas_are_those_of_each_picture_s_histogram(
    pictures: list[tuple[int, float | None]],
    threshold: Thresholds | float | None,
    class_id: int,
    share: float,
) -> None:
    rows = [(str(index), own, pack_areas(*some_picture(seed))) for index, (seed, own) in enumerate(pictures)]
    folder = FolderAreas.of_packed(rows)
    expected = set()
    for index, (seed, own) in enumerate(pictures):
        counts, table = some_picture(seed)
        labels = tables.label_table(table, threshold=with_own(threshold, own))
        areas, total = tables.areas(counts, labels), max(1, int(counts.sum()))
        assert folder.unlabelled_shares(threshold=threshold)[index] == pytest.approx(areas[0] / total, abs=1e-6)
        assert folder.shares(class_id, threshold=threshold)[index] == pytest.approx(areas[class_id] / total, abs=1e-6)
        certain = (counts[1:101] * table.scores).sum() + counts[101:].sum()
        assert folder.uncertainties()[index] == pytest.approx(1 - certain / total, abs=1e-6)
        if np.float32(areas[class_id] / total) > share:
            expected.add(str(index))
    assert folder.with_class(class_id, threshold=threshold, share=share) == expected


@given(st.integers(0, 2**32 - 1), st.binary(min_size=1, max_size=30))
def test_bytes_that_nothing_made_are_known(seed: int, other: bytes) -> None:
    packed = pack_areas(*some_picture(seed))
    assert is_sound_areas(packed)
    assert not is_sound_areas(packed + b"\xff" * 10)
    if len(other) % 10:
        assert not is_sound_areas(packed + other)
