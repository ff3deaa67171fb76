"""Graphs of other people: any ONNX model that says which of the 150 classes is where, told by what it takes and gives.

It takes one picture as (1, 3, H, W), in which every number is (colour − mean) / std, and gives either one plane for
each class at any stride, (1, 150 or 151, h, w), as logits or as probabilities, or queries as ours: (1, Q, 150) and
(1, Q, h, w). What is inside does not matter. Whatever else it takes or gives is refused in one sentence.

The picture is stretched to what the graph takes: to its own size where that is fixed, else to sides that are multiples
of 32. Each side of the photo then is the whole side of the map, so that no cell of it is off by a part of a pixel. With
bars added to keep the aspect ratio, their edge would lie within cells, which then belong to photo and bar alike; and a
network whose strides do not divide the picture gives a map that reaches beyond it.

Planes of classes become queries without changing what is the largest at any pixel, see `as_queries`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.errors import EngineError, WeightsError
from inference.prediction import MAXIMUM_SEGMENTS
from inference.preprocess import stretched
from resources.classes import CLASS_COUNT

F32 = NDArray[np.float32]
Triple = tuple[float, float, float]

KIND = "onnx"
"""What a model card calls such a network."""
_ENTRIES = {"kind", "mean", "std", "none_channel"}
_MULTIPLE = 32  # the coarsest stride of nearly every backbone
_LEAST_PROBABILITY = 1e-30  # what is smaller has lost digits already
_LEAST_SCORE = 2.0**-20  # of a class without any probability: something to divide by
_NONE_SCORES = (1 / 16, 0.5)  # not above the threshold that people start with; below, masks would lose their digits
_ROUNDED_UP = 1.001  # half precision makes a sum of probabilities a little more than 1
_KINDS: Mapping[str, type[np.floating[Any]]] = {"float32": np.float32, "float16": np.float16}


@dataclass(frozen=True)
class Value:
    """What a graph declares about something it takes or gives."""

    name: str
    kind: str  # "float32", "int8", …
    shape: tuple[int | None, ...]  # None: any length


@dataclass(frozen=True, kw_only=True)
class ForeignGraph:
    """What the file of such a graph does not say itself, as a model card's `network` entry does."""

    mean: Triple  # RGB on the scale 0..255, subtracted first
    std: Triple  # likewise, divided by then
    none_channel: int | None = None  # of 151 planes the one that is no class: 0 or 150

    def to_dict(self) -> dict[str, Any]:
        """The entry as JSON-ready values."""
        return asdict(self) | {"kind": KIND, "mean": [*self.mean], "std": [*self.std]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ForeignGraph:
        """The inverse of `to_dict`. Raises `WeightsError` naming what is missing, unknown or wrong."""
        if unknown := sorted(set(values) - _ENTRIES):
            raise WeightsError(f"the network of kind {KIND} has an unknown entry: {unknown[0]}.")
        if missing := [name for name in ("mean", "std") if name not in values]:
            raise WeightsError(f"the network of kind {KIND} lacks the entry {missing[0]}.")
        mean, std = (_triple(values[name], name) for name in ("mean", "std"))
        if min(std) < 1:
            raise WeightsError(
                "the entry std is too small for colours from 0 to 255: multiply a mean and std for 0 to 1 by 255."
            )
        none_channel = values.get("none_channel")
        if none_channel not in (None, 0, CLASS_COUNT) or isinstance(none_channel, bool | float):
            raise WeightsError(f"the entry none_channel should be null, 0 or {CLASS_COUNT}.")
        return cls(mean=mean, std=std, none_channel=none_channel)


def _triple(values: Any, name: str) -> Triple:
    if isinstance(values, list) and len(values) == 3:
        numbers = [float(value) for value in values if type(value) in (int, float) and abs(value) <= 1e6]
        if len(numbers) == 3 and all(map(math.isfinite, numbers)):
            return numbers[0], numbers[1], numbers[2]
    raise WeightsError(f"the entry {name} should be three numbers.")


@dataclass(frozen=True)
class ForeignPort:
    """Turns pictures into what a graph takes and what it gives into queries."""

    graph: ForeignGraph
    told_as: str  # the file's name
    input: str
    outputs: tuple[str, ...]
    kind: type[np.floating[Any]]
    size: tuple[int | None, int | None]  # height and width of the picture where they are fixed

    @classmethod
    def of(cls, graph: ForeignGraph, inputs: Sequence[Value], outputs: Sequence[Value], *, told_as: str) -> ForeignPort:
        """Raises `WeightsError` for a graph that takes anything but one picture or gives too much."""
        if len(inputs) != 1:
            raise _refusal(told_as, f"it has {len(inputs)} inputs where one is needed, a picture.")
        taken = inputs[0]
        if taken.kind not in _KINDS:
            raise _refusal(told_as, f"it takes {taken.kind} numbers where float32 or float16 is needed.")
        shape = taken.shape
        if len(shape) == 4 and shape[1] != 3 and shape[3] == 3:
            raise _refusal(told_as, "it takes the colours last (NHWC): save it for pictures of (1, 3, H, W).")
        if len(shape) != 4 or shape[1] not in (3, None):
            raise _refusal(told_as, f"it takes {_written(shape)} where a picture of (1, 3, H, W) is needed.")
        if shape[0] not in (1, None):
            raise _refusal(told_as, f"it takes {shape[0]} pictures at a time where one is needed.")
        if len(outputs) not in (1, 2):
            raise _refusal(told_as, f"it has {len(outputs)} outputs where planes of classes or queries are needed.")
        names = tuple(value.name for value in outputs)
        return cls(graph, told_as, taken.name, names, _KINDS[taken.kind], (shape[2], shape[3]))

    def feed(self, image: NDArray[np.uint8]) -> NDArray[np.floating[Any]]:
        """(h, w, 3) uint8 RGB → (1, 3, H, W), normalised, of the kind that the graph takes."""
        rows, columns = (
            fixed or max(_MULTIPLE, round(side / _MULTIPLE) * _MULTIPLE)
            for fixed, side in zip(self.size, image.shape[:2], strict=True)
        )
        pixels = stretched(image, rows=rows, columns=columns).astype(np.float32)
        pixels -= np.asarray(self.graph.mean, np.float32)
        pixels /= np.asarray(self.graph.std, np.float32)
        return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], dtype=self.kind)

    def answer(self, given: Sequence[NDArray[Any]]) -> tuple[F32, F32]:
        """What the graph gave → `class_probs` (K, 150 or 151) and `mask_probs` (K, h, w). Raises `WeightsError` where
        it is neither planes of classes nor queries, and `EngineError` where it is not finite."""
        for array in given:
            if not np.issubdtype(array.dtype, np.floating):
                raise self._refusal(f"it gives {array.dtype} numbers, labels perhaps; logits or probabilities needed.")
        if len(given) == 2:
            answer = self._queries([np.asarray(array, np.float32) for array in given])
        else:
            answer = self._planes(np.asarray(given[0], np.float32))
        return answer

    def _planes(self, planes: F32) -> tuple[F32, F32]:
        shape = planes.shape
        if len(shape) == 4 and shape[3] in (CLASS_COUNT, CLASS_COUNT + 1) and shape[1] not in shape[3:]:
            raise self._refusal("it gives the classes last (NHWC): save it so that it gives (1, classes, h, w).")
        if len(shape) != 4 or shape[0] != 1 or 0 in shape:
            raise self._refusal(f"it gives {_written(shape)} where (1, {CLASS_COUNT}, h, w) is needed.")
        none = self.graph.none_channel
        if shape[1] not in (CLASS_COUNT, CLASS_COUNT + 1):
            raise self._refusal(f"it gives {shape[1]} classes where the {CLASS_COUNT} of ADE20K are needed.")
        if shape[1] == CLASS_COUNT and none is not None:
            raise self._refusal(f"all of its {CLASS_COUNT} planes are classes, so none_channel should be null.")
        if shape[1] > CLASS_COUNT and none is None:
            raise self._refusal(
                f"it gives {shape[1]} planes, one of them for what is no class: its card has to say which, with "
                f"none_channel 0 or {CLASS_COUNT}."
            )
        self._finite(planes)
        probabilities = planes[0]
        if probabilities.min() < 0 or probabilities.max() > _ROUNDED_UP:
            probabilities = probabilities - probabilities.max(axis=0)
            np.exp(probabilities, out=probabilities)
            probabilities /= probabilities.sum(axis=0)
        return as_queries(np.minimum(probabilities, 1), none_channel=none)

    def _queries(self, given: Sequence[F32]) -> tuple[F32, F32]:
        class_probs, masks = sorted(given, key=lambda array: array.ndim)
        queries = class_probs.shape[1] if class_probs.ndim > 1 else 0
        wanted = (1, queries, CLASS_COUNT), (1, queries)
        if (class_probs.shape, masks.shape[:2]) != wanted or masks.ndim != 4 or 0 in masks.shape:
            raise self._refusal(
                f"its two outputs are {_written(given[0].shape)} and {_written(given[1].shape)} where queries, "
                f"(1, Q, {CLASS_COUNT}) and (1, Q, h, w), are needed."
            )
        if queries > MAXIMUM_SEGMENTS:
            raise self._refusal(f"a network layer has room for {MAXIMUM_SEGMENTS} queries, not {queries}.")
        for array in (class_probs, masks):
            self._finite(array)
            if array.min() < 0 or array.max() > _ROUNDED_UP:
                raise self._refusal("its queries are no probabilities: softmax and sigmoid have to be in the graph.")
        return np.minimum(class_probs[0], 1), np.minimum(masks[0], 1)

    def _finite(self, array: F32) -> None:
        if not np.isfinite(array).all():
            raise EngineError(f"{self.told_as} gave numbers that are not finite.")

    def _refusal(self, reason: str) -> WeightsError:
        return _refusal(self.told_as, reason)


