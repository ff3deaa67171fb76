"""What a job tells survives its way through a line of JSON; nonsense is told as such."""

from __future__ import annotations

import pytest

from inference.learning.errors import JobError
from inference.learning.events import (
    Event,
    Finished,
    PaceTold,
    Paused,
    Refused,
    Resumed,
    Stage,
    StageTold,
    StepTold,
    Stopped,
    from_line,
    to_line,
)
from tests.inference.learning.jobs import report

EVENTS: list[Event] = [
    StageTold(Stage.FEATURES, 3, 20),
    StageTold(Stage.AFTER, 1, 4, left=2.5),
    StepTold(10, 200, 3.5, 12.25, None),
    StepTold(11, 200, 3.25, 13.5, 200.0),
    Paused(),
    Resumed(),
    Stopped(),
    Finished(report()),
    Refused("The disk is „voll“."),
    PaceTold(61.0, None),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_from_its_line(event: Event) -> None:
    line = to_line(event)
    assert "\n" not in line
    assert from_line(line + "\n") == event


@pytest.mark.parametrize(
    "line", ["", "{}", "[]", "3", "[" * 100_000, '{"event": "step"}', '{"event": "stage", "stage": "x"}', "hello"]
)
def test_nonsense_is_told_as_such(line: str) -> None:
    with pytest.raises(JobError, match="makes no sense"):
        from_line(line)
