"""How long the network thinks about one picture, on every engine and device, and how long it would have to at least.

The floor is what the work of the network takes at the best pace that this machine shows in the same run, with matrices
for its arithmetic and a copy for its memory. An engine that comes near it cannot be replaced by a better one, only by
another machine.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from app.bench.figures import Figure
from inference.engines import Engine
from inference.engines.devices import cpu_has_bfloat16
from inference.engines.making import make_engine
from inference.engines.peak import Peak, measure_peak
from inference.engines.trials import Trial, try_devices
from inference.errors import EngineError
from inference.graphs import shipped_graph
from inference.models import ModelCard, find_card
from inference.network.config import NetworkConfig
from inference.network.work import Work, work_of

SIDE = 640  # pixels; the published figures are for this size
REPEATS, WARM_UP = 30, 3
FEWEST, MOST = 3, 5  # runs of a quick look
QUICK_SECONDS = 2.0  # after which it makes do with the fewest


@dataclass(frozen=True)
class _Subject:
    """A model and the square picture that it is shown."""

    name: str
    card: ModelCard
    picture: NDArray[np.uint8]
    work: Work

    @classmethod
    def of(cls, name: str, card: ModelCard) -> _Subject:
        side = min(card.input_size or SIDE, SIDE)
        picture = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
        assert isinstance(card.network, NetworkConfig), "both models are ours"
        return cls(f"{name} {side} x {side}", card, picture, work_of(card.network, height=side, width=side))


@dataclass(frozen=True, kw_only=True)
class _Timing:
    """What an engine that its trial found usable took for a subject, or why it did not get through after all."""

    subject: _Subject
    trial: Trial
    times: tuple[float, ...] = ()  # milliseconds
    a_second: float = 0
    refusal: str = ""

    def figure(self, peak: Peak | None) -> Figure:
        name = f"{self.subject.name}, {self.trial.engine}, {self.trial.device}"
        if self.refusal:
            return Figure(name=name, median=None, note=self.refusal)
        figure = replace(Figure.of(name, self.times, note=self._note()), a_second=self.a_second)
        if peak is None:
            return figure
        work = self.subject.work
        traffic = work.traffic if _precision(self.trial) == "float32" else work.traffic // 2
        return replace(figure, floor=1000 * peak.seconds(operations=work.operations, traffic=traffic))

    def _note(self) -> str:
        told = [f"{len(self.times)} times"]
        if _precision(self.trial) != "float32":
            told.append(_precision(self.trial))
        if self.trial.agreement is not None and self.trial.agreement < 1:
            told.append(f"{self.trial.agreement:.2%} of labels as by the reference")
        return " · ".join(told)


def network_figures(*, quick: bool) -> Iterator[Figure]:
    """The published m network (drawn weights take as long as trained ones) and the starter, each at its own size.

    Which engines and devices can be used is found out with the starter: labels of drawn weights are a matter of chance.
    """
    timings: list[_Timing] = []
    peaks: dict[tuple[str, str], Peak] = {}
    starter = find_card("starter")
    trials = try_devices(starter)
    with TemporaryDirectory() as folder:
        subjects = [_Subject.of("m", random_m(Path(folder))), _Subject.of("starter", starter)]
        for subject in subjects:
            for trial in trials:
                if trial.usable:
                    if not quick:
                        _look_again(peaks, trial)
                    timings.append(_time(subject, trial, quick=quick))
                    if not quick or _place(trial) not in peaks:
                        _look_again(peaks, trial)
    for timing in timings:
        yield timing.figure(peaks.get(_place(timing.trial)))
    for trial in trials:
        if not trial.usable:
            yield Figure(name=f"{trial.engine}, {trial.device}", median=None, note=f"refused: {trial.reason}")
    yield from _yardsticks(subjects, peaks)


def _precision(trial: Trial) -> str:
    """What an engine computes in where it may choose."""
    match trial.engine, trial.device.partition(":")[0]:
        case "torch", "cuda":
            return "float16"
        case "openvino", "cpu" if cpu_has_bfloat16():
            return "bfloat16"
        case _:
            return "float32"


def _place(trial: Trial) -> tuple[str, str]:
    """The device as PyTorch calls it, and the precision: what a yardstick is for."""
    return trial.device.replace("tensorrt", "cuda"), _precision(trial)


def _time(subject: _Subject, trial: Trial, *, quick: bool) -> _Timing:
    try:
        engine = make_engine(subject.card, trial.engine, trial.device)
        if quick:
            times = _few(engine, subject.picture)
        else:
            times = [_milliseconds(engine, subject.picture) for _ in range(WARM_UP + REPEATS)][WARM_UP:]
        many = engine.at_once > 1
        a_second = _pace(engine, subject.picture, repeats=len(times)) if many else 1000 / np.mean(times)
    except EngineError as error:
        return _Timing(subject=subject, trial=trial, refusal=f"refused: {error}")
    return _Timing(subject=subject, trial=trial, times=tuple(times), a_second=float(a_second))


def _few(engine: Engine, picture: NDArray[np.uint8]) -> list[float]:
    """As many runs, after one to warm up, as a quick look has time for: fewer of a slow engine."""
    _milliseconds(engine, picture)
    times: list[float] = []
    while len(times) < FEWEST or (len(times) < MOST and sum(times) < 1000 * QUICK_SECONDS):
        times.append(_milliseconds(engine, picture))
    return times


def _milliseconds(engine: Engine, picture: NDArray[np.uint8]) -> float:
    start = time.perf_counter()
    engine.run(picture)
    return (time.perf_counter() - start) * 1000


def _pace(engine: Engine, picture: NDArray[np.uint8], *, repeats: int) -> float:
    """Pictures a second with as many at once as the engine likes best."""
    with ThreadPoolExecutor(engine.at_once) as threads:
        start = time.perf_counter()
        for _ in threads.map(engine.run, [picture] * repeats):
            pass
        return repeats / (time.perf_counter() - start)


def _look_again(peaks: dict[tuple[str, str], Peak], trial: Trial) -> None:
    """The best pace that was ever seen counts: measured around every engine, since other programs come and go."""
    place = _place(trial)
    try:
        peaks[place] = measure_peak(place[0], precision=place[1]).or_better(peaks.get(place))
    except EngineError:  # a device of which PyTorch knows nothing: there is no floor, but a latency all the same
        return


def _yardsticks(subjects: Sequence[_Subject], peaks: Mapping[tuple[str, str], Peak]) -> Iterator[Figure]:
    """What the floors are made of."""
    for subject in subjects:
        work = subject.work
        note = f"{work.traffic / 1e6:.0f} MB in and out of its layers in float32"
        yield Figure(name=f"{subject.name}: work", median=work.operations / 1e9, unit="GFLOP", note=note)
    for (device, precision), peak in peaks.items():
        note = f"large matrices in {precision}; copying {peak.traffic / 1e9:.1f} GB/s"
        yield Figure(name=f"{device}: most it can do", median=peak.operations / 1e9, unit="GFLOP/s", note=note)


def random_m(folder: Path) -> ModelCard:
    """The published m network with weights drawn so that its numbers stay as large as those of a trained one."""
    return random_model("bisenetformer-m-ade", folder)


def random_model(name: str, folder: Path) -> ModelCard:
    """A published model with such weights, as `random.safetensors` in the folder."""
    published = find_card(name)
    graph = shipped_graph(published.network) if isinstance(published.network, NetworkConfig) else None
    if graph is None:
        raise EngineError(f"The graph of {name} is missing from this installation.")
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
