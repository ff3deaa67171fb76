"""What the engines that run ONNX models have in common: where a model comes from, what goes in and what comes out."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference import graphs
from inference.engines.engine import Answer
from inference.errors import EngineError, WeightsError, first_line
from inference.files import shown
from inference.foreign import ForeignGraph, ForeignPort, Value
from inference.models import ModelCard, shipped_models
from inference.processors import usable_processors
from inference.weights import Tensors, check_tensors, load_tensors

_FLOATING = frozenset({"float16", "float32", "float64"})


@dataclass(frozen=True)
class OwnPort:
    """A graph as the exporter of this program writes them: the picture as it is, queries as they are."""

    input: str = graphs.INPUT
    outputs: tuple[str, ...] = graphs.OUTPUTS

    def feed(self, image: NDArray[np.uint8]) -> NDArray[np.floating[Any]]:
        """(h, w, 3) uint8 RGB → (1, 3, h, w) float32 0..255."""
        return np.ascontiguousarray(image.transpose(2, 0, 1)[None], dtype=np.float32)

    def answer(self, given: Sequence[NDArray[Any]]) -> Answer:
        """The outputs → `class_probs` and `mask_probs`. Raises `EngineError` where they do not fit one picture."""
        class_probs, mask_probs = given
        if class_probs.ndim != 3 or mask_probs.ndim != 4 or len(class_probs) != 1 or len(mask_probs) != 1:
            raise EngineError(f"The graph gave outputs of {class_probs.ndim} and {mask_probs.ndim} dimensions.")
        return class_probs[0].astype(np.float32, copy=False), mask_probs[0].astype(np.float32, copy=False)


Port = OwnPort | ForeignPort


def port_of(card: ModelCard, inputs: Sequence[Value], outputs: Sequence[Value], *, told_as: Path) -> Port:
    """How to feed a graph that declares these inputs and outputs. Raises `WeightsError` where that is impossible."""
    if isinstance(card.network, ForeignGraph):
        return ForeignPort.of(card.network, inputs, outputs, told_as=shown(told_as))
    names = {value.name for value in inputs}, {value.name for value in outputs}
    if names != ({graphs.INPUT}, set(graphs.OUTPUTS)):
        wanted = f"{graphs.INPUT} → {', '.join(graphs.OUTPUTS)}"
        raise WeightsError(f"{shown(told_as)} is not a graph that can be used here: it should map {wanted}.")
    if {value.kind for value in inputs} != {"float32"} or not {value.kind for value in outputs} <= _FLOATING:
        raise WeightsError(f"{shown(told_as)} is not a graph that can be used here: it should work in float32.")
    return OwnPort()


def whole_file(path: Path) -> bytes:
    """An `.onnx` file that a person brought. Raises `WeightsError` where its weights are in other files."""
    content = path.read_bytes()
    if graphs.has_outside_tensors(content):
        raise WeightsError(f"{shown(path)} keeps its weights in other files; save it as one file.")
    return content


@dataclass(frozen=True)
class Parts:
    """A graph without weights, and the tensors of a checkpoint that fits it."""

    graph: graphs.Graph
    tensors: Tensors

    @classmethod
    def of(cls, card: ModelCard, weights: Path, *, title: str, may_export: bool) -> Parts:
        """Raises `EngineError` where there is no graph and none `may_export` or can, `WeightsError` for the tensors."""
        network = card.own_network
        graph = graphs.shipped_graph(network)
        if graph is None:
            if not may_export:
                raise EngineError(f"{title} has no graph for the network of {card.name}.", lasting=False)
            try:
                from inference.engines.onnx_export import export_graph
            except (ImportError, OSError) as error:
                raise EngineError(f"The exporter cannot be loaded here: {first_line(error)}") from error
            try:
                graph = export_graph(network)
            except RuntimeError as error:  # PyTorch's exporter, or weights that the network never uses
                raise EngineError(f"The network of {card.name} cannot be exported: {first_line(error)}") from error
        tensors = load_tensors(weights)
        check_tensors(tensors, graph.tensors, path=weights)
        return cls(graph, tensors)

    def needed(self) -> Tensors:
        """The tensors that the graph itself refers to."""
        return {name: self.tensors[name] for name in self.graph.initializers()}


class Keeper:
    """Writes the cached whole file of brought weights, after the first good answer: what cannot be used is not kept."""

    def __init__(self) -> None:
        self._keep: Callable[[], object] | None = None

    def set(self, card: ModelCard, parts: Parts) -> None:
        """These are to be kept, unless they come with the program."""
        if card.sha256 is not None and card not in shipped_models():
            self._keep = partial(graphs.store, parts.graph, parts.tensors, sha256=card.sha256, config=card.own_network)

    def after(self, answer: Answer) -> None:
        """The network answered."""
        keep, self._keep = self._keep, None
        if keep is not None and all(np.isfinite(array).all() for array in answer):
            # Without a cache, or without the package that writes the file, the next start takes this way again.
            with contextlib.suppress(OSError, ImportError, MemoryError):
                keep()


def fewer_processors() -> int | None:
    """How many this process may use, where that is fewer than there are: libraries look at the machine only."""
    usable = usable_processors()
    return usable if usable < (os.cpu_count() or usable) else None
