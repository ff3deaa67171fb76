"""OpenVINO, an extra: on the CPU in bfloat16 where the processor computes in it, else in float32; or on a GPU or NPU by
Intel. It reads the same graphs with the same weights as ONNX Runtime."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference import graphs
from inference.engines.engine import Answer, OutOfMemory, is_out_of_memory
from inference.engines.onnx_model import Keeper, Parts, fewer_processors, port_of, whole_file
from inference.errors import EngineError, first_line
from inference.files import shown
from inference.foreign import Value
from inference.models import ModelCard

_REPORTING = "openvino_telemetry"


@contextlib.contextmanager
def _unreported() -> Iterator[None]:
    """OpenVINO tells its makers over the network of every import unless this package is missing."""
    before = sys.modules.get(_REPORTING)
    sys.modules[_REPORTING] = None  # type: ignore[assignment] # Python's way to say that there is no such module
    try:
        yield
    finally:
        del sys.modules[_REPORTING]
        if before is not None:
            sys.modules[_REPORTING] = before


with _unreported():
    import openvino

_ERRORS = (RuntimeError, MemoryError, ValueError, TypeError)  # all that the library raises
_KINDS = {"f": "float", "i": "int", "u": "uint"}  # "f32" is what others call float32


class OpenVinoEngine:
    """A network in OpenVINO."""

    name = "openvino"
    at_once = 1  # all processors work on one picture

    def __init__(self, card: ModelCard, device: str, *, reason: str, may_export: bool) -> None:
        """`may_export` allows half a minute of exporting where no graph is at hand; else that is an `EngineError`."""
        self.device = device
        self.reason = reason
        self._keeper = Keeper()
        weights = card.weights()
        self._core = openvino.Core()
        kind = device.upper().replace(":", ".")  # "gpu:1" is GPU.1 there
        listed = self._core.available_devices  # of several GPUs "GPU.0", "GPU.1"; GPU is the first
        if kind not in (*listed, *(name.partition(".")[0] for name in listed)):
            found = ", ".join(name.lower().replace(".", ":") for name in listed)
            fix = "A card by NVIDIA is called cuda." if kind.startswith("GPU") else ""
            raise EngineError(f"OpenVINO finds no device {device} here, only {found}.", fix=fix)
        self.precision = self._precision(kind)
        content = self._content(card, weights, may_export=may_export)
        try:
            model = self._core.read_model(content, b"")
            # A compiled model may call its outputs by more names than the file does.
            inputs, outputs = list(map(_value, model.inputs)), list(map(_value, model.outputs))
            self._port = port_of(card, inputs, outputs, told_as=weights)
            self._compiled = self._core.compile_model(model, kind, self._settings(kind))
        except _ERRORS as error:  # other engines may get through, whatever it is
            raise self._failure(f"OpenVINO cannot use {shown(weights)} on {self.device}", error) from error
        self._spare: list[Any] = []  # requests that nobody runs at the moment; each is good for one picture at a time

    def run(self, image: NDArray[np.uint8]) -> Answer:
        """See `Engine.run`."""
        try:
            request = self._request()
            request.infer({self._port.input: self._port.feed(image)})
            given = [np.array(request.get_tensor(name).data) for name in self._port.outputs]
        except _ERRORS as error:
            size = f"{image.shape[1]}×{image.shape[0]}"
            raise self._failure(f"OpenVINO failed on {self.device} at {size}", error) from error
        self._spare.append(request)
        answer = self._port.answer(given)
        self._keeper.after(answer)
        return answer

    def _request(self) -> Any:
        try:
            return self._spare.pop()
        except IndexError:
            return self._compiled.create_infer_request()

    def _content(self, card: ModelCard, weights: Path, *, may_export: bool) -> bytes:
        """The whole model: OpenVINO takes no weights beside it."""
        if weights.suffix.lower() == ".onnx":
            return whole_file(weights)
        if card.sha256 is not None and (content := graphs.stored(card.sha256, card.own_network)) is not None:
            return content
        parts = Parts.of(card, weights, title="OpenVINO", may_export=may_export)
        self._keeper.set(card, parts)
        return graphs.whole(parts.graph, parts.needed())

    def _precision(self, kind: str) -> str:
        return "bf16" if "BF16" in self._abilities(kind) else "f32"

    def _abilities(self, kind: str) -> list[str]:
        abilities: list[str] = self._core.get_property(kind, "OPTIMIZATION_CAPABILITIES")
        return abilities

    def _settings(self, kind: str) -> dict[str, Any]:
        settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
        if kind == "CPU":
            settings |= {"INFERENCE_PRECISION_HINT": self.precision, "NUM_STREAMS": 1}
            # Threads that are tied to processors wait for whatever else runs there: the window, another picture.
            settings["ENABLE_CPU_PINNING"] = False
            if (usable := fewer_processors()) is not None:
                settings["INFERENCE_NUM_THREADS"] = usable
        return settings

    def _failure(self, sentence: str, error: Exception) -> EngineError:
        kind = OutOfMemory if is_out_of_memory(error) else EngineError
        return kind(f"{sentence}: {_said(error)}")


def _value(declared: Any) -> Value:
    """What OpenVINO says about an input or output."""
    kind = declared.element_type.get_type_name()
    shape = declared.partial_shape
    lengths = [None if length.is_dynamic else length.get_length() for length in shape] if shape.rank.is_static else []
    if kind[0] in _KINDS and kind[1:].isdecimal():
        kind = f"{_KINDS[kind[0]]}{kind[1:]}"
    return Value(declared.any_name, kind, tuple(lengths))


def _said(error: Exception) -> str:
    """What is wrong, without the places in OpenVINO's source that come before it."""
    lines = [line.strip() for line in str(error).splitlines()]
    told = [line for line in lines if line and not line.startswith(("Exception from", "Check '"))]
    return first_line(RuntimeError(told[0])) if told else first_line(error)
