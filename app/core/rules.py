"""Where paint may go: one rule for every tool, because it is a table that the one funnel asks for every pixel."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import assert_never

import numpy as np

from app.core.arrays import U8, Bool
from app.core.segment_map import CODES, NETWORK_MAX
from resources.classes import CLASS_COUNT, ade_class


class Where(Enum):
    """Which labels paint may cover."""

    ANYWHERE = "anywhere"
    UNLABELLED = "unlabelled"
    CLASS = "class"


@dataclass(frozen=True)
class PaintRule:
    """Where paint may go. Locked classes and a person's decisions are kept whatever `where` says."""

    where: Where = Where.ANYWHERE
    class_id: int = 1  # for `Where.CLASS`: 0..150
    keep_person: bool = False  # never over what a person decided
    locked: frozenset[int] = field(default_factory=frozenset)  # ADE ids 0..150 that paint never covers

    def __post_init__(self) -> None:
        for class_id in (self.class_id, *self.locked):
            if not 0 <= class_id <= CLASS_COUNT:
                raise ValueError(f"Class {class_id} is not within 0..{CLASS_COUNT}.")

    @property
    def open(self) -> bool:
        """Whether paint may go everywhere."""
        return self.where is Where.ANYWHERE and not self.keep_person and not self.locked

    def text(self) -> str:
        """The rule as a person says it, after "paint may go"."""
        match self.where:
            case Where.ANYWHERE:
                words = "anywhere"
            case Where.UNLABELLED:
                words = "only where nothing is labelled"
            case Where.CLASS:
                words = f"only over {ade_class(self.class_id).name if self.class_id else 'unlabelled'}"
            case unexpected:
                assert_never(unexpected)
        kept = [f"{len(self.locked)} locked {'class' if len(self.locked) == 1 else 'classes'}"] if self.locked else []
        kept += ["what you decided"] if self.keep_person else []
        return f"{words}, never over {' or '.join(kept)}" if kept else words

    def writable(self, labels: U8) -> Bool | None:
        """The shown codes that paint may cover, (256,) bool; None when it may cover all of them.

        `labels` (256,) uint8: the ADE label 0..150 of every code as it shows now, the threshold included.
        """
        if self.open:
            return None
        match self.where:
            case Where.ANYWHERE:
                table = np.ones(CODES, np.bool_)
            case Where.UNLABELLED:
                table = labels == 0
            case Where.CLASS:
                table = labels == self.class_id
            case unexpected:
                assert_never(unexpected)
        if self.locked:
            table = table & ~np.isin(labels, sorted(self.locked))
        if self.keep_person:
            table = table & (np.arange(CODES) <= NETWORK_MAX)
        return table
