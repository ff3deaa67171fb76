"""Parts and their values."""

from __future__ import annotations

import numpy as np

from app.core import tables
from app.core.geometry import Box
from app.core.parts import MapLabels, changed_part, count, human_values
from app.core.segment_map import human_value
from tests.core.helpers import random_map


def test_human_values_are_those_of_single_classes() -> None:
    labels = np.arange(151, dtype=np.uint8)
    assert human_values(labels).tolist() == [human_value(class_id) for class_id in range(151)]
    assert human_values(labels.reshape(1, 151)).shape == (1, 151)


def test_a_part_is_cut_down_to_what_changes() -> None:
    before = np.zeros((6, 8), np.uint8)
    after = before.copy()
    after[2, 3], after[4, 5], after[0, 0] = 7, 8, 9
    within = np.ones((6, 8), bool)
    within[0, 0] = False
    part = changed_part(Box.at(10, 20, width=8, height=6), before, after, within=within)
    assert part is not None
    assert part.box == Box(13, 22, 16, 25)
    assert part.mask.tolist() == [[True, False, False], [False] * 3, [False, False, True]]
    assert part.labels[part.mask].tolist() == [7, 8]
    assert count([part, part]) == 4
    assert changed_part(Box.of_shape(before.shape), before, before) is None


def test_labels_of_a_map() -> None:
    segment_map = random_map(20, 30)
    table = np.random.default_rng(0).integers(0, 151, 256, dtype=np.uint8)
    reader = MapLabels(segment_map, table)
    assert reader.shape == (20, 30)
    box = Box(3, 4, 17, 11)
    assert np.array_equal(reader.labels(box), table[segment_map.shown()][box.slices])
    assert tables.areas(segment_map.histogram(), table).sum() == 600
