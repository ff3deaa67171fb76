"""A plain picture editor: whole arrays, copied at every step, without tiles, patches, counts or threads.

What the application does quickly and sparingly is done here as one would say it. Tests compare the two.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from app.core.arrays import U8, Bool
from app.core.document import ViewMode
from app.core.geometry import Box
from app.core.parts import Part
from app.core.rules import PaintRule, Where
from app.core.segment_map import Decider
from app.core.spans import Spans
from app.core.targets import Scope
from inference.prediction import Prediction, SegmentTable
from tests.core.helpers import spans_of

Pixel = tuple[int, int]
Paint = tuple[Bool, int | U8]
"""A mask (H, W) of the whole picture and the human-layer value, or (H, W) of them, to write there."""

NO_ROWS = SegmentTable(np.zeros(0, np.uint8), np.zeros(0, np.float32))


@dataclass(eq=False)
class Step:
    """What a step of the history did: the whole human layer before and after."""

    text: str
    before: U8
    after: U8
    state: int  # names the picture as it is after this step
    size: int = 0  # bytes that the application keeps for it


@dataclass(eq=False)
class Running:
    """A change that is being worked out in the background, as it has to come."""

    text: str
    after: U8 | None = None  # a whole edit
    jump: tuple[int, int, list[Step]] | None = None  # from index to index, over these steps
    stroke: Stroke | None = None  # that something else has ended before it was all there
    rest: Callable[[], list[Paint]] = list  # of the stroke
    shows: U8 | None = None  # a step already; what is not shown yet looks like that


@dataclass(eq=False)
class Picture:
    """Everything that is known of one picture."""

    path: Path
    photo: U8  # (H, W, 3)
    threshold: float
    human: U8 = field(init=False)
    network: U8 = field(init=False)
    table: SegmentTable = NO_ROWS
    prediction: Prediction | None = None
    layer_mode: ViewMode | None = None
    has_photo: bool = False
    has_map: bool = False
    steps: list[Step] = field(default_factory=list)
    index: int = 0  # how many of them are done
    base: int = 0  # the state before the first of them
    saved: int = 0  # the state that an export has written
    running: Running | None = None

    def __post_init__(self) -> None:
        self.human = np.zeros(self.shape, np.uint8)
        self.network = np.zeros(self.shape, np.uint8)

    @property
    def shape(self) -> tuple[int, int]:
        return self.photo.shape[0], self.photo.shape[1]

    @property
    def state(self) -> int:
        return self.steps[self.index - 1].state if self.index else self.base

    @property
    def codes(self) -> U8:
        return np.where(self.human > 0, self.human, self.network)

    def holds(self, pixel: Pixel) -> bool:
        return 0 <= pixel[0] < self.shape[1] and 0 <= pixel[1] < self.shape[0]

    def whole(self, box: Box, mask: Bool | None) -> Bool:
        """A mask of a box as one of the whole picture."""
        wide = np.zeros(self.shape, np.bool_)
        inside = box.clip(self.shape)
        if not inside.empty:
            wide[inside.slices] = True if mask is None else mask[inside.move(-box.x0, -box.y0).slices]
        return wide

    def forget(self, count: int) -> None:
        """The oldest steps are gone, and with them the way back to before them."""
        self.base, self.steps, self.index = self.steps[count - 1].state, self.steps[count:], self.index - count


@dataclass(eq=False)
class Stroke:
    """A gesture under the hand."""

    picture: Picture
    text: str
    before: U8
    rest: Callable[[], Callable[[], list[Paint]] | None] = lambda: None  # what has to be worked out first


def connected(same: Bool, at: Pixel) -> Bool:
    """What is connected by edges with a pixel that is `same`, (H, W) bool."""
    _, pieces = cv2.connectedComponents(same.astype(np.uint8), connectivity=4)
    return np.asarray(pieces == pieces[at[1], at[0]])


def value_of(class_id: int) -> int:
    return 100 + class_id if class_id else 251


class PlainLabels:
    """The labels of the plain editor, as the core's functions read them."""

    def __init__(self, labels: U8) -> None:
        self._labels = labels

    @property
    def shape(self) -> tuple[int, int]:
        return self._labels.shape[0], self._labels.shape[1]

    def labels(self, box: Box, /) -> U8:
        return self._labels[box.slices].copy()


def area_of(inside: Bool) -> Spans:
    """The pixels of a mask of the whole picture."""
    return spans_of(inside)


