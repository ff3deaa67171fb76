"""ONNX Runtime on the CPU, a CUDA device or TensorRT, without torch wherever the graph of the network is at hand."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state

from inference import graphs
from inference.engines.engine import OutOfMemory, is_out_of_memory
from inference.engines.onnx_providers import check_providers, providers_for
from inference.errors import EngineError, ExpectedError, WeightsError, first_line
from inference.files import shown
from inference.models import ModelCard, shipped_models
from inference.weights import Tensors, check_tensors, load_tensors

# All that the library raises, each a class of its own below Exception; which there are depends on its version.
_ERRORS: tuple[type[Exception], ...] = (
    *(kind for kind in vars(ort_state).values() if isinstance(kind, type) and issubclass(kind, Exception)),
    RuntimeError,
    MemoryError,
)
_FAULTS_OF_A_FILE = (
    ort_state.Fail,
    ort_state.InvalidArgument,
    ort_state.InvalidGraph,
    ort_state.InvalidProtobuf,
    ort_state.NoModel,
    ort_state.NotImplemented,
)
_FLOATING = frozenset({"tensor(float)", "tensor(float16)", "tensor(double)"})
_SILENT = 4  # what goes wrong is said once, as an EngineError, not on the terminal


class OnnxEngine:
    """A network in ONNX Runtime, float32."""

    name = "onnx"

    def __init__(self, card: ModelCard, device: str, *, reason: str, may_export: bool) -> None:
        """`may_export` allows half a minute of exporting where no graph is at hand; else that is an `EngineError`."""
        self.device = device
        self.reason = reason
        # Two pictures share the threads of a session: while one comes to a part that cannot be divided, the other goes
        # on, and less time is lost in waking threads. What comes out is the same in every bit.
        self.at_once = 2 if device == "cpu" else 1
        self._given: list[Any] = []  # tensors that the session may go on referring to
        self._keep: Callable[[], object] | None = None  # writes the cached file, once the session has answered
        weights = card.weights()
        if weights.suffix.lower() == ".onnx":
            content = weights.read_bytes()
            if graphs.has_outside_tensors(content):
                raise WeightsError(f"{shown(weights)} keeps its weights in other files; save it as one file.")
            self._session = self._open(content, told_as=weights)
        else:
            self._session = self._open_cached(card) or self._open_graph(card, weights, may_export=may_export)

    def run(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """See `Engine.run`."""
        planes = np.ascontiguousarray(image.transpose(2, 0, 1)[None], dtype=np.float32)
        try:
            class_probs, mask_probs = self._session.run(list(graphs.OUTPUTS), {graphs.INPUT: planes})
        except _ERRORS as error:
            size = f"{image.shape[1]}×{image.shape[0]}"
            kind = OutOfMemory if is_out_of_memory(error) else EngineError
            raise kind(f"ONNX Runtime failed on {self.device} at {size}: {first_line(error)}") from error
        if class_probs.ndim != 3 or mask_probs.ndim != 4 or len(class_probs) != 1 or len(mask_probs) != 1:
            raise EngineError(f"ONNX Runtime gave outputs of {class_probs.ndim} and {mask_probs.ndim} dimensions.")
        self._keep_after(class_probs, mask_probs)
        return class_probs[0].astype(np.float32, copy=False), mask_probs[0].astype(np.float32, copy=False)

    def _keep_after(self, class_probs: NDArray[Any], mask_probs: NDArray[Any]) -> None:
        """The cached file is written after the first good answer: what cannot be used is not kept."""
        keep, self._keep = self._keep, None
        if keep is not None and np.isfinite(class_probs).all() and np.isfinite(mask_probs).all():
            # Without a cache, or without the package that writes the file, the next start takes this way again.
            with contextlib.suppress(OSError, ImportError, MemoryError):
                keep()

    def _open_cached(self, card: ModelCard) -> ort.InferenceSession | None:
        if card.sha256 is None:
            return None
        path = graphs.cached_file(card.sha256, card.own_network)
        # A damaged file is made anew; one that is missing or belongs to somebody else is done without.
        with contextlib.suppress(ExpectedError, OSError):
            session = self._open(path.read_bytes(), told_as=path)
            if session.get_modelmeta().custom_metadata_map.get(graphs.ORIGIN_KEY) == path.stem:
                return session
        return None

    def _open_graph(self, card: ModelCard, weights: Path, *, may_export: bool) -> ort.InferenceSession:
        graph = graphs.shipped_graph(card.own_network)
        if graph is None:
            if not may_export:
                raise EngineError(f"ONNX Runtime has no graph for the network of {card.name}.", lasting=False)
            try:
                from inference.engines.onnx_export import export_graph
            except (ImportError, OSError) as error:
                raise EngineError(f"The exporter cannot be loaded here: {first_line(error)}") from error
            graph = export_graph(card.own_network)
        tensors = load_tensors(weights)
        check_tensors(tensors, graph.tensors, path=weights)
        session = self._open(
            graph.content, told_as=weights, tensors={name: tensors[name] for name in graph.initializers()}
        )
        if card.sha256 is not None and card not in shipped_models():
            self._keep = partial(graphs.store, graph, tensors, sha256=card.sha256, config=card.own_network)
        return session

    def _open(self, content: bytes, *, told_as: Path, tensors: Tensors | None = None) -> ort.InferenceSession:
        options = ort.SessionOptions()
        options.log_severity_level = _SILENT
        # Waiting threads sleep: spinning takes half as much processor time again, from a window that needs it.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if (usable := _usable_processors()) is not None:
            options.intra_op_num_threads = usable
        providers = providers_for(self.device)
        try:
            if tensors:
                self._given = [ort.OrtValue.ortvalue_from_numpy(tensor) for tensor in tensors.values()]
                options.add_external_initializers(list(tensors), self._given)
            # Its own fallback would print, and go on with the CPU where another device was asked for.
            session = ort.InferenceSession(content, options, providers=providers, enable_fallback=0)
        except _ERRORS as error:
            # Tensors were checked before, and a device or the memory may fail with any file: another engine may do.
            if is_out_of_memory(error):
                raise OutOfMemory(f"ONNX Runtime cannot work on {self.device}: {first_line(error)}") from error
            if tensors or self.device != "cpu" or not isinstance(error, _FAULTS_OF_A_FILE):
                raise EngineError(f"ONNX Runtime cannot work on {self.device}: {first_line(error)}") from error
            raise WeightsError(f"ONNX Runtime cannot use {shown(told_as)}: {first_line(error)}") from error
        check_providers(session.get_providers(), wanted=providers)
        names = {value.name for value in session.get_inputs()}, {value.name for value in session.get_outputs()}
        if names != ({graphs.INPUT}, set(graphs.OUTPUTS)):
            wanted = f"{graphs.INPUT} → {', '.join(graphs.OUTPUTS)}"
            raise WeightsError(f"{shown(told_as)} is not a graph that can be used here: it should map {wanted}.")
        kinds = {value.type for value in session.get_inputs()}, {value.type for value in session.get_outputs()}
        if kinds[0] != {"tensor(float)"} or not kinds[1] <= _FLOATING:
            raise WeightsError(f"{shown(told_as)} is not a graph that can be used here: it should work in float32.")
        return session


def _usable_processors() -> int | None:
    """How many this process may use, where that is fewer than there are; ONNX Runtime looks at the machine only."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    usable = len(os.sched_getaffinity(0))
    return usable if usable < (os.cpu_count() or usable) else None
