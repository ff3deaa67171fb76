"""Which devices this machine has, what works on which, and what they are. No torch, no ONNX Runtime is loaded."""

from __future__ import annotations

import contextlib
import ctypes
import platform
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from inference.engines.making import LIBRARIES, is_installed, title
from inference.errors import EngineError

_DRIVERS = {"linux": "libcuda.so.1", "win32": "nvcuda.dll"}
_NAMES = "there are auto, cpu, cuda, cuda:n, tensorrt, tensorrt:n, mps, and gpu, gpu:n and npu for those by Intel"
_PLUGGED_IN = Path("/sys/bus/pci/devices")
_OF_NVIDIA = ("cuda", "tensorrt")
_OF_INTEL = {"gpu": "0x03", "npu": "0x12"}  # and what PCI classes of devices begin with


@dataclass(frozen=True)
class CudaDevices:
    """What the NVIDIA driver itself says; whether an engine can use a device only an inference there can tell."""

    count: int
    reason: str  # why there is none, as a clause; empty when there is one
    names: tuple[str, ...] = ()
    driver: str = ""  # its version and the CUDA that it offers


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
    if not count.value:
        return CudaDevices(0, "the NVIDIA driver finds no device")
    names = tuple(_device_name(driver, number) for number in range(count.value))
    return CudaDevices(count.value, "", names, _driver_version(driver))


def _device_name(driver: ctypes.CDLL, number: int) -> str:
    text = ctypes.create_string_buffer(100)
    driver.cuDeviceGetName(text, len(text), number)
    return text.value.decode("utf-8", "replace")


def _driver_version(driver: ctypes.CDLL) -> str:
    """ "580.159.04, CUDA 13.0", the first part where the system tells it."""
    offered = ctypes.c_int(0)
    driver.cuDriverGetVersion(ctypes.byref(offered))
    cuda = f"CUDA {offered.value // 1000}.{offered.value % 1000 // 10}"
    with contextlib.suppress(OSError):
        said = Path("/proc/driver/nvidia/version").read_text(encoding="utf-8", errors="replace")
        if found := re.search(r"\b\d{3,}\.\d+(\.\d+)?\b", said):
            return f"{found[0]}, {cuda}"
    return cuda


def has_nvidia_card() -> bool:
    """Whether a graphics card by NVIDIA is plugged in, where the system tells that without a driver (Linux)."""
    return _is_plugged_in("0x10de", "0x03")


def intel_devices() -> tuple[str, ...]:
    """gpu and npu where Intel made one that is in this machine, as far as the system tells (Linux)."""
    return tuple(name for name, kind in _OF_INTEL.items() if _is_plugged_in("0x8086", kind))


def _is_plugged_in(maker: str, wanted: str) -> bool:
    for device in _PLUGGED_IN.glob("*"):
        with contextlib.suppress(OSError):
            vendor, kind = ((device / name).read_text(encoding="ascii").strip() for name in ("vendor", "class"))
            if vendor == maker and kind.startswith(wanted):
                return True
    return False


def cuda_fix() -> str:
    """What a person can do where there is no CUDA device; empty where nothing is known that helps."""
    if cuda_devices().count or sys.platform == "darwin" or not has_nvidia_card():
        return ""
    return (
        "An NVIDIA card is plugged in: install NVIDIA's driver (on Ubuntu: sudo ubuntu-drivers install), restart, and "
        "see whether nvidia-smi lists the card."
    )


def has_mps() -> bool:
    """Whether this is a Mac with Apple's own processor, whose graphics part PyTorch calls mps."""
    return sys.platform == "darwin" and platform.machine() == "arm64"


@lru_cache(maxsize=1)
def processor() -> str:
    """The processor's name, as precisely as the system tells it."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


@lru_cache(maxsize=1)
def cpu_has_bfloat16() -> bool:
    """Whether the processor computes in bfloat16 by itself, where the system tells (Linux on x86)."""
    with contextlib.suppress(OSError):
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        return re.search(r"\b(avx512_bf16|amx_bf16)\b", flags) is not None
    return False


def wanted_devices(device: str) -> tuple[str, ...]:
    """What a person asked for → the devices to try, best first. TensorRT is only tried when it is asked for: it plans
    for minutes whenever a photo has a new size; and so are Intel's, which OpenVINO alone can find.

    Raises `EngineError` for another name and for a device that this machine does not have.
    """
    if device == "auto":
        return (*(("cuda:0",) if cuda_devices().count else ()), *(("mps",) if has_mps() else ()), "cpu")
    if device == "cpu":
        return ("cpu",)
    if device == "mps":
        if not has_mps():
            raise EngineError("The device mps cannot be used: only Macs with Apple's own processor have it.")
        return ("mps",)
    name, _, number = device.partition(":")
    if device in _OF_INTEL or (name == "gpu" and number.isdecimal()):
        return (device,)
    if name not in _OF_NVIDIA or (number and not number.isdecimal()) or device.endswith(":"):
        raise EngineError(f"There is no device called {device}; {_NAMES}.")
    cuda = cuda_devices()
    if not cuda.count:
        raise EngineError(f"The device {device} cannot be used: {cuda.reason}.", fix=cuda_fix())
    if int(number or 0) >= cuda.count:
        raise EngineError(f"The device {device} cannot be used: this machine has {cuda.count}, counted from 0.")
    return (f"{name}:{int(number or 0)}",)


def engines_for(device: str) -> tuple[str, ...]:
    """The engines that know a device, by expected speed: half precision on CUDA is PyTorch's alone, and so is
    bfloat16 on the CPU OpenVINO's. Those that come as an extra are left out where they are not installed."""
    match device.partition(":")[0]:
        case "cuda":
            return ("torch", "onnx")
        case "tensorrt":
            return ("onnx",)
        case "mps":
            return ("torch",)
        case "gpu" | "npu":
            return ("openvino",)
        case _:
            order = ("openvino", "onnx", "torch") if cpu_has_bfloat16() else ("onnx", "openvino", "torch")
            return order if is_installed("openvino") else ("onnx", "torch")


def to_try(engine: str, device: str) -> tuple[tuple[str, str], ...]:
    """What a person asked for → engines and devices to try, best first.

    Raises `EngineError` where there is no such device, or no engine that works on it.
    """
    pairs = tuple(
        (name, place)
        for place in wanted_devices(device)
        for name in (engines_for(place) if engine == "auto" else (engine,))
        if name in _knowing(place)
    )
    if not pairs:
        raise EngineError(f"{title(engine)} does not work on {device}.")
    return pairs


def _knowing(device: str) -> tuple[str, ...]:
    """The engines that know a device, installed or not."""
    return tuple(LIBRARIES) if device == "cpu" else engines_for(device)


def every_pair() -> tuple[tuple[str, str], ...]:
    """Each engine with each device that anybody may hope for on this system, whether it is there or not."""
    cards = range(max(1, cuda_devices().count))
    nvidia = [f"{kind}:{number}" for kind in _OF_NVIDIA for number in cards] if sys.platform in _DRIVERS else []
    places = [*nvidia, *(["mps"] if sys.platform == "darwin" else []), *intel_devices()]
    return (*((name, place) for place in places for name in engines_for(place)), *((name, "cpu") for name in LIBRARIES))
