"""What the values of a segment map stand for.

| value    | layer   | meaning                          |
|----------|---------|----------------------------------|
| 0        | network | nothing here                     |
| 1..100   | network | query (value - 1) owns the pixel |
| 101..250 | human   | a person decided: class - 100    |
| 251      | human   | a person decided: unlabelled     |

In the human layer 0 means "no decision". Every human value is larger than every network value, so that what a pixel
shows is the larger of its two.
"""

from __future__ import annotations

from enum import Enum

from resources.classes import CLASS_COUNT

NETWORK_MAX = 100
HUMAN_BASE = 100
HUMAN_UNLABELLED = 251


class Decider(Enum):
    """Who decided what a pixel shows."""

    NOBODY = "nobody"
    NETWORK = "network"
    PERSON = "person"


def human_value(class_id: int) -> int:
    """The human-layer value for a class: 101..250 for 1..150, and 251 for 0, unlabelled."""
    if not 0 <= class_id <= CLASS_COUNT:
        raise ValueError(f"Class {class_id} is not within 0..{CLASS_COUNT}.")
    return HUMAN_BASE + class_id if class_id else HUMAN_UNLABELLED


def is_human_value(value: int) -> bool:
    """True for what the human layer may hold: 0 (no decision) and 101..251."""
    return value == 0 or HUMAN_BASE < value <= HUMAN_UNLABELLED
