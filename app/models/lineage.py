"""Where a model comes from that learned from somebody's corrections, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core.run_progress import duration, pictures
from app.learning.texts import change_text, pixels_text, share_text
from inference.learning.report import SEGMENTS
from inference.learning.settings import Scope

_NOT_RECOMMENDED = "It is not recommended: it got worse on the pictures held back."
_UNKNOWN = "Whether it got better is not known: it was compared on no picture."
_MEASURES = (("Pixels right", "pixel_accuracy"), ("Mean IoU", "mean_iou"))


def lineage_sentences(lineage: Mapping[str, Any]) -> list[str]:
    """From which model and from how much it learned. What a card does not say, or says otherwise than it should, is
    left out."""
    parent, learned = lineage.get("parent"), lineage.get("pictures")
    made = f" on {lineage['made']}" if isinstance(lineage.get("made"), str) else ""
    sentences = [f"It learned from corrections{made}, beginning with {parent}."] if isinstance(parent, str) else []
    if isinstance(learned, int):
        decided, kept = lineage.get("decided_pixels"), lineage.get("kept_pixels")
        parts = [f"{pixels_text(decided)} that a person decided"] if isinstance(decided, int) else []
        parts += [f"{pixels_text(kept)} of the network's own that were kept"] if isinstance(kept, int) and kept else []
        sentences.append(f"Learned from: {', '.join([pictures(learned), *parts])}.")
    if isinstance(held_back := lineage.get("held_back"), int) and held_back:
        chosen = " and to choose how much of what was learned it has" if "mix" in lineage else ""
        sentences.append(f"Held back to measure it{chosen}: {pictures(held_back)}.")
    if how := _how(lineage):
        sentences.append(how)
    if lineage.get("recommended") is False:
        measured = bool(lineage_table(lineage))
        sentences.append(_NOT_RECOMMENDED if measured else _UNKNOWN)
    return sentences


def _how(lineage: Mapping[str, Any]) -> str:
    settings, steps, seconds = lineage.get("settings"), lineage.get("steps"), lineage.get("seconds")
    scope = settings.get("scope") if isinstance(settings, Mapping) else None
    what = {Scope.HEAD.value: "The decoder alone", Scope.ALL.value: "The whole network"}.get(str(scope), "It")
    took = f" in {duration(seconds)}" if isinstance(seconds, int | float) else ""
    mix = lineage.get("mix")
    has = (
        f"; {100 * mix:.0f} % of what it learned went into the model"
        if isinstance(mix, int | float) and mix < 1
        else ""
    )
    return f"{what} learned for {steps:,} steps{took}{has}." if isinstance(steps, int) else ""


def lineage_table(lineage: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Measure, before, after and change, on the pictures that were held back; empty where nothing was measured."""
    before, after = _score(lineage, "before"), _score(lineage, "after")
    rows = []
    for title, key in _MEASURES:
        first, second = before.get(key), after.get(key)
        if isinstance(first, int | float) and isinstance(second, int | float):
            rows.append((title, share_text(first), share_text(second), change_text(first, second)))
    return [("On pictures held back", "Before", "After", "Change"), *rows] if rows else []


def _score(lineage: Mapping[str, Any], when: str) -> Mapping[str, Any]:
    views = lineage.get(when)
    score = views.get(SEGMENTS) if isinstance(views, Mapping) else None
    return score if isinstance(score, Mapping) else {}
