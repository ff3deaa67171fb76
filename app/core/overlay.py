"""How the labels are laid over the photo. Settings are values: a change of one never touches a pixel."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from app.core.arrays import Bool
from app.core.palettes import Palette
from app.core.segment_map import Decider
from resources.classes import CLASS_COUNT

# Blue and orange stay apart for all eyes; what nobody decided has no colour, only a hatching.
DECIDER_COLOURS = {Decider.NETWORK: (74, 134, 205), Decider.PERSON: (240, 150, 55)}  # RGB
NOBODY_PATTERN = 1


@dataclass(frozen=True)
class OverlaySettings:
    """What the overlay shows: classes are ADE ids 0..150, 0 being what is unlabelled."""

    opacity: float = 0.55  # 0 = photo alone, 1 = colours alone
    outline: bool = False  # borders between labels instead of filled areas
    hidden: frozenset[int] = field(default_factory=frozenset)
    solo: frozenset[int] = field(default_factory=frozenset)  # when not empty, only these are shown
    palette: Palette = Palette.ADE
    patterns: bool = False  # a pattern per class on top of its colour, where areas are filled
    names: bool = False  # the names of the classes in their large regions
    deciders: bool = False  # colours say who decided instead of what

    def __post_init__(self) -> None:
        if not 0 <= self.opacity <= 1:
            raise ValueError(f"Opacity {self.opacity} is not within 0..1.")

    def shows(self, class_id: int) -> bool:
        """Whether pixels of a class are coloured: solo classes win over hidden ones."""
        return class_id in self.solo if self.solo else class_id not in self.hidden

    def shown_classes(self) -> Bool:
        """`shows` for every class: (151,) bool."""
        return np.array([self.shows(class_id) for class_id in range(CLASS_COUNT + 1)])