def paint_of(part: Part, shape: tuple[int, int]) -> Paint:
    """New labels of a part as paint for the whole picture."""
    mask, values = np.zeros(shape, np.bool_), np.zeros(shape, np.uint8)
    mask[part.box.slices] = part.mask
    values[part.box.slices] = np.where(part.labels > 0, part.labels.astype(int) + 100, 251)
    return mask, values


class Editor:
    """All pictures and what holds for them all."""

    def __init__(self, threshold: float, *, kept_open: int, kept_predictions: int) -> None:
        self.pictures: dict[Path, Picture] = {}  # the longest untouched first
        self.current: Path | None = None
        self.rule = PaintRule()
        self.mode = ViewMode.SEGMENTS
        self.threshold, self.threshold_for_all = threshold, True
        self.own_thresholds: dict[Path, float] = {}
        self.class_thresholds: Mapping[int, float] = {}
        self.exported: dict[Path, object] = {}
        self.stroke: Stroke | None = None
        self._kept_open, self._kept_predictions = kept_open, kept_predictions
        self._states = itertools.count(1)

    # --- pictures --------------------------------------------------------------------------------------------------

    @property
    def picture(self) -> Picture | None:
        """The picture on screen."""
        return None if self.current is None else self.pictures[self.current]

    @property
    def shown(self) -> Picture | None:
        """The picture on screen, if its map is there."""
        return self.picture if self.picture is not None and self.picture.has_map else None

    def show(self, path: Path, photo: U8) -> list[Path]:
        """Returns the pictures that are to be parked now if that costs something."""
        self.end()
        picture = self.pictures.pop(path, None) or Picture(path, photo, self.threshold)
        self.pictures[path], self.current = picture, path
        if self.threshold_for_all:
            picture.threshold = self.threshold
        left = [known for known in list(self.pictures.values())[: -self._kept_open] if known.running is None]
        for old in list(self.pictures.values())[: -self._kept_predictions]:
            self.drop_prediction(old)
        return [known.path for known in left]

    def may_park(self, path: Path, state: int) -> bool:
        picture = self.pictures.get(path)
        newest = list(self.pictures)[-self._kept_open :]
        return picture is not None and path not in newest and picture.running is None and picture.state == state

    def park(self, path: Path) -> None:
        """What the network said is composed again later; what a person decided stays."""
        picture = self.pictures[path]
        picture.network = np.zeros(picture.shape, np.uint8)
        picture.layer_mode, picture.has_map, picture.has_photo = None, False, False

    def predict(self, path: Path, prediction: Prediction, layer: U8, table: SegmentTable, mode: ViewMode) -> None:
        picture = self.pictures[path]
        picture.prediction, picture.network, picture.table = prediction, layer.copy(), table
        picture.layer_mode, picture.has_map = mode, True

    def drop_prediction(self, picture: Picture) -> None:
        picture.network = np.zeros(picture.shape, np.uint8)
        picture.prediction, picture.table, picture.layer_mode = None, NO_ROWS, None

    def close_all(self) -> None:
        self.current, self.stroke = None, None
        self.pictures.clear()
        self.exported.clear()
        self.own_thresholds.clear()

    # --- what counts -----------------------------------------------------------------------------------------------

    def set_threshold(self, value: float) -> None:
        if self.threshold_for_all:
            self.threshold = value
            for picture in self.pictures.values():
                picture.threshold = value
        elif self.picture is not None:
            self.picture.threshold = self.own_thresholds[self.picture.path] = value

    def set_threshold_scope(self, *, for_all: bool) -> None:
        self.threshold_for_all = for_all
        if for_all and self.picture is not None:
            self.set_threshold(self.picture.threshold)
        elif not for_all:
            for path, picture in self.pictures.items():
                picture.threshold = self.own_thresholds.get(path, picture.threshold)

    def label_table(self, picture: Picture) -> U8:
        """The label of every code, (256,)."""
        table = np.zeros(256, np.uint8)
        rows = zip(picture.table.class_ids.tolist(), picture.table.scores.tolist(), strict=True)
        for row, (class_id, score) in enumerate(rows):
            limit = float(np.float32(self.class_thresholds.get(class_id, picture.threshold)))
            if picture.layer_mode is ViewMode.SEMANTIC or score > limit:
                table[row + 1] = class_id
        table[101:251] = range(1, 151)
        return table

    def labels(self, picture: Picture) -> U8:
        return self.label_table(picture)[picture.codes]

    def writable(self, picture: Picture, rule: PaintRule) -> Bool:
        """The codes that paint may cover, (256,)."""
        labels, allowed = self.label_table(picture), np.ones(256, np.bool_)
        for code in range(256):
            if rule.where is Where.UNLABELLED:
                allowed[code] = labels[code] == 0
            if rule.where is Where.CLASS:
                allowed[code] = labels[code] == rule.class_id
            if int(labels[code]) in rule.locked or (rule.keep_person and code > 100):
                allowed[code] = False
        return allowed

    def target(self, at: Pixel, scope: Scope) -> Bool | None:
        """What a click means, (H, W) bool; None outside the picture."""
        picture = self.shown
        if picture is None or not picture.holds(at):
            return None
        codes, labels = picture.codes, self.labels(picture)
        code, label = codes[at[1], at[0]], labels[at[1], at[0]]
        if scope is Scope.CLASS:
            return np.asarray(labels == label)
        if scope is Scope.REGION:
            return connected(labels == label, at)
        return codes == code if 1 <= code <= 100 else connected(codes == code, at)

    def decided(self, picture: Picture) -> dict[Decider, int]:
        """How many pixels each decided."""
        person, labelled = picture.human > 0, self.labels(picture) > 0
        return {
            Decider.PERSON: int(person.sum()),
            Decider.NETWORK: int((labelled & ~person).sum()),
            Decider.NOBODY: int((~labelled & ~person).sum()),
        }

    def export_state(self, path: Path) -> tuple[Any, ...]:
        picture = self.pictures[path]
        if self.mode is ViewMode.SEMANTIC:
            return picture.state, self.mode
        threshold = self.threshold if self.threshold_for_all else picture.threshold
        return picture.state, self.mode, threshold, tuple(sorted(self.class_thresholds.items()))

    # --- painting --------------------------------------------------------------------------------------------------

    def begin(self, text: str) -> Stroke | None:
        self.end()
        picture = self.shown
        if picture is None or picture.running is not None:
            return None
        self.stroke = Stroke(picture, text, picture.human.copy())
        return self.stroke

    def paint(self, stroke: Stroke, mask: Bool, value: int | U8) -> None:
        """Nothing happens once the stroke has ended, by whatever."""
        if stroke is self.stroke:
            stroke.picture.human = self.painted(stroke.picture, [(mask, value)])

    def end(self) -> None:
        """The stroke under the hand becomes a step, if it changed a pixel, once all of it is there."""
        stroke, self.stroke = self.stroke, None
        rest = None if stroke is None else stroke.rest()
        if stroke is not None and rest is not None:
            stroke.picture.running = Running(stroke.text, stroke=stroke, rest=rest)
        elif stroke is not None:
            self.push(stroke.picture, stroke.text, before=stroke.before)

    def cancel(self) -> None:
        stroke, self.stroke = self.stroke, None
        if stroke is not None:
            stroke.picture.human = stroke.before.copy()

    def painted(self, picture: Picture, paint: Sequence[Paint]) -> U8:
        """The human layer as it has to be after that paint went on, under the rule."""
        human, writable = picture.human.copy(), self.writable(picture, self.rule)
        for mask, value in paint:
            allowed = mask & writable[np.where(human > 0, human, picture.network)]
            human = np.where(allowed, value, human).astype(np.uint8)
        return human

    def push(self, picture: Picture, text: str, *, before: U8) -> None:
        """`picture` was changed from `before` to what it is now."""
        if np.array_equal(before, picture.human):
            return
        del picture.steps[picture.index :]
        picture.steps.append(Step(text, before.copy(), picture.human.copy(), next(self._states)))
        picture.index += 1

    # --- history ---------------------------------------------------------------------------------------------------

    def steps_to(self, index: int) -> list[Step]:
        """The steps on the way to an index, if one may go there now; the stroke under the hand is a step before."""
        self.end()
        picture = self.shown
        if picture is None or picture.running is not None or not 0 <= index <= len(picture.steps):
            return []
        return picture.steps[min(picture.index, index) : max(picture.index, index)]

    def go(self, picture: Picture, index: int) -> None:
        """Every step on the way is checked: what it finds is what it left."""
        while picture.index > index:
            step = picture.steps[picture.index - 1]
            assert np.array_equal(picture.human, step.after)
            picture.human, picture.index = step.before.copy(), picture.index - 1
        while picture.index < index:
            step = picture.steps[picture.index]
            assert np.array_equal(picture.human, step.before)
            picture.human, picture.index = step.after.copy(), picture.index + 1
