"""One line that says what the figures were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from inference.processors import usable_processors


def machine_line() -> str:
    """Processor, cores, memory, graphics card, system and the versions that matter."""
    parts = [
        _processor(),
        f"{usable_processors()} cores",
        _memory(),
        _graphics_card(),
        platform.platform(terse=True),
        _versions(),
    ]
    return " · ".join(part for part in parts if part)


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    if listed.exists():
        for line in listed.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory() -> str:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return ""
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"


def _graphics_card() -> str:
    # The driver's own tool: asking PyTorch would load it, and it is not needed for most of the figures.
    command = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return "no CUDA device"
    return answer.stdout.strip().replace("\n", " + ") or "no CUDA device"


def _versions() -> str:
    found = [f"Python {platform.python_version()}"]
    for package in ("torch", "onnxruntime-gpu", "onnxruntime", "openvino", "PySide6-Essentials"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)
