"""The human layer of one moment: the same pixels from a map and from a parked picture, whatever happens afterwards."""

from __future__ import annotations

from pathlib import Path
from threading import Thread
from time import perf_counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.core.arrays import U8
from app.core.document import Document
from app.core.geometry import Box
from app.core.human_layer import HumanLayer
from app.core.patches import Edit, apply_patch, human_snapshot
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


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2**32 - 1)), min_size=2, max_size=12), st.integers(0, 99))
def test_layers_of_many_moments_stay_what_they_were(steps: list[tuple[bool, int]], seed: int) -> None:
    segment_map = scribbled((520, 530), seed)
    kept: list[tuple[HumanLayer, U8]] = []
    for take, number in steps:
        random = np.random.default_rng(number)
        if take:
            kept.append((HumanLayer.of_map(segment_map), segment_map.human.copy()))
        x, y = int(random.integers(0, 520)), int(random.integers(0, 510))
        edit = Edit(segment_map)
        edit.paint(
            Box.at(x, y, width=300, height=int(random.integers(1, 300))), None, int(random.choice([0, 101, 251]))
        )
        if random.random() < 0.5:
            edit.cancel()
        else:
            patch = edit.finish()
            if patch is not None:
                apply_patch(segment_map, patch, forward=False)
        segment_map.set_network(random.integers(0, 101, segment_map.shape, dtype=np.uint8))
    for layer, expected in kept:
        np.testing.assert_array_equal(layer.read(segment_map.box), expected)


def test_it_is_read_elsewhere_while_paint_goes_on() -> None:
    segment_map = scribbled((2000, 2000), 3)
    expected, layer = segment_map.human.copy(), HumanLayer.of_map(segment_map)
    read: list[U8] = []
    reader = Thread(target=lambda: read.extend(layer.read(band) for band in layer.bands()))
    reader.start()
    for value in (101, 0, 180):
        edit = Edit(segment_map)
        edit.paint(segment_map.box, None, value)
        edit.finish()
    reader.join()
    np.testing.assert_array_equal(np.concatenate(read), expected)


def test_a_layer_that_nobody_holds_is_no_burden() -> None:
    segment_map = scribbled((600, 600), 5)
    for _ in range(5):
        HumanLayer.of_map(segment_map)
    layer = HumanLayer.of_map(segment_map)
    assert len(segment_map._watchers) == 1
    del layer
    Edit(segment_map).paint(segment_map.box, None, 130)
    assert (segment_map.human == 130).all()


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
    lines = np.zeros((8_590, 11_490), np.bool_)
    lines[::9] = True
    edit.paint(Box(10, 10, 11_500, 8_600), lines, human_value(4))
    edit.finish()
    seconds = []
    for _ in range(3):
        start = perf_counter()
        HumanLayer.of_map(segment_map)
        seconds.append(perf_counter() - start)
    assert min(seconds) < 0.01, seconds