def _refusal(told_as: str, reason: str) -> WeightsError:
    return WeightsError(f"{told_as} cannot be used: {reason}")


def _written(shape: Sequence[int | None]) -> str:
    return f"({', '.join('?' if length is None else str(length) for length in shape)})"


def as_queries(probabilities: F32, *, none_channel: int | None) -> tuple[F32, F32]:
    """Planes (150 or 151, h, w) of probabilities → one query for each class that can own a pixel of the photo.

    A query's score is the largest probability that its class reaches, its mask what is left to the class's plane:
    score · mask is the plane itself, so each pixel of a photo of any size goes to the class that is the largest there
    after resizing the planes; equals to the lower one. Of more than 100 classes the largest by area stay.

    Where the plane that is no class wins, a query owns the pixels that is not above a threshold of 0.5, so that they
    stay unlabelled. Its class is the likeliest there, its score how likely; for that all masks are scaled alike. Column
    150 of `class_probs`, not 0 for this query alone, tells the semantic view to leave them unlabelled as well.
    """
    probabilities = np.where(probabilities < _LEAST_PROBABILITY, np.float32(0), probabilities)
    channels, owners = _contenders(probabilities)
    planes = probabilities[channels]
    scores = np.maximum(planes.reshape(len(planes), -1).max(axis=1), np.float32(_LEAST_SCORE))
    classes = channels - int(none_channel == 0)
    class_probs = np.zeros((len(planes), len(probabilities)), np.float32)
    if none_channel is not None and none_channel in channels:
        row = int(np.flatnonzero(channels == none_channel)[0])
        classes[row], scores[row], scale = _instead_of_none(probabilities, owners, none_channel)
        class_probs[row, CLASS_COUNT] = scores[row]
        planes = planes * np.float32(scale)
    class_probs[np.arange(len(planes)), classes] = scores
    return class_probs, _masks(planes, scores)


