"""One picture with its prediction, its segment map and its table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import assert_never

import cv2
import numpy as np

from app.core import tables
from app.core.arrays import F32, I32, I64, U8
from app.core.geometry import Box
from app.core.human_layer import HumanLayer
from app.core.patches import Patch, human_snapshot, rebuilt_map
from app.core.segment_map import CODES, Decider, Layer, SegmentMap, ShownCounts
from app.core.tables import Thresholds
from inference.errors import PhotoError
from inference.prediction import Prediction, SegmentTable


class ViewMode(Enum):
    """The two views of a prediction."""

    SEGMENTS = "segments"  # each query owns pixels; those with a score above the threshold count
    SEMANTIC = "semantic"  # each pixel's likeliest class, whatever the scores; it may be none with a foreign model


def compose_layer(prediction: Prediction, mode: ViewMode) -> tuple[U8, SegmentTable]:
    """The network layer of one view, (H, W) uint8 0..100, and the table that explains it: slow for large photos."""
    match mode:
        case ViewMode.SEGMENTS:
            return prediction.segment_map(), prediction.segment_table()
        case ViewMode.SEMANTIC:
            return prediction.semantic_segments()
        case unexpected:
            assert_never(unexpected)


@dataclass(frozen=True)
class Hover:
    """What lies under the pointer."""

    class_id: int  # 0..150
    score: float | None  # of the query that decided; None where no query did
    decider: Decider
    code: int
    x: int
    y: int
    is_share: bool = False  # semantic view: `score` is the mean share of the class among all, not a query's score
    below: int = 0  # class of the segment that the threshold hides here; 0 when it hides none


@dataclass(frozen=True, eq=False)
class DocumentSnapshot:
    """A document at one moment, cheap to take and safe to hand to another thread: nothing in it changes any more."""

    path: Path
    threshold: float = 0.5
    mode: ViewMode = ViewMode.SEGMENTS
    prediction: Prediction | None = None
    table: SegmentTable = field(default_factory=tables.empty_table)
    layer: U8 | None = None  # the network layer, shared with the map, which never writes into it
    corrections: HumanLayer | None = None  # None where nobody decided any pixel
    model: str | None = None  # the name of the model that predicted
    class_thresholds: Mapping[int, float] = field(default_factory=dict)  # of classes 1..150 that have their own

    @classmethod
    def empty(cls, path: Path, *, threshold: float = 0.5, mode: ViewMode = ViewMode.SEGMENTS) -> DocumentSnapshot:
        """A picture of which nothing is known yet."""
        return cls(path, threshold, mode)

    @property
    def thresholds(self) -> Thresholds | None:
        """What the table is read with: None in the semantic view, where every row counts."""
        return _thresholds(self.threshold, self.class_thresholds, self.mode)

    @property
    def shape(self) -> tuple[int, int] | None:
        """(H, W) as far as layer, corrections or prediction tell."""
        if self.layer is not None:
            height, width = self.layer.shape
            return height, width
        if self.corrections is not None:
            height, width = self.corrections.shape
            return height, width
        return None if self.prediction is None else self.prediction.size

    def with_prediction(self, prediction: Prediction, *, model: str | None = None) -> DocumentSnapshot:
        """The same with the answer of the network `model`."""
        return replace(self, prediction=prediction, layer=None, table=tables.empty_table(), model=model)

    def in_mode(self, mode: ViewMode) -> DocumentSnapshot:
        """The same in one of the two views; a layer composed for the other one is left out."""
        if mode is self.mode:
            return self
        return replace(self, mode=mode, layer=None, table=tables.empty_table())

    def composed(self) -> DocumentSnapshot:
        """The same with a network layer, composed from the prediction if it was not there: slow for large photos."""
        if self.layer is not None or self.prediction is None:
            return self
        layer, table = compose_layer(self.prediction, self.mode)
        return replace(self, layer=layer, table=table)

    def codes(self) -> U8:
        """The codes shown, (H, W) uint8. PhotoError for corrections of another size, and when nothing is known."""
        layer, human = self.composed().layer, self.corrections
        if layer is None and human is None:
            raise PhotoError(f"{self.path.name} has neither a prediction nor corrections yet.")
        if human is None:
            assert layer is not None
            return layer.copy()
        if layer is not None and layer.shape != human.shape:
            raise PhotoError(f"{self.path.name} has another size than its corrections; the photo has changed on disk.")
        codes = np.zeros(human.shape, np.uint8) if layer is None else layer.copy()
        for band in human.bands():
            np.maximum(codes[band.slices], human.read(band), out=codes[band.slices])
        return codes

    def label_table(self) -> U8:
        """ADE label 0..150 of every code, (256,) uint8."""
        return tables.label_table(self.composed().table, threshold=self.thresholds)


@dataclass
class Document:
    """One picture. It keeps no undo stack; pixels of its map change through `app.core.patches` only."""

    path: Path
    threshold: float = 0.5
    class_thresholds: Mapping[int, float] = field(default_factory=dict)  # of classes 1..150 that have their own
    mode: ViewMode = ViewMode.SEGMENTS
    pyramid: tuple[U8, ...] = ()  # the photo and its halvings, each (h, w, 3) RGB; empty until it arrives
    segment_map: SegmentMap | None = None
    prediction: Prediction | None = None
    table: SegmentTable = field(default_factory=tables.empty_table)
    layer_mode: ViewMode | None = None  # the view that the network layer and the table were composed for
    model: str | None = None  # the name of the model that predicted
    parked: bool = False  # full-size arrays were given up; `attach_photo` or `set_prediction` brings the map back
    _corrections: Patch | None = field(default=None, init=False, repr=False)  # the human layer while parked

    @property
    def photo(self) -> U8 | None:
        """(H, W, 3) RGB uint8, or None while it is not here."""
        return self.pyramid[0] if self.pyramid else None

    @property
    def has_corrections(self) -> bool:
        """Whether a person decided any pixel."""
        if self.segment_map is None:
            return self._corrections is not None
        return self.segment_map.decided > 0

    def human_layer(self) -> HumanLayer | None:
        """What a person decided as it is at this moment, also while parked; None when nobody decided any pixel."""
        if not self.has_corrections:
            return None
        if self.segment_map is not None:
            return HumanLayer.of_map(self.segment_map)
        return None if self._corrections is None else HumanLayer.of_patch(self._corrections)

    @property
    def thresholds(self) -> Thresholds | None:
        """What the table is read with: None in the semantic view, where every row counts."""
        return _thresholds(self.threshold, self.class_thresholds, self.layer_mode or self.mode)

    @property
    def waiting(self) -> Patch | None:
        """The corrections of a picture whose map is not back yet; None where it is here, or there are none."""
        return None if self.segment_map is not None else self._corrections

    def attach_photo(self, pyramid: tuple[U8, ...], *, map_follows: bool = False) -> None:
        """The decoded photo, level 0 first.

        When its size is not the map's, what the network said is forgotten. PhotoError, and nothing changed, when there
        are corrections of that other size. Corrections that wait to be unpacked go on waiting for `bring_back` when the
        map `follows`: until then there is a photo without labels.
        """
        height, width = pyramid[0].shape[:2]
        if self._known_shape() not in (None, (height, width)) and not self.has_corrections:
            self.segment_map, self.prediction, self.table, self.layer_mode = None, None, tables.empty_table(), None
        if map_follows and self.waiting is not None:
            self._check_size((height, width))
            self.parked = False
        else:
            self._need_map((height, width))
        self.pyramid = pyramid

    def bring_back(self, corrections: Patch, segment_map: SegmentMap) -> bool:
        """The map made of `corrections`, which `waiting` gave; False, and nothing changed, when they wait no more."""
        if self.parked or self.waiting is not corrections:
            return False
        self.segment_map, self._corrections = segment_map, None
        return True

    def remember(self, corrections: Patch | None) -> None:
        """What an earlier session left of a picture of which nothing is here yet: it comes back like a parked one."""
        if self.segment_map is not None or self._corrections is not None:
            raise ValueError(f"{self.path.name} is in use already.")
        self._corrections, self.parked = corrections, True

    def replace_corrections(self, corrections: Patch) -> None:
        """Other corrections of a picture whose map is not here: they are what comes back."""
        if self.segment_map is not None:
            raise ValueError(f"The map of {self.path.name} is here: it changes by patches.")
        self._corrections = corrections

    def keep_prediction(self, prediction: Prediction, *, model: str | None = None) -> None:
        """An answer of the network for a map that is not here: its layer is composed when it is.

        PhotoError, and nothing changed, when it has another size than the corrections.
        """
        self._check_size(prediction.size)
        self.prediction, self.model, self.layer_mode = prediction, model, None

    def set_prediction(
        self,
        prediction: Prediction,
        *,
        layer: U8,
        table: SegmentTable,
        mode: ViewMode,
        model: str | None = None,
        counts: I32 | None = None,
        shown: ShownCounts | None = None,
    ) -> None:
        """Replace the network layer and the table by those composed from `prediction` for `mode`; human pixels stay.

        `layer` (H, W) uint8 0..100 is kept, not copied; `counts` is `count_tiles` of it and `shown` what the map's
        `count_shown` made of it, if known. PhotoError, and nothing changed, when it has another size than the map.
        """
        height, width = layer.shape
        self._need_map((height, width)).set_network(layer, counts=counts, shown=shown)
        self.prediction, self.table, self.mode, self.layer_mode = prediction, table, mode, mode
        self.model = model

    def drop_prediction(self) -> None:
        """Forget the prediction and empty the network layer; human pixels stay."""
        if self.segment_map is not None:
            self.segment_map.clear_network()
        self.prediction, self.table, self.layer_mode = None, tables.empty_table(), None

    def park(self, corrections: Patch | None = None) -> None:
        """Give up everything at full size and keep the corrections compressed, and the prediction at its own size.

        `corrections`: `human_snapshot` of the map as it is, where that was made elsewhere already.
        """
        if self.segment_map is not None:
            self._corrections = corrections or human_snapshot(self.segment_map)
        self.segment_map, self.pyramid, self.layer_mode, self.parked = None, (), None, True

    def snapshot(self) -> DocumentSnapshot:
        """What the document is at this moment, to be exported elsewhere.

        No pixel is copied now: later paint copies what it covers.
        """
        segment_map = self.segment_map
        return DocumentSnapshot(
            path=self.path,
            threshold=self.threshold,
            mode=self.layer_mode or self.mode,
            prediction=self.prediction,
            table=self.table,
            layer=None if segment_map is None or self.layer_mode is None else segment_map.network,
            corrections=self.human_layer(),
            model=self.model,
            class_thresholds=dict(self.class_thresholds),
        )

    def label_table(self) -> U8:
        """ADE label 0..150 of every code as shown now, (256,) uint8."""
        return tables.label_table(self.table, threshold=self.thresholds)

    def labels(self, box: Box | None = None) -> U8:
        """The ADE labels shown in `box` (default: everywhere), (h, w) uint8 0..150. The picture must have a map."""
        return np.asarray(cv2.LUT(self._map().shown(box), self.label_table()), np.uint8)

    def areas(self) -> I64:
        """Pixels of each label, (151,) int64; index 0 is what is unlabelled."""
        return tables.areas(self._histogram(), self.label_table())

    def best_scores(self) -> F32:
        """The best score among the segments of each class that are shown, (151,) float32; 0 where there is none."""
        return tables.best_scores(self.table, self._histogram(), threshold=self.thresholds)

    def score_areas(self, bins: int, *, class_id: int | None = None) -> I64:
        """The network's pixels in `bins` equal steps of their segment's score 0..1: (2, bins) int64.

        Row 0 holds what counts, row 1 what does not. With `class_id`, 1..150, only segments of that class are there.
        """
        steps = np.minimum((self.table.scores * bins).astype(np.intp), bins - 1)
        shown = self._histogram()[1 : len(steps) + 1]
        if class_id is not None:
            shown = np.where(self.table.class_ids == class_id, shown, 0)
        under = ~tables.counting_rows(self.table, threshold=self.thresholds)
        pixels = np.zeros((2, bins), np.int64)
        np.add.at(pixels, (under.astype(np.intp), steps), shown)
        return pixels

    def code_counts(self) -> I64 | None:
        """Pixels of each code shown, (256,) int64, where the segments view is composed; else None."""
        if self.segment_map is None or self.layer_mode is not ViewMode.SEGMENTS:
            return None
        return self.segment_map.histogram().copy()

    def decided_areas(self) -> dict[Decider, int]:
        """Pixels decided by the network, by a person and by nobody."""
        return tables.decided_areas(self._histogram(), self.label_table())

    def describe(self, x: int, y: int, *, layer: Layer = Layer.SHOWN) -> Hover | None:
        """What pixel (x, y) shows, or the network alone would show, and who decided it.

        None outside the picture or without a map.
        """
        if self.segment_map is None or not self.segment_map.box.contains(x, y):
            return None
        alone = layer is Layer.NETWORK
        code = int(self.segment_map.network[y, x]) if alone else self.segment_map.code_at(x, y)
        labels = self.label_table()
        decider = tables.decider(code, labels)
        score = float(self.table.scores[code - 1]) if 1 <= code <= len(self.table.scores) else None
        is_share = self.layer_mode is ViewMode.SEMANTIC
        below = int(self.table.class_ids[code - 1]) if score is not None and not labels[code] else 0
        return Hover(
            class_id=int(labels[code]),
            score=score,
            decider=decider,
            code=code,
            x=x,
            y=y,
            is_share=is_share,
            below=below,
        )

    def _histogram(self) -> I64:
        return np.zeros(CODES, np.int64) if self.segment_map is None else self.segment_map.histogram()

    def _map(self) -> SegmentMap:
        if self.segment_map is None:
            raise ValueError(f"{self.path.name} has no segment map yet.")
        return self.segment_map

    def _known_shape(self) -> tuple[int, int] | None:
        if self.segment_map is not None:
            return self.segment_map.shape
        return None if self._corrections is None else self._corrections.shape

    def _need_map(self, shape: tuple[int, int]) -> SegmentMap:
        """The map, made or brought back for a picture of `shape`."""
        self._check_size(shape)
        if self.segment_map is None:
            self.segment_map = SegmentMap(*shape) if self._corrections is None else rebuilt_map(self._corrections)
            self._corrections, self.parked = None, False
        return self.segment_map

    def _check_size(self, shape: tuple[int, int]) -> None:
        known = self._known_shape()
        if known is not None and known != shape:
            raise PhotoError(
                f"{self.path.name} is {shape[1]} x {shape[0]} pixels now, but what is known of it has "
                f"{known[1]} x {known[0]}; the photo has changed on disk."
            )


def _thresholds(base: float, by_class: Mapping[int, float], mode: ViewMode) -> Thresholds | None:
    match mode:
        case ViewMode.SEGMENTS:
            return Thresholds(base, by_class)
        case ViewMode.SEMANTIC:
            return None
        case unexpected:
            assert_never(unexpected)
