"""Which devices a person may ask for, and whether this machine has one. No torch, no ONNX Runtime."""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from functools import lru_cache

from inference.errors import EngineError

_DRIVERS = {"linux": "libcuda.so.1", "win32": "nvcuda.dll"}


@dataclass(frozen=True)
class CudaDevices:
    """What the NVIDIA driver itself says; whether an engine can use a device only an inference there can tell."""

    count: int
    reason: str  # why there is none, as a clause; empty when there is one


@lru_cache(maxsize=1)
def cuda_devices() -> CudaDevices:
    """Ask the driver, which takes a moment, where loading torch to ask takes seconds."""
    library = _DRIVERS.get(sys.platform)
    if library is None:
        return CudaDevices(0, "there is no CUDA on this system")
    try:
        driver = ctypes.CDLL(library)
    except OSError:
        return CudaDevices(0, "no NVIDIA driver was found")
    count = ctypes.c_int(0)
    for status in (driver.cuInit(0), driver.cuDeviceGetCount(ctypes.byref(count))):
        if status != 0:
            return CudaDevices(0, f"the NVIDIA driver finds no usable device (CUDA error {status})")
    return CudaDevices(count.value, "" if count.value else "the NVIDIA driver finds no device")


def wanted_devices(device: str) -> tuple[str, ...]:
    """ "auto", "cpu", "cuda" or "cuda:n" → the devices to try, best first.

    Raises `EngineError` for another name and for a CUDA device that this machine does not have.
    """
    cuda = cuda_devices()
    if device == "auto":
        return ("cuda:0", "cpu") if cuda.count else ("cpu",)
    if device == "cpu":
        return ("cpu",)
    name, _, number = device.partition(":")
    if name != "cuda" or (number and not number.isdecimal()) or device.endswith(":"):
        raise EngineError(f"There is no device called {device}; there are auto, cpu, cuda and cuda:n.")
    if not cuda.count:
        raise EngineError(f"The device {device} cannot be used: {cuda.reason}.")
    if int(number or 0) >= cuda.count:
        raise EngineError(f"The device {device} cannot be used: this machine has {cuda.count}, counted from 0.")
    return (f"cuda:{int(number or 0)}",)
