"""How far a training is, and what follows from that: learning rate, crop size, and when it ends."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import assert_never


@dataclass(frozen=True)
class Steps:
    """End after so many steps: the same run gives the same weights every time."""

    total: int


@dataclass(frozen=True)
class Minutes:
    """End after so much training time, at whatever speed the machine has to spare.

    Progress is time spent over time given, so that the schedule always reaches its end; a resumed run goes on from
    the time it had spent. How many photos are seen then depends on the machine, and so do the weights.
    """

    total: float


Budget = Steps | Minutes


def progress(budget: Budget, *, step: int, seconds: float) -> float:
    """0 at the start, 1 or more when the budget is used up."""
    match budget:
        case Steps(total):
            return step / max(total, 1)
        case Minutes(total):
            return seconds / max(60 * total, 1e-9)
        case _:
            assert_never(budget)


def learning_rate_factor(done: float, *, warm_up: float) -> float:
    """Linear warm-up over the first part of the run, then half a cosine down to zero; 0..1."""
    if done < warm_up:
        return done / warm_up
    return 0.5 * (1 + math.cos(math.pi * min((done - warm_up) / (1 - warm_up), 1.0)))


def crop_at(done: float, crops: tuple[int, ...]) -> int:
    """The crops share the run equally, in order: small ones first, where a photo costs little."""
    return crops[min(int(done * len(crops)), len(crops) - 1)]
