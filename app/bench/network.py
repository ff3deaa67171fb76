"""How long the network thinks about one picture, on every engine and device that this machine has."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from app.bench.figures import Figure
from inference.engines import ENGINES, open_engine
from inference.engines.devices import cuda_devices
from inference.errors import EngineError
from inference.graphs import shipped_graph
from inference.models import ModelCard, find_card

SIDE = 640  # pixels; the published figures are for this size
WARM_UP = 3


def network_figures(*, quick: bool) -> Iterator[Figure]:
    """Latency of the published m network (random weights take as long as trained ones) and of the starter."""
    repeats = 5 if quick else 30
    picture = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    devices = ["cpu", *(f"cuda:{number}" for number in range(cuda_devices().count))]
    with TemporaryDirectory() as folder:
        cards = {"m": random_m(Path(folder)), "starter": find_card("starter")}
        for name, card in cards.items():
            for device in devices:
                for engine in ENGINES[1:]:
                    yield _figure(f"{name}, {engine}, {device}", card, picture, where=(engine, device), repeats=repeats)


def _figure(name: str, card: ModelCard, picture: NDArray[np.uint8], *, where: tuple[str, str], repeats: int) -> Figure:
    try:
        engine, _ = open_engine(card, engine=where[0], device=where[1])
        times = []
        for _ in range(WARM_UP + repeats):
            start = time.perf_counter()
            engine.run(picture)
            times.append((time.perf_counter() - start) * 1000)
    except EngineError as error:
        return Figure(name=name, median=None, note=f"cannot be used: {error}")
    return Figure.of(name, times[WARM_UP:])


def random_m(folder: Path) -> ModelCard:
    """The published m network with weights drawn so that its numbers stay as large as those of a trained one."""
    published = find_card("bisenetformer-m-ade")
    graph = shipped_graph(published.own_network)
    if graph is None:
        raise EngineError("The graph of the m network is missing from this installation.")
    path = folder / "random.safetensors"
    save_file(_random_tensors(graph.tensors), path)
    # Without a hash nothing of it is kept in the cache.
    return replace(published, file=path, sha256=None)


def _random_tensors(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, NDArray[np.float32 | np.int64]]:
    random = np.random.default_rng(0)
    tensors: dict[str, NDArray[np.float32 | np.int64]] = {}
    for name, shape in shapes.items():
        if name.endswith("num_batches_tracked"):
            tensors[name] = np.zeros(shape, np.int64)
        elif len(shape) > 1:
            spread = (2 / np.prod(shape[1:])) ** 0.5
            tensors[name] = (random.standard_normal(shape) * spread).astype(np.float32)
        else:  # gains and variances 1, shifts and means 0
            tensors[name] = np.full(shape, float(name.endswith(("weight", "running_var"))), np.float32)
    return tensors
