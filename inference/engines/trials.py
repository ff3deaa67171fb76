"""Trials: an engine on a device is usable after one real inference there, in a process of its own.

What was found is kept in `trials.json` in the user's cache folder, by weights, network, engine, device and the versions
of driver and libraries: with the same of everything nobody waits for a second trial. `fresh` tries again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from inference.engines.devices import every_pair, to_try
from inference.engines.making import LIBRARIES, is_installed, title
from inference.engines.trial_process import is_result, look_in_child
from inference.engines.versions import environment, versions
from inference.errors import EngineError, WeightsError
from inference.files import replace_file
from inference.models import ModelCard
from inference.weights import sha256_of

_FORMAT = 1
_KEPT = 200  # results, the newest


@dataclass(frozen=True)
class Trial:
    """What became of an engine on a device."""

    engine: str
    device: str
    usable: bool
    reason: str  # why it is refused, one sentence; empty where it is usable
    fix: str  # what a person can do about it, where that is known
    milliseconds: float | None  # one sample photo, at batch 1
    agreement: float | None  # share of pixels labelled as by the reference engine, 0..1, in the worst picture
    versions: str  # of this program, the library and the device
    cached: bool  # known from an earlier trial


def must_be_tried(card: ModelCard, engine: str, device: str) -> bool:
    """Whether an engine needs a trial before this process touches it.

    ONNX Runtime on the CPU with graphs that were made here is what all others are compared with: it never waits. A
    graph that somebody else made is tried like any other engine and device.
    """
    foreign = card.file is not None and card.file.suffix.lower() == ".onnx"
    return foreign or (engine, device) != ("onnx", "cpu")


def trial_of(card: ModelCard, engine: str, device: str, *, fresh: bool = False, may_export: bool = False) -> Trial:
    """What becomes of an engine on a device: from the cache, unless `fresh`, else by really trying it.

    Takes seconds where it is not known. Raises `WeightsError` where the weights cannot be used by anything.
    """
    said = versions(engine, device)
    key = _key(card, engine, device, said)
    known = None if fresh else _read_cache().get(key)
    if known is not None:
        return _trial(known, engine, device, said, cached=True)
    try:
        found = look_in_child(card, engine, device, may_export=may_export)
    except EngineError as error:
        found = {"usable": False, "reason": str(error), "fix": error.fix, "lasting": error.lasting}
    if "weights" in found:
        raise WeightsError(found["weights"])
    if found.pop("lasting", False):
        _keep(key, {**found, "versions": said})
    return _trial(found, engine, device, said, cached=False)


def try_devices(
    card: ModelCard, *, fresh: bool = False, report: Callable[[Trial], object] = lambda _trial: None
) -> tuple[Trial, ...]:
    """Every engine on every device that anybody may hope for on this system; `report` is told of each at once.

    Raises `WeightsError` where the weights cannot be used by anything.
    """
    trials = []
    for engine, device in every_pair():
        trial = _without_device(engine, device) or trial_of(card, engine, device, fresh=fresh)
        report(trial)
        trials.append(trial)
    return tuple(trials)


def _without_device(engine: str, device: str) -> Trial | None:
    """The refusal of what is plainly not there, so that nothing need be loaded to find that out."""
    library = LIBRARIES[engine]
    reason, fix = f"{title(engine)} is not installed.", library.fix
    if is_installed(engine):
        try:
            to_try(engine, device)
        except EngineError as error:
            reason, fix = str(error), error.fix
        else:
            return None
    said = versions(engine, device)
    return _trial({"usable": False, "reason": reason, "fix": fix}, engine, device, said, cached=False)


def _trial(found: dict[str, Any], engine: str, device: str, said: str, *, cached: bool) -> Trial:
    numbers = found.get("milliseconds"), found.get("agreement")
    return Trial(engine, device, found["usable"], found["reason"], found["fix"], *numbers, said, cached)


# --- the cache ---------------------------------------------------------------------------------------------------


def trials_path() -> Path:
    """Where the results are kept."""
    return platformdirs.user_cache_path("ade-mask-studio") / "trials.json"


def _key(card: ModelCard, engine: str, device: str, said: str) -> str:
    weights = card.sha256 or ("" if card.file is None else sha256_of(card.file))
    network = json.dumps(card.network.to_dict(), sort_keys=True)
    parts = (weights, network, str(card.input_size), engine, device, said, environment())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _read_cache() -> dict[str, dict[str, Any]]:
    """Results by key, the oldest first; what is damaged, or of another version, is left out."""
    try:
        content = json.loads(trials_path().read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(content, dict) or content.get("format") != _FORMAT or not isinstance(content.get("trials"), dict):
        return {}
    return {key: found for key, found in content["trials"].items() if is_result(found)}


def _keep(key: str, found: dict[str, Any]) -> None:
    trials = _read_cache()
    trials.pop(key, None)
    trials[key] = found
    newest = dict(list(trials.items())[-_KEPT:])
    content = json.dumps({"format": _FORMAT, "trials": newest}, indent=1)
    with contextlib.suppress(OSError):  # without a cache the next start tries again
        trials_path().parent.mkdir(parents=True, exist_ok=True)
        replace_file(trials_path(), content.encode())
