"""ONNX Runtime on the CPU, a CUDA device or TensorRT, without torch wherever the graph of the network is at hand."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state

from inference import graphs
from inference.engines.engine import Answer, OutOfMemory, is_out_of_memory
from inference.engines.onnx_model import Keeper, Parts, fewer_processors, port_of, whole_file
from inference.engines.onnx_providers import check_providers, providers_for
from inference.errors import EngineError, ExpectedError, WeightsError, first_line
from inference.files import shown
from inference.foreign import Value
from inference.models import ModelCard
from inference.weights import Tensors

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
_NAMES_OF_KINDS = {"float": "float32", "double": "float64"}  # as they are called elsewhere
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
        self._keeper = Keeper()
        weights = card.weights()
        if weights.suffix.lower() == ".onnx":
            self._session = self._open(whole_file(weights), told_as=weights)
        else:
            self._session = self._open_cached(card) or self._open_parts(card, weights, may_export=may_export)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        self._port = port_of(card, list(map(_value, inputs)), list(map(_value, outputs)), told_as=weights)

    def run(self, image: NDArray[np.uint8]) -> Answer:
        """See `Engine.run`."""
        try:
            given = self._session.run(list(self._port.outputs), {self._port.input: self._port.feed(image)})
        except _ERRORS as error:
            size = f"{image.shape[1]}×{image.shape[0]}"
            kind = OutOfMemory if is_out_of_memory(error) else EngineError
            raise kind(f"ONNX Runtime failed on {self.device} at {size}: {first_line(error)}") from error
        answer = self._port.answer(given)
        self._keeper.after(answer)
        return answer

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

    def _open_parts(self, card: ModelCard, weights: Path, *, may_export: bool) -> ort.InferenceSession:
        parts = Parts.of(card, weights, title="ONNX Runtime", may_export=may_export)
        session = self._open(parts.graph.content, told_as=weights, tensors=parts.needed())
        self._keeper.set(card, parts)
        return session

    def _open(self, content: bytes, *, told_as: Path, tensors: Tensors | None = None) -> ort.InferenceSession:
        options = ort.SessionOptions()
        options.log_severity_level = _SILENT
        # Waiting threads sleep: spinning takes half as much processor time again, from a window that needs it.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if (usable := fewer_processors()) is not None:
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
        return session


def _value(declared: Any) -> Value:
    """What ONNX Runtime says about an input or output; a kind is "tensor(float)", a free length a name or None."""
    kind = re.sub(r"tensor\((\w+)\)", r"\1", declared.type)
    shape = tuple(length if isinstance(length, int) else None for length in declared.shape)
    return Value(declared.name, _NAMES_OF_KINDS.get(kind, kind), shape)
