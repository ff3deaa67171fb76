"""What the data layer costs, in milliseconds, without any drawing: for the bench command and for whoever changes it.

Every `…_times` takes the picture's size and a number of repetitions and returns one figure per repetition. The map has
96 rectangular segments, so most strokes cross several.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from app.core import tables
from app.core.arrays import U8
from app.core.geometry import Box, Point
from app.core.painting import dab, stroke
from app.core.patches import Draft, Edit, Patch, apply_patch
from app.core.regions import region_at
from app.core.segment_map import SegmentMap, human_value
from inference.prediction import SegmentTable

SIZE_24MP = (4000, 6000)
SIZE_100MP = (8000, 12500)
_DABS = 200
_VIEW = (1000, 1500)
_WALL = human_value(1)


@dataclass(frozen=True)
class Measure:
    """One line of the table: what is measured, the goal in milliseconds, and how."""

    title: str
    goal: float
    run: Callable[[tuple[int, int], int], list[float]]


def example_map(size: tuple[int, int]) -> SegmentMap:
    """A predicted picture of `size` (H, W): 8 x 12 segments."""
    segment_map = SegmentMap(*size)
    segment_map.set_network(_example_layer(size))
    return segment_map


def example_table() -> SegmentTable:
    """A table for `example_map`: 100 rows, half of them above the usual threshold."""
    random = np.random.default_rng(0)
    return SegmentTable(random.integers(1, 151, 100).astype(np.uint8), random.random(100, np.float32))


def dab_times(size: tuple[int, int], repetitions: int, *, diameter: int) -> list[float]:
    """One move of the brush within a long stroke: the mask and the painting of its pixels."""
    segment_map, times = example_map(size), []
    edit = Edit(segment_map)
    for start, end in _path(size, repetitions):
        began = time.perf_counter()
        edit.paint(*stroke(start, end, diameter, size), _WALL)
        times.append(_since(began))
    return times


def first_dab_times(size: tuple[int, int], repetitions: int, *, diameter: int) -> list[float]:
    """The first touch of the brush on fresh pixels: every one of them changes and every tile is copied."""
    segment_map, times = example_map(size), []
    center = (size[1] / 2, size[0] / 2)
    for _ in range(repetitions):
        edit = Edit(segment_map)
        began = time.perf_counter()
        edit.paint(*dab(center, diameter, size), _WALL)
        times.append(_since(began))
        edit.cancel()
    return times


def commit_times(size: tuple[int, int], repetitions: int, *, diameter: int) -> list[float]:
    """The end of a stroke of 200 dabs: its pixels become a patch."""
    segment_map, times = example_map(size), []
    for _ in range(repetitions):
        edit = _stroke(segment_map, diameter)
        began = time.perf_counter()
        patch = edit.finish()
        times.append(_since(began))
        _undo(segment_map, patch)
    return times


def undo_times(size: tuple[int, int], repetitions: int, *, diameter: int) -> list[float]:
    """Undo of a stroke of 200 dabs, areas included."""
    return _history_times(size, repetitions, diameter=diameter)[0]


def redo_times(size: tuple[int, int], repetitions: int, *, diameter: int) -> list[float]:
    """Redo of a stroke of 200 dabs, areas included."""
    return _history_times(size, repetitions, diameter=diameter)[1]


def picture_finish_times(size: tuple[int, int], repetitions: int) -> list[float]:
    """The end of an edit that painted the whole picture."""
    segment_map, times = example_map(size), []
    for _ in range(repetitions):
        edit = Edit(segment_map)
        edit.paint(segment_map.box, None, _WALL)
        began = time.perf_counter()
        patch = edit.finish()
        times.append(_since(began))
        _undo(segment_map, patch)
    return times


def picture_patch_times(size: tuple[int, int], repetitions: int) -> list[float]:
    """Undo and redo, in turn, of a patch that covers the whole picture, over corrections of a stroke's size."""
    segment_map, times = example_map(size), []
    _stroke(segment_map, 1000).finish()
    edit = Edit(segment_map)
    edit.paint(segment_map.box, None, human_value(2))
    patch = edit.finish()
    assert patch is not None
    for index in range(repetitions):
        began = time.perf_counter()
        apply_patch(segment_map, patch, forward=index % 2 == 1)
        times.append(_since(began))
    return times


