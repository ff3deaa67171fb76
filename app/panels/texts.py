"""Numbers and small texts as the panels write them, in one place so that they read alike everywhere."""

from __future__ import annotations

from app.core.document import Hover
from app.core.segment_map import Decider
from app.panels.class_texts import class_label

NO_VALUE = "–"
NEXT_BEST = "J: next probable class"  # with any tool in hand that has no answers of its own
DECIDED_BY = {Decider.NETWORK: "network", Decider.PERSON: "you", Decider.NOBODY: "nobody"}


def share_text(part: int, whole: int) -> str:
    """`part` of `whole` pixels as a percentage; small is told from nothing, and nearly all from all."""
    if part <= 0 or whole <= 0:
        return "0 %"
    percent = 100 * part / whole
    if percent < 0.1:
        return "<0.1 %"
    if part < whole and percent > 99.9:
        return ">99.9 %"
    return "100 %" if part >= whole else f"{percent:.1f} %"


def score_text(score: float | None) -> str:
    """A score, 0..1, with two decimals; none or 0 (no segment of the network) is a dash."""
    return f"{score:.2f}" if score else NO_VALUE


def hover_text(hover: Hover, *, own_answers: bool = False) -> str:
    """What lies under the pointer, for the status bar: class with id, score, who decided, and where.

    `own_answers`: J goes through those of the tool in hand, which says so itself.
    """
    parts = [class_label(hover.class_id)]
    if hover.below and hover.score is not None:
        parts.append(f"below the threshold: {class_label(hover.below)} {hover.score:.2f}")
    elif hover.score is not None:
        parts.append(f"{'share' if hover.is_share else 'score'} {hover.score:.2f}")
    parts += [f"decided by {DECIDED_BY[hover.decider]}", f"x {hover.x}, y {hover.y}"]
    answered = (hover.decider is Decider.NETWORK or hover.below) and not own_answers
    return " · ".join([*parts, NEXT_BEST] if answered else parts)
