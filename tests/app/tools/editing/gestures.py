"""Gestures of any tool, at random, and what may come in between."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from enum import Enum

from hypothesis import strategies as st

from app.tools.base import Button, Modifier

FAST = ("brush", "eraser", "restore", "fill", "relabel", "lasso")  # what they do shows at once
SLOW = ("ask", "cleanup", "copy", "polygon", "refine", "superpixels")  # what they do comes after the gesture
places = st.tuples(st.integers(-4, 68), st.integers(-4, 68))  # in 64ths of the picture's sides
modifiers = st.sampled_from((Modifier.NONE, Modifier.NONE, Modifier.SHIFT, Modifier.CTRL, Modifier.ALT))
buttons = st.sampled_from((Button.LEFT, Button.LEFT, Button.RIGHT))
reaches = st.sampled_from((1.0, 0.25, 6.0))


class Meanwhile(Enum):
    """What may happen half way through a gesture, or right after it."""

    NOTHING = "nothing"
    ESCAPE = "escape"
    UNDO = "undo"
    ANSWER = "answer"  # of the network
    THRESHOLD = "threshold"
    RULE = "rule"
    OPTION = "option"  # of the tool in hand
    SIZE = "size"  # of the brush
    WORK = "work"  # in the background, as far as it is under way
    EXPORT = "export"  # begins, or ends
    OTHER = "other"  # picture


@dataclasses.dataclass(frozen=True)
class Gesture:
    """From the press to the release, and what is done with what it offers."""

    tool: str
    button: Button
    way: list[tuple[int, int]]
    keys: Modifier
    reach: float
    meanwhile: Meanwhile
    then: Meanwhile
    waits: bool  # for what is worked out in the background
    accepts: bool


def several(names: Sequence[str]) -> st.SearchStrategy[list[Gesture]]:
    """A few gestures, one after the other."""
    way = st.lists(places, min_size=1, max_size=5)
    meanwhile = st.sampled_from((*[Meanwhile.NOTHING] * 6, *Meanwhile))
    then = st.sampled_from((*[Meanwhile.NOTHING] * 6, Meanwhile.UNDO, Meanwhile.ESCAPE, *Meanwhile))
    often = st.sampled_from((True, True, True, False))
    gestures = st.builds(
        Gesture, st.sampled_from(names), buttons, way, modifiers, reaches, meanwhile, then, waits=often, accepts=often
    )
    return st.lists(gestures, min_size=1, max_size=4)
