"""What a person can set about a tool, as values: the row above the picture builds its controls from them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

USUAL_PIXELS = 2_400_000  # of a picture up to which what is measured in its pixels has the default that is written down

Only = tuple[str, frozenset[str]]
"""The key of a choice, and its values with which an option means something."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several, each as (value, text)."""

    key: str
    label: str
    choices: tuple[tuple[str, str], ...]
    tip: str = ""
    only: Only | None = None

    @property
    def default(self) -> str:
        return self.choices[0][0]

    def accepts(self, value: object) -> bool:
        return value in [known for known, _ in self.choices]


class Measure(IntEnum):
    """What a number measures in pixels of the picture; the value is its dimension."""

    NONE = 0
    LENGTH = 1
    AREA = 2


@dataclass(frozen=True, slots=True)
class Number:
    """A number with a slider. `decimals` = 0 for whole numbers; `geometric`: each step of the slider is a factor."""

    key: str
    label: str
    low: float
    high: float
    default: float
    suffix: str = ""
    decimals: int = 0
    geometric: bool = False
    tip: str = ""
    only: Only | None = None
    measures: Measure = Measure.NONE

    def default_in(self, pixels: int) -> float:
        """The default in a picture of so many pixels: in a large one a length or an area grows with it.

        Otherwise what suits a small picture would be too small to see where all of a large one is on the screen.
        """
        if self.measures is Measure.NONE or pixels <= USUAL_PIXELS:
            return self.default
        grown = self.default * math.sqrt(pixels / USUAL_PIXELS) ** self.measures
        return min(round(float(f"{grown:.2g}"), self.decimals or None), self.high)  # two digits say enough

    def accepts(self, value: object) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no."""

    key: str
    label: str
    default: bool = False
    tip: str = ""
    only: Only | None = None

    def accepts(self, value: object) -> bool:
        return isinstance(value, bool)


Option = Choice | Number | Flag
