"""ONNX graphs: shipped once for each network, without weights, and made whole with any weights in a moment.

Exporting a network takes torch and half a minute, and nothing of that depends on the weights. So the graph of each
known network is exported beforehand (`python -m inference.engines.onnx_export`) and shipped in `resources/graphs`, its
weights left out: some 130 kilobytes each. ONNX Runtime takes the tensors straight from the checkpoint when a session is
made, then folds and fuses them as it would in a plain export; speed and results are the same. Nobody waits for an
export, weights exist once, and no graph can disagree with the weights beside it.

Weights that a person brings are also written out as one whole ONNX file, once for each set of weights, named by their
hash and that of the network's configuration in the user's cache folder: the next start needs neither torch (a `.pth`
cannot be read without) nor the weights.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

import platformdirs

from inference.files import replace_file
from inference.network.config import CONFIGS, NetworkConfig
from inference.weights import COUNTER_SUFFIX, Tensors

EXPORT_VERSION = 1
"""Raise it whenever the exporter or the network makes another graph: older files in the cache are then left alone."""

CACHED_FILES = 8

INPUT = "images"
OUTPUTS = ("class_probs", "mask_probs")
ORIGIN_KEY = "made_from"
"""Metadata of a whole file: its own name without suffix, so that a file under a wrong name is noticed."""


@dataclass(frozen=True)
class Graph:
    """A network as an ONNX model whose weights are left out."""

    content: bytes
    tensors: Mapping[str, tuple[int, ...]]  # name and shape of every tensor of its checkpoint

    def initializers(self) -> list[str]:
        """The tensors that the graph itself needs; the counters of batch normalisation only matter in training."""
        return [name for name in self.tensors if not name.endswith(COUNTER_SUFFIX)]


def shipped_graph(config: NetworkConfig) -> Graph | None:
    """The graph of a known network, or None if it has to be exported."""
    folder = resources.files("resources").joinpath("graphs")
    for name, known in CONFIGS.items():
        shapes, content = folder.joinpath(f"{name}.json"), folder.joinpath(f"{name}.onnx")
        if known == config and shapes.is_file() and content.is_file():
            listed = json.loads(shapes.read_text(encoding="utf-8"))
            if listed["version"] == EXPORT_VERSION:
                tensors = {tensor: tuple(shape) for tensor, shape in listed["tensors"].items()}
                return Graph(content.read_bytes(), MappingProxyType(tensors))
    return None


def cached_file(sha256: str, config: NetworkConfig) -> Path:
    """Where the whole ONNX file of these weights in this network lies, if it was made.

    What is no tensor is in the graph all the same (`pixel_mean`, `heads`), so the weights alone do not tell it.
    """
    settings = hashlib.sha256(json.dumps(config.to_dict(), sort_keys=True).encode()).hexdigest()[:16]
    return platformdirs.user_cache_path("ade-mask-studio") / "onnx" / f"{sha256}-{settings}-{EXPORT_VERSION}.onnx"


def cached_network(sha256: str) -> NetworkConfig | None:
    """The known network of weights that were used in it before, without opening them."""
    with contextlib.suppress(OSError):  # a cache that belongs to somebody else
        return next((config for config in CONFIGS.values() if cached_file(sha256, config).is_file()), None)
    return None


def has_outside_tensors(content: bytes) -> bool:
    """Whether an ONNX file keeps tensors in other files. What is no ONNX file at all has none."""
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model = onnx.load_model_from_string(content)
    except DecodeError:
        return False
    return any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in _tensors(model.graph))


def _tensors(graph: Any) -> Iterator[Any]:
    """Every tensor of a `GraphProto`: initializers, constants, and those of the graphs inside."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in (attribute.g, *attribute.graphs):
                yield from _tensors(inner)


def whole(graph: Graph, tensors: Tensors, *, origin: str | None = None) -> bytes:
    """Graph and weights as one ONNX file, marked with where it was made from."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load_model_from_string(graph.content)
    for initializer in model.graph.initializer:
        if initializer.data_location == onnx.TensorProto.EXTERNAL:
            initializer.CopyFrom(numpy_helper.from_array(tensors[initializer.name], initializer.name))
    if origin is not None:
        entry = model.metadata_props.add()
        entry.key, entry.value = ORIGIN_KEY, origin
    content: bytes = model.SerializeToString()
    return content


def store(graph: Graph, tensors: Tensors, *, sha256: str, config: NetworkConfig) -> Path:
    """Write graph and weights as one ONNX file into the cache. Raises `OSError`."""
    path = cached_file(sha256, config)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, whole(graph, tensors, origin=path.stem))
    _forget_old(path.parent)
    return path


def stored(sha256: str, config: NetworkConfig) -> bytes | None:
    """What `store` wrote, unless it is missing, damaged or was made from something else."""
    import onnx
    from google.protobuf.message import DecodeError

    path = cached_file(sha256, config)
    with contextlib.suppress(OSError, DecodeError):
        content = path.read_bytes()
        marks = {entry.key: entry.value for entry in onnx.load_model_from_string(content).metadata_props}
        if marks.get(ORIGIN_KEY) == path.stem:
            return content
    return None


def _forget_old(folder: Path) -> None:
    """Keep the newest files of this version: each is as large as its weights, and can be made again."""
    files = sorted(folder.glob("*.onnx"), key=lambda file: file.stat().st_mtime, reverse=True)
    current = [file for file in files if file.stem.endswith(f"-{EXPORT_VERSION}")]
    for file in set(files) - set(current[:CACHED_FILES]):
        file.unlink(missing_ok=True)