def draft_times(size: tuple[int, int], repetitions: int) -> list[float]:
    """A computed edit of the whole picture, in strips as a worker makes them, up to its patch."""
    segment_map, times = example_map(size), []
    strips = [Box(0, top, size[1], min(top + 100, size[0])) for top in range(0, size[0], 100)]
    for _ in range(repetitions):
        began = time.perf_counter()
        draft = Draft(segment_map)
        for strip in strips:
            draft.paint(strip, None, _WALL)
        draft.finish()
        times.append(_since(began))
    return times


def strokes_megabytes(size: tuple[int, int], *, diameter: int, strokes: int) -> float:
    """What the patches of `strokes` strokes in many classes across each other take, in MB of 2**20 bytes."""
    segment_map, random, taken = example_map(size), np.random.default_rng(0), 0
    for _ in range(strokes):
        (x0, x1), (y0, y1) = random.integers(0, size[1], 2), random.integers(0, size[0], 2)
        edit = Edit(segment_map)
        edit.paint(*stroke((x0, y0), (x1, y1), diameter, size), human_value(int(random.integers(0, 151))))
        patch = edit.finish()
        taken += 0 if patch is None else patch.nbytes
    return taken / 2**20


def fill_times(size: tuple[int, int], repetitions: int) -> list[float]:
    """A click of the fill tool: the region around it, a quarter of the picture, is found and painted."""
    segment_map, times = SegmentMap(*size), []
    layer: U8 = np.zeros(size, np.uint8)
    layer[size[0] // 4 : size[0] * 3 // 4, size[1] // 4 : size[1] * 3 // 4] = 1
    segment_map.set_network(layer)
    labels = tables.label_table(example_table(), threshold=None)
    for _ in range(repetitions):
        edit = Edit(segment_map)
        began = time.perf_counter()
        edit.paint(*region_at(segment_map, size[1] // 2, size[0] // 2, table=labels), _WALL)
        times.append(_since(began))
        edit.cancel()
    return times


def areas_times(size: tuple[int, int], repetitions: int) -> list[float]:
    """The legend's areas after a stroke."""
    segment_map, table, times = example_map(size), example_table(), []
    for start, end in _path(size, repetitions):
        edit = Edit(segment_map)
        edit.paint(*stroke(start, end, 100, size), _WALL)
        edit.finish()
        began = time.perf_counter()
        tables.areas(segment_map.histogram(), tables.label_table(table, threshold=0.5))
        times.append(_since(began))
    return times


def sample_times(size: tuple[int, int], repetitions: int, *, zoom: float) -> list[float]:
    """The codes for a view of 1500 x 1000 screen pixels, at `zoom` screen pixels per image pixel."""
    segment_map, times = example_map(size), []
    rows = np.clip(np.floor((np.arange(_VIEW[0]) + 0.5) / zoom), 0, size[0] - 1).astype(np.intp)
    columns = np.clip(np.floor((np.arange(_VIEW[1]) + 0.5) / zoom), 0, size[1] - 1).astype(np.intp)
    for _ in range(repetitions):
        began = time.perf_counter()
        segment_map.sample(rows, columns)
        times.append(_since(began))
    return times


def label_table_times(_size: tuple[int, int], repetitions: int) -> list[float]:
    """One step of the threshold slider, as far as labels are concerned."""
    table, times = example_table(), []
    for step in range(repetitions):
        began = time.perf_counter()
        tables.label_table(table, threshold=step / repetitions)
        times.append(_since(began))
    return times


MEASURES = (
    Measure("dab of a 100 px brush", 0.5, lambda size, n: dab_times(size, n, diameter=100)),
    Measure("dab of a 1000 px brush", 5.0, lambda size, n: dab_times(size, n, diameter=1000)),
    Measure("dab of a 2000 px brush", 10.0, lambda size, n: dab_times(size, n, diameter=2000)),
    Measure("first dab of a 100 px brush", 0.5, lambda size, n: first_dab_times(size, n, diameter=100)),
    Measure("first dab of a 1000 px brush", 4.0, lambda size, n: first_dab_times(size, n, diameter=1000)),
    Measure("end of a stroke of 200 dabs, 100 px", 16.0, lambda size, n: commit_times(size, n, diameter=100)),
    Measure("undo of that stroke", 8.0, lambda size, n: undo_times(size, n, diameter=100)),
    Measure("undo of a stroke of 200 dabs, 1000 px", 6.0, lambda size, n: undo_times(size, n, diameter=1000)),
    Measure("redo of a stroke of 200 dabs, 1000 px", 6.0, lambda size, n: redo_times(size, n, diameter=1000)),
    Measure("end of an edit of the whole picture", 25.0, picture_finish_times),
    Measure("undo or redo of that edit", 16.0, picture_patch_times),
    Measure("draft of the whole picture", 100.0, draft_times),
    Measure("fill of a quarter of the picture", 50.0, fill_times),
    Measure("areas after a stroke", 2.0, areas_times),
    Measure("codes for a view of 1500 x 1000, whole picture", 6.0, lambda size, n: sample_times(size, n, zoom=0.25)),
    Measure("codes for a view of 1500 x 1000, 100 %", 6.0, lambda size, n: sample_times(size, n, zoom=1.0)),
    Measure("codes for a view of 1500 x 1000, 400 %", 6.0, lambda size, n: sample_times(size, n, zoom=4.0)),
    Measure("label table for another threshold", 0.1, label_table_times),
)
"""Everything above with its goal at 24 MP; `measure.run(SIZE_24MP, repetitions)` returns milliseconds."""

LARGE_MEASURES = (
    Measure("100 MP: dab of a 2000 px brush", 10.0, lambda size, n: dab_times(size, n, diameter=2000)),
    Measure("100 MP: first dab of a 1000 px brush", 4.0, lambda size, n: first_dab_times(size, n, diameter=1000)),
    Measure("100 MP: undo of a stroke of 200 dabs, 1000 px", 12.0, lambda size, n: undo_times(size, n, diameter=1000)),
    Measure("100 MP: redo of that stroke", 15.0, lambda size, n: redo_times(size, n, diameter=1000)),
    Measure("100 MP: end of an edit of the whole picture", 100.0, picture_finish_times),
    Measure("100 MP: undo or redo of that edit", 60.0, picture_patch_times),
    Measure("100 MP: draft of the whole picture", 400.0, draft_times),
)
"""What may depend on the picture's size, with its goal at 100 MP: nothing there may hold the window up for 100 ms."""


def _example_layer(size: tuple[int, int]) -> U8:
    blocks = np.random.default_rng(0).permutation(96).astype(np.uint8).reshape(8, 12) + np.uint8(1)
    return np.asarray(cv2.resize(blocks, size[::-1], interpolation=cv2.INTER_NEAREST), np.uint8)


def _path(size: tuple[int, int], steps: int) -> Iterator[tuple[Point, Point]]:
    """A wave across the middle of the picture in `steps` moves of at most 1/200 of its width, back and forth."""
    height, width = size
    turns = np.abs((np.arange(steps + 1) / _DABS + 0.5) % 2 - 1)  # 0.5 .. 1 .. 0 .. 0.5
    xs = width * (0.1 + 0.8 * turns)
    ys = height * (0.5 + 0.2 * np.sin(turns * 9))
    points = [(float(x), float(y)) for x, y in zip(xs, ys, strict=True)]
    yield from pairwise(points)


def _stroke(segment_map: SegmentMap, diameter: int) -> Edit:
    edit = Edit(segment_map)
    for start, end in _path(segment_map.shape, _DABS):
        edit.paint(*stroke(start, end, diameter, segment_map.shape), _WALL)
    return edit


def _history_times(size: tuple[int, int], repetitions: int, *, diameter: int) -> tuple[list[float], list[float]]:
    segment_map = example_map(size)
    patch = _stroke(segment_map, diameter).finish()
    assert patch is not None
    times: tuple[list[float], list[float]] = ([], [])
    for index in range(2 * repetitions):
        began = time.perf_counter()
        apply_patch(segment_map, patch, forward=index % 2 == 1)
        segment_map.histogram()
        times[index % 2].append(_since(began))
    return times


def _undo(segment_map: SegmentMap, patch: Patch | None) -> None:
    if patch is not None:
        apply_patch(segment_map, patch, forward=False)


def _since(began: float) -> float:
    return (time.perf_counter() - began) * 1e3
