"""What learning from corrections is called in the window: times, shares, stages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import assert_never

from app.core.run_progress import duration, pictures
from app.learning.standing import Phase, Standing
from inference.learning.events import Stage
from inference.learning.pictures import held_back_of

_MILLION = 1_000_000


def pixels_text(count: int) -> str:
    """How many pixels, as people say it."""
    if count >= _MILLION:
        millions = count / _MILLION
        return f"{millions:.1f} million pixels" if millions < 100 else f"{millions:,.0f} million pixels"
    return "1 pixel" if count == 1 else f"{count:,} pixels"


def rounded(count: int) -> int:
    """An estimate, without digits that nobody knows: the first two of them."""
    return round(count, 2 - len(str(count))) if count >= 100 else count


def share_text(share: float | None) -> str:
    """A share 0..1; a dash where there is none."""
    return "–" if share is None else f"{100 * share:.1f} %"


def change_text(before: float | None, after: float | None) -> str:
    """How much a share changed, in percentage points, with its sign; empty where that cannot be said."""
    if before is None or after is None:
        return ""
    points = round(100 * (after - before), 1)
    return "±0.0" if points == 0 else f"{points:+.1f}".replace("-", "−")


def held_back_count(names: Sequence[str], share: float, *, knows: Callable[[str], bool]) -> int:
    """How many of these pictures a job holds back. `knows`: whether its parent has learned from a picture."""
    return sum(held_back_of(names, share, known=[knows(name) for name in names]))


def stage_text(standing: Standing) -> str:
    """What is being done, in words."""
    of = f"{standing.done:,} of {standing.total:,}" if standing.total else ""
    match standing.phase:
        case Phase.NOTHING:
            return ""
        case Phase.READING:
            return f"Reading the pictures: {of}" if of else "Reading the pictures…"
        case Phase.STOPPING:
            return "Stopping; what is learned so far is kept…"
        case Phase.STOPPED:
            return "Stopped"
        case Phase.FINISHED:
            return "Finished"
        case Phase.PAUSED | Phase.RUNNING:
            text = _stage(standing.stage, of)
            return f"Paused. {text}" if standing.phase is Phase.PAUSED else text
        case _:
            assert_never(standing.phase)


def _stage(stage: Stage, of: str) -> str:
    match stage:
        case Stage.FEATURES:
            return f"Looking at the pictures: {of}" if of else "Beginning…"
        case Stage.BEFORE:
            return f"Measuring the model as it was: {of} held back" if of else "Measuring the model as it was…"
        case Stage.TRAINING:
            return f"Learning: step {of}" if of else "Learning…"
        case Stage.AFTER:
            return f"Trying how much of it helps: {of}" if of else "Trying how much of it helps…"
        case Stage.WRITING:
            return "Writing the new model…"
        case _:
            assert_never(stage)


def stopped_where(last: tuple[int, int] | None) -> str:
    """How far a job is that was stopped. `last`: the last step that is known, and how many there are."""
    if last is None:
        return "before the first step"
    step, steps = last
    return "after the last step" if step == steps else f"at step {step:,} of {steps:,}"


def left_text(standing: Standing) -> str:
    """How long it will still take; empty while that is not known."""
    if standing.left is None or standing.phase is not Phase.RUNNING:
        return ""
    return f"about {duration(standing.left)} left"


def learned_from_text(trained: int, held_back: int, seconds: float) -> str:
    """What a report is about."""
    were = "was" if held_back == 1 else "were"
    held = f"{pictures(held_back)} {were} held back" if held_back else "no picture was held back"
    return f"Learned from {pictures(trained)} in {duration(seconds)}; {held}."
