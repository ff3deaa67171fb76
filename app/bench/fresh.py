"""Measuring in a fresh process, which knows nothing of the user: neither caches nor settings nor projects."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from inference.errors import ExpectedError

PATIENCE = 600  # s for one process


class ProbeError(ExpectedError):
    """A process that did not come to its end."""


def probe(module: str, *arguments: str, cache: Path, what: str) -> dict[str, float]:
    """The figures that `python -m module arguments` prints as JSON in its last line.

    `cache`: the folder of its caches, settings and data. ProbeError, which names `what` was done, if it failed.
    """
    own = {f"XDG_{name}_HOME": str(cache) for name in ("CACHE", "CONFIG", "DATA")}
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"} | own
    command = [sys.executable, "-m", module, *arguments]
    try:
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=True)
    except subprocess.SubprocessError as error:
        told = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise ProbeError(f"{what} failed: {told[-1]}") from error
    figures: dict[str, float] = json.loads(answer.stdout.splitlines()[-1])
    return figures
