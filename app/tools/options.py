"""What a person can set about a tool, as values: the row above the picture builds its controls from them."""

from __future__ import annotations

from dataclasses import dataclass

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
