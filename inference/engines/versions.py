"""What an engine's trial depends on: when one of these is another, it is tried again."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sysconfig
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from inference.engines.devices import cuda_devices, processor
from inference.engines.making import LIBRARIES
from inference.graphs import EXPORT_VERSION

_LIBRARY_FOLDERS = ("nvidia", "tensorrt_libs")  # where Python packages put the libraries of NVIDIA


def versions(engine: str, device: str) -> str:
    """This program, the engine's library, and the device with its driver, for people and for the cache."""
    parts = [_version_of("ade-mask-studio"), *map(_version_of, LIBRARIES[engine].distributions)]
    kind, _, number = device.partition(":")
    if kind == "tensorrt":
        parts += [_version_of(f"tensorrt-cu{major}") for major in (12, 13)]
    if kind in ("cuda", "tensorrt"):
        cuda = cuda_devices()
        name = cuda.names[int(number)] if int(number) < len(cuda.names) else "no device"
        parts += [name, f"driver {cuda.driver}" if cuda.driver else "no driver"]
    else:
        parts.append(processor())
    return " · ".join(filter(None, parts))


def _version_of(distribution: str) -> str:
    try:
        return f"{distribution} {version(distribution)}"
    except PackageNotFoundError:
        return ""


def environment() -> str:
    """A hash that is another one after libraries came or went which no version tells of: whoever installs what was
    missing need not say so here."""
    site = Path(sysconfig.get_path("purelib"))
    watched = [Path("/etc/ld.so.cache"), *(site / name for name in _LIBRARY_FOLDERS)]
    facts = [str(EXPORT_VERSION), os.environ.get("LD_LIBRARY_PATH", ""), os.environ.get("CUDA_VISIBLE_DEVICES", "all")]
    for path in watched:
        with contextlib.suppress(OSError):
            facts.append(f"{path.name} {path.stat().st_mtime_ns}")
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]
