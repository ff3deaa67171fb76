"""What a running job tells: one dataclass each, and the line of JSON in which it comes out of the child process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from inference.learning.errors import JobError
from inference.learning.report import LearnReport


class Stage(StrEnum):
    """What a job goes through, in this order; features are found for `Scope.HEAD` only."""

    FEATURES = "features"
    BEFORE = "before"  # the parent is measured on the pictures held back
    TRAINING = "training"
    AFTER = "after"  # and each mix of it with what was learned
    WRITING = "writing"


@dataclass(frozen=True)
class StageTold:
    """`done` of `total` pictures or steps of a stage."""

    stage: Stage
    done: int
    total: int
    left: float | None = None  # seconds until the whole job is done, where that can be told yet


@dataclass(frozen=True)
class StepTold:
    """One point of the loss curve."""

    step: int  # steps that are done
    steps: int
    loss: float  # the mean since the point before
    seconds: float  # of training, over all sessions of the job
    left: float | None  # seconds until the whole job is done


@dataclass(frozen=True)
class Paused:
    """Nothing is computed until `resume`."""


@dataclass(frozen=True)
class Resumed:
    """The work goes on."""


@dataclass(frozen=True)
class Stopped:
    """The process ended as it was asked to; the job can be gone on with."""


@dataclass(frozen=True)
class Finished:
    """The result is there."""

    report: LearnReport


@dataclass(frozen=True)
class Refused:
    """The process ended without a result; `reason` is one sentence. What was learned so far is kept."""

    reason: str


@dataclass(frozen=True)
class PaceTold:
    """Seconds that a whole job of either scope will take on this machine; None where it cannot be run here."""

    head: float | None
    all: float | None


Event = StageTold | StepTold | Paused | Resumed | Stopped | Finished | Refused | PaceTold
_KINDS: Mapping[str, type[Event]] = {
    "stage": StageTold,
    "step": StepTold,
    "paused": Paused,
    "resumed": Resumed,
    "stopped": Stopped,
    "finished": Finished,
    "refused": Refused,
    "pace": PaceTold,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def to_line(event: Event) -> str:
    """One line of JSON, without its end."""
    values = {"report": event.report.to_json()} if isinstance(event, Finished) else asdict(event)
    return json.dumps({"event": _NAMES[type(event)]} | values)


def from_line(line: str) -> Event:
    """The inverse of `to_line`. Raises `JobError`."""
    try:
        values: dict[str, Any] = json.loads(line)
        kind = _KINDS[values.pop("event")]
        if kind is Finished:
            values["report"] = LearnReport.from_json(values["report"])
        if kind is StageTold:
            values["stage"] = Stage(values["stage"])
        return kind(**values)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise JobError(f"The training told something that makes no sense: {line.strip()[:80]!r}.") from error
