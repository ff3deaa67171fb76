"""What must hold after every step: both say the same of everything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.core.arrays import U8
from app.core.document import Document
from app.core.geometry import Box
from app.core.segment_map import SegmentMap
from tests.app.tools.editing.bench import Bench
from tests.app.tools.editing.model import Editor, Picture, Pixel


def histories_agree(bench: Bench) -> None:
    """Steps, where they stand, their bytes, and what is exported."""
    bench.follow_bound()
    assert bench.session.history_bytes() <= bench.undo_bytes
    for path, picture in bench.editor.pictures.items():
        stack = bench.session._histories[path].stack
        texts = [stack.text(index) for index in range(stack.count())]
        assert texts == [step.text for step in picture.steps]
        assert stack.index() == picture.index
        unexported = picture.state != picture.saved or picture.running is not None
        assert bench.session.is_unexported(path) == unexported
        assert (path in bench.session.under_way()) == (picture.running is not None)
        exported = bench.editor.exported.get(path) == bench.editor.export_state(path)
        assert bench.session.is_exported(path) == exported


def pictures_agree(bench: Bench, at: Pixel) -> None:
    """Every pixel of every picture, and all that is said of the one on screen and of its pixel `at`."""
    assert bench.session.document is (
        None if bench.editor.current is None else bench.session.find(bench.editor.current)
    )
    for path, picture in bench.editor.pictures.items():
        document = bench.session.find(path)
        assert document is not None
        assert (document.segment_map is not None) == picture.has_map
        if picture.running is not None and picture.running.shows is not None:
            _shows_some(document, picture, picture.running.shows)
            continue
        assert document.has_corrections == bool(picture.human.any())
        layer = document.human_layer()
        kept = np.zeros(picture.shape, np.uint8) if layer is None else layer.read(Box.of_shape(picture.shape))
        same(kept, picture.human)
        if document.segment_map is not None:
            same(document.segment_map.shown(), picture.codes)
        if document.segment_map is not None and path == bench.editor.current:
            _map_agrees(document.segment_map, picture)
            _labels_agree(bench.editor, document, picture, at)


def _shows_some(document: Document, picture: Picture, before: U8) -> None:
    """Every pixel is as it was, or as it is to be; and what is counted is what is shown."""
    assert document.segment_map is not None
    human = document.segment_map.human
    assert ((human == before) | (human == picture.human)).all()
    assert np.array_equal(document.segment_map.histogram(), counted(document.segment_map.shown()))


def _map_agrees(segment_map: SegmentMap, picture: Picture) -> None:
    same(segment_map.human, picture.human)
    same(segment_map.network, picture.network)
    assert np.array_equal(segment_map.histogram(), counted(picture.codes))
    for tile in segment_map.box.tiles(256):
        there, below = picture.human[tile.slices], picture.network[tile.slices]
        assert np.array_equal(np.broadcast_to(segment_map.human_in(tile), tile.shape), there)
        assert segment_map.network_codes_in(tile) == np.flatnonzero(counted(below)).tolist()


def _labels_agree(editor: Editor, document: Document, picture: Picture, at: Pixel) -> None:
    labels, present = editor.labels(picture), counted(picture.codes) > 0
    assert np.array_equal(document.label_table()[present], editor.label_table(picture)[present])
    same(document.labels(), labels)
    assert np.array_equal(document.areas(), counted(labels)[:151])
    assert document.decided_areas() == editor.decided(picture)
    x, y = at
    hover = document.describe(x, y)
    assert (hover is not None) == picture.holds((x, y))
    if hover is not None:
        assert (hover.code, hover.class_id) == (picture.codes[y, x], labels[y, x])


def counted(values: U8) -> NDArray[np.intp]:
    """How often each value occurs."""
    return np.bincount(values.ravel(), minlength=256)


def same(is_: U8, should_be: U8) -> None:
    """Says where two layers differ."""
    if not np.array_equal(is_, should_be):
        ys, xs = np.nonzero(is_ != should_be)
        first = int(ys[0]), int(xs[0])
        raise AssertionError(
            f"{len(ys)} pixels differ, x {xs.min()}..{xs.max()}, y {ys.min()}..{ys.max()}: "
            f"at {first} there is {is_[first]} instead of {should_be[first]}"
        )
