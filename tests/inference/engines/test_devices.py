"""Which devices are tried, and why one is not."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator

import pytest

from inference.engines import devices
from inference.engines.devices import CudaDevices, cuda_devices, wanted_devices
from inference.errors import EngineError


class Driver:
    """A stand-in for the library that comes with an NVIDIA driver."""

    def __init__(self, *, count: int, status: int = 0) -> None:
        self.count, self.status = count, status

    def cuInit(self, flags: int) -> int:  # noqa: N802 - the driver calls it so
        return self.status

    def cuDeviceGetName(self, text: object, length: int, number: int) -> int:  # noqa: N802
        text.value = f"Card {number}".encode()
        return 0

    def cuDriverGetVersion(self, pointer: object) -> int:  # noqa: N802
        pointer._obj.value = 12080
        return 0

    def cuDeviceGetCount(self, pointer: object) -> int:  # noqa: N802
        pointer._obj.value = self.count
        return self.status


@pytest.fixture(autouse=True)
def _ask_afresh() -> Iterator[None]:
    cuda_devices.cache_clear()
    yield
    cuda_devices.cache_clear()


@pytest.mark.parametrize(
    ("driver", "count", "reason"),
    [
        (Driver(count=2), 2, ""),
        (Driver(count=0), 0, "finds no device"),
        (Driver(count=0, status=100), 0, "CUDA error 100"),
        (None, 0, "no NVIDIA driver was found"),
    ],
)
def test_the_driver_is_asked(monkeypatch: pytest.MonkeyPatch, driver: Driver | None, count: int, reason: str) -> None:
    def load(name: str) -> Driver:
        if driver is None:
            raise OSError(name)
        return driver

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", load)
    assert cuda_devices().count == count
    assert reason in cuda_devices().reason
    assert bool(cuda_devices().reason) == (count == 0)
    assert cuda_devices().names == tuple(f"Card {number}" for number in range(count))
    assert cuda_devices().driver.endswith("CUDA 12.8" if count else "")


def test_a_system_without_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cuda_devices() == CudaDevices(0, "there is no CUDA on this system")


@pytest.mark.parametrize(
    ("count", "asked", "tried"),
    [
        (0, "auto", ("cpu",)),
        (2, "auto", ("cuda:0", "cpu")),
        (2, "cpu", ("cpu",)),
        (2, "cuda", ("cuda:0",)),
        (2, "cuda:1", ("cuda:1",)),
        (0, "gpu", ("gpu",)),
        (0, "gpu:1", ("gpu:1",)),
        (0, "npu", ("npu",)),
    ],
)
def test_what_is_tried(monkeypatch: pytest.MonkeyPatch, count: int, asked: str, tried: tuple[str, ...]) -> None:
    monkeypatch.setattr(devices, "cuda_devices", lambda: CudaDevices(count, "" if count else "none"))
    assert wanted_devices(asked) == tried


@pytest.mark.parametrize(
    ("count", "asked", "said"),
    [
        (1, "cuda:1", "this machine has 1, counted from 0"),
        (0, "cuda", "cannot be used: no NVIDIA driver was found"),
        (1, "gpus", "There is no device called gpus; there are auto, cpu, cuda, cuda:n, tensorrt"),
        (1, "gpu:", "There is no device called gpu:; there are auto"),
        (1, "npu:1", "There is no device called npu:1"),
        (1, "cuda:", "There is no device called cuda:"),
        (1, "cuda:-1", "There is no device called cuda:-1"),
        (1, "", "There is no device called"),
    ],
)
def test_what_is_refused(monkeypatch: pytest.MonkeyPatch, count: int, asked: str, said: str) -> None:
    monkeypatch.setattr(
        devices, "cuda_devices", lambda: CudaDevices(count, "" if count else "no NVIDIA driver was found")
    )
    with pytest.raises(EngineError, match=said):
        wanted_devices(asked)
