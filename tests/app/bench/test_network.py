"""The table of engines and devices: what they took, what they would take at least, and why some are not in it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.bench import network
from inference.engines import peak
from inference.engines.peak import Peak
from inference.engines.trials import Trial
from inference.errors import EngineError
from inference.models import ModelCard


@pytest.fixture(autouse=True, scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> ModelCard:
    return network.random_m(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch, drawn: ModelCard) -> None:
    monkeypatch.setattr(network, "SIDE", 64)
    monkeypatch.setattr(network, "WARM_UP", 1)
    monkeypatch.setattr(network, "random_m", lambda _: drawn)  # drawing the weights takes a second


def trial(engine: str, device: str, reason: str = "", *, agreement: float | None = 1.0) -> Trial:
    return Trial(engine, device, not reason, reason, "", 1.0, agreement, "", cached=True)


def test_every_engine_runs_the_published_network_and_the_starter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peak, "_SIDES", {"cpu": 64})
    monkeypatch.setattr(peak, "_COPIED", {"cpu": 2**16})
    monkeypatch.setattr(peak, "_SECONDS", 0)
    monkeypatch.setattr(network, "try_devices", lambda _: (trial("onnx", "cpu"), trial("torch", "cpu")))
    rows = {row.name: row for row in network.network_figures(quick=True)}
    for name in ("m 64 x 64", "starter 64 x 64"):
        for engine in ("onnx", "torch"):
            row = rows[f"{name}, {engine}, cpu"]
            assert row.median is not None, row.note
            assert row.p95 is not None
            assert row.a_second is not None
            assert row.floor is not None
            assert 0 < row.median <= row.p95
            assert row.a_second > 0
            assert row.floor > 0
    assert rows["m 64 x 64: work"].median == pytest.approx(1.04, rel=0.01)  # 29 at 640 × 640; not all depends on it
    assert rows["cpu: most it can do"].unit == "GFLOP/s"


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Trials that went as they are given, and engines that answer at once."""

    def arrange(*trials: Trial) -> None:
        def made(_card: ModelCard, _engine: str, _device: str) -> Any:
            return SimpleNamespace(run=lambda picture: None, at_once=1)

        monkeypatch.setattr(network, "make_engine", made)
        monkeypatch.setattr(network, "try_devices", lambda _: trials)

    return arrange


def test_a_quick_look_has_fewer_runs_of_a_slow_engine(
    pretend: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(trial("onnx", "cpu"))
    asked: list[str] = []

    def best(*_: object, **__: object) -> Peak:
        asked.append("peak")
        return Peak(operations=1e9, traffic=1e12)

    monkeypatch.setattr(network, "measure_peak", best)
    for milliseconds, note in ((100.0, "5 times"), (700.0, "3 times"), (8000.0, "3 times")):
        monkeypatch.setattr(network, "_milliseconds", lambda *_, took=milliseconds: took)
        row = next(iter(network.network_figures(quick=True)))
        assert (row.median, row.p95, row.note) == (milliseconds, milliseconds, note)
    assert len(asked) == 3  # once for the machine, not for every engine


def test_a_refusal_is_told_once_with_its_reason(pretend: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(trial("torch", "cuda:0", "No NVIDIA driver was found."), trial("onnx", "cpu"))
    monkeypatch.setattr(network, "measure_peak", lambda *_, **__: Peak(operations=1e9, traffic=1e12))
    rows = list(network.network_figures(quick=True))
    assert [row.note for row in rows if row.median is None] == ["refused: No NVIDIA driver was found."]
    assert [row.name for row in rows if row.a_second] == ["m 64 x 64, onnx, cpu", "starter 64 x 64, onnx, cpu"]


def test_the_floor_is_that_of_the_best_pace_seen_in_the_run(
    pretend: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(trial("onnx", "cpu"), trial("torch", "cpu"))
    paces = iter((1e9, 4e9, *[2e9] * 6))
    monkeypatch.setattr(network, "measure_peak", lambda *_, **__: Peak(operations=next(paces), traffic=1e15))
    rows = list(network.network_figures(quick=False))
    work = next(row.median for row in rows if row.name == "m 64 x 64: work")
    assert work is not None
    assert rows[0].floor == pytest.approx(work / 4 * 1000)  # GFLOP, at 4 of them a second


def test_on_a_graphics_card_pytorch_is_held_against_half_precision(
    pretend: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(trial("torch", "cuda:0", agreement=0.9987), trial("onnx", "tensorrt:0"))
    paces = {"float32": 1e12, "float16": 1e13}

    def measured(device: str, *, precision: str) -> Peak:
        assert device == "cuda:0"
        return Peak(operations=paces[precision], traffic=1e15)

    monkeypatch.setattr(network, "measure_peak", measured)
    half, full, *_ = network.network_figures(quick=True)
    assert half.note == "5 times · float16 · 99.87% of labels as by the reference"
    assert full.note == "5 times"
    assert half.floor is not None
    assert full.floor == pytest.approx(10 * half.floor)


def test_a_device_without_a_yardstick_still_has_its_latency(
    pretend: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> Peak:
        raise EngineError("What it can do was not measured.")

    pretend(trial("onnx", "cuda:0"))
    monkeypatch.setattr(network, "measure_peak", unknown)
    row = next(iter(network.network_figures(quick=True)))
    assert row.median is not None
    assert row.floor is None


def test_an_engine_that_fails_at_this_size_is_refused_with_the_reason(
    pretend: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Any:
        raise EngineError("There is no room for it.")

    pretend(trial("onnx", "cpu"))
    monkeypatch.setattr(network, "make_engine", fail)
    monkeypatch.setattr(network, "measure_peak", lambda *_, **__: Peak(operations=1e9, traffic=1e12))
    row = next(iter(network.network_figures(quick=True)))
    assert (row.name, row.median, row.note) == ("m 64 x 64, onnx, cpu", None, "refused: There is no room for it.")


def test_an_engine_that_likes_several_at_once_is_given_several() -> None:
    together = Barrier(2, timeout=10)  # breaks, and the test with it, unless two are there at the same time
    engine: Any = SimpleNamespace(run=lambda _: together.wait(), at_once=2)
    assert network._pace(engine, np.zeros((8, 8, 3), np.uint8), repeats=20) > 0
    assert not together.broken
