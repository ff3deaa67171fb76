"""How far a run of the network over many pictures is, and what became of it, in numbers and in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400  # seconds


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is."""

    done: int
    total: int
    refused: int = 0
    current: str = ""  # the name of the picture that is next
    rate: float | None = None  # pictures a second, lately; None while nothing can be said
    paused: bool = False

    @property
    def remaining(self) -> float | None:
        """Seconds until all are done at this rate."""
        return None if not self.rate else (self.total - self.done) / self.rate

    def place(self) -> str:
        """ "120 of 10,000 · 11 min left"."""
        left = "" if self.remaining is None or self.paused else f" · {duration(self.remaining)} left"
        return f"{self.done:,} of {self.total:,}{left}"

    def pace(self) -> str:
        """ "14.2 a second · 3 refused"; empty while there is nothing to say."""
        rate = "" if self.rate is None or self.paused else rate_text(self.rate)
        refused = f"{self.refused:,} refused" if self.refused else ""
        return " · ".join(part for part in (rate, refused) if part)


@dataclass(frozen=True)
class RunReport:
    """What became of a run."""

    predicted: int = 0
    known: int = 0  # had the answer of this model already
    refused: tuple[tuple[Path, str], ...] = ()
    stopped: bool = False
    problem: str = ""  # why the whole run could not go on
    left: int = 0  # pictures that it did not come to

    @property
    def unfinished(self) -> bool:
        """Whether it may be gone on with."""
        return self.stopped or bool(self.problem)

    def sentence(self) -> str:
        if self.problem:
            return self.problem
        parts = [f"{pictures(self.predicted)} predicted"]
        parts += [f"{self.known:,} known already"] * bool(self.known)
        parts += [f"{len(self.refused):,} refused"] * bool(self.refused)
        parts += [f"{self.left:,} left"] * bool(self.left)
        return f"{'Stopped: ' if self.stopped else ''}{', '.join(parts)}."


@dataclass(frozen=True)
class Unfinished:
    """A run that was not finished, as its project remembers it."""

    total: int
    names: tuple[str, ...] | None = None  # in the project; None: of all pictures

    @classmethod
    def of_json(cls, value: Any) -> Self | None:
        """What `to_json` made; None for anything else."""
        if not isinstance(value, Mapping) or not isinstance(value.get("total"), int):
            return None
        names = value.get("names")
        if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
            return None
        return cls(value["total"], None if names is None else tuple(names))

    def to_json(self) -> dict[str, object]:
        return {"total": self.total, "names": None if self.names is None else list(self.names)}

    def sentence(self) -> str:
        return f"The last run over {pictures(self.total)} was not finished."


def pictures(count: int) -> str:
    """How many, in words."""
    return "1 picture" if count == 1 else f"{count:,} pictures"


def rate_text(rate: float) -> str:
    """Pictures a second, or seconds a picture where that is more than one."""
    if rate >= 1:
        return f"{rate:.1f} a second" if rate < 100 else f"{rate:,.0f} a second"
    return f"{1 / rate:.1f} s each" if rate > 0.1 else f"{duration(1 / rate)} each"


def duration(seconds: float) -> str:
    """A time as people say it; rounded up, so that it is never "0 s" while something is left."""
    whole = max(1, math.ceil(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{math.ceil(whole / _MINUTE)} min"
    hours, minutes = divmod(math.ceil(whole / _MINUTE), _MINUTE)
    if whole < _DAY:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(math.ceil(whole / _HOUR), 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
