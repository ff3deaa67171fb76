"""From an engine's name to the engine: each library is loaded here, and only when its engine is wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from inference.engines.engine import Engine
from inference.errors import EngineError, first_line
from inference.models import ModelCard


@dataclass(frozen=True)
class _Library:
    title: str
    package: str  # what has to be installed for it to be imported
    module: str
    kind: str  # the class in the module: (card, device, *, reason, may_export) → Engine
    distributions: tuple[str, ...]  # whose version tells the library's
    fix: str


LIBRARIES = {
    "onnx": _Library(
        "ONNX Runtime",
        "onnxruntime",
        "inference.engines.onnx_engine",
        "OnnxEngine",
        ("onnxruntime-gpu", "onnxruntime"),
        "Install it with: pip install onnxruntime",
    ),
    "openvino": _Library(
        "OpenVINO",
        "openvino",
        "inference.engines.openvino_engine",
        "OpenVinoEngine",
        ("openvino",),
        "Install it with: pip install openvino",
    ),
    "torch": _Library(
        "PyTorch",
        "torch",
        "inference.engines.torch_engine",
        "TorchEngine",
        ("torch",),
        "Install it with: pip install torch",
    ),
}
"""The engines that run on this machine."""


def title(engine: str) -> str:
    """The name of an engine as people know it."""
    return LIBRARIES[engine].title if engine in LIBRARIES else engine


def is_installed(engine: str) -> bool:
    """Whether the library of an engine can be found, without loading it."""
    return find_spec(LIBRARIES[engine].package) is not None


def make_engine(card: ModelCard, engine: str, device: str, *, reason: str = "", may_export: bool = False) -> Engine:
    """An engine on a device, which has not run yet; `reason` is why that device was taken, for people.

    `may_export` allows half a minute of exporting the network. Raises `EngineError`; `WeightsError` for the weights.
    """
    library = LIBRARIES[engine]
    try:
        make: Callable[..., Engine] = getattr(import_module(library.module), library.kind)
    except (ImportError, OSError) as error:  # OSError: the library is there, but one that it needs is not
        raise EngineError(f"{library.title} cannot be loaded here: {first_line(error)}", fix=library.fix) from error
    return make(card, device, reason=reason, may_export=may_export)
