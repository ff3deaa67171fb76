"""What is said of a run of the network: numbers that people read at a glance."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.run_progress import Progress, RunReport, Unfinished, duration, rate_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1 s"),
        (0.2, "1 s"),
        (59, "59 s"),
        (59.5, "1 min"),
        (61, "2 min"),
        (660, "11 min"),
        (3599, "60 min"),
        (3600, "1 h"),
        (7800, "2 h 10 min"),
        (86_400, "1 d"),
        (100_000, "1 d 4 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@given(st.floats(0, 1e7))
def test_no_duration_is_shorter_than_it_is(seconds: float) -> None:
    units = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
    words = duration(seconds).split()
    told = sum(int(number) * units[unit] for number, unit in zip(words[::2], words[1::2], strict=True))
    assert seconds <= told <= max(1, seconds * 1.1 + 60)


@pytest.mark.parametrize(
    ("rate", "text"), [(1234.5, "1,234 a second"), (14.21, "14.2 a second"), (0.4, "2.5 s each"), (0.01, "2 min each")]
)
def test_rates(rate: float, text: str) -> None:
    assert rate_text(rate) == text


def test_progress_in_words() -> None:
    progress = Progress(120, 10_000, refused=3, current="castle.jpg", rate=14.97)
    assert progress.place() == "120 of 10,000 · 11 min left"
    assert progress.pace() == "15.0 a second · 3 refused"
    assert Progress(0, 5).place() == "0 of 5"
    assert Progress(0, 5).pace() == ""
    paused = Progress(120, 10_000, refused=1, rate=14.97, paused=True)
    assert paused.place() == "120 of 10,000"
    assert paused.pace() == "1 refused"


def test_reports_in_words() -> None:
    refused = ((Path("a.jpg"), "a.jpg is empty."),)
    assert RunReport(1).sentence() == "1 picture predicted."
    assert RunReport(9_997, 2, refused).sentence() == "9,997 pictures predicted, 2 known already, 1 refused."
    assert RunReport(35, stopped=True, left=30).sentence() == "Stopped: 35 pictures predicted, 30 left."
    assert RunReport(35, problem="The device gave up.").sentence() == "The device gave up."
    assert not RunReport(35, 2, refused).unfinished
    assert RunReport(35, problem="The device gave up.").unfinished


@pytest.mark.parametrize("unfinished", [Unfinished(7), Unfinished(2, ("a.jpg", "b/c.jpg")), Unfinished(1, ())])
def test_what_is_unfinished_comes_back(unfinished: Unfinished) -> None:
    assert Unfinished.of_json(unfinished.to_json()) == unfinished
    assert unfinished.sentence().endswith("was not finished.")


@pytest.mark.parametrize(
    "value", [None, 3, [], {}, {"total": "7"}, {"total": 7, "names": "a"}, {"total": 7, "names": [1]}]
)
def test_what_is_no_run_is_none(value: object) -> None:
    assert Unfinished.of_json(value) is None
