"""What a device can do at most is measured by real work on it."""

from __future__ import annotations

import pytest
import torch

from inference.engines import peak
from inference.engines.peak import Peak, measure_peak
from inference.errors import EngineError


def test_the_cpu_multiplies_and_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peak, "_SIDES", {"cpu": 256})
    monkeypatch.setattr(peak, "_COPIED", {"cpu": 2**22})
    monkeypatch.setattr(peak, "_SECONDS", 0)
    measured = measure_peak("cpu")
    assert 1e7 < measured.operations < 1e15
    assert 1e7 < measured.traffic < 1e14


def test_the_quickest_of_many_tries_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((0, 0, 5, 5, 6, 6, 10, 10))  # the beginning, the start and the end of each try, a last look
    monkeypatch.setattr(peak, "_SECONDS", 0)
    monkeypatch.setattr(peak.time, "perf_counter", lambda: next(clock))
    done: list[str] = []
    assert peak._least(lambda: done.append("work"), lambda: done.append("wait")) == 1
    assert done == ["work", "wait"] * 3


def test_the_floor_is_what_takes_longer() -> None:
    machine = Peak(operations=100, traffic=10)
    assert machine.seconds(operations=200, traffic=10) == 2
    assert machine.seconds(operations=200, traffic=50) == 5


def test_the_best_of_two_measurements_counts() -> None:
    first, second = Peak(operations=100, traffic=10), Peak(operations=80, traffic=12)
    assert first.or_better(second) == Peak(operations=100, traffic=12)
    assert first.or_better(None) == first


def test_a_device_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(EngineError, match=r"^What cuda:99 can do was not measured: .*\.$"):
        measure_peak("cuda:99")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
def test_half_precision_is_quicker_on_cuda() -> None:
    assert measure_peak("cuda:0", precision="float16").operations > measure_peak("cuda:0").operations > 1e11
