"""What a person chooses before a job of learning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

from inference.learning.errors import JobError


class Scope(StrEnum):
    """What is trained."""

    HEAD = "head"  # what follows the backbone, on features that are found once
    ALL = "all"  # the whole network


class Untouched(StrEnum):
    """What becomes of the pixels of finished pictures that no person decided."""

    IGNORE = "ignore"
    KEEP = "keep"  # those that the network was sure enough of are trained on, too


_RATES = {Scope.HEAD: 2e-4, Scope.ALL: 1e-4}
_STEPS_A_PICTURE = 16
_STEPS = (100, 1000)  # at least, at most


@dataclass(frozen=True, kw_only=True)
class LearnSettings:
    """ValueError for what makes no sense."""

    scope: Scope = Scope.HEAD
    untouched: Untouched = Untouched.KEEP
    kept_score: float = 0.5  # from this score of its segment on, a pixel that nobody decided is kept
    kept_weight: float = 1.0  # 0..1, of a decided pixel's
    held_back: float = 0.2  # share of the pictures
    steps: int | None = None  # None: chosen from the scope and the number of pictures
    learning_rate: float | None = None  # None: that of the scope
    seed: int = 0
    device: str = "auto"  # auto, cpu, cuda or cuda:n

    def __post_init__(self) -> None:
        for name in ("kept_score", "kept_weight"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} should lie between 0 and 1")
        if not 0 <= self.held_back <= 0.9:
            raise ValueError("held_back should lie between 0 and 0.9")
        if self.steps is not None and self.steps < 1:
            raise ValueError("steps should be at least 1")
        if self.learning_rate is not None and not self.learning_rate > 0:
            raise ValueError("learning_rate should be more than 0")

    def resolved(self, pictures: int) -> LearnSettings:
        """With the steps and the learning rate that are used for so many pictures to train on."""
        rate = _RATES[self.scope] if self.learning_rate is None else self.learning_rate
        fewest, most = _STEPS
        steps = min(max(fewest, _STEPS_A_PICTURE * pictures), most) if self.steps is None else self.steps
        return replace(self, steps=steps, learning_rate=rate)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"scope": self.scope.value, "untouched": self.untouched.value}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> LearnSettings:
        """The inverse of `to_json`. Raises `JobError`."""
        known = {field.name for field in fields(cls)}
        try:
            enums = {"scope": Scope(values["scope"]), "untouched": Untouched(values["untouched"])}
            return cls(**{name: values[name] for name in known} | enums)
        except (KeyError, TypeError, ValueError) as error:
            raise JobError(f"The settings of the job make no sense: {error}.") from error
