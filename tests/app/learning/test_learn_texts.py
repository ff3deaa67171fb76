"""What learning is called in the window."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.learning.standing import Phase, Standing
from app.learning.texts import (
    change_text,
    held_back_count,
    learned_from_text,
    left_text,
    pixels_text,
    share_text,
    stage_text,
)
from inference.learning.events import Stage
from inference.learning.generations import LEARNED_FROM, knows, learned_from
from inference.learning.job import Job, is_held_back
from inference.learning.settings import LearnSettings
from tests.inference.learning.jobs import finished_picture, small_parent

NAMES = [f"IMG_{number:04}.jpg" for number in range(200)]


def nothing(_name: str) -> bool:
    return False


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (1, "1 pixel"),
        (12_345, "12,345 pixels"),
        (1_250_000, "1.2 million pixels"),
        (1_234_000_000, "1,234 million pixels"),
    ],
)
def test_pixels(count: int, text: str) -> None:
    assert pixels_text(count) == text


def test_shares_and_their_changes() -> None:
    assert (share_text(0.5), share_text(None)) == ("50.0 %", "–")
    assert change_text(0.5, 0.58) == "+8.0"
    assert change_text(0.5, 0.42) == "−8.0"
    assert change_text(0.5, 0.50001) == change_text(0.5, 0.49999) == "±0.0"
    assert change_text(None, 0.5) == ""


@pytest.mark.parametrize(("count", "share"), [(4, 0.2), (8, 0.2), (20, 0.2), (8, 0.6), (8, 0.9), (8, 0.0)])
@pytest.mark.parametrize("known", [0, 6, 99])
def test_as_many_are_held_back_as_a_job_holds_back(tmp_path: Path, count: int, share: float, known: int) -> None:
    names = [f"{number}.png" for number in range(count)]
    lineage = {LEARNED_FROM: learned_from({}, names[:known])}
    job = Job.create(
        tmp_path / "job",
        parent=replace(small_parent(tmp_path), lineage=lineage),
        name="mine",
        settings=LearnSettings(held_back=share),
        pictures=[finished_picture(name, held_back=is_held_back(name, share)) for name in names],
    )
    assert held_back_count(names, share, knows=knows(lineage)) == len(job.indices(held_back=True))


def test_never_more_are_held_back_than_asked_for_and_never_none_or_all() -> None:
    few = [name for name in NAMES if not is_held_back(name, 0.2)][:4]
    assert held_back_count(few, 0.2, knows=nothing) == 1  # never none of them
    assert held_back_count(few, 0, knows=nothing) == 0  # unless none is wanted
    held = [name for name in NAMES if is_held_back(name, 0.2)][:11]
    assert held_back_count(held, 0.2, knows=nothing) == 3  # a fifth of them, rounded up
    assert held_back_count(held[:4], 0.9, knows=nothing) == 3  # nor all


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_but_none_at_all_says_something(phase: Phase) -> None:
    assert bool(stage_text(Standing(phase))) == (phase is not Phase.NOTHING)


@pytest.mark.parametrize("stage", Stage)
def test_every_stage_says_how_far_it_is(stage: Stage) -> None:
    text = stage_text(Standing(Phase.RUNNING, stage, 3, 1200))
    assert ("3 of 1,200" in text) == (stage is not Stage.WRITING)
    assert stage_text(Standing(Phase.RUNNING, stage)).endswith("…")
    assert stage_text(Standing(Phase.PAUSED, stage)).startswith("Paused")


def test_what_is_left_is_said_while_it_runs() -> None:
    assert left_text(Standing(Phase.RUNNING, left=130.0)) == "about 3 min left"
    assert left_text(Standing(Phase.PAUSED, left=130.0)) == left_text(Standing(Phase.RUNNING)) == ""


def test_what_a_report_is_about() -> None:
    assert learned_from_text(8, 1, 61.0) == "Learned from 8 pictures in 2 min; 1 picture was held back."
    assert learned_from_text(1, 0, 5.0) == "Learned from 1 picture in 5 s; no picture was held back."
