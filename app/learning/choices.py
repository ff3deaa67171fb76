"""What is chosen for learning is remembered: from the settings to the dialog, and back."""

from __future__ import annotations

from app.settings import Settings
from inference.learning.settings import LearnSettings, Scope, Untouched


def remembered(settings: Settings, *, device: str) -> LearnSettings:
    """What was chosen last; until then all of a network learns where a graphics card runs it, `device`."""
    suits = Scope.ALL if device.startswith("cuda") else Scope.HEAD
    return LearnSettings(
        scope=suits if settings.learn_scope == "auto" else Scope(settings.learn_scope),
        untouched=Untouched(settings.learn_untouched),
        kept_score=settings.learn_score,
        kept_weight=settings.learn_weight,
        held_back=settings.learn_held_back,
    )


def to_remember(chosen: LearnSettings) -> dict[str, object]:
    """The inverse of `remembered`: fields of the settings."""
    return {
        "learn_scope": chosen.scope.value,
        "learn_untouched": chosen.untouched.value,
        "learn_score": chosen.kept_score,
        "learn_weight": chosen.kept_weight,
        "learn_held_back": chosen.held_back,
    }
