"""What runs a network: engines behind one Protocol, each of them believed only after it has really run.

Importing this package loads neither torch nor ONNX Runtime; each is loaded when its engine is made.
"""

from __future__ import annotations

from functools import partial

from inference.engines.devices import cuda_devices, has_mps, to_try
from inference.engines.engine import Attempt, Engine, OutOfMemory
from inference.engines.guard import check_answer
from inference.engines.making import LIBRARIES, make_engine
from inference.engines.memory import FrugalEngine
from inference.engines.trials import must_be_tried, trial_of
from inference.errors import EngineError
from inference.models import ModelCard

__all__ = ["ENGINES", "LOCAL_ENGINES", "Attempt", "Engine", "OutOfMemory", "open_engine"]

LOCAL_ENGINES = tuple(LIBRARIES)
"""Those that run on this machine."""
ENGINES = ("auto", *LOCAL_ENGINES, "remote")
"""What a person may ask for; `remote` is no engine of this package, and `auto` never means it."""
_ARTICLES = frozenset({"A", "An", "It", "No", "The", "There", "This"})  # what a sentence begins with that is no name


def open_engine(card: ModelCard, *, engine: str = "auto", device: str = "auto") -> tuple[Engine, tuple[Attempt, ...]]:
    """The fastest engine that really ran a trial picture, and what was tried in vain before it.

    The order is that of expected speed (`devices.engines_for`). A device other than the CPU, and whatever was not used
    before in these versions, is tried in a child process first. Raises `EngineError` when none can be used,
    `WeightsError` when the weights cannot.
    """
    if engine not in ENGINES or engine == "remote":
        raise EngineError(f"There is no engine called {engine} here; there are auto, {', '.join(LOCAL_ENGINES)}.")
    failed: list[Attempt] = []
    for name, place in to_try(engine, device):
        try:
            opened = _open(card, name, place, reason=_reason(place, device, tuple(failed)), may_export=engine == "onnx")
        except EngineError as error:
            failed.append(Attempt(name, place, str(error), error.fix))
        else:
            return FrugalEngine(opened, on_cpu=_taking_over(card, place)), tuple(failed)
    reasons = dict.fromkeys(attempt.reason for attempt in failed)  # what several say is said once
    raise EngineError(" ".join(reasons), fix=_first_fix(failed))


def _open(card: ModelCard, name: str, device: str, *, reason: str, may_export: bool) -> Engine:
    """An engine that has run; it is not touched by this process where its trial went wrong."""
    card.weights()  # what is not there, or not what it was, is told before anything is started
    if must_be_tried(card, name, device):
        trial = trial_of(card, name, device, may_export=may_export)
        if not trial.usable:
            raise EngineError(trial.reason, fix=trial.fix)
    opened = make_engine(card, name, device, reason=reason, may_export=may_export)
    check_answer(card, opened)
    return opened


def _taking_over(card: ModelCard, place: str) -> partial[Engine] | None:
    return None if place == "cpu" else partial(_on_cpu, card, place)


def _on_cpu(card: ModelCard, place: str) -> Engine:
    """What takes over where a device has no memory left. Raises `EngineError` when nothing can."""
    failed = []
    for name, _ in to_try("auto", "cpu"):
        try:
            return _open(card, name, "cpu", reason=f"CPU, because {place} ran out of memory.", may_export=False)
        except EngineError as error:
            failed.append(str(error))
    raise EngineError(" ".join(failed))


def _reason(place: str, asked: str, failed: tuple[Attempt, ...]) -> str:
    """Why a device is used: one sentence for people."""
    if asked != "auto":
        return f"{place} was asked for."
    if place != "cpu":
        return f"{place} is the fastest device here."
    if refused := [attempt for attempt in failed if attempt.device != "cpu"]:
        return f"CPU, because {_clause(refused[0].reason)}"
    if not cuda_devices().count and not has_mps():
        return f"CPU, because {cuda_devices().reason}."
    return "CPU, because this engine works on nothing else."


def _clause(sentence: str) -> str:
    """A sentence as it goes on after "because"."""
    first = sentence.partition(" ")[0]
    return sentence[:1].lower() + sentence[1:] if first in _ARTICLES else sentence


def _first_fix(failed: list[Attempt]) -> str:
    return next((attempt.fix for attempt in failed if attempt.fix), "")
