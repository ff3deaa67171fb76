"""The human layer of one moment: the same pixels from a map and from a parked picture, whatever happens afterwards."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.core.arrays import U8
from app.core.document import Document
from app.core.geometry import Box
from app.core.human_layer import HumanLayer
from app.core.patches import Edit, human_snapshot
from app.core.segment_map import HUMAN_UNLABELLED, SegmentMap, human_value

LARGEST = 600  # more than two tiles


def scribbled(shape: tuple[int, int], seed: int) -> SegmentMap:
    """Areas, single pixels and untouched tiles."""
    random = np.random.default_rng(seed)
    segment_map = SegmentMap(*shape)
    segment_map.set_network(random.integers(0, 101, shape, dtype=np.uint8))
    edit = Edit(segment_map)
    for _ in range(int(random.integers(0, 5))):
        x, y = int(random.integers(0, shape[1])), int(random.integers(0, shape[0]))
        box = Box.at(x, y, width=int(random.integers(1, 400)), height=int(random.integers(1, 400)))
        edit.paint(box, None, int(random.choice([0, 101, 250, HUMAN_UNLABELLED])))
        edit.paint(box, random.random(box.shape) < 0.01, human_value(int(random.integers(1, 151))))
    edit.finish()
    return segment_map


@given(st.integers(1, LARGEST), st.integers(1, LARGEST), st.integers(0, 2**32 - 1), st.data())
def test_any_box_reads_as_the_map_does(height: int, width: int, seed: int, data: st.DataObject) -> None:
    segment_map = scribbled((height, width), seed)
    x0, y0 = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    box = Box(x0, y0, data.draw(st.integers(x0 + 1, width)), data.draw(st.integers(y0 + 1, height)))
    layers = [HumanLayer.of_map(segment_map)]
    snapshot = human_snapshot(segment_map)
    layers += [] if snapshot is None else [HumanLayer.of_patch(snapshot)]
    expected = segment_map.human[box.slices].copy()
    segment_map.write_human(Box(0, 0, 1, 1), 113)  # what happens afterwards
    for layer in layers:
        assert layer.shape == (height, width)
        np.testing.assert_array_equal(layer.read(box), expected)


def test_bands_are_the_whole_picture_once() -> None:
    layer = HumanLayer.of_map(SegmentMap(700, 30))
    covered: U8 = np.zeros((700, 30), np.uint8)
    for band in layer.bands():
        covered[band.slices] += 1
    assert (covered == 1).all()


def test_a_parked_document_still_says_what_was_decided() -> None:
    document = Document(Path("street.jpg"))
    assert document.human_layer() is None
    document.attach_photo((np.zeros((300, 400, 3), np.uint8),))
    assert document.human_layer() is None
    assert document.segment_map is not None
    edit = Edit(document.segment_map)
    edit.paint(Box(200, 100, 380, 290), None, human_value(7))
    edit.paint(Box(210, 110, 220, 120), None, HUMAN_UNLABELLED)
    edit.finish()
    expected = document.segment_map.human.copy()
    for _ in range(2):
        layer = document.human_layer()
        assert layer is not None
        np.testing.assert_array_equal(layer.read(Box(0, 0, 400, 300)), expected)
        document.park()
    assert document.parked  # reading did not bring the full-size arrays back


def test_taking_it_of_a_hundred_megapixels_holds_nobody_up() -> None:
    segment_map = SegmentMap(8_660, 11_547)
    edit = Edit(segment_map)
    edit.paint(Box(1_000, 1_000, 6_000, 5_000), None, human_value(3))
    edit.finish()
    seconds = []
    for _ in range(3):
        start = perf_counter()
        HumanLayer.of_map(segment_map)
        seconds.append(perf_counter() - start)
    assert min(seconds) < 0.1, seconds