def _instead_of_none(probabilities: F32, owners: NDArray[np.intp], none: int) -> tuple[int, float, float]:
    """Class 0..149 and score of the query for the plane `none`, and the power of two that keeps its mask below 1."""
    real = np.delete(probabilities, none, axis=0).reshape(CLASS_COUNT, -1)
    best = np.where((owners == none).ravel(), real, -1.0).max(axis=1)
    if best.max() < 0:  # it wins between cells only
        best = real.max(axis=1)
    score = float(np.clip(best.max(), *_NONE_SCORES))
    largest = max(float(probabilities[none].max()), _LEAST_SCORE)
    return int(best.argmax()), score, 2.0 ** min(0, math.floor(math.log2(score / largest)))


def _contenders(planes: F32) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of the at most 100 planes that can be the largest at a pixel, rising, and the largest one of each cell.

    Between four cells of one owner no other plane wins. Between cells of several owners a plane may win that wins in
    none of them, unless one of the owners is larger in all four.
    """
    owners = planes.argmax(axis=0)
    areas = np.bincount(owners.ravel(), minlength=len(planes))
    padded = np.pad(owners, ((0, 1), (0, 1)), mode="edge")
    corners = np.stack([padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]])
    mixed = (corners != corners[0]).any(axis=0)
    down, right = np.nonzero(mixed)
    last_row, last_column = owners.shape[0] - 1, owners.shape[1] - 1
    below, beside = np.minimum(down + 1, last_row), np.minimum(right + 1, last_column)
    values = np.stack([planes[:, rows, columns] for rows in (down, below) for columns in (right, beside)])
    may_win: NDArray[np.bool_] = np.ones((len(planes), len(down)), bool)
    for owner in np.split(corners[:, mixed], 4):
        rival = np.take_along_axis(values, owner[None], axis=1)
        may_win &= (values > rival).any(axis=0) | (np.arange(len(planes))[:, None] == owner)
    wins: NDArray[np.intp] = np.count_nonzero(may_win, axis=1)
    ranks = np.where(areas > 0, areas + may_win.shape[1], wins)
    order: NDArray[np.intp] = np.argsort(-ranks, kind="stable")[:MAXIMUM_SEGMENTS]
    return np.sort(order[ranks[order] > 0]), owners


def _masks(planes: F32, scores: F32) -> F32:
    """Masks with masks · scores = planes, rounded so that the largest product of each cell is that of the largest
    plane, also where several planes are equal or nearly so."""
    divisors = scores[:, None, None]
    masks: F32 = np.minimum(planes / divisors, np.float32(1))
    wanted = planes.argmax(axis=0)
    while (wrong := (found := (masks * divisors).argmax(axis=0)) != wanted).any():
        down, right = np.nonzero(wrong)
        too_large = found[wrong], down, right
        masks[too_large] = np.nextafter(masks[too_large], np.float32(0))
    return masks
