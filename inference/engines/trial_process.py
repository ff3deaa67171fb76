"""One look at an engine in a process of its own: with a time limit, and a reason whatever becomes of that process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from inference.engines.making import title
from inference.errors import EngineError
from inference.models import ModelCard

MODULE = "inference.engines.trial_child"
LIMITS = {"cpu": 120.0, "tensorrt": 900.0}
"""Seconds that a trial may take where it is not `_LIMIT`; TensorRT plans for minutes."""
_LIMIT = 180.0
_ROOT = Path(__file__).resolve().parents[2]
_AGAIN = "Try it again with: ade-mask-studio doctor --fresh"
_NUMBERS = ("milliseconds", "agreement")


def look_in_child(card: ModelCard, engine: str, device: str, *, may_export: bool) -> dict[str, Any]:
    """What `trial_child.look` found, in another process; a crash, a hang or nonsense there is a refusal.

    Raises `EngineError` where no process can be started.
    """
    with tempfile.TemporaryDirectory(prefix="ade-mask-studio-trial-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "card.json").write_text(json.dumps(_card_values(card)), encoding="utf-8")
        seconds = LIMITS.get(device.partition(":")[0], _LIMIT)
        try:
            status = _run(folder, engine, device, seconds=seconds, may_export=may_export)
        except OSError as error:
            raise EngineError(
                f"{title(engine)} could not be tried: no process could be started ({error}).", lasting=False
            ) from error
        where = f"{title(engine)} on {device}"
        if status is None:
            return _refusal(f"{where} did not answer within {seconds:.0f} seconds.", _AGAIN)
        if (found := _result(folder / "result.json")) is not None:
            return found
        if status == 0:
            return _refusal(f"{where} gave an answer that makes no sense.", _AGAIN)
        return _refusal(f"{where} crashed: {_why(status, folder / 'said')}", _AGAIN)


def _card_values(card: ModelCard) -> dict[str, Any]:
    """What the child needs of a card, as a card's file has it; `path` because that holds a mere name."""
    path = None if card.file is None else str(card.file.resolve())
    network = card.network.to_dict()
    return {"name": card.name, "network": network, "input_size": card.input_size, "sha256": card.sha256, "path": path}


def _run(folder: Path, engine: str, device: str, *, seconds: float, may_export: bool) -> int | None:
    """The exit status of the child, None where the time was up."""
    export = "may-export" if may_export else "no-export"
    # Longer than this process waits, in case that nobody is left to end it.
    command = [sys.executable, "-m", MODULE, str(folder), engine, device, str(seconds + 10), export]
    with (folder / "said").open("wb") as said:
        child = subprocess.Popen(
            command,
            cwd=_ROOT,
            stdin=subprocess.PIPE,  # nothing is sent: it ends with this process, and the child with it
            stdout=said,
            stderr=subprocess.STDOUT,
            # Where others want the processors too, threads of PyTorch that spin while they wait take ten times as long.
            env={"OMP_WAIT_POLICY": "PASSIVE", **os.environ},
            start_new_session=True,
        )
    with child:
        try:
            return child.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    """End the child, with whatever it started."""
    if child.poll() is not None:
        return
    if hasattr(os, "killpg"):
        os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()


def _result(path: Path) -> dict[str, Any] | None:
    """What the child wrote, if it makes sense."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if is_result(found) or (isinstance(found, dict) and isinstance(found.get("weights"), str)) else None


def is_result(found: Any) -> bool:
    """Whether this is what `trial_child.look` gives of an engine."""
    if not isinstance(found, dict) or not isinstance(found.get("usable"), bool):
        return False
    texts = all(isinstance(found.get(name), str) for name in ("reason", "fix"))
    numbers = all(isinstance(found.get(name), int | float | None) for name in _NUMBERS)
    share, milliseconds = found.get("agreement"), found.get("milliseconds")
    if not texts or not numbers or not (share is None or 0 <= share <= 1):
        return False
    return (share is not None and milliseconds is not None) if found["usable"] else bool(found["reason"])


def _refusal(reason: str, fix: str) -> dict[str, Any]:
    return {"usable": False, "reason": reason, "fix": fix, "milliseconds": None, "agreement": None, "lasting": True}


def _why(status: int, said: Path) -> str:
    """How the child ended, with the last line that it said."""
    if status < 0:
        try:
            how = signal.Signals(-status).name
        except ValueError:
            how = f"signal {-status}"
    else:
        how = f"exit code {status if status < 256 else hex(status)}"
    lines = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    last = lines[-1].strip()[:200] if lines else ""
    return f"{how}{f' ({last})' if last else ''}."
