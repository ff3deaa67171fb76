"""Whether it was worth it: a model before and after a job, on pictures that it did not learn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from inference.learning.errors import JobError
from inference.learning.settings import LearnSettings

SEGMENTS = "segments"
SEMANTIC = "semantic"
"""The two ways to read a prediction."""
MIXES = (0.25, 0.5, 0.75, 1.0)
"""How much of what was learned a new model may have, the rest is its parent's; see `LearnReport.mix`."""
UNTRIED_MIX = 0.5
"""Where no picture was held back to try them on."""
_SHARES = {0.25: "A quarter", 0.5: "Half", 0.75: "Three quarters"}
MUCH = 0.1
"""A share by which a figure of a model that still knows its trade does not fall."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """One model on the pictures held back; shares 0..1."""

    pixel_accuracy: float  # of the pixels whose label is known
    mean_iou: float  # over the classes in the truth
    unlabelled: float  # of the pixels whose label is known


def fell_nowhere(before: Score, after: Score) -> bool:
    """Whether neither pixel accuracy nor mean IoU is less."""
    return after.pixel_accuracy >= before.pixel_accuracy and after.mean_iou >= before.mean_iou


@dataclass(frozen=True, kw_only=True)
class ClassChange:
    """What became of one class, in the segments view; IoU 0..1."""

    class_id: int  # 1..150
    pixels: int  # in the truth
    before: float | None  # None where neither truth nor prediction had it
    after: float | None


@dataclass(frozen=True, kw_only=True)
class LearnReport:
    """The truth is the finished pictures' own labels. `before` and `after` are by view, empty where no picture was
    held back."""

    parent: str
    name: str
    trained: int  # pictures
    held_back: int
    before: Mapping[str, Score]
    after: Mapping[str, Score]
    classes: tuple[ClassChange, ...]  # largest in the truth first
    decided_before: float | None  # share of the decided pixels held back that are labelled as the person did
    decided_after: float | None
    seconds: float  # of the whole job
    settings: LearnSettings  # with the steps and the learning rate that were used
    known: int = 0  # pictures held back that the parent had learned from, for want of others
    mix: float = 1.0  # share 0..1 of what was learned in the new weights, the rest are the parent's (arXiv 2109.01903)

    @property
    def recommended(self) -> bool:
        """Neither pixel accuracy nor mean IoU of the segments view fell."""
        if not self._can_tell:
            return False
        return fell_nowhere(self.before[SEGMENTS], self.after[SEGMENTS])

    @property
    def verdict(self) -> str:
        """One or two sentences for people."""
        if not self._can_tell:
            why = "The pictures held back have no labels" if self.before else "No picture was held back"
            has = self._mix_text(", because nobody could try whether more is better")
            return f"{why}, so nobody can tell whether the model got better.{has}"
        before, after = self.before[SEGMENTS], self.after[SEGMENTS]
        pixels = (
            f"{_percent(after.pixel_accuracy)} of the pixels are right instead of {_percent(before.pixel_accuracy)}"
        )
        iou = f"the mean IoU is {_percent(after.mean_iou)} instead of {_percent(before.mean_iou)}"
        pictures = "the picture" if self.held_back == 1 else f"the {self.held_back} pictures"
        found = f"On {pictures} held back, {pixels}, and {iou}."
        found += self._mix_text(": any other share did no better there")
        if self.known:
            them = "it" if self.held_back == 1 else "them" if self.known == self.held_back else f"{self.known} of them"
            found += f" {self.parent} had learned from {them}, so it looks better here than on other pictures."
        if not self.recommended:
            favoured = f"What nobody changed counts as right there, which favours {self.parent}."
            return f"{found} The new model is not recommended, because {_what_fell(before, after)}. {favoured}"
        if before == after:
            return f"{found} Nothing changed."
        return f"{found} The new model is recommended."

    def _mix_text(self, why: str) -> str:
        """How much of what was learned the model has; empty where that is all."""
        share = _SHARES.get(self.mix, f"{100 * self.mix:.0f} %")
        return "" if self.mix == 1 else f" {share} of what was learned went into the new model{why}."

    @property
    def _can_tell(self) -> bool:
        """Whether there was anything to compare on."""
        views = SEGMENTS in self.before and SEGMENTS in self.after
        return views and any(change.pixels for change in self.classes)

    def to_json(self) -> dict[str, Any]:
        own = {"settings": self.settings.to_json(), "classes": [asdict(change) for change in self.classes]}
        views = {when: {view: asdict(score) for view, score in getattr(self, when).items()} for when in _WHEN}
        plain = {name: getattr(self, name) for name in _PLAIN}
        judged = {"recommended": self.recommended, "verdict": self.verdict}
        return plain | own | views | {"known": self.known, "mix": self.mix} | judged

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> LearnReport:
        """The inverse of `to_json`. Raises `JobError`."""
        try:
            views = {when: {view: Score(**score) for view, score in values[when].items()} for when in _WHEN}
            return cls(
                **{name: values[name] for name in _PLAIN},
                before=views["before"],
                after=views["after"],
                classes=tuple(ClassChange(**change) for change in values["classes"]),
                settings=LearnSettings.from_json(values["settings"]),
                known=values.get("known", 0),
                mix=values.get("mix", 1.0),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise JobError(f"The report of the job makes no sense: {error}.") from error


_WHEN = ("before", "after")
_PLAIN = ("parent", "name", "trained", "held_back", "decided_before", "decided_after", "seconds")


def _what_fell(before: Score, after: Score) -> str:
    pixels, iou = after.pixel_accuracy - before.pixel_accuracy, after.mean_iou - before.mean_iou
    if pixels >= 0:
        fell, much = "the mean IoU fell", "the mean IoU fell a lot"
    elif iou >= 0:
        fell, much = "fewer pixels are right", "far fewer pixels are right"
    else:
        fell, much = "it got worse", "it got much worse"
    if min(pixels, iou) >= -MUCH:
        return fell
    return f"{much}. Look whether all pictures marked done are right everywhere; if they are, more of them help"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
