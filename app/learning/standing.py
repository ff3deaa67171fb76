"""What goes on with a job of learning, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from inference.learning.events import Stage


class Phase(Enum):
    """What goes on with the job."""

    NOTHING = auto()  # there is none
    READING = auto()  # its pictures are gathered
    RUNNING = auto()
    PAUSED = auto()
    STOPPING = auto()
    STOPPED = auto()  # it can be gone on with
    FINISHED = auto()


ACTIVE = frozenset({Phase.READING, Phase.RUNNING, Phase.PAUSED, Phase.STOPPING})


@dataclass(frozen=True)
class Standing:
    """How far a job is."""

    phase: Phase = Phase.NOTHING
    stage: Stage = Stage.FEATURES
    done: int = 0  # pictures or steps of the stage; pictures that were read, while they are
    total: int = 0
    left: float | None = None  # seconds until all is done
    share: float = 0.0  # of the time that all of it takes, 0..1
    problem: str = ""  # why it ended, a sentence
    stuck: bool = False  # it was stopped and cannot go on, only begin anew
